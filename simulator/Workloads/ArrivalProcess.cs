using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Workloads;

/// <summary>When work arrives.</summary>
public abstract class ArrivalProcess
{
    private const long MaxTicks = 36_525 * TimeSpan.TicksPerDay;

    /// <summary>Ticks of 100 ns from one arrival to the next; at least 1.</summary>
    public abstract long GapTicks(ref Prng random);

    /// <summary>Ticks of 100 ns from the beginning to the first arrival, so that many sources that begin together do not beat together.</summary>
    public abstract long FirstTicks(ref Prng random);

    /// <summary>An exponential gap in ticks of 100 ns, at least 1 and at most 100 years.</summary>
    /// <param name="perSecond">Rate, more than 0.</param>
    /// <param name="random">Where chance comes from.</param>
    public static long ExponentialTicks(double perSecond, ref Prng random)
    {
        var ticks = Samplers.Exponential(ref random) * TimeSpan.TicksPerSecond / perSecond;
        return ticks >= MaxTicks ? MaxTicks : Math.Max(1, (long)ticks);
    }

    private protected static double Rate(double perSecond) => perSecond is > 0 and <= 1e7
        ? perSecond
        : throw new ArgumentOutOfRangeException(nameof(perSecond), perSecond, "A rate is more than 0 and at most 10^7 a second.");
}

/// <summary>A Poisson process: independent exponential gaps.</summary>
/// <param name="perSecond">Rate, more than 0, at most 10^7.</param>
public sealed class PoissonArrivals(double perSecond) : ArrivalProcess
{
    private readonly double _perSecond = Rate(perSecond);

    public override long GapTicks(ref Prng random) => ExponentialTicks(_perSecond, ref random);

    public override long FirstTicks(ref Prng random) => GapTicks(ref random);
}

/// <summary>Equal gaps from a random phase.</summary>
/// <param name="perSecond">Rate, more than 0, at most 10^7.</param>
public sealed class PeriodicArrivals(double perSecond) : ArrivalProcess
{
    private readonly long _gap = Math.Max(1, (long)Math.Min(TimeSpan.TicksPerSecond / Rate(perSecond), 36_525.0 * TimeSpan.TicksPerDay));

    public override long GapTicks(ref Prng random) => _gap;

    public override long FirstTicks(ref Prng random) => (long)Math.BigMul(random.Next(), (ulong)_gap, out _) + 1;
}
