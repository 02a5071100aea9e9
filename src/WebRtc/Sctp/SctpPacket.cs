using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp;

/// <summary>The common header in front of the chunks of every packet (RFC 9260 §3.1).</summary>
/// <remarks><code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |          Source port          |       Destination port        |
/// +-------------------------------+-------------------------------+
/// |                       Verification tag                        |
/// +---------------------------------------------------------------+
/// |                           Checksum                            |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly record struct SctpHeader(ushort SourcePort, ushort DestinationPort, uint VerificationTag)
{
    public const int Length = 12;

    /// <summary>Reads the header. The checksum is judged apart from it, by <see cref="Crc32c.IsValid"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out SctpHeader header)
    {
        if (packet.Length < Length)
        {
            header = default;
            return false;
        }

        header = new SctpHeader(
            BinaryPrimitives.ReadUInt16BigEndian(packet),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[4..]));
        return true;
    }

    public void Write(Span<byte> packet)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], VerificationTag);
        packet.Slice(8, 4).Clear();
    }
}

/// <summary>Builds one packet in the caller's buffer: chunks one behind the other, each padded to four bytes.</summary>
internal ref struct PacketWriter(Span<byte> buffer, int limit)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes used so far, the header included.</summary>
    public int Length { get; private set; } = SctpHeader.Length;

    /// <summary>The longest chunk, header included, that still fits. A multiple of four, so that padding always fits too.</summary>
    public readonly int Remaining => Math.Max(0, limit - Length) & ~3;

    public readonly bool IsEmpty => Length == SctpHeader.Length;

    /// <summary>The longest chunk that the buffer itself could take, should the path's limit have shrunk under chunks already cut.</summary>
    public readonly int RemainingInBuffer => (_buffer.Length - Length) & ~3;

    /// <summary>Sets aside room for a chunk of <paramref name="chunkLength"/> bytes, or says that it does not fit.</summary>
    public bool TryReserve(int chunkLength, out Span<byte> chunk)
    {
        if (chunkLength > Remaining && !(IsEmpty && chunkLength <= RemainingInBuffer))
        {
            chunk = default;
            return false;
        }

        var padded = (chunkLength + 3) & ~3;
        chunk = _buffer.Slice(Length, chunkLength);
        _buffer.Slice(Length + chunkLength, padded - chunkLength).Clear();
        Length += padded;
        return true;
    }

    /// <summary>Puts the header in front, seals the checksum and tells the packet's length.</summary>
    public readonly int Finish(SctpHeader header)
    {
        header.Write(_buffer);
        Crc32c.Seal(_buffer[..Length]);
        return Length;
    }
}
