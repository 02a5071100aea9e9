using System.Diagnostics.Metrics;
using Overlay.Admission;
using Overlay.Messages;

namespace Overlay.Hub;

/// <summary>The metrics of a hub: read from what it counts when somebody collects. No attribute is an id or an address.</summary>
internal sealed class HubMeter : IDisposable
{
    /// <summary>The meter's name, the same as that of nodes.</summary>
    public const string Name = "Overlay";

    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Meter _meter;
    private readonly Histogram<double> _joins;
    private readonly Counter<long> _relayed;

    /// <param name="network">The network that the hub's key names.</param>
    /// <param name="number">The hub's number.</param>
    /// <param name="read">Reads what the hub counted.</param>
    public HubMeter(string network, int number, Func<HubStatus> read)
    {
        _meter = new Meter(new MeterOptions(Name) { Tags = [new("hub.network", network), new("hub.number", number)] });
        _joins = _meter.CreateHistogram(
            "hub.join.duration", "s", "From a session's beginning to its admission, or refusal.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
        _relayed = _meter.CreateCounter<long>("hub.relayed.io", "By", "Bytes of messages that passed through the hub.");
        _meter.CreateObservableUpDownCounter("hub.sessions", () => Sessions(read()), "{session}", "Open sessions.");
        _meter.CreateObservableCounter("overlay.admission.requests", () => Admissions(read()), "{request}", "Requests to be admitted, by outcome.");
        _meter.CreateObservableCounter("hub.signals", () => Signals(read()), "{message}", "Offers, answers and candidates that took the way through the hub, by whose they are.");
    }

    /// <summary>A session was admitted, or refused.</summary>
    public void Judged(TimeSpan after, string outcome) => _joins.Record(after.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A message was passed on.</summary>
    public void Relayed(int bytes) => _relayed.Add(bytes);

    /// <summary>The word for what a newcomer was told to do.</summary>
    public static string WordOf(AdmitMode mode) => mode switch { AdmitMode.Found => "found", AdmitMode.Introduce => "introduce", _ => "retry" };

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Sessions(HubStatus now) =>
        [State(now.Gateways, "gateway"), State(now.Joiners, "joiner"), State(now.HalfOpen, "half_open"), State(now.Pages, "page")];

    private static Measurement<long> State(long count, string state) => new(count, new KeyValuePair<string, object?>("state", state));

    private static IEnumerable<Measurement<long>> Admissions(HubStatus now)
    {
        yield return Outcome(now.Admissions.Founders, WordOf(AdmitMode.Found));
        yield return Outcome(now.Admissions.Introduced, WordOf(AdmitMode.Introduce));
        yield return Outcome(now.Admissions.Retried, WordOf(AdmitMode.Retry));
        yield return Outcome(now.Refused.Values.Sum(), "refused");
    }

    private static Measurement<long> Outcome(long count, string outcome) => new(count, new KeyValuePair<string, object?>("outcome", outcome));

    private static Measurement<long>[] Signals(HubStatus now) =>
        [new(now.Signals, new KeyValuePair<string, object?>("of", "members")), new(now.PageSignals + now.GuestSignals.Received + now.GuestSignals.Sent, new KeyValuePair<string, object?>("of", "pages"))];
}
