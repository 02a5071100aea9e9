using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Networks that grow by the protocol's own steps.</summary>
public sealed class GrowthTests
{
    [Theory]
    [InlineData(StartState.Founding, 5, LinkMode.Links)]
    [InlineData(StartState.Founding, 60, LinkMode.Links)]
    [InlineData(StartState.Founding, 60, LinkMode.Contact)]
    [InlineData(StartState.Join, 100, LinkMode.Links)]
    [InlineData(StartState.Join, 100, LinkMode.Contact)]
    public void Whoever_comes_ends_in_one_correct_ring(StartState start, int nodes, LinkMode mode)
    {
        var scenario = new Scenario
        {
            Name = "growth",
            Nodes = nodes,
            Start = start,
            Mode = mode,
            JoinOver = TimeSpan.FromSeconds(30),
            Phases = [new Phase { Name = "growth", Duration = TimeSpan.FromSeconds(150), Require = new Requirements { CorrectRing = true } }],
        };

        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);

        Assert.Equal(0, result.ViolationCount);
        Assert.Equal(nodes, result.Samples[^1].Members);
        Assert.True(result.Succeeded, $"{result.Samples[^1]} {result.Totals}");
    }
}
