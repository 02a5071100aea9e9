using System.Text.Json.Serialization;

namespace Overlay.Simulator.Metrics;

/// <summary>The state of a run at one moment, and what happened since the sample before.</summary>
public sealed record Sample
{
    /// <summary>Simulated time since the start.</summary>
    public required TimeSpan T { get; init; }

    /// <summary>Nodes that are up: members, and those on their way in or out. Suspended nodes count.</summary>
    public int Live { get; init; }

    /// <summary>Nodes that have a place in the ring.</summary>
    public int Members { get; init; }

    /// <summary>Nodes on their way in.</summary>
    public int Joining { get; init; }

    /// <summary>Look-ups answered rightly since the sample before.</summary>
    public long LookupsOk { get; init; }

    /// <summary>Look-ups that failed since the sample before, by reason. A reason that did not occur may be left out.</summary>
    public IReadOnlyDictionary<string, long> LookupsFailed { get; init; } = EmptyCounts.Value;

    /// <summary>Mean links crossed by the look-ups answered since the sample before; null where there was none.</summary>
    public double? MeanHops { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99Hops { get; init; }

    /// <summary>Mean time of the look-ups answered since the sample before, in milliseconds; null where there was none.</summary>
    public double? MeanLatencyMs { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public double? P99LatencyMs { get; init; }

    /// <summary>Bytes of the overlay's own messages for each living node and second.</summary>
    public double UpkeepBytesPerNodeSecond { get; init; }

    /// <summary>Bytes of keeping links alive and setting them up, for each living node and second.</summary>
    public double LinkBytesPerNodeSecond { get; init; }

    /// <summary>Messages for each living node and second.</summary>
    public double MessagesPerNodeSecond { get; init; }

    /// <summary>Links that a living node holds in the mean.</summary>
    public double MeanLinks { get; init; }

    /// <summary>The share of members whose first successor and predecessor are the right ones, 0 … 1.</summary>
    public double RingCorrect { get; init; }

    /// <summary>The tree; null on a ring.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TreeFigures? Tree { get; init; }

    /// <summary>Changes of ring state since the start that broke an assumption of the proof, such as the death of all successors at once.</summary>
    public long BrokenAssumptions { get; init; }

    /// <summary>Violations since the start.</summary>
    public long Violations { get; init; }

    /// <summary>Events in a second of real time since the sample before. Not part of what a seed decides.</summary>
    public double EventsPerSecond { get; init; }

    /// <summary>Look-ups that failed since the sample before, for any reason.</summary>
    public long LookupsFailedTotal => LookupsFailed.Values.Sum();

    /// <summary>The share of look-ups answered rightly since the sample before; null where none ended.</summary>
    public double? LookupSuccess => Ratio.Of(LookupsOk, LookupsOk + LookupsFailedTotal);
}

/// <summary>Shares of counts.</summary>
internal static class Ratio
{
    public static double? Of(long part, long whole) => whole == 0 ? null : (double)part / whole;
}

/// <summary>No counts at all.</summary>
internal static class EmptyCounts
{
    public static readonly IReadOnlyDictionary<string, long> Value = new Dictionary<string, long>(StringComparer.Ordinal);
}
