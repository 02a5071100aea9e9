using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Overlay.Effects;
using Overlay.Ring;

namespace Overlay.Runtime.Telemetry;

/// <summary>The metrics of one node: a meter of its own, told from those of other nodes in the process by its tag <see cref="OverlayTelemetry.NodeId"/>.</summary>
/// <remarks>
/// What can be counted is read from <see cref="NodeCounters"/> when somebody collects, and costs nothing until then. Durations are recorded where they happen, and only while
/// somebody listens. No instrument has ids among its attributes: their number is bounded by the lists of kinds and reasons.
/// </remarks>
internal sealed class NodeMeter : IDisposable
{
    private static readonly KeyValuePair<string, object?> System = new("messaging.system", "overlay");
    private static readonly KeyValuePair<string, object?> Sending = new("messaging.operation.name", "send");
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] ShortSeconds = [0.00001, 0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
    private static readonly int[] Hops = [.. Enumerable.Range(1, 16), 32, 64];

    private readonly Meter _meter;
    private readonly NodeCounters _counters;
    private readonly Counter<long> _sent;
    private readonly Histogram<double> _operation;
    private readonly Histogram<double> _route;
    private readonly Histogram<int> _hops;
    private readonly Histogram<double> _setUp;
    private readonly Histogram<double> _phase;
    private readonly Histogram<double> _roundTrip;
    private readonly Histogram<double> _queued;

    /// <param name="node">Whose metrics they are.</param>
    /// <param name="counters">What it counts.</param>
    /// <param name="undelivered">How many messages wait for the application.</param>
    public NodeMeter(RingId node, NodeCounters counters, Func<int> undelivered)
    {
        _counters = counters;
        _meter = OverlayTelemetry.CreateMeter(node);
        _sent = _meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that the application sent, with their outcome.");
        _operation = Durations("messaging.client.operation.duration", "From a send to its receipt, or its failure.", Seconds);
        _route = Durations("overlay.route.duration", "From a send to its receipt, or its failure, by outcome.", Seconds);
        _hops = _meter.CreateHistogram(
            "overlay.route.hops", "{hop}", "Links that a delivered message crossed.", tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = Hops });
        _setUp = Durations("overlay.link.setup.duration", "A link's set-up, from the wish to its end, whatever that was.", Seconds);
        _phase = Durations("overlay.link.phase.duration", "One phase of a link's set-up.", Seconds);
        _roundTrip = Durations("overlay.link.rtt", "Round trip of a link, measured by its transport; each link at most every 10 s.", Seconds);
        _queued = Durations("overlay.queue.duration", "How long a message of others lay here before it was passed on.", ShortSeconds);
        CreateObservables(undelivered);
    }

    /// <summary>Whether somebody listens to what sends took.</summary>
    public bool WantsSends => _operation.Enabled || _route.Enabled || _sent.Enabled;

    /// <summary>Whether somebody listens to how long messages lay here.</summary>
    public bool WantsQueues => _queued.Enabled;

    /// <summary>Whether somebody listens to round trips.</summary>
    public bool WantsRoundTrips => _roundTrip.Enabled;

    public void Sent(Outcome outcome, TimeSpan took)
    {
        var result = new KeyValuePair<string, object?>("outcome", Words.Of(outcome));
        _route.Record(took.TotalSeconds, result);
        if (outcome == Outcome.Done)
        {
            _sent.Add(1, System, Sending);
            _operation.Record(took.TotalSeconds, System, Sending);
            return;
        }

        var error = new KeyValuePair<string, object?>("error.type", Words.Of(outcome));
        _sent.Add(1, System, Sending, error);
        _operation.Record(took.TotalSeconds, System, Sending, error);
    }

    public void Delivered(int hops)
    {
        if (_hops.Enabled)
        {
            _hops.Record(hops, new KeyValuePair<string, object?>("outcome", Words.Of(Outcome.Done)));
        }
    }

    public void LeftQueue(TimeSpan after) => _queued.Record(after.TotalSeconds, new KeyValuePair<string, object?>("class", "forward"));

    public void RoundTrip(TimeSpan time, bool isDirect) => _roundTrip.Record(time.TotalSeconds, Kind(isDirect));

    public void PhaseEnded(LinkPhase phase, TimeSpan took) => _phase.Record(took.TotalSeconds, new KeyValuePair<string, object?>("phase", Words.Of(phase)));

    public void SetUpEnded(LinkPhase phase, LinkFailure why, TimeSpan took, bool isDirect)
    {
        var outcome = new KeyValuePair<string, object?>("outcome", phase == LinkPhase.Open ? Words.Of(phase) : Words.Of(why));
        _setUp.Record(took.TotalSeconds, outcome, new KeyValuePair<string, object?>("phase", Words.Of(phase)), Kind(isDirect));
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Kind(bool isDirect) => new("kind", isDirect ? "direct" : "relay");

    private Histogram<double> Durations(string name, string description, double[] buckets) =>
        _meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private void CreateObservables(Func<int> undelivered)
    {
        var c = _counters;
        _meter.CreateObservableCounter("messaging.client.consumed.messages", () => new Measurement<long>(c.Delivered, System, new("messaging.operation.name", "process")), "{message}", "Messages given to the application.");
        _meter.CreateObservableUpDownCounter(
            "overlay.links",
            () => (Measurement<long>[])
            [
                new(c.DirectLinks, Kind(isDirect: true), new("state", "open")),
                new(c.RelayedLinks, Kind(isDirect: false), new("state", "open")),
                new(c.SettingUp, new KeyValuePair<string, object?>("state", "setup")),
            ],
            "{link}",
            "Links by kind and state.");
        _meter.CreateObservableCounter("overlay.link.upgrades", () => c.Upgrades, "{connection}", "Connections of channels that went over to a direct way.");
        _meter.CreateObservableCounter("overlay.link.fallbacks", () => c.Fallbacks, "{connection}", "Connections of channels that went back to the overlay.");
        _meter.CreateObservableUpDownCounter("overlay.records", () => c.Records, "{record}", "Names kept here, copies for others included.");
        _meter.CreateObservableGauge("overlay.tree.depth", () => c.TreeDepth, "{link}", "Links to the root of the tree.");
        _meter.CreateObservableCounter("overlay.link.setup.failures", () => Ends(isOpen: false), "{link}", "Set-ups that failed, by the phase and the reason.");
        _meter.CreateObservableCounter("overlay.link.ends", () => Ends(isOpen: true), "{link}", "Links that ended after they were usable, by the reason.");
        _meter.CreateObservableCounter("overlay.forwarded.messages", () => ByCarrier(c.Forwarded, c.Relayed), "{message}", "Messages, and datagrams of channels, passed on for others.");
        _meter.CreateObservableCounter("overlay.forwarded.io", () => ByCarrier(c.ForwardedBytes, c.RelayedBytes), "By", "Bytes passed on for others.");
        _meter.CreateObservableCounter("overlay.dropped.messages", Drops, "{message}", "Messages that ended here, by the reason.");
        _meter.CreateObservableUpDownCounter("overlay.queue.depth", () => new Measurement<long>(undelivered(), new KeyValuePair<string, object?>("class", "delivery")), "{message}", "Messages that wait for the application.");
        _meter.CreateObservableCounter("overlay.neighbour.changes", Changes, "{change}", "Neighbours that came or went, by role and reason.");
        _meter.CreateObservableCounter("overlay.partition.suspected", () => c.CountOf(Observation.AssumptionBroken), "{event}", "Times that a node had no neighbour left that it could follow.");
        _meter.CreateObservableCounter("overlay.quota.rejections", () => (Measurement<long>[])[new(c.DroppedFor(DropReason.Quota), new KeyValuePair<string, object?>("quota", "message"))], "{message}", "Messages refused by a quota.");
        _meter.CreateObservableCounter(
            "overlay.signal.messages",
            () => (Measurement<long>[])[new(c.SignalsByOverlay, Carrier("overlay")), new(c.SignalsByHub, Carrier("hub"))],
            "{message}",
            "Offers, answers and candidates of this node, by what carried them first.");
        _meter.CreateObservableCounter("overlay.upkeep.io", UpkeepBytes, "By", "Bytes of this node's own messages, by what they are for.");
    }

    private static KeyValuePair<string, object?> Carrier(string carrier) => new("carrier", carrier);

    private static Measurement<long>[] ByCarrier(long messages, long datagrams) =>
        [new(messages, new KeyValuePair<string, object?>("kind", "message")), new(datagrams, new KeyValuePair<string, object?>("kind", "datagram"))];

    private IEnumerable<Measurement<long>> Ends(bool isOpen)
    {
        for (var phase = isOpen ? LinkPhase.Open : LinkPhase.Gather; phase <= (isOpen ? LinkPhase.Open : LinkPhase.Proof); phase++)
        {
            for (var why = LinkFailure.None; why <= LinkFailure.Leaving; why++)
            {
                if (_counters.LinksEnded(phase, why) is var count and > 0)
                {
                    yield return new(count, new("phase", Words.Of(phase)), new("error.type", Words.Of(why)));
                }
            }
        }
    }

    private IEnumerable<Measurement<long>> Drops()
    {
        foreach (var reason in Enum.GetValues<DropReason>())
        {
            if (_counters.DroppedFor(reason) is var count and > 0)
            {
                yield return new(count, new KeyValuePair<string, object?>("reason", Words.Of(reason)));
            }
        }
    }

    private IEnumerable<Measurement<long>> Changes()
    {
        foreach (var (what, (role, reason)) in NeighbourChanges)
        {
            if (_counters.CountOf(what) is var count and > 0)
            {
                yield return new(count, new("role", role), new("reason", reason));
            }
        }
    }

    private IEnumerable<Measurement<long>> UpkeepBytes()
    {
        foreach (var purpose in Enum.GetValues<Upkeep>())
        {
            if (_counters.UpkeepBytes(purpose) is var bytes and > 0)
            {
                yield return new(bytes, new KeyValuePair<string, object?>("purpose", Words.Of(purpose)));
            }
        }
    }

    private static readonly FrozenDictionary<Observation, (string Role, string Reason)> NeighbourChanges = new Dictionary<Observation, (string Role, string Reason)>
    {
        [Observation.NeighboursChanged] = ("any", "table_changed"),
        [Observation.Suspected] = ("any", "suspected"),
        [Observation.Evicted] = ("any", "evicted"),
        [Observation.PeerLeft] = ("any", "left"),
        [Observation.ParentConnected] = ("parent", "connected"),
        [Observation.ParentClosed] = ("parent", "closed"),
        [Observation.ParentFailed] = ("parent", "failed"),
        [Observation.ChildConnected] = ("child", "connected"),
        [Observation.ChildClosed] = ("child", "closed"),
        [Observation.ChildFailed] = ("child", "failed"),
    }.ToFrozenDictionary();
}
