using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>HEARTBEAT and HEARTBEAT ACK: is the path alive, and how long is a round trip (RFC 9260 §3.3.5, §3.3.6)?</summary>
/// <remarks>
/// Only the sender of a heartbeat understands its information; the other side sends it back unread. Ours is a moment and a nonce.
/// <code>
/// +---------------+---------------+-------------------------------+
/// | Type = 4 or 5 |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |    Parameter type = 1         |  Parameter length = 20        |
/// +-------------------------------+-------------------------------+
/// |                      Sent at, 8 bytes                         |
/// +---------------------------------------------------------------+
/// |                        Nonce, 8 bytes                         |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly record struct HeartbeatInfo(Instant SentAt, ulong Nonce)
{
    public const int ChunkLength = RawChunk.HeaderLength + ParameterLength;
    private const int ParameterLength = 20;
    private const ushort ParameterType = 1;

    /// <summary>Reads our own information back from a HEARTBEAT ACK.</summary>
    public static bool TryRead(in RawChunk raw, out HeartbeatInfo info)
    {
        info = default;
        var parameters = new ParameterReader(raw.Value);
        if (!parameters.TryRead(out var parameter) || parameter.Type != ParameterType || parameter.Whole.Length != ParameterLength)
        {
            return false;
        }

        info = new HeartbeatInfo(
            new Instant(BinaryPrimitives.ReadInt64BigEndian(parameter.Value)),
            BinaryPrimitives.ReadUInt64BigEndian(parameter.Value[8..]));
        return true;
    }

    /// <summary>Writes a HEARTBEAT of <see cref="ChunkLength"/>.</summary>
    public void Write(Span<byte> chunk)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Heartbeat);
        RawParameter.WriteHeader(chunk.Slice(RawChunk.HeaderLength, ParameterLength), ParameterType);
        BinaryPrimitives.WriteInt64BigEndian(chunk[8..], SentAt.Ticks);
        BinaryPrimitives.WriteUInt64BigEndian(chunk[16..], Nonce);
    }
}

/// <summary>The answer to a heartbeat.</summary>
internal static class HeartbeatAckChunk
{
    /// <summary>Turns <paramref name="heartbeat"/> into its answer, in a span of the same length.</summary>
    public static void Write(Span<byte> chunk, in RawChunk heartbeat)
    {
        RawChunk.WriteHeader(chunk, ChunkType.HeartbeatAck);
        heartbeat.Value.CopyTo(chunk[RawChunk.HeaderLength..]);
    }
}
