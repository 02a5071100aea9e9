using Overlay.Simulator.Churn;
using Xunit;

namespace Overlay.Simulator.Tests.Churn;

public sealed class DurationModelTests
{
    private const int Draws = 200_000;

    /// <summary>Laws with the mean and median that their formulas (or the tables they come from) give, in seconds.</summary>
    public static TheoryData<string, double, double> Laws => new()
    {
        { "constant", 600, 600 },
        { "exponential from mean", 3600, 3600 * 0.693147 },
        { "exponential from median", 3600 / 0.693147, 3600 },
        { "KAD sessions", 617.5 * 60, 182.6 * 60 },
        { "KAD sessions, later crawls", 247.14 * 60, 93.40 * 60 },
        { "Weibull from median", 3600 * 4.162737, 3600 },
        { "Weibull from mean", 3600, 3600 / 4.162737 },
        { "log-normal from median", 3600 * 1.6487, 3600 },
        { "log-normal from mean", 3600, 3600 / 1.6487 },
        { "Pareto", 1500, 1259.92 },
        { "Pareto from mean", 1500, 1259.92 },
        { "shifted Pareto, OverSim's", 5000, 10_000 * 0.259921 },
        { "shifted Pareto from mean", 5000, 10_000 * 0.259921 },
        { "shifted Pareto from median", 5000, 10_000 * 0.259921 },
    };

    [Theory]
    [MemberData(nameof(Laws))]
    public void A_law_has_its_mean_and_its_median(string name, double mean, double median)
    {
        var law = Law(name);
        var drawn = Draw(Draws, (ref Prng random) => law.Ticks(ref random));

        Assert.InRange(law.MeanSeconds, mean * 0.9995, mean * 1.0005);
        Assert.InRange(law.MedianSeconds, median * 0.9995, median * 1.0005);
        Assert.InRange(drawn[Draws / 2], median * 0.985, median * 1.015);
        Assert.InRange(drawn.Average(), mean * 0.97, mean * 1.03);
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void What_is_left_at_a_random_moment_is_what_a_long_history_shows(string name, double mean, double median)
    {
        Assert.True(mean >= median * 0.99);
        var law = Law(name);
        var residuals = Draw(50_000, (ref Prng random) => law.Residual(ref random));

        var observed = ObserveHistory(law, 50_000);

        foreach (var share in new[] { 0.1, 0.25, 0.5, 0.75, 0.9 })
        {
            var at = (int)(share * residuals.Length);
            Assert.InRange(residuals[at] / observed[at], share == 0.1 ? 0.93 : 0.95, share == 0.1 ? 1.07 : 1.05);
        }
    }

    [Fact]
    public void Without_a_finite_mean_there_is_no_steady_state()
    {
        var random = new Prng(1);
        var law = ParetoDuration.FromScale(1, TimeSpan.FromSeconds(1800));

        var drawn = Draw(Draws, (ref Prng draw) => law.Ticks(ref draw));

        Assert.Equal(double.PositiveInfinity, law.MeanSeconds);
        Assert.Equal(3600, law.MedianSeconds, 6);
        Assert.InRange(drawn[Draws / 2], 3550, 3650);
        Assert.True(drawn[0] >= 1799.9999);
        Assert.False(law.HasSteadyState);
        Assert.Throws<InvalidOperationException>(() => law.Residual(ref random));
    }

    [Fact]
    public void Parameters_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantDuration(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExponentialDuration.FromMean(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeibullDuration.FromMedian(0, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeibullDuration.FromScale(21, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogNormalDuration.FromMedian(-0.1, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ParetoDuration.FromMean(1, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShiftedParetoDuration.FromMean(1, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Extreme_shapes_stay_within_a_tick_and_a_hundred_years()
    {
        DurationModel[] laws =
        [
            WeibullDuration.FromMedian(0.05, TimeSpan.FromHours(1)),
            LogNormalDuration.FromMedian(5, TimeSpan.FromHours(1)),
            ParetoDuration.FromScale(0.05, TimeSpan.FromHours(1)),
            ShiftedParetoDuration.FromScale(1.01, TimeSpan.FromHours(1)),
        ];
        foreach (var law in laws)
        {
            var random = new Prng(3);
            for (var draw = 0; draw < 20_000; draw++)
            {
                Assert.InRange(law.Ticks(ref random), 1, DurationModel.MaxTicks);
                Assert.InRange(law.HasSteadyState ? law.Residual(ref random) : 1, 1, DurationModel.MaxTicks);
            }
        }
    }

    private delegate long Sample(ref Prng random);

    private static DurationModel Law(string name) => name switch
    {
        "constant" => new ConstantDuration(TimeSpan.FromMinutes(10)),
        "exponential from mean" => ExponentialDuration.FromMean(TimeSpan.FromHours(1)),
        "exponential from median" => ExponentialDuration.FromMedian(TimeSpan.FromHours(1)),
        "KAD sessions" => WeibullDuration.FromScale(0.545, TimeSpan.FromMinutes(357.7)),
        "KAD sessions, later crawls" => WeibullDuration.FromScale(0.615, TimeSpan.FromMinutes(169.5)),
        "Weibull from median" => WeibullDuration.FromMedian(0.5, TimeSpan.FromHours(1)),
        "Weibull from mean" => WeibullDuration.FromMean(0.5, TimeSpan.FromHours(1)),
        "log-normal from median" => LogNormalDuration.FromMedian(1, TimeSpan.FromHours(1)),
        "log-normal from mean" => LogNormalDuration.FromMean(1, TimeSpan.FromHours(1)),
        "Pareto" => ParetoDuration.FromScale(3, TimeSpan.FromSeconds(1000)),
        "Pareto from mean" => ParetoDuration.FromMean(3, TimeSpan.FromSeconds(1500)),
        "shifted Pareto, OverSim's" => ShiftedParetoDuration.FromScale(3, TimeSpan.FromSeconds(10_000)),
        "shifted Pareto from mean" => ShiftedParetoDuration.FromMean(3, TimeSpan.FromSeconds(5000)),
        _ => ShiftedParetoDuration.FromMedian(3, TimeSpan.FromSeconds(2599.21)),
    };

    private static double[] Draw(int count, Sample sample)
    {
        var random = new Prng(7);
        var seconds = new double[count];
        for (var index = 0; index < count; index++)
        {
            seconds[index] = (double)sample(ref random) / TimeSpan.TicksPerSecond;
        }

        Array.Sort(seconds);
        return seconds;
    }

    // One session after the other; at even steps of time, how long the session in progress still lasts.
    private static double[] ObserveHistory(DurationModel law, int observations)
    {
        var random = new Prng(8);
        var step = law.MeanSeconds * Math.PI;
        var (left, end, at) = (new double[observations], 0.0, step / 2);
        for (var index = 0; index < observations; at += step)
        {
            while (end <= at)
            {
                end += (double)law.Ticks(ref random) / TimeSpan.TicksPerSecond;
            }

            left[index++] = end - at;
        }

        Array.Sort(left);
        return left;
    }
}
