namespace Overlay.Simulator.Commands;

/// <summary>How one run is shown and what it leaves behind.</summary>
public sealed record RunRequest
{
    /// <summary>The result as JSON on the output, and nothing else there.</summary>
    public bool Json { get; init; }

    /// <summary>One line and no more: scenario, seed, verdict, hash.</summary>
    public bool Quiet { get; init; }

    /// <summary>The folder of the report; null: none is written.</summary>
    public string? ReportFolder { get; init; }

    /// <summary>Where the seed file goes; null: into the report's folder, or the current one when the run fails.</summary>
    public string? SeedFile { get; init; }

    /// <summary>Whether a smaller scenario is looked for when the run fails.</summary>
    public bool Shrink { get; init; }

    /// <summary>Runs tried for that at the most.</summary>
    public int MaxTries { get; init; } = 60;
}
