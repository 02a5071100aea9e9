namespace Overlay.Simulator.Scenarios;

/// <summary>A part of a run: how long, what happens in it, and what must hold when it is over.</summary>
public sealed record Phase
{
    /// <summary>A short name, for tables and charts.</summary>
    public required string Name { get; init; }

    /// <summary>Simulated time, longer than zero.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Arrivals and departures in this phase; null: those of the scenario.</summary>
    public ChurnSpec? Churn { get; init; }

    /// <summary>What the members do in this phase; null: what the scenario says.</summary>
    public IReadOnlyList<WorkloadSpec>? Workloads { get; init; }

    /// <summary>What is done to the network in this phase. None of it outlives the phase.</summary>
    public IReadOnlyList<FaultSpec> Faults { get; init; } = [];

    /// <summary>What must hold when the phase is over.</summary>
    public Requirements Require { get; init; } = Requirements.None;

    /// <summary>The same phase in another length; the times of its faults keep their proportions.</summary>
    internal Phase Scaled(TimeSpan duration)
    {
        var factor = duration / Duration;
        return this with { Duration = duration, Faults = [.. Faults.Select(fault => fault.Scaled(factor))] };
    }
}

/// <summary>What can be done to a network.</summary>
public enum FaultKind
{
    /// <summary>Some nodes crash at one moment.</summary>
    MassFailure,

    /// <summary>The root of the tree crashes.</summary>
    RootFailure,

    /// <summary>Many new nodes arrive, all at once or spread over a time.</summary>
    FlashCrowd,

    /// <summary>Nodes leave and come back one after the other, as in an upgrade.</summary>
    RollingRestart,

    /// <summary>The network falls into parts that do not hear each other.</summary>
    Partition,

    /// <summary>Some nodes stand still, as a closed laptop does, and go on later with the state they had.</summary>
    Suspend,

    /// <summary>The hub cannot be reached.</summary>
    HubDown,
}

/// <summary>One thing done to the network at one moment of a phase.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="At">When, from the beginning of the phase.</param>
public sealed record FaultSpec(FaultKind Kind, TimeSpan At)
{
    /// <summary>The share of the living nodes concerned, more than 0 and at most 1; null where <see cref="Count"/> says it. Partition: the share cut off.</summary>
    public double? Share { get; init; }

    /// <summary>The number of nodes concerned, at least 1; null where <see cref="Share"/> says it.</summary>
    public int? Count { get; init; }

    /// <summary>Flash crowd: the time over which the nodes arrive.</summary>
    /// <value>Default 0: all at once.</value>
    public TimeSpan Over { get; init; }

    /// <summary>How long it lasts (rolling restart: how long each node is down); null: until the phase is over.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Rolling restart: time between two nodes.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>Partition: the parts hear each other in one direction only, the later part the earlier ones.</summary>
    public bool OneWay { get; init; }

    /// <summary>Partition: the shares of more than two parts, together 1; empty where <see cref="Share"/> says it.</summary>
    public IReadOnlyList<double> Parts { get; init; } = [];

    internal FaultSpec Scaled(double factor) => this with { At = At * factor, Over = Over * factor, For = For * factor, Every = Every * factor };
}

/// <summary>What must hold when a phase is over; what is null is not asked for.</summary>
public sealed record Requirements
{
    /// <summary>Nothing is asked for.</summary>
    public static readonly Requirements None = new();

    /// <summary>At least this share of the look-ups answered rightly, 0 … 1.</summary>
    public double? LookupSuccess { get; init; }

    /// <summary>At least this share of the look-ups answered rightly at the first try, 0 … 1.</summary>
    public double? FirstTrySuccess { get; init; }

    /// <summary>At least this share of the messages delivered, 0 … 1.</summary>
    public double? DeliverySuccess { get; init; }

    /// <summary>At most so many links crossed by a look-up in the mean.</summary>
    public double? MeanHops { get; init; }

    /// <summary>At most so many links crossed by 99 of 100 look-ups.</summary>
    public double? P99Hops { get; init; }

    /// <summary>At most so long a look-up takes in the mean.</summary>
    public TimeSpan? MeanLatency { get; init; }

    /// <summary>At most so long 99 of 100 look-ups take.</summary>
    public TimeSpan? P99Latency { get; init; }

    /// <summary>At most so many bytes of overlay messages for each node and second, keep-alive and set-up of links apart.</summary>
    public double? UpkeepBytes { get; init; }

    /// <summary>At most so long until half of the dead neighbours were noticed.</summary>
    public TimeSpan? MedianDetection { get; init; }

    /// <summary>At most so long until 99 of 100 dead neighbours were noticed.</summary>
    public TimeSpan? P99Detection { get; init; }

    /// <summary>At most so long until 99 of 100 crashes were noticed by the dead node's next neighbours on the ring, on both sides.</summary>
    public TimeSpan? P99NeighbourDetection { get; init; }

    /// <summary>At most so many living nodes taken for dead, as a share of the nodes in an hour.</summary>
    public double? FalseEvictionsPerHour { get; init; }

    /// <summary>At most so long until half of the newcomers were members.</summary>
    public TimeSpan? MedianJoin { get; init; }

    /// <summary>At most so long until half of the newcomers had sent a message, through a gateway, that was delivered.</summary>
    public TimeSpan? MedianFirstMessage { get; init; }

    /// <summary>At most so long until half of the newcomers had links to all their fingers.</summary>
    public TimeSpan? MedianAllFingers { get; init; }

    /// <summary>At least this share of the resolutions of names answered with the name's holder, 0 … 1.</summary>
    public double? ResolveSuccess { get; init; }

    /// <summary>At most so many names with two owners that reach each other, when the phase is over.</summary>
    public int? ContestedNames { get; init; }

    /// <summary>At most so many names of which all copies died, so that nobody can find their holders.</summary>
    public int? LostNames { get; init; }

    /// <summary>At least so many members hold the hub's gateway slots when the phase is over.</summary>
    public int? Gateways { get; init; }

    /// <summary>At least this share of the members that were there throughout got each broadcast, 0 … 1.</summary>
    public double? BroadcastReach { get; init; }

    /// <summary>At most so many messages for each member that a broadcast was to reach.</summary>
    public double? BroadcastForwards { get; init; }

    /// <summary>On a tree: at most so long in which it is not one tree of all living nodes.</summary>
    public TimeSpan? TreeBrokenFor { get; init; }

    /// <summary>On a tree: at least so many members looked for a parent at one moment; else it was not the storm that was meant.</summary>
    public int? OrphansAtOnce { get; init; }

    /// <summary>On a tree: at least this share no deeper than the best tree is, 0 … 1.</summary>
    public double? AtOptimalDepth { get; init; }

    /// <summary>On a tree: at least this share no deeper than one more, 0 … 1.</summary>
    public double? WithinOneOfOptimal { get; init; }

    /// <summary>On a tree: at most so long the longest path, in parts of the best tree's.</summary>
    public double? LongestPath { get; init; }

    /// <summary>Whether all members must stand in one correct ring at the end of the phase; on a tree: whether all living nodes must be in one tree then.</summary>
    public bool CorrectRing { get; init; }

    /// <summary>Whether nothing is asked for.</summary>
    public bool IsEmpty => this == None;
}
