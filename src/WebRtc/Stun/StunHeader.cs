using System.Buffers.Binary;

namespace Overlay.WebRtc.Stun;

/// <summary>The fixed 20 bytes every STUN message begins with (RFC 8489 §5).</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---+---------------------------+-------------------------------+
/// |0 0|  method and class (14)    |  length without these 20      |
/// +---+---------------------------+-------------------------------+
/// |                  magic cookie 0x2112A442                      |
/// +---------------------------------------------------------------+
/// |                                                               |
/// |                  transaction id (96 bits)                     |
/// |                                                               |
/// +---------------------------------------------------------------+
/// </code>
/// The two class bits sit inside the method: bit 4 (C0) and bit 8 (C1) of the type field.
/// </remarks>
public readonly record struct StunHeader(StunClass Class, ushort Method, StunTransactionId TransactionId)
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 20;

    /// <summary>The one method of RFC 8489, and of connectivity checks.</summary>
    public const ushort Binding = 0x001;

    /// <summary>The constant that marks a message of RFC 5389 or later.</summary>
    public const uint MagicCookie = 0x2112A442;

    /// <summary>The largest method that the first byte 0 … 3 of RFC 7983 leaves room for; Binding and TURN's are far below.</summary>
    private const int MaxMethod = 0xFF;

    /// <summary>Whether a datagram looks like STUN by its first byte and its cookie (RFC 7983 §7), without reading further.</summary>
    public static bool IsStun(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= Length && datagram[0] <= 3 && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == MagicCookie;

    /// <summary>Reads the header. False when the datagram is not exactly one STUN message.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out StunHeader header)
    {
        header = default;
        if (!IsStun(datagram))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (length % 4 != 0 || length != datagram.Length - Length)
        {
            return false;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(datagram);
        var method = (type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2);
        var messageClass = ((type & 0x0010) >> 4) | ((type & 0x0100) >> 7);
        header = new StunHeader((StunClass)messageClass, (ushort)method, StunTransactionId.Read(datagram[8..]));
        return true;
    }

    /// <summary>Writes the header of a message whose attributes take <paramref name="bodyLength"/> bytes.</summary>
    public void Write(Span<byte> destination, int bodyLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Method, MaxMethod);
        var method = ((Method & 0x00F) | ((Method & 0x070) << 1)) | ((Method & 0xF80) << 2);
        var messageClass = (((int)Class & 1) << 4) | (((int)Class & 2) << 7);
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(method | messageClass));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)bodyLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], MagicCookie);
        TransactionId.Write(destination[8..]);
    }
}
