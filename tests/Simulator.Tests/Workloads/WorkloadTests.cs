using Overlay.Ring;
using Overlay.Simulator.Workloads;
using Xunit;

namespace Overlay.Simulator.Tests.Workloads;

public sealed class WorkloadTests
{
    private const int Draws = 400_000;

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.6, 1_000)]
    [InlineData(0.99999, 1_000)]
    [InlineData(1, 1_000)]
    [InlineData(1.00001, 1_000)]
    [InlineData(2.5, 100)]
    [InlineData(1, 1)]
    public void Zipf_ranks_come_in_proportion_to_their_powers(double exponent, int universe)
    {
        var keys = new ZipfKeys(exponent, universe);
        var random = new Prng(1);
        var counts = new int[universe + 1];

        for (var draw = 0; draw < Draws; draw++)
        {
            counts[keys.NextRank(ref random)]++;
        }

        var sum = Enumerable.Range(1, universe).Sum(rank => Math.Pow(rank, -exponent));
        foreach (var rank in new[] { 1, 2, 3, 5, 10, 50, 100, 1_000 }.Where(rank => rank <= universe))
        {
            var wanted = Draws * Math.Pow(rank, -exponent) / sum;
            Assert.InRange(counts[rank] - wanted, -4.5 * Math.Sqrt(wanted), 4.5 * Math.Sqrt(wanted));
        }
    }

    [Fact]
    public void A_great_universe_needs_no_table_and_keeps_its_frequencies()
    {
        var keys = new ZipfKeys(1, 100_000_000);
        var random = new Prng(2);
        var firsts = 0;

        for (var draw = 0; draw < Draws; draw++)
        {
            var rank = keys.NextRank(ref random);
            Assert.InRange(rank, 1, 100_000_000);
            firsts += rank == 1 ? 1 : 0;
        }

        // 1 / (ln n + 0.5772).
        Assert.InRange(firsts, Draws / 18.998 * 0.97, Draws / 18.998 * 1.03);
    }

    [Fact]
    public void The_key_of_a_rank_is_fixed_by_the_seed_and_the_keys_lie_all_over_the_ring()
    {
        var keys = new ZipfKeys(1, 10_000, seed: 3);
        var quarters = new int[4];
        for (var rank = 1; rank <= 10_000; rank++)
        {
            quarters[keys.KeyOf(rank).Value >> (RingId.Bits - 2)]++;
        }

        Assert.Equal(keys.KeyOf(5), new ZipfKeys(1, 10_000, seed: 3).KeyOf(5));
        Assert.NotEqual(keys.KeyOf(5), new ZipfKeys(1, 10_000, seed: 4).KeyOf(5));
        Assert.All(quarters, count => Assert.InRange(count, 2_300, 2_700));
    }

    [Fact]
    public void Uniform_keys_lie_all_over_the_ring()
    {
        var keys = new UniformKeys();
        var random = new Prng(4);
        var quarters = new int[4];
        for (var draw = 0; draw < 10_000; draw++)
        {
            quarters[keys.Next(ref random).Value >> (RingId.Bits - 2)]++;
        }

        Assert.All(quarters, count => Assert.InRange(count, 2_300, 2_700));
    }

    [Fact]
    public void Poisson_arrivals_have_their_rate_and_independent_gaps()
    {
        var random = new Prng(5);
        var counts = new int[5_000];
        for (var now = ArrivalProcess.ExponentialTicks(20, ref random); now < counts.Length * TimeSpan.TicksPerSecond; now += ArrivalProcess.ExponentialTicks(20, ref random))
        {
            counts[now / TimeSpan.TicksPerSecond]++;
        }

        var mean = counts.Average();
        var variance = counts.Average(count => (count - mean) * (count - mean));
        Assert.InRange(mean, 19.7, 20.3);
        Assert.InRange(variance, 18.5, 21.5);
    }

    [Fact]
    public void Impossible_parameters_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZipfKeys(-1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZipfKeys(1, 0));
    }
}
