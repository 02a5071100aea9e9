using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>The causes that ABORT and ERROR carry (RFC 9260 §3.3.10).</summary>
public enum SctpErrorCause : ushort
{
    None = 0,
    InvalidStreamIdentifier = 1,
    MissingMandatoryParameter = 2,
    StaleCookie = 3,
    OutOfResource = 4,
    UnresolvableAddress = 5,
    UnrecognizedChunkType = 6,
    InvalidMandatoryParameter = 7,
    UnrecognizedParameters = 8,
    NoUserData = 9,
    CookieReceivedWhileShuttingDown = 10,
    RestartWithNewAddresses = 11,
    UserInitiatedAbort = 12,
    ProtocolViolation = 13,
}

/// <summary>ERROR and ABORT: a list of causes, each type, length and information (RFC 9260 §3.3.7, §3.3.10).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// | Type = 6 or 9 | Reserved  |T| |            Length             |
/// +---------------+---------------+-------------------------------+
/// |          Cause code           |         Cause length          |
/// +-------------------------------+-------------------------------+
/// |                       Cause information                       |
/// +---------------------------------------------------------------+
/// </code>
/// T in an ABORT or SHUTDOWN COMPLETE: the sender has no association and reflects the verification tag it was sent (§8.5.1).</remarks>
internal static class CauseChunk
{
    public const byte ReflectedTag = 1;

    /// <summary>Information beyond this many bytes is cut off: nobody needs all of a chunk that was not understood.</summary>
    public const int MaxInformation = 256;

    public static int LengthFor(ReadOnlySpan<byte> information) =>
        RawChunk.HeaderLength + Tlv.HeaderLength + Math.Min(information.Length, MaxInformation);

    /// <summary>Writes a chunk with one cause into a span of exactly <see cref="LengthFor"/>.</summary>
    public static void Write(Span<byte> chunk, ChunkType type, byte flags, SctpErrorCause cause, ReadOnlySpan<byte> information)
    {
        RawChunk.WriteHeader(chunk, type, flags);
        RawParameter.WriteHeader(chunk[RawChunk.HeaderLength..], (ushort)cause);
        information[..Math.Min(information.Length, MaxInformation)].CopyTo(chunk[(RawChunk.HeaderLength + Tlv.HeaderLength)..]);
    }

    /// <summary>The first cause of an ABORT or ERROR, <see cref="SctpErrorCause.None"/> where there is none to be read.</summary>
    public static SctpErrorCause FirstCause(in RawChunk raw)
    {
        var causes = new ParameterReader(raw.Value);
        return causes.TryRead(out var cause) ? (SctpErrorCause)cause.Type : SctpErrorCause.None;
    }

    /// <summary>The information of an Invalid Stream Identifier cause: the stream and two reserved bytes (§3.3.10.1).</summary>
    public static void WriteStreamInformation(Span<byte> information, ushort streamId)
    {
        BinaryPrimitives.WriteUInt16BigEndian(information, streamId);
        information[2..4].Clear();
    }
}
