using System.Text.Json.Serialization;

namespace Overlay.Simulator.Scenarios;

/// <summary>How a run begins.</summary>
public enum StartState
{
    /// <summary>All nodes stand in a perfect ring with all links made. Nothing else starts a million nodes in reasonable time.</summary>
    Ideal,

    /// <summary>The founding members stand in a perfect ring; the others join one after the other, spread over <see cref="Scenario.JoinOver"/>.</summary>
    Join,

    /// <summary>Every node starts alone with nothing but the hub: the network is founded, then grows.</summary>
    Founding,
}

/// <summary>What it takes to talk to another node.</summary>
public enum LinkMode
{
    /// <summary>A link must be set up first, signalled through the overlay, at the cost that <see cref="NetworkSpec.SetUp"/> states.</summary>
    Links,

    /// <summary>Whoever is known can be talked to at once, as in the literature. For comparison with published figures.</summary>
    Contact,
}

/// <summary>A checker that watches a run.</summary>
public enum CheckKind
{
    /// <summary>The corrected-Chord invariant at every change of ring state; on a tree, that no node is below itself or has more children than it may.</summary>
    Invariant,

    /// <summary>Each look-up is answered by the right owner.</summary>
    Owners,

    /// <summary>No message is delivered twice, or to somebody it was not meant for.</summary>
    Delivery,

    /// <summary>No message outlives its hop budget.</summary>
    HopBudget,

    /// <summary>No node holds more links, pending commands or records than its options allow.</summary>
    Bounds,

    /// <summary>A name has one owner, the first; and no name of which two copies stood is lost, unless all died faster than copies are made.</summary>
    Names,

    /// <summary>A broadcast is delivered exactly once to each member that is there throughout.</summary>
    Broadcasts,
}

/// <summary>One experiment, whole: what runs, for how long, under which faults, and what must hold. Immutable; read by <c>ScenarioReader</c>.</summary>
/// <remarks>
/// Everything has a value here, defaults included, so two equal scenarios with one seed give the same run. Invariant: there is at
/// least one phase, every phase is longer than zero, and no part contradicts another (the reader refuses what does).
/// </remarks>
[JsonConverter(typeof(ScenarioJsonConverter))]
public sealed record Scenario
{
    /// <summary>Nodes that one run may have at the most.</summary>
    public const int MaxNodes = 10_000_000;

    /// <summary>Samples that one run may take at the most.</summary>
    public const int MaxSamples = 100_000;

    private static readonly CheckKind[] AllChecks = Enum.GetValues<CheckKind>();

    /// <summary>A short name, used in titles and file names.</summary>
    public required string Name { get; init; }

    /// <summary>One or two sentences: what the experiment shows.</summary>
    public string Description { get; init; } = "";

    /// <summary>Nodes at the start; churn of kind <see cref="RenewalKind.Fixed"/> keeps the number.</summary>
    /// <value>Default 1,000; 1 … <see cref="MaxNodes"/>.</value>
    public int Nodes { get; init; } = 1000;

    /// <summary>What the nodes build.</summary>
    public Topology Topology { get; init; } = Topology.Chord;

    /// <summary>Decides everything that chance decides.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>How the run begins.</summary>
    /// <value>Default <see cref="StartState.Ideal"/>.</value>
    public StartState Start { get; init; } = StartState.Ideal;

    /// <summary>Time over which the others join when <see cref="Start"/> is <see cref="StartState.Join"/> or <see cref="StartState.Founding"/>.</summary>
    /// <value>Default 1 min; 0 … 24 h.</value>
    public TimeSpan JoinOver { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What it takes to talk to another node.</summary>
    /// <value>Default <see cref="LinkMode.Links"/>.</value>
    public LinkMode Mode { get; init; } = LinkMode.Links;

    /// <summary>Whether messages are encoded and decoded at every hop; the effects and their hash are the same either way.</summary>
    /// <value>Default false: messages travel as values, which is faster.</value>
    public bool Wire { get; init; }

    /// <summary>The tunables of every node, section <c>overlay</c> of the file.</summary>
    public OverlayOptions Options { get; init; } = OverlayOptions.Default;

    /// <summary>Delay, loss, bandwidth, cost of a link, NATs.</summary>
    public NetworkSpec Network { get; init; } = new();

    /// <summary>Arrivals and departures of every phase that states none of its own.</summary>
    public ChurnSpec Churn { get; init; } = ChurnSpec.None;

    /// <summary>What the members do in every phase that states nothing of its own.</summary>
    public IReadOnlyList<WorkloadSpec> Workloads { get; init; } = [];

    /// <summary>The parts of the run, in order; at least one.</summary>
    public required IReadOnlyList<Phase> Phases { get; init; }

    /// <summary>Members that introduce newcomers while no hub is there; null: nobody does.</summary>
    public IntroducersSpec? Introducers { get; init; }

    /// <summary>The checkers that watch.</summary>
    /// <value>Default: all.</value>
    public IReadOnlyList<CheckKind> Checks { get; init; } = AllChecks;

    /// <summary>Simulated time between two samples.</summary>
    /// <value>Default 10 s; 100 ms … 1 h, and at most 100,000 samples in all.</value>
    public TimeSpan SampleEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Simulated time from start to end: the phases' durations together.</summary>
    public TimeSpan Duration => Phases.Aggregate(TimeSpan.Zero, (sum, phase) => sum + phase.Duration);

    /// <summary>Arrivals and departures during <paramref name="phase"/>: its own, or those of the scenario.</summary>
    public ChurnSpec ChurnOf(Phase phase) => phase.Churn ?? Churn;

    /// <summary>What the members do during <paramref name="phase"/>: its own workloads, or those of the scenario.</summary>
    public IReadOnlyList<WorkloadSpec> WorkloadsOf(Phase phase) => phase.Workloads ?? Workloads;

    /// <summary>The same experiment, shorter or longer: phases and the times of their faults keep their proportions.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is not longer than zero.</exception>
    public Scenario WithDuration(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        var whole = Duration;
        if (duration == whole)
        {
            return this;
        }

        var phases = new List<Phase>(Phases.Count);
        var (before, scaledBefore) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var phase in Phases)
        {
            // Ends are scaled, not lengths, so that rounding never changes the sum.
            before += phase.Duration;
            var scaledEnd = duration * (before / whole);
            phases.Add(phase.Scaled(scaledEnd - scaledBefore));
            scaledBefore = scaledEnd;
        }

        return this with { Phases = phases };
    }
}

/// <summary>Members that introduce newcomers: the first of the nodes, remembered by all.</summary>
public sealed record IntroducersSpec
{
    /// <summary>How many.</summary>
    /// <value>Default 5; 1 … 255.</value>
    public int Count { get; init; } = 5;

    /// <summary>How long one of them that ended is away before it is started again, with its key and its right to introduce.</summary>
    /// <value>Default 10 min.</value>
    public TimeSpan Downtime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether who comes while the hub is away knows nothing of it: only the addresses of members that introduce.</summary>
    /// <value>Default false: everybody has the hub in its list.</value>
    public bool Strangers { get; init; }
}
