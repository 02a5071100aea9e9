using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Tests.Metrics;

public sealed class TimeSeriesTests
{
    [Fact]
    public void A_short_course_stays_as_it_is()
    {
        var series = Course(100, i => i);

        Assert.Same(series, series.Reduced(100));
    }

    [Fact]
    public void A_spike_survives_the_reduction()
    {
        var series = Course(100_000, i => i == 77_777 ? 1000 : i == 33_333 ? -1000 : 1);

        var reduced = series.Reduced(500);

        Assert.True(reduced.Points.Count <= 500);
        Assert.Contains(new TimePoint(77_777, 1000), reduced.Points);
        Assert.Contains(new TimePoint(33_333, -1000), reduced.Points);
        Assert.Equal(reduced.Points.OrderBy(point => point.T), reduced.Points);
    }

    [Fact]
    public void A_gap_stays_a_gap()
    {
        var series = Course(1000, i => i is > 400 and < 600 ? null : 1);

        Assert.Contains(series.Reduced(50).Points, point => point is { T: > 400 and < 600, Value: null });
    }

    [Fact]
    public void Samples_become_a_course_in_seconds()
    {
        var samples = new[] { new Sample { T = TimeSpan.FromSeconds(10), Live = 5 }, new Sample { T = TimeSpan.FromSeconds(20), Live = 7 } };

        var series = TimeSeries.Of("live", "", samples, sample => sample.Live);

        Assert.Equal([new TimePoint(10, 5), new TimePoint(20, 7)], series.Points);
    }

    private static TimeSeries Course(int count, Func<int, double?> value) =>
        new("x", "", [.. Enumerable.Range(0, count).Select(i => new TimePoint(i, value(i)))]);
}
