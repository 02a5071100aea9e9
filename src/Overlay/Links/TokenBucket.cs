using Overlay.Time;

namespace Overlay.Links;

/// <summary>A rate limit as a 16-byte value: so many a second, with one second's worth saved up.</summary>
public struct TokenBucket
{
    private long _refilledAt;
    private double _tokens;

    /// <summary>Takes one token; false where the rate of <paramref name="perSecond"/> is used up.</summary>
    public bool TryTake(Instant now, int perSecond)
    {
        if (_refilledAt == 0)
        {
            _tokens = perSecond; // A neighbour begins with a full bucket.
        }
        else
        {
            _tokens = Math.Min(perSecond, _tokens + ((now.Ticks - _refilledAt) * (double)perSecond / TimeSpan.TicksPerSecond));
        }

        _refilledAt = Math.Max(1, now.Ticks);
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
