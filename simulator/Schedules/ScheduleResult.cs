namespace Overlay.Simulator.Schedules;

/// <summary>What came of one schedule.</summary>
public sealed record ScheduleResult
{
    /// <summary>The schedule.</summary>
    public required Schedule Schedule { get; init; }

    /// <summary>Changes of ring state, after each of which the invariant was checked.</summary>
    public required long ChangesChecked { get; init; }

    /// <summary>Broken rules that are the protocol's fault, each with the moment. At most <see cref="ScheduleRun.MaxReported"/> are kept.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>Changes after which an assumption of the proof did not hold.</summary>
    public required long BrokenAssumptions { get; init; }

    /// <summary>Nodes that lost their whole successor list and joined again.</summary>
    public required int Rejoins { get; init; }

    /// <summary>Whether one correct ring stood at the end.</summary>
    public required bool Converged { get; init; }

    /// <summary>What was wrong with it otherwise.</summary>
    public required string FinalVerdict { get; init; }

    /// <summary>Virtual time from the last operation to the ideal ring.</summary>
    public required TimeSpan QuietTime { get; init; }

    /// <summary>Nodes at the end.</summary>
    public required int FinalNodes { get; init; }

    /// <summary>Joins, leaves and crashes that happened.</summary>
    public required (int Joins, int Leaves, int Crashes, int Forbidden) Operations { get; init; }

    /// <summary>Events performed.</summary>
    public required long Events { get; init; }

    /// <summary>A hash of all that happened.</summary>
    public required ulong Hash { get; init; }

    /// <summary>The last events before the first violation, or before the end of a run that did not converge.</summary>
    public required IReadOnlyList<string> LastEvents { get; init; }

    /// <summary>Whether everything that was promised held.</summary>
    public bool Succeeded => Converged && Violations.Count == 0 && (!Schedule.KeepsAssumptions || BrokenAssumptions == 0);
}
