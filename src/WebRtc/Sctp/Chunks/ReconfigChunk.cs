using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>The parameters of a RE-CONFIG chunk (RFC 6525 §4).</summary>
internal static class ReconfigParameter
{
    public const ushort OutgoingReset = 13;
    public const ushort IncomingReset = 14;
    public const ushort SsnTsnReset = 15;
    public const ushort Response = 16;
    public const ushort AddOutgoingStreams = 17;
    public const ushort AddIncomingStreams = 18;
}

/// <summary>The answers to a re-configuration request (RFC 6525 §4.4).</summary>
internal enum ReconfigResult : uint
{
    NothingToDo = 0,
    Performed = 1,
    Denied = 2,
    WrongSsn = 3,
    RequestAlreadyInProgress = 4,
    BadSequenceNumber = 5,
    InProgress = 6,
}

/// <summary>RE-CONFIG with an Outgoing SSN Reset Request: "my numbers on these streams start again at 0" (RFC 6525 §3.1, §4.1).</summary>
/// <remarks>
/// The request counts from the moment everything up to the sender's last assigned TSN has arrived. No stream named means all of them.
/// <code>
/// +---------------+---------------+-------------------------------+
/// |  Type = 130   |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |     Parameter type = 13       |  Parameter length = 16 + 2 n  |
/// +-------------------------------+-------------------------------+
/// |                    Request sequence number                    |
/// +---------------------------------------------------------------+
/// |                    Response sequence number                   |
/// +---------------------------------------------------------------+
/// |                  Sender's last assigned TSN                   |
/// +-------------------------------+-------------------------------+
/// |           Stream #1           |           Stream #2           |
/// +-------------------------------+-------------------------------+
/// </code></remarks>
internal readonly ref struct OutgoingResetRequest
{
    private const int FixedLength = 16;

    private readonly ReadOnlySpan<byte> _streams;

    private OutgoingResetRequest(ReconfigSequence sequence, ReconfigSequence responseSequence, Tsn lastAssignedTsn, ReadOnlySpan<byte> streams)
    {
        Sequence = sequence;
        ResponseSequence = responseSequence;
        LastAssignedTsn = lastAssignedTsn;
        _streams = streams;
    }

    public ReconfigSequence Sequence { get; }

    public ReconfigSequence ResponseSequence { get; }

    public Tsn LastAssignedTsn { get; }

    /// <summary>Streams named; 0 stands for all streams.</summary>
    public int StreamCount => _streams.Length / sizeof(ushort);

    public static bool TryRead(in RawParameter raw, out OutgoingResetRequest request)
    {
        if (raw.Whole.Length < FixedLength || raw.Whole.Length % sizeof(ushort) != 0)
        {
            request = default;
            return false;
        }

        request = new OutgoingResetRequest(
            new ReconfigSequence(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..])),
            new ReconfigSequence(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[8..])),
            new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[12..])),
            raw.Whole[FixedLength..]);
        return true;
    }

    public static int ChunkLengthFor(int streams) => RawChunk.HeaderLength + FixedLength + (sizeof(ushort) * streams);

    /// <summary>Writes a whole RE-CONFIG chunk into a span of exactly <see cref="ChunkLengthFor"/>.</summary>
    public static void Write(
        Span<byte> chunk, ReconfigSequence sequence, ReconfigSequence responseSequence, Tsn lastAssignedTsn, ReadOnlySpan<ushort> streams)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Reconfig);
        var parameter = chunk[RawChunk.HeaderLength..];
        RawParameter.WriteHeader(parameter, ReconfigParameter.OutgoingReset);
        BinaryPrimitives.WriteUInt32BigEndian(parameter[4..], sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(parameter[8..], responseSequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(parameter[12..], lastAssignedTsn.Value);
        for (var i = 0; i < streams.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(parameter[(FixedLength + (i * sizeof(ushort)))..], streams[i]);
        }
    }

    public ushort Stream(int index) => BinaryPrimitives.ReadUInt16BigEndian(_streams[(index * sizeof(ushort))..]);
}

/// <summary>RE-CONFIG with a response to a request of the other side (RFC 6525 §4.4).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |  Type = 130   |   Flags = 0   |          Length = 16          |
/// +---------------+---------------+-------------------------------+
/// |     Parameter type = 16       |     Parameter length = 12     |
/// +-------------------------------+-------------------------------+
/// |                    Response sequence number                   |
/// +---------------------------------------------------------------+
/// |                            Result                             |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly record struct ReconfigResponse(ReconfigSequence Sequence, ReconfigResult Result)
{
    public const int ChunkLength = 16;
    private const int ParameterLength = 12;
    private const int LengthWithTsns = 20;

    /// <summary>Reads a response; the two TSNs that may follow belong to requests we never make.</summary>
    public static bool TryRead(in RawParameter raw, out ReconfigResponse response)
    {
        if (raw.Whole.Length is not (ParameterLength or LengthWithTsns))
        {
            response = default;
            return false;
        }

        response = new ReconfigResponse(
            new ReconfigSequence(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..])),
            (ReconfigResult)BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[8..]));
        return true;
    }

    /// <summary>Writes a whole RE-CONFIG chunk of <see cref="ChunkLength"/>.</summary>
    public void Write(Span<byte> chunk)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Reconfig);
        RawParameter.WriteHeader(chunk.Slice(RawChunk.HeaderLength, ParameterLength), ReconfigParameter.Response);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[8..], Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[12..], (uint)Result);
    }
}
