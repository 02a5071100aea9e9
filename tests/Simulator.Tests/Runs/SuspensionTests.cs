using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Nodes that stand still for a while, as closed laptops do, and go on with the state they had.</summary>
public sealed class SuspensionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(20)]
    public void Whoever_was_frozen_for_longer_than_the_others_wait_comes_back_into_the_ring(int frozen)
    {
        var scenario = new Scenario
        {
            Name = "frozen",
            Nodes = 100,
            Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.1)],
            Phases =
            [
                new Phase
                {
                    Name = "frozen",
                    Duration = TimeSpan.FromMinutes(1),
                    Faults = [new FaultSpec(FaultKind.Suspend, TimeSpan.FromSeconds(20)) { Count = frozen, For = TimeSpan.FromSeconds(30) }],
                },
                new Phase { Name = "back", Duration = TimeSpan.FromMinutes(2), Require = new Requirements { CorrectRing = true } },
                new Phase { Name = "after", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { CorrectRing = true, LookupSuccess = 1 } },
            ],
        };

        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);

        Assert.Equal(100, result.Samples[^1].Members);
        Assert.True(result.Succeeded, string.Join('\n', result.Phases.SelectMany(phase => phase.Requirements).Where(requirement => !requirement.Met)));
    }
}
