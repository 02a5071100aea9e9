using Overlay.Ring;
using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Workloads;

/// <summary>Which keys are asked for.</summary>
public abstract class KeyDistribution
{
    /// <summary>The next key.</summary>
    public abstract RingId Next(ref Prng random);
}

/// <summary>Every position of the ring alike.</summary>
public sealed class UniformKeys : KeyDistribution
{
    public override RingId Next(ref Prng random) => RingId.From(random.Next());
}

/// <summary>A universe of keys of which the r-th most popular is asked for in proportion to 1 / r^exponent.</summary>
/// <remarks>
/// Rejection-inversion of Hörmann and Derflinger (1996): at most a few draws a key and no table, so the universe may be as large as it likes. Where the r-th key
/// lies on the ring is a pure function of r and the seed.
/// </remarks>
public sealed class ZipfKeys : KeyDistribution
{
    private readonly double _exponent;
    private readonly int _universe;
    private readonly ulong _seed;
    private readonly double _atFirst;
    private readonly double _atLast;
    private readonly double _near;

    /// <param name="exponent">0 (all alike) to 5; 1 is Zipf's own, and web and file requests have 0.6 to 1.</param>
    /// <param name="universe">How many keys there are, at least 1.</param>
    /// <param name="seed">Where they lie.</param>
    public ZipfKeys(double exponent, int universe, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(exponent, 5);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(universe);
        _exponent = exponent;
        _universe = universe;
        _seed = seed;
        _atFirst = Area(1.5) - 1;
        _atLast = Area(universe + 0.5);
        _near = 2 - AreaInverse(Area(2.5) - Height(2));
    }

    /// <summary>Where the key of a rank lies; ranks begin at 1.</summary>
    public RingId KeyOf(int rank) => RingId.From(new Prng(_seed ^ ((ulong)(uint)rank << 8)).Split().Next());

    public override RingId Next(ref Prng random) => KeyOf(NextRank(ref random));

    /// <summary>The rank of the next key, 1 to the size of the universe.</summary>
    public int NextRank(ref Prng random)
    {
        while (true)
        {
            var area = _atLast + (Samplers.Uniform(ref random) * (_atFirst - _atLast));
            var x = AreaInverse(area);
            var rank = Math.Clamp((int)(x + 0.5), 1, _universe);
            if (rank - x <= _near || area >= Area(rank + 0.5) - Height(rank))
            {
                return rank;
            }
        }
    }

    private double Height(double x) => Samplers.Exp(-_exponent * Samplers.Log(x));

    /// <summary>Integral of the heights up to x: (x^(1 − s) − 1) / (1 − s), which is ln x at s = 1.</summary>
    private double Area(double x)
    {
        var log = Samplers.Log(x);
        return log * GrowthOver((1 - _exponent) * log);
    }

    private double AreaInverse(double area)
    {
        // Rounding may carry the argument to where the logarithm ends.
        var grown = Math.Max(area * (1 - _exponent), -1 + 1e-15);
        return Samplers.Exp(area * LogOver(grown));
    }

    /// <summary>(e^t − 1) / t, also near 0 where the difference loses its digits.</summary>
    private static double GrowthOver(double t) =>
        Math.Abs(t) > 1e-4 ? (Samplers.Exp(t) - 1) / t : 1 + (t / 2 * (1 + (t / 3 * (1 + (t / 4)))));

    /// <summary>ln(1 + t) / t, also near 0.</summary>
    private static double LogOver(double t) =>
        Math.Abs(t) > 1e-4 ? Samplers.Log(1 + t) / t : 1 - (t * ((1.0 / 2) - (t * ((1.0 / 3) - (t / 4)))));
}
