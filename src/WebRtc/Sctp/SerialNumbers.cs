using System.Globalization;

namespace Overlay.WebRtc.Sctp;

/// <summary>A Transmission Sequence Number: a place on the circle of 2^32 numbers (RFC 9260 §1.6, RFC 1982).</summary>
/// <remarks>
/// Places on a circle have no order, so there is no <c>&lt;</c>. Ask which of two lies ahead of the other by less than half a turn,
/// or for the steps between them. Exactly half a turn apart, neither is before the other.
/// </remarks>
public readonly record struct Tsn(uint Value)
{
    private const uint HalfTurn = 1u << 31;

    public Tsn Next => new(unchecked(Value + 1));

    public Tsn Previous => new(unchecked(Value - 1));

    /// <summary>The number <paramref name="distance"/> steps ahead.</summary>
    public Tsn Plus(uint distance) => new(unchecked(Value + distance));

    /// <summary>Steps forward from here to <paramref name="ahead"/>, 0 … 2^32 − 1.</summary>
    public uint DistanceTo(Tsn ahead) => unchecked(ahead.Value - Value);

    public bool IsBefore(Tsn other) => DistanceTo(other) is > 0 and < HalfTurn;

    public bool IsAfter(Tsn other) => other.IsBefore(this);

    public bool IsAtOrBefore(Tsn other) => DistanceTo(other) < HalfTurn;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A Stream Sequence Number: a place on the circle of 2^16 numbers, one circle for each ordered stream.</summary>
public readonly record struct Ssn(ushort Value)
{
    private const ushort HalfTurn = 1 << 15;

    public Ssn Next => new(unchecked((ushort)(Value + 1)));

    /// <summary>Steps forward from here to <paramref name="ahead"/>, 0 … 65,535.</summary>
    public ushort DistanceTo(Ssn ahead) => unchecked((ushort)(ahead.Value - Value));

    public bool IsBefore(Ssn other) => DistanceTo(other) is > 0 and < HalfTurn;

    public bool IsAfter(Ssn other) => other.IsBefore(this);

    public bool IsAtOrBefore(Ssn other) => DistanceTo(other) < HalfTurn;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The number of a re-configuration request (RFC 6525 §4.1), which starts at the initial TSN and grows by one for each new request.</summary>
public readonly record struct ReconfigSequence(uint Value)
{
    public ReconfigSequence Next => new(unchecked(Value + 1));

    public ReconfigSequence Previous => new(unchecked(Value - 1));

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
