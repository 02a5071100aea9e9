using Overlay.Time;

namespace Overlay.Admission;

/// <summary>So many a second on average, and so many at once.</summary>
/// <param name="PerSecond">1 … 1,000,000.</param>
/// <param name="Burst">1 … 1,000,000.</param>
public readonly record struct Rate(int PerSecond, int Burst)
{
    /// <summary>Throws where a number is out of its range.</summary>
    public void Validate(string name)
    {
        if (PerSecond is < 1 or > 1_000_000 || Burst is < 1 or > 1_000_000)
        {
            throw new ArgumentException($"{name}: {PerSecond} a second with burst {Burst} is not in 1 … 1,000,000.");
        }
    }
}

/// <summary>A bucket of tokens that fills at a <see cref="Rate"/>. A mutable struct: keep it in a field, never copy it.</summary>
/// <remarks>Kept as the moment at which it was empty (the "virtual scheduling" form of the leaky bucket, ITU-T I.371): one number, no rounding loss.</remarks>
public struct TokenBucket(Rate rate)
{
    private readonly long _ticksPerToken = TimeSpan.TicksPerSecond / rate.PerSecond;
    private readonly long _capacityTicks = TimeSpan.TicksPerSecond / rate.PerSecond * rate.Burst;
    private long _emptyAtTicks = long.MinValue / 2;

    /// <summary>Takes one token, if there is one.</summary>
    public bool TryTake(Instant now)
    {
        var emptyAt = Math.Max(_emptyAtTicks, now.Ticks - _capacityTicks);
        if (now.Ticks - emptyAt < _ticksPerToken)
        {
            return false;
        }

        _emptyAtTicks = emptyAt + _ticksPerToken;
        return true;
    }
}
