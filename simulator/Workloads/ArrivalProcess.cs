using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Workloads;

/// <summary>When work arrives, or a node.</summary>
public static class ArrivalProcess
{
    private const long MaxTicks = 36_525 * TimeSpan.TicksPerDay;

    /// <summary>The gap between two arrivals of a Poisson process, in ticks of 100 ns: at least 1 and at most 100 years.</summary>
    /// <param name="perSecond">Rate, more than 0.</param>
    /// <param name="random">Where chance comes from.</param>
    public static long ExponentialTicks(double perSecond, ref Prng random)
    {
        var ticks = Samplers.Exponential(ref random) * TimeSpan.TicksPerSecond / perSecond;
        return ticks >= MaxTicks ? MaxTicks : Math.Max(1, (long)ticks);
    }
}
