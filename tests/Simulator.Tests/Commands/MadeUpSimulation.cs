using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Tests.Reports;

namespace Overlay.Simulator.Tests.Commands;

/// <summary>Stands in for the simulation where a test is about what commands do with its results.</summary>
internal sealed class MadeUpSimulation : ISimulation
{
    private int _runs;

    /// <summary>Which scenarios fail by a violation.</summary>
    public Func<Scenario, bool> Fails { get; init; } = _ => false;

    /// <summary>Added to the seed of everything drawn, as another version of the simulator would.</summary>
    public ulong Variant { get; init; }

    /// <summary>Called at the start of each run.</summary>
    public Action<int>? Started { get; init; }

    public int Runs => _runs;

    public RunResult Run(Scenario scenario, RunSettings settings)
    {
        var run = Interlocked.Increment(ref _runs);
        Started?.Invoke(run);
        settings.Drawn?.Invoke([new("hub slots", "8")]);
        settings.Progress?.Invoke(new(scenario.Duration / 2, scenario.Duration, 1000, 1e6, scenario.Nodes, TimeSpan.FromSeconds(3)));
        var result = Fails(scenario) ? MadeUpRun.WithViolation(scenario, scenario.Seed + Variant) : MadeUpRun.Of(scenario, scenario.Seed + Variant);
        result = result with { Seed = scenario.Seed, Phases = [.. result.Phases.Select(phase => phase with { Requirements = [] })] };
        return settings.Stop.IsCancellationRequested ? result with { IsPartial = true, Simulated = scenario.Duration / 4 } : result;
    }
}
