using Overlay.Time;

namespace Overlay.Runtime.Channels;

/// <summary>A rate limit of bytes: so many a second, with a second's worth saved up. The default is full.</summary>
internal struct ByteBucket
{
    private long _emptySince; // Ticks at which all that was taken will have been earned.

    /// <summary>How much of a second's worth is taken and not earned again yet, 0 … 1.</summary>
    public readonly double UsedShare(Instant now) => Math.Clamp((double)(_emptySince - now.Ticks) / TimeSpan.TicksPerSecond, 0, 1);

    /// <summary>Takes <paramref name="bytes"/>; false where the rate is used up.</summary>
    public bool TryTake(Instant now, int bytes, long perSecond)
    {
        if (perSecond <= 0)
        {
            return false;
        }

        var cost = (long)((double)bytes / perSecond * TimeSpan.TicksPerSecond);
        var paid = Math.Max(_emptySince, now.Ticks);
        if (paid + cost - now.Ticks > TimeSpan.TicksPerSecond)
        {
            return false;
        }

        _emptySince = paid + cost;
        return true;
    }
}
