using Overlay.Simulator.Sweeps;

namespace Overlay.Simulator.Tests.Sweeps;

public sealed class MeasureTests
{
    [Fact]
    public void A_mean_has_the_interval_of_Students_t()
    {
        // Ten values with mean 5.5 and deviation 3.0277: half of the interval is 2.2622 · 3.0277 / √10.
        var estimate = Estimate.Of([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])!;

        Assert.Equal((10, 5.5, 1.0, 10.0), (estimate.Count, estimate.Mean, estimate.Min, estimate.Max));
        Assert.Equal(3.02765, estimate.Deviation, 1e-5);
        Assert.Equal(2.16586, estimate.HalfWidth!.Value, 1e-4);
    }

    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(20, 2.0860)]
    [InlineData(21, 2.0796)]
    [InlineData(30, 2.0423)]
    [InlineData(120, 1.9799)]
    [InlineData(1_000_000, 1.9600)]
    public void Quantiles_agree_with_the_printed_table(int freedom, double quantile) => Assert.Equal(quantile, StudentTOf(freedom), 1e-4);

    [Fact]
    public void One_run_has_no_interval()
    {
        var estimate = Estimate.Of([3])!;

        Assert.Equal((3, 0, null), (estimate.Mean, estimate.Deviation, estimate.HalfWidth));
        Assert.Null(Estimate.Of([]));
    }

    [Fact]
    public void Names_of_measures_are_unique() => Assert.Equal(Measure.All.Count, Measure.All.Select(measure => measure.Name).Distinct(StringComparer.Ordinal).Count());

    /// <summary>The quantile as it enters an interval: of freedom + 1 values with a deviation of 1.</summary>
    private static double StudentTOf(int freedom)
    {
        var count = freedom + 1;
        var spread = Math.Sqrt((count - 1) / 2.0);
        var values = Enumerable.Repeat(0.0, count - 2).Append(spread).Append(-spread).ToList();
        return Estimate.Of(values)!.HalfWidth!.Value * Math.Sqrt(count);
    }
}
