using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>How long a message takes from one node to another, one way, on an idle path.</summary>
public abstract class DelayModel
{
    /// <summary>Whether all messages of one direction of a pair take equally long.</summary>
    public virtual bool IsSteady => false;

    /// <summary>One message's delay in ticks of 100 ns.</summary>
    public abstract long Ticks(int from, int to, ref Prng random);

    private protected static long TicksOf(TimeSpan delay, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, TimeSpan.FromHours(1), name);
        return delay.Ticks;
    }
}

/// <summary>The same delay for every message.</summary>
/// <param name="delay">0 to 1 h.</param>
public sealed class ConstantDelay(TimeSpan delay) : DelayModel
{
    private readonly long _ticks = TicksOf(delay, nameof(delay));

    public override bool IsSteady => true;

    public override long Ticks(int from, int to, ref Prng random) => _ticks;
}

/// <summary>A delay drawn from a law, for each message or once for each pair of nodes.</summary>
public abstract class DrawnDelay : DelayModel
{
    private readonly bool _isPerPair;
    private readonly ulong _seed;

    /// <param name="isPerPair">Draw once for each unordered pair: a pure function of the pair and <paramref name="seed"/>, nothing is stored.</param>
    /// <param name="seed">Which world of pairs.</param>
    private protected DrawnDelay(bool isPerPair, ulong seed)
    {
        _isPerPair = isPerPair;
        _seed = seed;
    }

    public sealed override bool IsSteady => _isPerPair;

    public sealed override long Ticks(int from, int to, ref Prng random)
    {
        if (!_isPerPair)
        {
            return Draw(ref random);
        }

        var pair = new Prng(_seed ^ ((ulong)Math.Min(from, to) << 32) ^ (uint)Math.Max(from, to));
        pair = pair.Split();
        return Draw(ref pair);
    }

    private protected abstract long Draw(ref Prng random);
}

/// <summary>Uniform between two delays, both included, in whole ticks.</summary>
/// <param name="from">Shortest.</param>
/// <param name="to">Longest, at most 1 h.</param>
/// <param name="isPerPair">Once for each pair instead of for each message.</param>
/// <param name="seed">Which world of pairs.</param>
public sealed class UniformDelay(TimeSpan from, TimeSpan to, bool isPerPair = false, ulong seed = 0) : DrawnDelay(isPerPair, seed)
{
    private readonly long _from = TicksOf(from, nameof(from));
    private readonly long _count = TicksOf(to, nameof(to)) - TicksOf(from, nameof(from)) is var span and >= 0
        ? span + 1
        : throw new ArgumentOutOfRangeException(nameof(to), to, "The longest delay is shorter than the shortest.");

    private protected override long Draw(ref Prng random) => _from + (long)Math.BigMul(random.Next(), (ulong)_count, out _);
}

/// <summary>Log-normal delays: the logarithm is normal with deviation <paramref name="sigma"/>.</summary>
/// <param name="median">Half the delays are shorter.</param>
/// <param name="sigma">0 to 3; 0.5 is the spread of measured wide-area pairs, mean = median · e^(sigma²/2).</param>
/// <param name="isPerPair">Once for each pair (default) instead of for each message.</param>
/// <param name="seed">Which world of pairs.</param>
public sealed class LogNormalDelay(TimeSpan median, double sigma, bool isPerPair = true, ulong seed = 0) : DrawnDelay(isPerPair, seed)
{
    private const long LongestTicks = TimeSpan.TicksPerHour;
    private readonly long _median = TicksOf(median, nameof(median));
    private readonly double _sigma = sigma is >= 0 and <= 3 ? sigma : throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "Between 0 and 3.");

    private protected override long Draw(ref Prng random) =>
        Math.Min((long)(_median * Samplers.Exp(_sigma * Samplers.Normal(ref random))), LongestTicks);
}
