using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Smaller twins of the scenarios tree-shape, tree-repair and tree-quiet, and what is counted in them.</summary>
public sealed class TreeRunTests
{
    [Fact]
    public void A_tree_that_grows_from_nothing_is_nearly_as_flat_as_it_can_be()
    {
        var result = new SimulationRun().Run(ScenarioReader.Find("tree-shape") with { Nodes = 120 }, RunSettings.Quiet);

        Assert.True(result.Succeeded, $"{result.Totals.Tree}");
        Assert.Equal((1, 120), (result.Phases[1].Totals.Tree!.Roots, result.Phases[1].Totals.Tree!.Members));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_tree_is_whole_again_in_time_after_its_root_and_after_a_tenth_died(int seed)
    {
        var result = new SimulationRun().Run(ScenarioReader.Find("tree-repair") with { Nodes = 200, Seed = (ulong)seed }, RunSettings.Quiet);

        Assert.All(result.Phases, phase => Assert.All(phase.Requirements, one => Assert.True(one.Met || one.Name == "lookupSuccess", $"{phase.Name}: {one}"))); // 200 members ask too seldom for a share.
        Assert.Equal(0, result.ViolationCount);
        Assert.True(result.Phases[1].Totals.Tree!.BrokenFor > TimeSpan.Zero);
        var tree = result.Phases[4].Totals.Tree!;
        Assert.Equal((1, tree.Members - 1, tree.Members), (tree.Roots, tree.RootTable, result.Samples[^1].Live));
    }

    [Fact]
    public void The_load_of_the_root_is_counted_apart()
    {
        var result = new SimulationRun().Run(ScenarioReader.Find("tree-quiet").WithDuration(TimeSpan.FromMinutes(1)) with { Nodes = 120 }, RunSettings.Quiet);

        var tree = result.Phases[0].Totals.Tree!;
        Assert.True(result.Succeeded, $"{tree}");
        Assert.Equal((119, 3, 1.0), (tree.RootTable, tree.Depth, tree.AtOptimalDepth));
        Assert.InRange(tree.RootForwardsPerSecond, 5 * tree.MeanForwardsPerSecond, 120 * tree.MeanForwardsPerSecond);
        Assert.Equal(TimeSpan.Zero, tree.BrokenFor);
    }
}
