using Overlay.Messages;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>What happened since some moment: since the last sample, since a phase began, or since the run did.</summary>
internal sealed class Window
{
    private readonly Dictionary<string, long> _lookupsFailed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _messagesFailed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _linksFailed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _resolvesFailed = new(StringComparer.Ordinal);
    private Meter _from;

    public Histogram Hops { get; } = new();

    /// <summary>In microseconds, as all durations here.</summary>
    public Histogram Latency { get; } = new();

    public Histogram SetUp { get; } = new();

    public Histogram Detection { get; } = new();

    /// <summary>As <see cref="Detection"/>, by those who stood next to the dead on the ring.</summary>
    public Histogram NeighbourDetection { get; } = new();

    /// <summary>From a newcomer's start until it was a member.</summary>
    public Histogram Join { get; } = new();

    /// <summary>From a newcomer's start until its first message was delivered.</summary>
    public Histogram FirstMessage { get; } = new();

    /// <summary>From a newcomer's start until it had links to all its fingers.</summary>
    public Histogram AllFingers { get; } = new();

    public Histogram Repair { get; } = new();

    public long LookupsOk { get; set; }

    public long LookupsFirstTry { get; set; }

    public long MessagesDelivered { get; set; }

    public long LinksMade { get; set; }

    public long NamesRegistered { get; set; }

    public long NamesDefended { get; set; }

    public long NamesLost { get; set; }

    public long NamesYielded { get; set; }

    public long FirstYielded { get; set; }

    public long ResolvesOk { get; set; }

    public long Broadcasts { get; set; }

    public long BroadcastTargets { get; set; }

    public long BroadcastsDue { get; set; }

    public long BroadcastsReached { get; set; }

    public long Joins { get; set; }

    public long Crashes { get; set; }

    public long Leaves { get; set; }

    public long FalseEvictions { get; set; }

    public long BrokenAssumptions { get; set; }

    public IReadOnlyDictionary<string, long> LookupsFailed => _lookupsFailed;

    public void LookupFailed(string why) => Count(_lookupsFailed, why);

    public void MessageFailed(string why) => Count(_messagesFailed, why);

    public void LinkFailed(string why) => Count(_linksFailed, why);

    public void ResolveFailed(string why) => Count(_resolvesFailed, why);

    /// <summary>Begins anew at <paramref name="now"/>.</summary>
    public void Begin(in Meter now)
    {
        _from = now;
        Hops.Clear();
        Latency.Clear();
        SetUp.Clear();
        Detection.Clear();
        NeighbourDetection.Clear();
        Join.Clear();
        FirstMessage.Clear();
        AllFingers.Clear();
        Repair.Clear();
        _lookupsFailed.Clear();
        _messagesFailed.Clear();
        _linksFailed.Clear();
        _resolvesFailed.Clear();
        (NamesRegistered, NamesDefended, NamesLost, NamesYielded, FirstYielded, ResolvesOk) = (0, 0, 0, 0, 0, 0);
        (Broadcasts, BroadcastTargets, BroadcastsDue, BroadcastsReached) = (0, 0, 0, 0);
        (LookupsOk, LookupsFirstTry, MessagesDelivered, LinksMade) = (0, 0, 0, 0);
        (Joins, Crashes, Leaves, FalseEvictions, BrokenAssumptions) = (0, 0, 0, 0, 0);
    }

    /// <summary>The sums up to <paramref name="now"/>.</summary>
    public Totals ToTotals(in Meter now, bool isRingCorrect) => new()
    {
        LookupsOk = LookupsOk,
        LookupsFirstTry = LookupsFirstTry,
        LookupsFailed = Copy(_lookupsFailed),
        LookupTimeouts = now.LookupTimeouts - _from.LookupTimeouts,
        MessagesDelivered = MessagesDelivered,
        MessagesFailed = Copy(_messagesFailed),
        NamesRegistered = NamesRegistered,
        NamesDefended = NamesDefended,
        NamesLost = NamesLost,
        NamesYielded = NamesYielded,
        FirstYielded = FirstYielded,
        ResolvesOk = ResolvesOk,
        ResolvesFailed = Copy(_resolvesFailed),
        Broadcasts = Broadcasts,
        BroadcastTargets = BroadcastTargets,
        BroadcastMessages = now.BroadcastMessages - _from.BroadcastMessages,
        BroadcastsDue = BroadcastsDue,
        BroadcastsReached = BroadcastsReached,
        LinksMade = LinksMade,
        LinksFailed = Copy(_linksFailed),
        Joins = Joins,
        Crashes = Crashes,
        Leaves = Leaves,
        FalseEvictions = FalseEvictions,
        MeanHops = Hops.Count == 0 ? null : Hops.Mean,
        P99Hops = Hops.Count == 0 ? null : Hops.Quantile(0.99),
        MeanLatencyMs = Latency.Count == 0 ? null : Latency.Mean / 1000,
        P99LatencyMs = Latency.Count == 0 ? null : Latency.Quantile(0.99) / 1000.0,
        MedianDetectionMs = Detection.Count == 0 ? null : Detection.Quantile(0.5) / 1000.0,
        P99DetectionMs = Detection.Count == 0 ? null : Detection.Quantile(0.99) / 1000.0,
        P99NeighbourDetectionMs = NeighbourDetection.Count == 0 ? null : NeighbourDetection.Quantile(0.99) / 1000.0,
        FalseEvictionsPerHour = 3600 * PerNodeSecond(now, FalseEvictions),
        MedianJoinMs = Join.Count == 0 ? null : Join.Quantile(0.5) / 1000.0,
        P99JoinMs = Join.Count == 0 ? null : Join.Quantile(0.99) / 1000.0,
        MedianFirstMessageMs = FirstMessage.Count == 0 ? null : FirstMessage.Quantile(0.5) / 1000.0,
        MedianAllFingersMs = AllFingers.Count == 0 ? null : AllFingers.Quantile(0.5) / 1000.0,
        UpkeepBytesPerNodeSecond = PerNodeSecond(now, now.UpkeepBytes - _from.UpkeepBytes),
        LinkBytesPerNodeSecond = PerNodeSecond(now, now.LinkBytes - _from.LinkBytes),
        MessagesPerNodeSecond = PerNodeSecond(now, now.Messages - _from.Messages),
        RingCorrectAtEnd = isRingCorrect,
        BrokenAssumptions = BrokenAssumptions,
    };

    /// <summary>The same as one point of a course.</summary>
    public Sample ToSample(in Meter now, in SampleState state) => new()
    {
        T = new TimeSpan(now.Ticks),
        Live = state.Live,
        Members = state.Members,
        Joining = state.Live - state.Members,
        LookupsOk = LookupsOk,
        LookupsFailed = Copy(_lookupsFailed),
        MeanHops = Hops.Count == 0 ? null : Hops.Mean,
        P99Hops = Hops.Count == 0 ? null : Hops.Quantile(0.99),
        MeanLatencyMs = Latency.Count == 0 ? null : Latency.Mean / 1000,
        P99LatencyMs = Latency.Count == 0 ? null : Latency.Quantile(0.99) / 1000.0,
        UpkeepBytesPerNodeSecond = PerNodeSecond(now, now.UpkeepBytes - _from.UpkeepBytes),
        LinkBytesPerNodeSecond = PerNodeSecond(now, now.LinkBytes - _from.LinkBytes),
        MessagesPerNodeSecond = PerNodeSecond(now, now.Messages - _from.Messages),
        MeanLinks = state.MeanLinks,
        Tree = state.Tree,
        RingCorrect = state.RingCorrect,
        BrokenAssumptions = state.BrokenAssumptions,
        Violations = state.Violations,
        EventsPerSecond = state.EventsPerSecond,
    };

    private static void Count(Dictionary<string, long> counts, string why) => counts[why] = counts.GetValueOrDefault(why) + 1;

    /// <summary>In the order of the names, so that equal runs write equal files.</summary>
    private static Dictionary<string, long> Copy(Dictionary<string, long> counts) =>
        counts.OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

    private double PerNodeSecond(in Meter now, double amount)
    {
        var nodeSeconds = now.NodeSeconds - _from.NodeSeconds;
        return nodeSeconds > 0 ? amount / nodeSeconds : 0;
    }
}

/// <summary>The state of a world that a sample shows.</summary>
internal readonly record struct SampleState(
    int Live, int Members, double MeanLinks, double RingCorrect, long BrokenAssumptions, long Violations, double EventsPerSecond, TreeFigures? Tree);

/// <summary>What only ever grows, at one moment.</summary>
/// <param name="Ticks">The moment.</param>
/// <param name="NodeSeconds">Living nodes, summed over time.</param>
/// <param name="Messages">Messages sent over links.</param>
/// <param name="UpkeepBytes">Bytes of the overlay's messages, look-ups included, without application data and receipts.</param>
/// <param name="LinkBytes">Bytes of keeping links alive and of setting them up, their signalling included.</param>
/// <param name="LookupTimeouts">Look-ups on their way that were sent to dead nodes.</param>
/// <param name="BroadcastMessages">Messages that carried broadcasts.</param>
internal readonly record struct Meter(long Ticks, double NodeSeconds, long Messages, long UpkeepBytes, long LinkBytes, long LookupTimeouts, long BroadcastMessages)
{
    /// <summary>Reads the counters of a world.</summary>
    public static Meter Read(World world, double nodeSeconds)
    {
        var (messages, upkeep, link) = (0L, 0L, world.Counters.SetUpBytes);
        foreach (var kind in MessageKinds.All)
        {
            messages += world.Counters.MessagesOf(kind);
            upkeep += MessageKinds.ClassOf(kind) == MessageClass.Upkeep ? world.Counters.BytesOf(kind) : 0;
            link += MessageKinds.ClassOf(kind) == MessageClass.Link ? world.Counters.BytesOf(kind) : 0;
        }

        return new(world.Ticks, nodeSeconds, messages, upkeep, link, world.Counters.LookupTimeouts, world.Counters.MessagesOf(MessageKind.Broadcast));
    }
}
