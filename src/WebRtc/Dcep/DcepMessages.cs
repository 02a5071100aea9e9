using System.Buffers.Binary;
using System.Text;

namespace Overlay.WebRtc.Dcep;

/// <summary>The payload protocol identifiers of data channels (RFC 8831 §8).</summary>
internal static class DataChannelPpid
{
    public const uint Control = 50;
    public const uint Text = 51;
    public const uint Binary = 53;

    /// <summary>SCTP has no empty messages: an empty text is one byte, to be thrown away (RFC 8831 §6.6).</summary>
    public const uint EmptyText = 56;

    public const uint EmptyBinary = 57;
}

/// <summary>DATA_CHANNEL_OPEN: the sender has made a channel of this stream (RFC 8832 §5.1).</summary>
/// <remarks>
/// Channel type: 0 reliable, 1 limited retransmissions, 2 limited lifetime; 0x80 on top: unordered. The reliability parameter is the
/// number of retransmissions or of milliseconds, and nothing for a reliable channel.
/// <code>
/// +---------------+---------------+-------------------------------+
/// |   Type = 3    | Channel type  |           Priority            |
/// +---------------+---------------+-------------------------------+
/// |                     Reliability parameter                     |
/// +-------------------------------+-------------------------------+
/// |         Label length          |        Protocol length        |
/// +-------------------------------+-------------------------------+
/// |                        Label, Protocol                        |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly ref struct DcepOpen
{
    public const byte MessageType = 3;
    public const int FixedLength = 12;
    private const byte UnorderedBit = 0x80;

    public required byte ChannelType { get; init; }

    public required ushort Priority { get; init; }

    public required uint ReliabilityParameter { get; init; }

    /// <summary>UTF-8.</summary>
    public required ReadOnlySpan<byte> Label { get; init; }

    /// <summary>UTF-8.</summary>
    public required ReadOnlySpan<byte> Protocol { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> message, out DcepOpen open)
    {
        open = default;
        if (message.Length < FixedLength || message[0] != MessageType || (message[1] & ~UnorderedBit) > 2)
        {
            return false;
        }

        var labelLength = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        var protocolLength = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        if (message.Length != FixedLength + labelLength + protocolLength)
        {
            return false;
        }

        open = new DcepOpen
        {
            ChannelType = message[1],
            Priority = BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
            ReliabilityParameter = BinaryPrimitives.ReadUInt32BigEndian(message[4..]),
            Label = message.Slice(FixedLength, labelLength),
            Protocol = message.Slice(FixedLength + labelLength, protocolLength),
        };
        return true;
    }

    /// <summary>The whole message for a channel.</summary>
    public static byte[] Write(ChannelParameters parameters)
    {
        var labelLength = Encoding.UTF8.GetByteCount(parameters.Label);
        var protocolLength = Encoding.UTF8.GetByteCount(parameters.Protocol);
        var message = new byte[FixedLength + labelLength + protocolLength];
        message[0] = MessageType;
        message[1] = (byte)(ReliabilityOf(parameters) | (parameters.Ordered ? 0 : UnorderedBit));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), parameters.Priority);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), (uint)(parameters.MaxRetransmits ?? parameters.MaxLifeTimeMilliseconds ?? 0));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(8), (ushort)labelLength);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)protocolLength);
        Encoding.UTF8.GetBytes(parameters.Label, message.AsSpan(FixedLength));
        Encoding.UTF8.GetBytes(parameters.Protocol, message.AsSpan(FixedLength + labelLength));
        return message;
    }

    /// <summary>The channel that the message announces. Bytes that are no UTF-8 become replacement characters.</summary>
    public ChannelParameters ToParameters(ushort streamId)
    {
        var limit = (int)Math.Min(ReliabilityParameter, ushort.MaxValue); // The largest a channel can ask for in the W3C's interface.
        return new ChannelParameters
        {
            Label = Encoding.UTF8.GetString(Label),
            Protocol = Encoding.UTF8.GetString(Protocol),
            Ordered = (ChannelType & UnorderedBit) == 0,
            MaxRetransmits = (ChannelType & ~UnorderedBit) == 1 ? limit : null,
            MaxLifeTimeMilliseconds = (ChannelType & ~UnorderedBit) == 2 ? limit : null,
            Priority = Priority,
            StreamId = streamId,
        };
    }

    private static byte ReliabilityOf(ChannelParameters parameters) =>
        parameters.MaxRetransmits is not null ? (byte)1 : parameters.MaxLifeTimeMilliseconds is not null ? (byte)2 : (byte)0;
}

/// <summary>DATA_CHANNEL_ACK: the other side knows the channel (RFC 8832 §5.2). One byte, its type.</summary>
/// <remarks><code>
/// +---------------+
/// |   Type = 2    |
/// +---------------+
/// </code></remarks>
internal static class DcepAck
{
    public const byte MessageType = 2;

    public static ReadOnlySpan<byte> Message => [MessageType];

    public static bool IsAck(ReadOnlySpan<byte> message) => message.Length == 1 && message[0] == MessageType;
}
