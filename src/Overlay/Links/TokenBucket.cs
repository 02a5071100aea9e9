using Overlay.Time;

namespace Overlay.Links;

/// <summary>A rate limit as an 8-byte value: so many a second, with one second's worth saved up. The default is full.</summary>
/// <remarks>Not tokens are kept but the moment at which the bucket is full again: each token taken moves it by one interval (the generic cell rate algorithm, ITU-T I.371).</remarks>
public struct TokenBucket
{
    private long _fullAt;

    /// <summary>Whether nothing is known of it that a new one would not know.</summary>
    public readonly bool IsFull(Instant now) => _fullAt <= now.Ticks;

    /// <summary>Takes one token; false where the rate of <paramref name="perSecond"/> is used up.</summary>
    public bool TryTake(Instant now, int perSecond)
    {
        var interval = Math.Max(1, TimeSpan.TicksPerSecond / perSecond);
        var fullAt = Math.Max(_fullAt, now.Ticks);
        if (fullAt - now.Ticks > TimeSpan.TicksPerSecond - interval)
        {
            return false;
        }

        _fullAt = fullAt + interval;
        return true;
    }
}
