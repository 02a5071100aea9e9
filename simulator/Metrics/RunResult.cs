using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Metrics;

/// <summary>A whole run, or the part of one that was interrupted: what was asked for, what happened, what held.</summary>
/// <remarks>
/// Everything but <see cref="Wall"/>, <see cref="Cpu"/>, <see cref="PeakBytes"/>, <see cref="BytesPerNode"/>, <see cref="RunAt"/> and the
/// samples' events per second is decided by scenario and seed.
/// </remarks>
public sealed record RunResult
{
    /// <summary>What was asked for, with every default filled in.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>The seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The version of the simulator.</summary>
    public string Version { get; init; } = "";

    /// <summary>What was drawn from the seed before the run began, to be printed first.</summary>
    public IReadOnlyList<DrawnOption> DrawnOptions { get; init; } = [];

    /// <summary>The hash over all effects: 16 hexadecimal digits. Equal for equal runs.</summary>
    public required string EffectHash { get; init; }

    /// <summary>Whether the run was interrupted, or stopped by a violation, before its time was over.</summary>
    public bool IsPartial { get; init; }

    /// <summary>Simulated time.</summary>
    public TimeSpan Simulated { get; init; }

    /// <summary>When the run ended, UTC.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Real time, the building of the network included.</summary>
    public TimeSpan Wall { get; init; }

    /// <summary>Processor time, the building of the network included.</summary>
    public TimeSpan Cpu { get; init; }

    /// <summary>Events handled.</summary>
    public long Events { get; init; }

    /// <summary>Messages delivered, hop by hop.</summary>
    public long Messages { get; init; }

    /// <summary>The largest resident memory of the process, in bytes.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Live bytes for each node, or resident ones where those are not measured.</summary>
    public double BytesPerNode { get; init; }

    /// <summary>The phases that began, in order.</summary>
    public IReadOnlyList<PhaseResult> Phases { get; init; } = [];

    /// <summary>The whole run.</summary>
    public Totals Totals { get; init; } = Totals.None;

    /// <summary>The course of the run, one sample each <see cref="Scenario.SampleEvery"/>.</summary>
    public IReadOnlyList<Sample> Samples { get; init; } = [];

    /// <summary>Hops, latency, link set-up, detection, repair.</summary>
    public Distributions Distributions { get; init; } = Distributions.Empty;

    /// <summary>How many messages of each kind crossed a link, and their bytes.</summary>
    public IReadOnlyList<MessageTotal> MessagesByKind { get; init; } = [];

    /// <summary>What the checkers saw.</summary>
    public IReadOnlyList<CheckResult> Checks { get; init; } = [];

    /// <summary>The last events of the nodes concerned, where a violation stopped the run.</summary>
    public IReadOnlyList<string> LastEvents { get; init; } = [];

    /// <summary>Events in a second of processor time.</summary>
    public double EventsPerCpuSecond => Cpu > TimeSpan.Zero ? Events / Cpu.TotalSeconds : 0;

    /// <summary>Violations of all checks together.</summary>
    public long ViolationCount => Checks.Sum(check => check.ViolationCount);

    /// <summary>Whether no check was violated and every requirement of the phases that ended was met.</summary>
    public bool Succeeded => ViolationCount == 0 && Phases.All(phase => phase.Succeeded);
}

/// <summary>An option drawn from the seed.</summary>
public readonly record struct DrawnOption(string Name, string Value);

/// <summary>Messages of one kind that crossed a link.</summary>
public readonly record struct MessageTotal(string Kind, long Count, long Bytes);

/// <summary>One phase of a run.</summary>
public sealed record PhaseResult
{
    /// <summary>The phase's name.</summary>
    public required string Name { get; init; }

    /// <summary>When it began.</summary>
    public required TimeSpan From { get; init; }

    /// <summary>When it ended, or the run did.</summary>
    public required TimeSpan To { get; init; }

    /// <summary>Whether it was over before the run was.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>What happened in it.</summary>
    public Totals Totals { get; init; } = Totals.None;

    /// <summary>What was asked for, and what came out; empty where the phase is not complete.</summary>
    public IReadOnlyList<RequirementResult> Requirements { get; init; } = [];

    /// <summary>Whether every requirement was met.</summary>
    public bool Succeeded => Requirements.All(requirement => requirement.Met);
}

/// <summary>One requirement of a phase.</summary>
/// <param name="Name">Its key in the scenario.</param>
/// <param name="Limit">What was asked for.</param>
/// <param name="Actual">What came out; null where there was nothing to measure, which does not meet it.</param>
/// <param name="Met">Whether it was met.</param>
public sealed record RequirementResult(string Name, string Limit, string? Actual, bool Met);

/// <summary>What one checker saw.</summary>
public sealed record CheckResult
{
    /// <summary>Which one.</summary>
    public required CheckKind Name { get; init; }

    /// <summary>How often it looked.</summary>
    public long TimesChecked { get; init; }

    /// <summary>How often it found the protocol at fault.</summary>
    public long ViolationCount { get; init; }

    /// <summary>How often an assumption of the proof was broken, which is nobody's fault.</summary>
    public long BrokenAssumptions { get; init; }

    /// <summary>How often it looked while an assumption was broken and the ring not whole since: what was wrong then follows from that, and is no violation.</summary>
    public long Excused { get; init; }

    /// <summary>The first violations, at most 20.</summary>
    public IReadOnlyList<Violation> Violations { get; init; } = [];
}

/// <summary>A promise that did not hold.</summary>
/// <param name="Text">What, and at which node.</param>
/// <param name="Seed">The seed that shows it.</param>
/// <param name="At">When, in simulated time.</param>
public sealed record Violation(string Text, ulong Seed, TimeSpan At);
