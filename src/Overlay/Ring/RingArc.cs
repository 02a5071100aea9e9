namespace Overlay.Ring;

/// <summary>An arc of the identifier circle, stored as start and length so that the full circle needs no sentinel.</summary>
/// <remarks>All wrap-around arithmetic of the project lives here and in <see cref="RingId"/>.</remarks>
public readonly record struct RingArc
{
    private readonly RingId _after;
    private readonly ulong _length;

    private RingArc(RingId after, ulong length) => (_after, _length) = (after, length);

    /// <summary>The position just before the arc begins; not part of it unless the arc is the full circle.</summary>
    public RingId After => _after;

    /// <summary>The last position of the arc.</summary>
    public RingId UpTo => _after.Plus(_length);

    /// <summary>Positions in the arc, 0 … 2^48.</summary>
    public ulong Length => _length;

    /// <summary>The half-open arc (after, upTo] that Chord uses for ownership; the full circle where both are equal.</summary>
    public static RingArc Between(RingId after, RingId upTo) =>
        new(after, after == upTo ? RingId.RingSize : after.ClockwiseTo(upTo));

    /// <summary>The open arc (after, before); all but <paramref name="after"/> where both are equal (Zave's <c>between(a, x, a)</c>).</summary>
    public static RingArc StrictlyBetween(RingId after, RingId before) =>
        new(after, (after == before ? RingId.RingSize : after.ClockwiseTo(before)) - 1);

    /// <summary>Whether <paramref name="id"/> lies in the arc.</summary>
    public bool Contains(RingId id)
    {
        var distance = _after.ClockwiseTo(id);
        return (distance == 0 ? RingId.RingSize : distance) <= _length; // The start itself is a full turn away.
    }

    /// <summary>The arc with its share of the circle, such as <c>(00…, 7f…] 49.80 %</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"({_after}, {UpTo}] {100.0 * _length / RingId.RingSize:F2} %");
}
