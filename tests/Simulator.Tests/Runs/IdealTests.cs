using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>A network that begins in a perfect ring is at rest: nothing changes, nothing is set up, every look-up is right.</summary>
public sealed class IdealTests
{
    [Theory]
    [InlineData(12, LinkMode.Links)]
    [InlineData(100, LinkMode.Links)]
    [InlineData(1000, LinkMode.Links)]
    [InlineData(1000, LinkMode.Contact)]
    public void A_perfect_ring_stays_as_it_is(int nodes, LinkMode mode)
    {
        var scenario = new Scenario
        {
            Name = "rest",
            Nodes = nodes,
            Mode = mode,
            Phases = [new Phase { Name = "rest", Duration = TimeSpan.FromSeconds(60) }],
        };

        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);

        Assert.True(result.Totals.RingCorrectAtEnd);
        Assert.All(result.Samples, sample => Assert.Equal(1, sample.RingCorrect));
        Assert.Equal(0, result.Totals.LinksMade);
        Assert.All(result.Totals.LinksFailed.Keys, why => Assert.Equal("Full", why)); // A full member is asked again now and then.
        Assert.Equal(0, result.ViolationCount);
    }
}
