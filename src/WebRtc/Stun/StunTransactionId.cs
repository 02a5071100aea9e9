using System.Buffers.Binary;

namespace Overlay.WebRtc.Stun;

/// <summary>The 96 bits that join a response to its request (RFC 8489 §5); drawn from secrets, so nobody off the path can answer.</summary>
public readonly record struct StunTransactionId
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 12;

    private readonly uint _high;
    private readonly ulong _low;

    private StunTransactionId(uint high, ulong low) => (_high, _low) = (high, low);

    /// <summary>Draws a new one.</summary>
    public static StunTransactionId Create(ISecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        Span<byte> bytes = stackalloc byte[Length];
        secrets.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads the first 12 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is shorter than <see cref="Length"/>.</exception>
    public static StunTransactionId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[4..]));

    /// <summary>Writes the 12 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is shorter than <see cref="Length"/>.</exception>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[4..], _low);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{_high:x8}{_low:x16}";
}
