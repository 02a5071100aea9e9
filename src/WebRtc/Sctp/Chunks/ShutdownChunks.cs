using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>SHUTDOWN: the sender has nothing more to send and tells what it has received (RFC 9260 §3.3.8).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |   Type = 7    |   Flags = 0   |          Length = 8           |
/// +---------------+---------------+-------------------------------+
/// |                      Cumulative TSN ack                       |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly record struct ShutdownChunk(Tsn CumulativeTsnAck)
{
    public const int Length = 8;

    public static bool TryRead(in RawChunk raw, out ShutdownChunk chunk)
    {
        chunk = raw.Whole.Length == Length ? new ShutdownChunk(new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..]))) : default;
        return raw.Whole.Length == Length;
    }

    public void Write(Span<byte> chunk)
    {
        RawChunk.WriteHeader(chunk, ChunkType.Shutdown);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], CumulativeTsnAck.Value);
    }
}

/// <summary>The chunks that are nothing but their header: SHUTDOWN ACK, SHUTDOWN COMPLETE, COOKIE ACK (RFC 9260 §3.3.9, §3.3.12, §3.3.13).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |Type = 8,11,14 | Reserved  |T| |          Length = 4           |
/// +---------------+---------------+-------------------------------+
/// </code></remarks>
internal static class BareChunk
{
    public const int Length = RawChunk.HeaderLength;

    public static void Write(Span<byte> chunk, ChunkType type, byte flags = 0) => RawChunk.WriteHeader(chunk[..Length], type, flags);
}

/// <summary>COOKIE ECHO: the state cookie of the INIT ACK, unread (RFC 9260 §3.3.11).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |   Type = 10   |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                            Cookie                             |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal static class CookieEchoChunk
{
    public static int LengthFor(ReadOnlySpan<byte> cookie) => RawChunk.HeaderLength + cookie.Length;

    public static void Write(Span<byte> chunk, ReadOnlySpan<byte> cookie)
    {
        RawChunk.WriteHeader(chunk, ChunkType.CookieEcho);
        cookie.CopyTo(chunk[RawChunk.HeaderLength..]);
    }
}
