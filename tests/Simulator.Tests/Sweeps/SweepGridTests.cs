using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Sweeps;

namespace Overlay.Simulator.Tests.Sweeps;

public sealed class SweepGridTests
{
    [Fact]
    public void Every_combination_is_a_point_and_the_last_key_changes_fastest()
    {
        var grid = SweepGrid.Parse(["nodes=10,20", "network.delay={\"model\":\"uniform\",\"to\":\"1s\"},{\"model\":\"constant\"}"]);

        Assert.Equal(
            [
                "nodes=10 network.delay={\"model\":\"uniform\",\"to\":\"1s\"}", "nodes=10 network.delay={\"model\":\"constant\"}",
                "nodes=20 network.delay={\"model\":\"uniform\",\"to\":\"1s\"}", "nodes=20 network.delay={\"model\":\"constant\"}",
            ],
            grid.Points().Select(point => string.Join(' ', point)));
    }

    [Fact]
    public void Without_a_grid_there_is_one_point() => Assert.Empty(Assert.Single(SweepGrid.Parse([]).Points()));

    [Theory]
    [InlineData("nodes")]
    [InlineData("nodes=")]
    [InlineData("=1,2")]
    [InlineData("nodes=1,,2")]
    [InlineData("nodes=1,1")]
    public void A_bad_grid_is_refused(string text) => Assert.Throws<ScenarioException>(() => SweepGrid.Parse([text]));

    [Theory]
    [InlineData("1..3", "1 2 3")]
    [InlineData("7", "7")]
    [InlineData("1,5,10..12", "1 5 10 11 12")]
    [InlineData("18446744073709551614..18446744073709551615", "18446744073709551614 18446744073709551615")]
    public void Seeds_are_read(string text, string seeds) => Assert.Equal(seeds, string.Join(' ', SeedList.Parse(text)));

    [Theory]
    [InlineData("")]
    [InlineData("3..1")]
    [InlineData("1,1")]
    [InlineData("-1")]
    [InlineData("1..2..3")]
    [InlineData("0..18446744073709551615")]
    [InlineData("1..1000001")]
    public void Bad_seeds_are_refused(string text) => Assert.Throws<ScenarioException>(() => SeedList.Parse(text));

    [Fact]
    public void Parts_counted_from_0_and_from_1_cover_every_cell_once()
    {
        foreach (var first in new[] { 0, 1 })
        {
            var parts = Enumerable.Range(first, 4).Select(i => Shard.Parse(FormattableString.Invariant($"{i}/4"))).ToList();

            Assert.All(Enumerable.Range(0, 50), cell => Assert.Single(parts, part => part.Holds(cell)));
        }
    }

    [Theory]
    [InlineData("5/4")]
    [InlineData("1/0")]
    [InlineData("1")]
    [InlineData("-1/4")]
    public void A_bad_part_is_refused(string text) => Assert.Throws<ScenarioException>(() => Shard.Parse(text));

    [Fact]
    public void An_impossible_point_is_refused_before_anything_runs()
    {
        var grid = SweepGrid.Parse(["nodes=10,0"]);

        var refused = Assert.Throws<ScenarioException>(() => SweepPlan.Create(grid, [1], values => ScenarioReader.Find("quiet", values)));

        Assert.StartsWith("--nodes=0: nodes: must be a whole number", refused.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_runs_are_refused()
    {
        var grid = SweepGrid.Parse(["nodes=" + string.Join(',', Enumerable.Range(1, 2000)), "sampleEvery=" + string.Join(',', Enumerable.Range(1, 600).Select(i => i + "s"))]);

        Assert.Throws<ScenarioException>(() => SweepPlan.Create(grid, [1], values => ScenarioReader.Find("quiet", values)));
    }
}
