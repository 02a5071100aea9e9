using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>The parameters of INIT and INIT ACK that mean something to us.</summary>
internal static class InitParameter
{
    public const ushort StateCookie = 7;
    public const ushort UnrecognizedParameter = 8;
    public const ushort SupportedExtensions = 0x8008;
    public const ushort ForwardTsnSupported = 0xC000;

    /// <summary>Whether the type is known, be it only to be passed over.</summary>
    /// <remarks>Addresses, the cookie preservative and ECN belong to RFC 9260 but have no meaning inside DTLS (RFC 8261 §5).</remarks>
    public static bool IsKnown(ushort type) =>
        type is 5 or 6 or StateCookie or UnrecognizedParameter or 9 or 11 or 12 or 0x8000 or SupportedExtensions or ForwardTsnSupported;
}

/// <summary>INIT and INIT ACK: what one side starts with and can do (RFC 9260 §3.3.2, §3.3.3).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// | Type = 1 or 2 |   Flags = 0   |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                         Initiate tag                          |
/// +---------------------------------------------------------------+
/// |              Advertised receiver window (a_rwnd)              |
/// +-------------------------------+-------------------------------+
/// |   Number of outbound streams  |   Number of inbound streams   |
/// +-------------------------------+-------------------------------+
/// |                          Initial TSN                          |
/// +---------------------------------------------------------------+
/// |                          Parameters                           |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly ref struct InitChunk
{
    public const int FixedLength = 20;
    private const int ForwardTsnSupportedLength = 4;
    private const int SupportedExtensionsLength = 6;

    public required uint InitiateTag { get; init; }

    /// <summary>Bytes of payload the sender of the chunk can take in at the start.</summary>
    public required uint ReceiverWindow { get; init; }

    public required ushort OutboundStreams { get; init; }

    public required ushort InboundStreams { get; init; }

    public required Tsn InitialTsn { get; init; }

    /// <summary>Whether partial reliability is on offer (RFC 3758 §3.1).</summary>
    public bool ForwardTsnSupported { get; init; }

    /// <summary>Whether stream reset is on offer (RFC 6525 §4, listed as RFC 5061 §4.2.7 has it).</summary>
    public bool ReconfigSupported { get; init; }

    /// <summary>The state cookie of an INIT ACK; empty in an INIT.</summary>
    public ReadOnlySpan<byte> StateCookie { get; init; }

    /// <summary>All parameters as they came, for reporting the unrecognized ones.</summary>
    public ReadOnlySpan<byte> Parameters { get; init; }

    /// <summary>Length when written, without unrecognized parameters.</summary>
    public int Length =>
        FixedLength
        + (ForwardTsnSupported ? ForwardTsnSupportedLength : 0)
        + (ReconfigSupported || ForwardTsnSupported ? Tlv.Padded(SupportedExtensionsLength) : 0)
        + (StateCookie.IsEmpty ? 0 : Tlv.HeaderLength + StateCookie.Length);

    public static bool TryRead(in RawChunk raw, out InitChunk chunk)
    {
        chunk = default;
        if (raw.Whole.Length < FixedLength)
        {
            return false;
        }

        var forwardTsn = false;
        var reconfig = false;
        ReadOnlySpan<byte> cookie = default;
        var parameters = new ParameterReader(raw.Whole[FixedLength..]);
        while (parameters.TryRead(out var parameter))
        {
            switch (parameter.Type)
            {
                case InitParameter.StateCookie:
                    cookie = parameter.Value;
                    break;
                case InitParameter.ForwardTsnSupported:
                    forwardTsn = true;
                    break;
                case InitParameter.SupportedExtensions:
                    forwardTsn |= parameter.Value.Contains((byte)ChunkType.ForwardTsn);
                    reconfig |= parameter.Value.Contains((byte)ChunkType.Reconfig);
                    break;
            }

            if (!InitParameter.IsKnown(parameter.Type) && !UnknownType.MaySkipParameter(parameter.Type))
            {
                break; // RFC 9260 §3.2.1: stop processing parameters, keep what was read.
            }
        }

        chunk = new InitChunk
        {
            InitiateTag = BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[4..]),
            ReceiverWindow = BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[8..]),
            OutboundStreams = BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[12..]),
            InboundStreams = BinaryPrimitives.ReadUInt16BigEndian(raw.Whole[14..]),
            InitialTsn = new Tsn(BinaryPrimitives.ReadUInt32BigEndian(raw.Whole[16..])),
            ForwardTsnSupported = forwardTsn,
            ReconfigSupported = reconfig,
            StateCookie = cookie,
            Parameters = raw.Whole[FixedLength..],
        };
        return !parameters.Malformed;
    }

    /// <summary>Writes into a span of exactly <see cref="Length"/>, plus what the caller wants to append: the header counts the whole span.</summary>
    /// <returns>Bytes written; the rest of the span is the caller's.</returns>
    public int Write(Span<byte> chunk, ChunkType type)
    {
        RawChunk.WriteHeader(chunk, type);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], InitiateTag);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[8..], ReceiverWindow);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[12..], OutboundStreams);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[14..], InboundStreams);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[16..], InitialTsn.Value);

        var rest = chunk[FixedLength..];
        // The one with padding goes first: padding of the last parameter would not count into the chunk's length (§3.2).
        if (ReconfigSupported || ForwardTsnSupported)
        {
            rest = rest[WriteSupportedExtensions(rest)..];
        }

        if (ForwardTsnSupported)
        {
            RawParameter.WriteHeader(rest[..ForwardTsnSupportedLength], InitParameter.ForwardTsnSupported);
            rest = rest[ForwardTsnSupportedLength..];
        }

        if (!StateCookie.IsEmpty)
        {
            RawParameter.WriteHeader(rest[..(Tlv.HeaderLength + StateCookie.Length)], InitParameter.StateCookie);
            StateCookie.CopyTo(rest[Tlv.HeaderLength..]);
        }

        return Length;
    }

    /// <summary>The unrecognized parameters that their sender wants to hear of, wrapped for an INIT ACK (RFC 9260 §3.3.3.1).</summary>
    /// <returns>Bytes written, a multiple of four; what does not fit any more is left out.</returns>
    public int WriteUnrecognized(Span<byte> destination)
    {
        var length = 0;
        var parameters = new ParameterReader(Parameters);
        while (parameters.TryRead(out var parameter))
        {
            if (InitParameter.IsKnown(parameter.Type))
            {
                continue;
            }

            var wrapped = Tlv.HeaderLength + parameter.Whole.Length;
            if (UnknownType.MustReportParameter(parameter.Type) && Tlv.Padded(wrapped) <= destination.Length - length)
            {
                var target = destination.Slice(length, Tlv.Padded(wrapped));
                target.Clear();
                RawParameter.WriteHeader(target[..wrapped], InitParameter.UnrecognizedParameter);
                parameter.Whole.CopyTo(target[Tlv.HeaderLength..]);
                length += target.Length;
            }

            if (!UnknownType.MaySkipParameter(parameter.Type))
            {
                break;
            }
        }

        return length;
    }

    private int WriteSupportedExtensions(Span<byte> rest)
    {
        var length = Tlv.HeaderLength + (ReconfigSupported ? 1 : 0) + (ForwardTsnSupported ? 1 : 0);
        rest[..Tlv.Padded(SupportedExtensionsLength)].Clear();
        RawParameter.WriteHeader(rest[..length], InitParameter.SupportedExtensions);
        var at = Tlv.HeaderLength;
        if (ReconfigSupported)
        {
            rest[at++] = (byte)ChunkType.Reconfig;
        }

        if (ForwardTsnSupported)
        {
            rest[at] = (byte)ChunkType.ForwardTsn;
        }

        return Tlv.Padded(length);
    }
}
