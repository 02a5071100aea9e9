using Overlay.Simulator.Engine;
using Xunit;

namespace Overlay.Simulator.Tests.Engine;

public sealed class SamplersTests
{
    private const int Draws = 200_000;

    private delegate double Draw(ref Prng random);

    [Fact]
    public void The_logarithm_agrees_with_the_library_over_its_whole_range()
    {
        var random = new Prng(1);
        for (var draw = 0; draw < Draws; draw++)
        {
            var x = BitConverter.UInt64BitsToDouble(random.Next() & long.MaxValue);
            if (double.IsFinite(x) && x > 0)
            {
                AssertClose(Math.Log(x), Samplers.Log(x), 4e-16);
            }

            var near = 0.5 + Samplers.Uniform(ref random);
            AssertClose(Math.Log(near), Samplers.Log(near), 1e-15);
        }

        Assert.Equal(0, Samplers.Log(1));
        AssertClose(Math.Log(double.Epsilon), Samplers.Log(double.Epsilon), 4e-16);
        AssertClose(Math.Log(double.MaxValue), Samplers.Log(double.MaxValue), 4e-16);
    }

    [Fact]
    public void The_exponential_agrees_with_the_library_over_its_whole_range()
    {
        var random = new Prng(2);
        for (var draw = 0; draw < Draws; draw++)
        {
            var x = 1400 * (Samplers.Uniform(ref random) - 0.5);
            AssertClose(Math.Exp(x), Samplers.Exp(x), 1e-15);
            AssertClose(Math.Exp(x / 700), Samplers.Exp(x / 700), 1e-15);
        }

        Assert.Equal(1, Samplers.Exp(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Samplers.Exp(701));
        Assert.Throws<ArgumentOutOfRangeException>(() => Samplers.Exp(double.NegativeInfinity));
    }

    [Theory]
    [InlineData(0x3fe0000000000000UL, 0xbfe62e42fefa39efUL)] // ln 0.5
    [InlineData(0x4024000000000000UL, 0x40026bb1bbb55516UL)] // ln 10
    [InlineData(0x3fb999999999999aUL, 0xc0026bb1bbb55515UL)] // ln 0.1
    public void The_logarithm_is_the_same_to_the_last_bit_everywhere(ulong x, ulong logarithm) =>
        Assert.Equal(logarithm, BitConverter.DoubleToUInt64Bits(Samplers.Log(BitConverter.UInt64BitsToDouble(x))));

    [Fact]
    public void The_gamma_function_has_its_known_values()
    {
        var factorial = 1.0;
        for (var n = 1; n <= 30; n++)
        {
            AssertClose(factorial, Samplers.GammaFunction(n), 1e-13);
            factorial *= n;
        }

        AssertClose(Math.Sqrt(Math.PI), Samplers.GammaFunction(0.5), 1e-13);
        AssertClose(Math.Sqrt(Math.PI) * 0.75, Samplers.GammaFunction(2.5), 1e-13);
    }

    [Fact]
    public void Laws_have_their_means_and_deviations()
    {
        AssertMoments((ref Prng random) => Samplers.Uniform(ref random), 0.5, Math.Sqrt(1.0 / 12));
        AssertMoments(Samplers.Exponential, 1, 1);
        AssertMoments(Samplers.Normal, 0, 1);
        AssertMoments((ref Prng random) => Samplers.Gamma(0.5, ref random), 0.5, Math.Sqrt(0.5));
        AssertMoments((ref Prng random) => Samplers.Gamma(4, ref random), 4, 2);
    }

    [Fact]
    public void A_chance_happens_as_often_as_it_says()
    {
        var random = new Prng(4);
        var (tenth, never, always) = (new Chance(0.1), new Chance(0), new Chance(1));
        var happened = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            happened += tenth.Happens(ref random) ? 1 : 0;
            Assert.False(never.Happens(ref random));
            Assert.True(always.Happens(ref random));
        }

        Assert.InRange(happened, Draws * 0.097, Draws * 0.103);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Chance(1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Chance(-0.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Chance(double.NaN));
    }

    private static void AssertMoments(Draw draw, double mean, double deviation)
    {
        var random = new Prng(3);
        var (sum, squares) = (0.0, 0.0);
        for (var index = 0; index < Draws; index++)
        {
            var value = draw(ref random);
            sum += value;
            squares += (value - mean) * (value - mean);
        }

        // Four standard errors.
        Assert.InRange((sum / Draws) - mean, -4 * deviation / Math.Sqrt(Draws), 4 * deviation / Math.Sqrt(Draws));
        Assert.InRange(Math.Sqrt(squares / Draws), deviation * 0.97, deviation * 1.03);
    }

    private static void AssertClose(double wanted, double actual, double relative) =>
        Assert.True(Math.Abs(actual - wanted) <= Math.Max(Math.Abs(wanted) * relative, 1e-17), $"{actual:R} instead of {wanted:R}");
}
