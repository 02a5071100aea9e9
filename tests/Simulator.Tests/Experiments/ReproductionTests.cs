using Overlay.Simulator.Experiments;

namespace Overlay.Simulator.Tests.Experiments;

/// <summary>The published experiments, small: that they run, repeat themselves, and stay within their bars.</summary>
public sealed class ReproductionTests
{
    private static readonly ReproductionSettings Quick = new() { IsQuick = true };

    [Theory]
    [InlineData("8")]
    [InlineData("64")]
    [InlineData("512")]
    public void Paths_in_a_perfect_ring_are_within_the_targets_and_shorter_than_the_published_ones(string nodes)
    {
        var row = Measure(new ChordPathLength(), nodes, Quick);

        Assert.True(row.IsMet, Describe(row));
        Assert.True(row.Figures[0].Deviation < 0, Describe(row));
    }

    [Theory]
    [InlineData("0.0")]
    [InlineData("0.3")]
    public void After_simultaneous_failures_paths_and_timeouts_agree_with_the_published_means(string share)
    {
        var row = Measure(new ChordFailures(), share, Quick);

        Assert.True(row.IsMet, Describe(row));
        Assert.True(row.Figures[3].Value < row.Figures[0].Value, Describe(row)); // Both ways round is shorter.
        Assert.Equal(0, row.Figures[5].Value);
    }

    [Fact]
    public void Look_ups_survive_joins_and_leaves_with_the_periods_of_the_paper()
    {
        var row = Measure(new ChordChurn(), "0.05", Quick with { Nodes = 100 });

        Assert.InRange(row.Figures[0].Value!.Value, 0.5, 3.9);
        Assert.True(row.Figures[2].Value <= 500, Describe(row)); // Ten times the paper's share of the nodes, at rounds of 30 s.
        Assert.True(row.Figures[5].Value <= 50, Describe(row));
    }

    [Fact]
    public void Look_ups_survive_crashes_at_a_median_session_of_an_hour()
    {
        var row = Measure(new BambooChurn(), "60", Quick with { Nodes = 100 });

        Assert.True(row.Figures[0].Value > 99, Describe(row));
        Assert.True(row.Figures[2].IsMet, Describe(row));
    }

    [Fact]
    public void The_same_seed_gives_the_same_table()
    {
        var settings = Quick with { Nodes = 64, Seed = 5 };

        Assert.Equal(Describe(Measure(new BambooChurn(), "10", settings)), Describe(Measure(new BambooChurn(), "10", settings)));
        Assert.Equal(Describe(Measure(new ChordPathLength(), "32", settings)), Describe(Measure(new ChordPathLength(), "32", settings)));
    }

    [Fact]
    public void A_value_outside_its_bar_is_told()
    {
        Assert.True(new Figure("a", 2) { Published = 2.05, Within = 0.03 }.IsMet);
        Assert.False(new Figure("a", 2) { Published = 2.1, Within = 0.03 }.IsMet);
        Assert.True(new Figure("a", 0) { Published = 0, Within = 0.1 }.IsMet);
        Assert.False(new Figure("a", 2) { AtMost = 1.9 }.IsMet);
        Assert.False(new Figure("a", 2) { AtLeast = 2.1 }.IsMet);
        Assert.False(new Figure("a", null) { AtLeast = 0 }.IsMet);
    }

    private static ReproducedRow Measure(Reproduction what, string row, ReproductionSettings settings) => what.Measure(row, settings, static _ => { });

    private static string Describe(ReproducedRow row) => string.Join('\n', row.Figures.Select(figure => $"{figure.Name} {figure.Value:R}").Concat(row.Remarks));
}
