using Overlay.Simulator.Engine;
using Overlay.Simulator.Network;
using Xunit;

namespace Overlay.Simulator.Tests.Network;

public sealed class DelayModelTests
{
    private static readonly double[] Shares = [0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99];

    [Fact]
    public void A_constant_delay_is_constant()
    {
        var random = new Prng(1);
        var delay = new ConstantDelay(TimeSpan.FromMilliseconds(75));

        Assert.Equal(750_000, delay.Ticks(1, 2, ref random));
        Assert.True(delay.IsSteady);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantDelay(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Uniform_delays_reach_from_the_shortest_to_the_longest()
    {
        var random = new Prng(2);
        var delay = new UniformDelay(TimeSpan.FromTicks(10), TimeSpan.FromTicks(19));
        var seen = new int[20];

        for (var draw = 0; draw < 100_000; draw++)
        {
            seen[delay.Ticks(0, 1, ref random)]++;
        }

        Assert.All(seen.Take(10), count => Assert.Equal(0, count));
        Assert.All(seen.Skip(10), count => Assert.InRange(count, 9_600, 10_400));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UniformDelay(TimeSpan.FromTicks(2), TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void A_delay_of_a_pair_is_the_same_both_ways_and_every_time_and_differs_between_pairs()
    {
        var random = new Prng(3);
        foreach (var delay in new DelayModel[]
        {
            new UniformDelay(TimeSpan.Zero, TimeSpan.FromSeconds(1), isPerPair: true, seed: 5),
            new LogNormalDelay(TimeSpan.FromMilliseconds(80), 0.5, seed: 5),
            PlaneDelay.WideArea(jitter: 0),
        })
        {
            var there = delay.Ticks(3, 4, ref random);

            Assert.True(delay.IsSteady);
            Assert.Equal(there, delay.Ticks(4, 3, ref random));
            Assert.Equal(there, delay.Ticks(3, 4, ref random));
            Assert.NotEqual(there, delay.Ticks(3, 5, ref random));
        }
    }

    [Fact]
    public void Log_normal_delays_have_the_median_and_the_mean_of_their_law()
    {
        var random = new Prng(4);
        var delay = new LogNormalDelay(TimeSpan.FromMilliseconds(80), 0.6, isPerPair: false);

        var sorted = Draw(100_000, (ref Prng draw) => delay.Ticks(0, 1, ref draw) / 10_000.0, ref random);

        Assert.InRange(sorted[sorted.Length / 2], 79, 81);
        Assert.InRange(sorted.Average(), 80 * Math.Exp(0.18) * 0.99, 80 * Math.Exp(0.18) * 1.01);
    }

    [Fact]
    public void The_wide_area_has_the_round_trips_of_planet_lab()
    {
        double[] measured = [6, 19, 32, 59, 135, 202, 291, 325, 413];
        var random = new Prng(5);
        var delay = PlaneDelay.WideArea(jitter: 0, seed: 1);

        var sorted = Draw(200_000, (ref Prng draw) => delay.Ticks(draw.Next(100_000), draw.Next(100_000), ref draw) / 5_000.0, ref random);

        Assert.InRange(sorted.Average(), 147 * 0.95, 147 * 1.05);
        foreach (var (index, share) in Shares.Index())
        {
            var quantile = sorted[(int)(share * sorted.Length)];
            Assert.True(Math.Abs((quantile / measured[index]) - 1) < (share == 0.01 ? 0.15 : 0.06), $"{share}: {quantile:F1} ms instead of {measured[index]} ms");
        }
    }

    [Fact]
    public void The_square_has_the_mean_round_trip_of_the_king_data()
    {
        var random = new Prng(6);
        var delay = PlaneDelay.Square();

        var sorted = Draw(100_000, (ref Prng draw) => delay.Ticks(draw.Next(10_000), draw.Next(10_000), ref draw) / 5_000.0, ref random);

        Assert.InRange(sorted.Average(), 176, 182);
    }

    [Fact]
    public void Jitter_stays_within_its_share_and_keeps_the_mean()
    {
        var random = new Prng(7);
        var still = PlaneDelay.WideArea(jitter: 0).Ticks(1, 2, ref random);
        var delay = PlaneDelay.WideArea(jitter: 0.1);

        var sorted = Draw(50_000, (ref Prng draw) => delay.Ticks(1, 2, ref draw) / (double)still, ref random);

        Assert.InRange(sorted[0], 0.9 - 1e-4, 0.901);
        Assert.InRange(sorted[^1], 1.099, 1.1 + 1e-4);
        Assert.InRange(sorted.Average(), 0.999, 1.001);
    }

    [Fact]
    public void A_matrix_is_read_and_halved_and_nodes_beyond_it_share_its_sites()
    {
        var random = new Prng(8);

        var delay = MatrixDelay.Read(new StringReader("# three sites\n0, 10, 20\n\n12 0 -1\n 30;40;0\n"), "sites.txt", TimeSpan.FromMilliseconds(1), isRoundTrip: true);

        Assert.Equal(3, delay.Sites);
        Assert.Equal(5 * 10_000, delay.Ticks(0, 1, ref random));
        Assert.Equal(6 * 10_000, delay.Ticks(4, 3, ref random));
        Assert.Equal(20 * 10_000, delay.Ticks(1, 2, ref random));
        Assert.Equal(1_000, delay.Ticks(0, 3, ref random));
    }

    [Theory]
    [InlineData("0 1\n1 x\n", 2, "'x' in column 2")]
    [InlineData("0 1\n1\n", 2, "1 numbers, the rows above have 2")]
    [InlineData("0 1\n1 0\n\n0 0\n", 4, "row 3 of a matrix of 2 columns")]
    [InlineData("0 1 2\n1 0 2\n", 2, "2 rows, 3 columns")]
    [InlineData("", 0, "0 rows")]
    [InlineData("0 nan\n1 0", 1, "is not a number")]
    public void A_bad_matrix_is_refused_with_its_line(string text, int line, string problem)
    {
        var refused = Assert.Throws<ModelFileException>(() => MatrixDelay.Read(new StringReader(text), "sites.txt", TimeSpan.FromMilliseconds(1), true));

        Assert.Equal(line, refused.Line);
        Assert.Contains(problem, refused.Message);
        Assert.StartsWith("sites.txt(", refused.Message);
    }

    private delegate double Sample(ref Prng random);

    private static double[] Draw(int count, Sample sample, ref Prng random)
    {
        var values = new double[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = sample(ref random);
        }

        Array.Sort(values);
        return values;
    }
}
