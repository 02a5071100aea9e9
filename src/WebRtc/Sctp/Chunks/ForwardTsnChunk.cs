using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>A stream and the last of its sequence numbers that is not to be waited for.</summary>
internal readonly record struct SkippedStream(ushort StreamId, Ssn Ssn);

/// <summary>FORWARD TSN: treat everything up to the new cumulative TSN as received (RFC 3758 §3.2).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |  Type = 192   |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                      New cumulative TSN                       |
/// +-------------------------------+-------------------------------+
/// |         Stream #1             |   Stream sequence number #1   |
/// +-------------------------------+-------------------------------+
/// </code></remarks>
internal readonly ref struct ForwardTsnChunk
{
    public const int FixedLength = 8;
    private const int EntryLength = 4;

    private readonly ReadOnlySpan<byte> _skipped;

    private ForwardTsnChunk(Tsn newCumulativeTsn, ReadOnlySpan<byte> skipped)
    {
        NewCumulativeTsn = newCumulativeTsn;
        _skipped = skipped;
    }

    public Tsn NewCumulativeTsn { get; }

    public int SkippedCount => _skipped.Length / EntryLength;

    public static bool TryRead(in RawChunk raw, out ForwardTsnChunk chunk)
    {
        if (raw.Whole.Length < FixedLength || raw.Whole.Length % EntryLength != 0)
        {
            chunk = default;
            return false;
        }

        chunk = new ForwardTsnChunk(new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..])), raw.Whole[FixedLength..]);
        return true;
    }

    public static int LengthFor(int skipped) => FixedLength + (EntryLength * skipped);

    public static void Write(Span<byte> chunk, Tsn newCumulativeTsn, ReadOnlySpan<SkippedStream> skipped)
    {
        RawChunk.WriteHeader(chunk, ChunkType.ForwardTsn);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], newCumulativeTsn.Value);
        var rest = chunk[FixedLength..];
        foreach (var stream in skipped)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, stream.StreamId);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], stream.Ssn.Value);
            rest = rest[EntryLength..];
        }
    }

    public SkippedStream Skipped(int index)
    {
        var entry = _skipped.Slice(index * EntryLength, EntryLength);
        return new SkippedStream(
            BinaryPrimitives.ReadUInt16BigEndian(entry), new Ssn(BinaryPrimitives.ReadUInt16BigEndian(entry[2..])));
    }
}
