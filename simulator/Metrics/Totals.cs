using System.Text.Json.Serialization;

namespace Overlay.Simulator.Metrics;

/// <summary>What happened in a phase, or in a whole run.</summary>
public sealed record Totals
{
    /// <summary>Nothing happened.</summary>
    public static readonly Totals None = new();

    /// <summary>Look-ups answered rightly.</summary>
    public long LookupsOk { get; init; }

    /// <summary>Those of them that needed no second try.</summary>
    public long LookupsFirstTry { get; init; }

    /// <summary>Look-ups that failed, by reason.</summary>
    public IReadOnlyDictionary<string, long> LookupsFailed { get; init; } = EmptyCounts.Value;

    /// <summary>Times that a look-up on its way was sent to a dead node and had to be sent another way.</summary>
    public long LookupTimeouts { get; init; }

    /// <summary>Messages of the workloads whose delivery was acknowledged.</summary>
    public long MessagesDelivered { get; init; }

    /// <summary>Messages of the workloads that failed, by reason.</summary>
    public IReadOnlyDictionary<string, long> MessagesFailed { get; init; } = EmptyCounts.Value;

    /// <summary>Names that were registered.</summary>
    public long NamesRegistered { get; init; }

    /// <summary>Attempts to take a name that is taken, refused as they should be.</summary>
    public long NamesDefended { get; init; }

    /// <summary>Names whose last copy died.</summary>
    public long NamesLost { get; init; }

    /// <summary>Times that an owner was told that another has its name.</summary>
    public long NamesYielded { get; init; }

    /// <summary>Of those, how often it had had the name before the other.</summary>
    public long FirstYielded { get; init; }

    /// <summary>Names with two owners that reach each other, at the end.</summary>
    public long NamesContested { get; init; }

    /// <summary>Resolutions answered with the holder.</summary>
    public long ResolvesOk { get; init; }

    /// <summary>Resolutions that failed, by reason.</summary>
    public IReadOnlyDictionary<string, long> ResolvesFailed { get; init; } = EmptyCounts.Value;

    /// <summary>Broadcasts that began.</summary>
    public long Broadcasts { get; init; }

    /// <summary>Members that they were to reach when they began, summed.</summary>
    public long BroadcastTargets { get; init; }

    /// <summary>Messages that carried them, hop by hop.</summary>
    public long BroadcastMessages { get; init; }

    /// <summary>Members that were there throughout a broadcast judged by now, summed.</summary>
    public long BroadcastsDue { get; init; }

    /// <summary>Those of them that got it.</summary>
    public long BroadcastsReached { get; init; }

    /// <summary>Links that were made.</summary>
    public long LinksMade { get; init; }

    /// <summary>Link set-ups that failed, by reason.</summary>
    public IReadOnlyDictionary<string, long> LinksFailed { get; init; } = EmptyCounts.Value;

    /// <summary>Nodes that arrived.</summary>
    public long Joins { get; init; }

    /// <summary>Nodes that crashed.</summary>
    public long Crashes { get; init; }

    /// <summary>Nodes that said good-bye.</summary>
    public long Leaves { get; init; }

    /// <summary>Neighbours that were evicted although they lived.</summary>
    public long FalseEvictions { get; init; }

    /// <summary>Mean links crossed by a look-up; null where none was answered.</summary>
    public double? MeanHops { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99Hops { get; init; }

    /// <summary>Mean time of a look-up, in milliseconds; null where none was answered.</summary>
    public double? MeanLatencyMs { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99LatencyMs { get; init; }

    /// <summary>Median time until a dead neighbour was evicted, in milliseconds; null where none died.</summary>
    public double? MedianDetectionMs { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99DetectionMs { get; init; }

    /// <summary>99th percentile of the time until a crash was noticed by the next neighbours on the ring, in milliseconds; null where none died.</summary>
    public double? P99NeighbourDetectionMs { get; init; }

    /// <summary>Living nodes taken for dead, as a share of the nodes in an hour.</summary>
    public double? FalseEvictionsPerHour { get; init; }

    /// <summary>Median time from a newcomer's start until it was a member, in milliseconds; null where none became one.</summary>
    public double? MedianJoinMs { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99JoinMs { get; init; }

    /// <summary>Median time from a newcomer's start until its first message, sent through a gateway, was delivered, in milliseconds; null where no phase asks for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MedianFirstMessageMs { get; init; }

    /// <summary>Median time from a newcomer's start until it had links to all its fingers, in milliseconds; null where no phase asks for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MedianAllFingersMs { get; init; }

    /// <summary>Bytes of the overlay's own messages for each living node and second.</summary>
    public double UpkeepBytesPerNodeSecond { get; init; }

    /// <summary>Bytes of keeping links alive and setting them up, for each living node and second.</summary>
    public double LinkBytesPerNodeSecond { get; init; }

    /// <summary>Messages for each living node and second.</summary>
    public double MessagesPerNodeSecond { get; init; }

    /// <summary>Members that held the hub's gateway slots at the end.</summary>
    public int GatewaysAtEnd { get; init; }

    /// <summary>Whether all members stood in one correct ring at the end; on a tree: whether all living nodes were in one tree.</summary>
    public bool RingCorrectAtEnd { get; init; }

    /// <summary>The tree at the end; null on a ring.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TreeFigures? Tree { get; init; }

    /// <summary>Changes of ring state that broke an assumption of the proof.</summary>
    public long BrokenAssumptions { get; init; }

    /// <summary>Look-ups that failed, for any reason.</summary>
    public long LookupsFailedTotal => LookupsFailed.Values.Sum();

    /// <summary>The share of look-ups answered rightly; null where none ended.</summary>
    public double? LookupSuccess => Ratio.Of(LookupsOk, LookupsOk + LookupsFailedTotal);

    /// <summary>The share of look-ups answered rightly at the first try; null where none ended.</summary>
    public double? FirstTrySuccess => Ratio.Of(LookupsFirstTry, LookupsOk + LookupsFailedTotal);

    /// <summary>Resolutions that failed, for any reason.</summary>
    public long ResolvesFailedTotal => ResolvesFailed.Values.Sum();

    /// <summary>The share of resolutions answered with the holder; null where none ended.</summary>
    public double? ResolveSuccess => Ratio.Of(ResolvesOk, ResolvesOk + ResolvesFailedTotal);

    /// <summary>The share of members there throughout that got their broadcasts; null where none was judged.</summary>
    public double? BroadcastReach => Ratio.Of(BroadcastsReached, BroadcastsDue);

    /// <summary>Messages for each member that a broadcast was to reach; null where there was none.</summary>
    public double? BroadcastForwards => BroadcastTargets == 0 ? null : (double)BroadcastMessages / BroadcastTargets;

    /// <summary>Messages of the workloads that failed, for any reason.</summary>
    public long MessagesFailedTotal => MessagesFailed.Values.Sum();

    /// <summary>The share of messages of the workloads that were delivered; null where none ended.</summary>
    public double? DeliverySuccess => Ratio.Of(MessagesDelivered, MessagesDelivered + MessagesFailedTotal);
}
