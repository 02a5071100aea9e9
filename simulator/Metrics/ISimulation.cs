using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Metrics;

/// <summary>Runs scenarios. Runs on several threads at once do not disturb each other.</summary>
public interface ISimulation
{
    /// <summary>Runs <paramref name="scenario"/> to its end, to the first violation, or until it is interrupted; all three give a valid result.</summary>
    RunResult Run(Scenario scenario, RunSettings settings);
}

/// <summary>What a run may use, and whom it tells. Nothing here changes what happens in the run.</summary>
public sealed record RunSettings
{
    /// <summary>Nobody is told anything.</summary>
    public static readonly RunSettings Quiet = new();

    /// <summary>Threads the run may use.</summary>
    /// <value>Default 1.</value>
    public int Threads { get; init; } = 1;

    /// <summary>Called on the run's own thread, a few times a second at the most.</summary>
    public Action<RunProgress>? Progress { get; init; }

    /// <summary>Called once on the run's own thread before anything happens, with what was drawn from the seed.</summary>
    public Action<IReadOnlyList<DrawnOption>>? Drawn { get; init; }

    /// <summary>Ends the run soon, with a partial result.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>How far a run is.</summary>
/// <param name="Simulated">Simulated time so far.</param>
/// <param name="Total">Simulated time in all.</param>
/// <param name="Events">Events so far.</param>
/// <param name="EventsPerSecond">Events in a second of real time, lately.</param>
/// <param name="Live">Nodes that are up.</param>
/// <param name="Left">Real time still to go, by the speed so far; null where it is too early to tell.</param>
public readonly record struct RunProgress(
    TimeSpan Simulated, TimeSpan Total, long Events, double EventsPerSecond, int Live, TimeSpan? Left)
{
    /// <summary>The network of the beginning is being made still: <see cref="Live"/> nodes of it stand.</summary>
    public bool IsBuilding { get; init; }
}
