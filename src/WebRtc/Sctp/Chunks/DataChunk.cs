using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>The flags of a DATA chunk (RFC 9260 §3.3.1; I is RFC 7053).</summary>
[Flags]
internal enum DataFlags : byte
{
    None = 0,

    /// <summary>E: the last fragment of its message.</summary>
    Ending = 1,

    /// <summary>B: the first fragment of its message.</summary>
    Beginning = 2,

    /// <summary>U: delivered as soon as whole; the stream sequence number means nothing.</summary>
    Unordered = 4,

    /// <summary>I: acknowledge without delay.</summary>
    Immediate = 8,
}

/// <summary>DATA: a whole message or a fragment of one (RFC 9260 §3.3.1).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |   Type = 0    | Res |I|U|B|E  |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                              TSN                              |
/// +-------------------------------+-------------------------------+
/// |       Stream identifier       |    Stream sequence number     |
/// +-------------------------------+-------------------------------+
/// |                  Payload protocol identifier                  |
/// +---------------------------------------------------------------+
/// |                       User data, 1 … n                        |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly ref struct DataChunk
{
    public const int HeaderLength = 16;

    public required Tsn Tsn { get; init; }

    public required DataFlags Flags { get; init; }

    public required ushort StreamId { get; init; }

    public required Ssn Ssn { get; init; }

    public required uint Ppid { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }

    public bool IsBeginning => (Flags & DataFlags.Beginning) != 0;

    public bool IsEnding => (Flags & DataFlags.Ending) != 0;

    public bool IsUnordered => (Flags & DataFlags.Unordered) != 0;

    /// <summary>Reads a chunk whose type is <see cref="ChunkType.Data"/>. An empty payload is read; it is the association that refuses it.</summary>
    public static bool TryRead(in RawChunk raw, out DataChunk chunk)
    {
        if (raw.Whole.Length < HeaderLength)
        {
            chunk = default;
            return false;
        }

        chunk = new DataChunk
        {
            Flags = (DataFlags)(raw.Flags & 0x0F),
            Tsn = new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..])),
            StreamId = BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[8..]),
            Ssn = new Ssn(BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[10..])),
            Ppid = BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[12..]),
            Payload = raw.Whole[HeaderLength..],
        };
        return true;
    }

    /// <summary>Writes the chunk into a span of exactly <see cref="HeaderLength"/> and the payload's length.</summary>
    public void Write(Span<byte> chunk)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Data, (byte)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], Tsn.Value);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[8..], StreamId);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[10..], Ssn.Value);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[12..], Ppid);
        Payload.CopyTo(chunk[HeaderLength..]);
    }
}
