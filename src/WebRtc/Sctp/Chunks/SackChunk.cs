using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>A run of received TSNs above the cumulative one, as offsets from it; both ends included, the first is at least 2 in a valid SACK.</summary>
internal readonly record struct GapBlock(ushort Start, ushort End);

/// <summary>SACK: what has arrived and how much more may come (RFC 9260 §3.3.4).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |   Type = 3    |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                      Cumulative TSN ack                       |
/// +---------------------------------------------------------------+
/// |              Advertised receiver window (a_rwnd)              |
/// +-------------------------------+-------------------------------+
/// |     Number of gap blocks      |   Number of duplicate TSNs    |
/// +-------------------------------+-------------------------------+
/// |       Gap block #1 start      |        Gap block #1 end       |
/// +-------------------------------+-------------------------------+
/// |                       Duplicate TSN #1                        |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly ref struct SackChunk
{
    public const int FixedLength = 16;
    private const int EntryLength = 4;

    private readonly ReadOnlySpan<byte> _gapBlocks;
    private readonly ReadOnlySpan<byte> _duplicates;

    private SackChunk(Tsn cumulativeTsnAck, uint receiverWindow, ReadOnlySpan<byte> gapBlocks, ReadOnlySpan<byte> duplicates)
    {
        CumulativeTsnAck = cumulativeTsnAck;
        ReceiverWindow = receiverWindow;
        _gapBlocks = gapBlocks;
        _duplicates = duplicates;
    }

    public Tsn CumulativeTsnAck { get; }

    public uint ReceiverWindow { get; }

    public int GapBlockCount => _gapBlocks.Length / EntryLength;

    public int DuplicateCount => _duplicates.Length / EntryLength;

    public static bool TryRead(in RawChunk raw, out SackChunk chunk)
    {
        chunk = default;
        if (raw.Whole.Length < FixedLength)
        {
            return false;
        }

        var gapBytes = BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[12..]) * EntryLength;
        var duplicateBytes = BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[14..]) * EntryLength;
        if (raw.Whole.Length != FixedLength + gapBytes + duplicateBytes)
        {
            return false;
        }

        chunk = new SackChunk(
            new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..])),
            BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[8..]),
            raw.Whole.Slice(FixedLength, gapBytes),
            raw.Whole.Slice(FixedLength + gapBytes, duplicateBytes));
        return true;
    }

    public static int LengthFor(int gapBlocks, int duplicates) => FixedLength + (EntryLength * (gapBlocks + duplicates));

    /// <summary>Writes into a span of exactly <see cref="LengthFor"/>.</summary>
    public static void Write(
        Span<byte> chunk, Tsn cumulativeTsnAck, uint receiverWindow, ReadOnlySpan<GapBlock> gapBlocks, ReadOnlySpan<Tsn> duplicates)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Sack);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], cumulativeTsnAck.Value);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[8..], receiverWindow);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[12..], (ushort)gapBlocks.Length);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[14..], (ushort)duplicates.Length);

        var rest = chunk[FixedLength..];
        foreach (var block in gapBlocks)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, block.Start);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], block.End);
            rest = rest[EntryLength..];
        }

        foreach (var duplicate in duplicates)
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, duplicate.Value);
            rest = rest[EntryLength..];
        }
    }

    public GapBlock GapBlock(int index)
    {
        var entry = _gapBlocks.Slice(index * EntryLength, EntryLength);
        return new GapBlock(BinaryPrimitives.ReadUInt16BigEndian(entry), BinaryPrimitives.ReadUInt16BigEndian(entry[2..]));
    }

    public Tsn Duplicate(int index) => new(BinaryPrimitives.ReadUInt32BigEndian(_duplicates[(index * EntryLength)..]));
}
