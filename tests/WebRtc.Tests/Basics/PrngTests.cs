using Xunit;

namespace Overlay.WebRtc.Tests.Basics;

public sealed class PrngTests
{
    [Fact]
    public void The_first_outputs_of_a_seed_are_those_of_splitmix64()
    {
        var prng = new Prng(1_234_567);

        Assert.Equal(6_457_827_717_110_365_317UL, prng.NextUInt64());
        Assert.Equal(3_203_168_211_198_807_973UL, prng.NextUInt64());
    }

    [Fact]
    public void Bounded_numbers_stay_in_their_bounds_and_reach_both_ends()
    {
        var prng = new Prng(7);
        var seen = new bool[10];

        for (var i = 0; i < 1_000; i++)
        {
            seen[prng.NextInt32(10)] = true;
            Assert.InRange(prng.NextDuration(TimeSpan.FromMilliseconds(3)), TimeSpan.Zero, TimeSpan.FromMilliseconds(3) - TimeSpan.FromTicks(1));
        }

        Assert.DoesNotContain(false, seen);
        Assert.Equal(TimeSpan.Zero, prng.NextDuration(TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void Filling_a_span_of_any_length_repeats_with_the_seed()
    {
        var first = new byte[13];
        var second = new byte[13];

        new SeededSecrets(9).Fill(first);
        new SeededSecrets(9).Fill(second);

        Assert.Equal(first, second);
        Assert.NotEqual(0, first[12] | first[11] | first[10] | first[9] | first[8]);
    }
}
