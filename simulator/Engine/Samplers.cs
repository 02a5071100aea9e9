namespace Overlay.Simulator.Engine;

/// <summary>Numbers drawn from the laws of the models, made of + − × ÷ and the square root only, which IEEE 754 rounds the same way everywhere.</summary>
/// <remarks>
/// The logarithm of the C library differs in its last bit from machine to machine; one such bit moves an event before another
/// and the run is a different one. Errors here stay below 4 · 10^−16 of the result (relative), which a test compares with the library's.
/// </remarks>
public static class Samplers
{
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double SqrtTwo = 1.4142135623730950488;
    private const double HalfLogTwoPi = 0.91893853320467274178;
    private const int FractionBits = 52;
    private const long FractionMask = (1L << FractionBits) - 1;
    private const int ExponentBias = 1023;
    private const double TwoTo53 = 9007199254740992.0;

    /// <summary>Uniform in [0, 1), in steps of 2^−53.</summary>
    public static double Uniform(ref Prng random) => (random.Next() >> 11) / TwoTo53;

    /// <summary>Uniform in (0, 1], so that its logarithm exists.</summary>
    public static double PositiveUniform(ref Prng random) => ((random.Next() >> 11) + 1) / TwoTo53;

    /// <summary>Exponential with mean 1.</summary>
    public static double Exponential(ref Prng random) => -Log(PositiveUniform(ref random));

    /// <summary>Normal with mean 0 and deviation 1, by Marsaglia's polar method: no sine, no cosine.</summary>
    public static double Normal(ref Prng random)
    {
        while (true)
        {
            var across = (2 * Uniform(ref random)) - 1;
            var along = (2 * Uniform(ref random)) - 1;
            var square = (across * across) + (along * along);
            if (square is > 0 and < 1)
            {
                return across * Math.Sqrt(-2 * Log(square) / square);
            }
        }
    }

    /// <summary>Gamma with a whole or broken <paramref name="shape"/> &gt; 0 and scale 1, by Marsaglia and Tsang (2000).</summary>
    public static double Gamma(double shape, ref Prng random)
    {
        if (shape < 1)
        {
            return Gamma(shape + 1, ref random) * Power(PositiveUniform(ref random), 1 / shape);
        }

        var third = shape - (1.0 / 3);
        var scale = 1 / Math.Sqrt(9 * third);
        while (true)
        {
            var normal = Normal(ref random);
            var root = 1 + (scale * normal);
            var cube = root * root * root;
            if (root > 0 && Log(PositiveUniform(ref random)) < (normal * normal / 2) + (third * (1 - cube + Log(cube))))
            {
                return third * cube;
            }
        }
    }

    /// <summary>Natural logarithm of a finite <paramref name="x"/> &gt; 0.</summary>
    public static double Log(double x)
    {
        var shift = 0;
        if (x < 2.2250738585072014e-308)
        {
            // Below the normal numbers the exponent field says nothing; 2^54 brings the number up.
            x *= 18014398509481984.0;
            shift = -54;
        }

        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> FractionBits) - ExponentBias + shift;
        var fraction = BitConverter.Int64BitsToDouble((bits & FractionMask) | ((long)ExponentBias << FractionBits));
        if (fraction > SqrtTwo)
        {
            fraction /= 2;
            exponent++;
        }

        // ln f = 2 artanh((f − 1) / (f + 1)); the argument is at most 0.172, so ten terms reach the last bit.
        var ratio = (fraction - 1) / (fraction + 1);
        var square = ratio * ratio;
        var tail = 1.0 / 21;
        for (var odd = 19; odd >= 3; odd -= 2)
        {
            tail = (1.0 / odd) + (square * tail);
        }

        return (exponent * Ln2High) + ((2 * ratio) + ((2 * ratio * square * tail) + (exponent * Ln2Low)));
    }

    /// <summary>e to the power of <paramref name="x"/>, which lies between −700 and 700.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="x"/> lies outside.</exception>
    public static double Exp(double x)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(x, -700);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(x, 700);
        var power = (int)((x / (Ln2High + Ln2Low)) + (x < 0 ? -0.5 : 0.5));
        var rest = (x - (power * Ln2High)) - (power * Ln2Low);

        // The rest is at most ln 2 / 2: fourteen terms of the series reach the last bit.
        var sum = 1.0;
        for (var term = 14; term >= 2; term--)
        {
            sum = 1 + (rest / term * sum);
        }

        return (1 + (rest * sum)) * BitConverter.Int64BitsToDouble((long)(power + ExponentBias) << FractionBits);
    }

    /// <summary>The gamma function, for <paramref name="x"/> from 0.01 to 100: the mean of a Weibull law is scale · Γ(1 + 1 / shape).</summary>
    public static double GammaFunction(double x)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(x, 0.01);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(x, 100);

        // Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1)); from 15 upwards five terms of Stirling's series reach the last bits.
        var product = 1.0;
        for (; x < 15; x++)
        {
            product *= x;
        }

        var inverse = 1 / x;
        var square = inverse * inverse;
        var series = inverse * ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square / 1188))))))));
        return Exp(((x - 0.5) * Log(x)) - x + HalfLogTwoPi + series) / product;
    }

    /// <summary><paramref name="x"/> &gt; 0 to the power of <paramref name="y"/>.</summary>
    public static double Power(double x, double y) => Exp(y * Log(x));
}
