using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Commands;

/// <summary>Looks for a smaller scenario that still fails: fewer nodes, less time, fewer faults, phases and workloads.</summary>
/// <remarks>
/// Greedy: the first smaller scenario that fails in one of the same ways is taken and shrunk further, until none of its smaller ones
/// fails or the tries are used up. Smaller scenarios take another course, so a failure that needs a rare course may stay as it is.
/// </remarks>
public sealed class Shrinker(ISimulation simulation)
{
    /// <summary>Runs that are tried at the most.</summary>
    /// <value>Default 60; at least 1.</value>
    public int MaxTries { get; init; } = 60;

    /// <summary>Told of each try: its number, what was changed, and whether it still failed.</summary>
    public Action<int, string, bool>? Tried { get; init; }

    /// <summary>The smallest failing run that was found; <paramref name="failed"/> itself where no smaller one failed.</summary>
    public RunResult Shrink(RunResult failed, CancellationToken stop)
    {
        var wanted = Failures.Names(failed);
        var (best, tries, isSmaller) = (failed, 0, true);
        while (isSmaller && tries < MaxTries && !stop.IsCancellationRequested)
        {
            isSmaller = false;
            foreach (var (change, scenario) in SmallerScenarios.Of(best))
            {
                if (tries >= MaxTries || stop.IsCancellationRequested)
                {
                    break;
                }

                var result = simulation.Run(scenario, new RunSettings { Stop = stop });
                tries++;
                var fails = !result.Succeeded && wanted.Overlaps(Failures.Names(result));
                Tried?.Invoke(tries, change, fails);
                if (fails)
                {
                    (best, isSmaller) = (result, true);
                    break;
                }
            }
        }

        return best;
    }
}

/// <summary>The ways to make a scenario smaller, the largest steps first.</summary>
internal static class SmallerScenarios
{
    private const int LeastNodes = 3;

    private static readonly TimeSpan LeastDuration = TimeSpan.FromSeconds(5);

    public static IEnumerable<(string Change, Scenario Scenario)> Of(RunResult failed)
    {
        var scenario = failed.Scenario with { Seed = failed.Seed };
        return Candidates(scenario, failed.Simulated).Where(one => IsPossible(one.Scenario));
    }

    private static IEnumerable<(string Change, Scenario Scenario)> Candidates(Scenario scenario, TimeSpan simulated)
    {
        if (simulated < scenario.Duration && simulated > TimeSpan.Zero)
        {
            yield return ("what came after the failure", CutAfter(scenario, simulated));
        }

        foreach (var nodes in new[] { scenario.Nodes / 8, scenario.Nodes / 2, scenario.Nodes * 3 / 4, scenario.Nodes - 1 }.Distinct().Where(count => count >= LeastNodes && count < scenario.Nodes))
        {
            yield return (FormattableString.Invariant($"{nodes} nodes instead of {scenario.Nodes}"), scenario with { Nodes = nodes });
        }

        foreach (var duration in new[] { scenario.Duration / 4, scenario.Duration / 2, scenario.Duration * 3 / 4 }.Where(time => time >= LeastDuration))
        {
            yield return ($"{Durations.Format(duration)} instead of {Durations.Format(scenario.Duration)}", scenario.WithDuration(duration));
        }

        foreach (var smaller in WithoutParts(scenario))
        {
            yield return smaller;
        }

        var network = scenario.Network;
        if (network.Nat is not null)
        {
            yield return ("no NATs", scenario with { Network = network with { Nat = null } });
        }

        if (network.Loss + network.Duplication + network.Reordering > 0)
        {
            yield return ("no lost, doubled or late packets", scenario with { Network = network with { Loss = 0, Duplication = 0, Reordering = 0 } });
        }

        if (network.SetUp.Failure + network.SetUp.SilentFailure > 0)
        {
            yield return ("no failing set-ups", scenario with { Network = network with { SetUp = network.SetUp with { Failure = 0, SilentFailure = 0 } } });
        }
    }

    private static IEnumerable<(string Change, Scenario Scenario)> WithoutParts(Scenario scenario)
    {
        if (scenario.Phases.Any(phase => !phase.Require.IsEmpty))
        {
            yield return ("nothing asked for", scenario with { Phases = [.. scenario.Phases.Select(phase => phase with { Require = Requirements.None })] });
        }

        for (var i = scenario.Phases.Count - 1; i >= 0 && scenario.Phases.Count > 1; i--)
        {
            yield return ($"without phase {scenario.Phases[i].Name}", scenario with { Phases = Without(scenario.Phases, i) });
        }

        for (var i = 0; i < scenario.Phases.Count; i++)
        {
            var phase = scenario.Phases[i];
            for (var j = phase.Faults.Count - 1; j >= 0; j--)
            {
                var fewer = scenario.Phases.ToList();
                fewer[i] = phase with { Faults = Without(phase.Faults, j) };
                yield return ($"without '{ScenarioText.Of(phase.Faults[j])}'", scenario with { Phases = fewer });
            }
        }

        for (var i = scenario.Workloads.Count - 1; i >= 0; i--)
        {
            yield return ($"without {scenario.Workloads[i].Kind} of all phases", scenario with { Workloads = Without(scenario.Workloads, i) });
        }

        if (scenario.Churn.Renewal != RenewalKind.None)
        {
            yield return ("no churn", scenario with { Churn = ChurnSpec.None });
        }
    }

    /// <summary>The same start, ended a little after the moment of the failure.</summary>
    private static Scenario CutAfter(Scenario scenario, TimeSpan moment)
    {
        var left = moment + TimeSpan.FromSeconds(1);
        var phases = new List<Phase>();
        foreach (var phase in scenario.Phases)
        {
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            phases.Add(phase.Duration <= left ? phase : Cut(phase, left));
            left -= phase.Duration;
        }

        return scenario with { Phases = phases };
    }

    private static Phase Cut(Phase phase, TimeSpan duration) => phase with
    {
        Duration = duration,
        Faults = [.. phase.Faults.Where(fault => fault.At < duration).Select(fault => fault with { For = fault.Kind != FaultKind.RollingRestart && fault.At + fault.For > duration ? null : fault.For })],
        Require = Requirements.None,
    };

    /// <summary>Whether the reader would take it, so that what comes out can be written as a file and run again.</summary>
    private static bool IsPossible(Scenario scenario)
    {
        try
        {
            ScenarioReader.Read(System.Text.Encoding.UTF8.GetBytes(ScenarioReader.ToText(scenario)), "smaller scenario");
            return true;
        }
        catch (ScenarioException)
        {
            return false;
        }
    }

    private static List<T> Without<T>(IReadOnlyList<T> list, int index) => [.. list.Where((_, i) => i != index)];
}
