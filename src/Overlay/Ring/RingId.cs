using System.Globalization;

namespace Overlay.Ring;

/// <summary>A position on the Chord identifier circle of 2^48 positions, printed as 12 hexadecimal digits.</summary>
/// <remarks>Positions wrap, so a position has no order of its own. Ask for a distance or an arc instead.</remarks>
public readonly record struct RingId
{
    /// <summary>Bits of a position.</summary>
    public const int Bits = 48;

    /// <summary>Positions on the circle, 2^48.</summary>
    public const ulong RingSize = 1UL << Bits;

    /// <summary>Bytes of a position on the wire.</summary>
    public const int Bytes = 6;

    private readonly ulong _value;

    private RingId(ulong value) => _value = value & (RingSize - 1);

    /// <summary>The position as a number, 0 … 2^48 − 1; for codecs and for spreading, never for comparing.</summary>
    public ulong Value => _value;

    /// <summary>The position at <paramref name="value"/> modulo 2^48.</summary>
    public static RingId From(ulong value) => new(value);

    /// <summary>The position <paramref name="distance"/> steps clockwise from here.</summary>
    public RingId Plus(ulong distance) => new(_value + distance);

    /// <summary>Where finger <paramref name="row"/> starts: this + 2^row (Chord §4.3).</summary>
    public RingId FingerStart(int row) => Plus(1UL << row);

    /// <summary>Steps from here to <paramref name="other"/> going clockwise, 0 … 2^48 − 1.</summary>
    public ulong ClockwiseTo(RingId other) => (other._value - _value) & (RingSize - 1);

    /// <summary>Steps to <paramref name="other"/> by the shorter way round, 0 … 2^47.</summary>
    public ulong DistanceTo(RingId other) => Math.Min(ClockwiseTo(other), other.ClockwiseTo(this));

    /// <summary>Reads exactly 12 hexadecimal digits, either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out RingId id)
    {
        id = default;
        if (text.Length != 2 * Bytes || !ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        id = new(value);
        return true;
    }

    /// <summary>The 12 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("x12", CultureInfo.InvariantCulture);
}
