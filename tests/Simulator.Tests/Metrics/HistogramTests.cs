using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Tests.Metrics;

public sealed class HistogramTests
{
    [Fact]
    public void An_empty_histogram_is_all_zero()
    {
        var histogram = new Histogram();

        Assert.Equal((0, 0, 0.0, 0), (histogram.Min, histogram.Max, histogram.Mean, histogram.Quantile(0.99)));
        Assert.Empty(histogram.ToDistribution("ms").Bars);
    }

    [Fact]
    public void Small_values_are_counted_exactly()
    {
        var histogram = new Histogram();
        for (var value = 0; value < 128; value++)
        {
            histogram.Add(value, value + 1);
        }

        var bars = histogram.ToDistribution("hops").Bars;

        Assert.Equal(128, bars.Count);
        Assert.All(bars, bar => Assert.Equal((bar.From, bar.From + 1), (bar.To, bar.Count)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    [InlineData(long.MaxValue / 1000)]
    public void Quantiles_agree_with_sorted_values_within_a_step(long range)
    {
        var random = new Prng(7);
        var values = Enumerable.Range(0, 5000).Select(_ => (long)(random.Next() % (ulong)range)).ToArray();
        var histogram = new Histogram();
        Array.ForEach(values, histogram.Add);
        Array.Sort(values);

        foreach (var share in new[] { 0, 0.01, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            var exact = values[Math.Max(0, (int)Math.Ceiling(share * values.Length) - 1)];
            var found = histogram.Quantile(share);

            Assert.InRange(found, exact, exact + exact / 63);
        }

        Assert.Equal((values[0], values[^1], values.Length), (histogram.Min, histogram.Max, histogram.Count));
        Assert.Equal(values.Average(value => (double)value), histogram.Mean, 1e-9 * range);
    }

    [Fact]
    public void Parts_counted_apart_and_merged_equal_one_count()
    {
        var random = new Prng(3);
        var (whole, left, right) = (new Histogram(), new Histogram(), new Histogram());
        for (var i = 0; i < 2000; i++)
        {
            var value = (long)(random.Next() % 1_000_000);
            whole.Add(value);
            (i % 3 == 0 ? left : right).Add(value);
        }

        left.Add(right);
        left.Add(new Histogram());

        Assert.Equivalent(whole.ToDistribution("µs"), left.ToDistribution("µs"), strict: true);
    }

    [Fact]
    public void Bars_neither_overlap_nor_leave_a_value_out()
    {
        var histogram = new Histogram();
        for (var value = 1L; value > 0 && value < long.MaxValue / 3; value = value * 3 / 2 + 1)
        {
            histogram.Add(value);
            histogram.Add(value - 1);
        }

        var bars = histogram.ToDistribution("µs").Bars;

        Assert.Equal(histogram.Count, bars.Sum(bar => bar.Count));
        Assert.All(bars.Zip(bars.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From));
    }

    [Fact]
    public void A_distribution_is_scaled_to_its_unit()
    {
        var histogram = new Histogram();
        histogram.Add(100, 99);
        histogram.Add(120);

        var distribution = histogram.ToDistribution("ms", 0.5);

        Assert.Equal((50, 50, 60, 50.1, "ms"), (distribution.P50, distribution.P99, distribution.Max, distribution.Mean, distribution.Unit));
    }

    [Fact]
    public void A_cleared_histogram_starts_again()
    {
        var histogram = new Histogram();
        histogram.Add(500);
        histogram.Clear();
        histogram.Add(3);

        Assert.Equal((3, 3, 1, 3), (histogram.Min, histogram.Max, histogram.Count, histogram.Quantile(0.5)));
    }
}
