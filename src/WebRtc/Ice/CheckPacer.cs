namespace Overlay.WebRtc.Ice;

/// <summary>Lets a burst of checks pass at once, then one each Ta (RFC 8445 §14.2): a token bucket kept as one moment.</summary>
internal struct CheckPacer(TimeSpan spacing, int burst)
{
    /// <summary>When the bucket would be full of room again; the further ahead, the less room.</summary>
    private Instant _emptyAt = new(long.MinValue);

    /// <summary>The earliest moment of the next check.</summary>
    public readonly Instant NextAt => _emptyAt - (spacing * (burst - 1));

    public bool TryTake(Instant now)
    {
        if (now < NextAt)
        {
            return false;
        }

        _emptyAt = Instant.Max(_emptyAt, now) + spacing;
        return true;
    }
}
