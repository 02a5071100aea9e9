using System.Text;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Dcep;

/// <summary>Names a channel of one <see cref="DataChannelTable"/>. Counts up from 0 and is never reused, unlike the stream.</summary>
public readonly record struct ChannelHandle(int Value);

/// <summary>How a channel treats its messages.</summary>
public sealed record ChannelParameters
{
    /// <summary>The channel's name; need not be unique.</summary>
    public string Label { get; init; } = "";

    /// <summary>The subprotocol.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>Whether messages arrive in the order they were sent.</summary>
    /// <value>Default true.</value>
    public bool Ordered { get; init; } = true;

    /// <summary>Retransmissions after which a message is given up; null: never. Excludes a lifetime.</summary>
    public int? MaxRetransmits { get; init; }

    /// <summary>Milliseconds after which a message is given up; null: never. Excludes a number of retransmissions.</summary>
    public int? MaxLifeTimeMilliseconds { get; init; }

    /// <summary>Announced to the peer as it is (RFC 8832 §5.1); what it means for sending here is <see cref="Urgency"/>.</summary>
    /// <value>Default 256, "normal" in RFC 8831 §6.4's scale of 128, 256, 512, 1024.</value>
    public ushort Priority { get; init; } = 256;

    /// <summary>Both sides make the channel with the same <see cref="StreamId"/>, and nothing is announced.</summary>
    public bool Negotiated { get; init; }

    /// <summary>The stream; null takes the lowest free one of our parity.</summary>
    public int? StreamId { get; init; }

    /// <summary>The class in which the channel's messages take turns.</summary>
    public SctpPriority Urgency => Priority > 256 ? SctpPriority.High : Priority < 256 ? SctpPriority.Low : SctpPriority.Normal;

    /// <summary>Throws for a combination no channel can have.</summary>
    /// <exception cref="ArgumentException">Two limits, a number out of range, or a negotiated channel without its stream.</exception>
    public void Validate()
    {
        if (MaxRetransmits is not null && MaxLifeTimeMilliseconds is not null)
        {
            throw new ArgumentException("A channel has a limit of retransmissions or of time, not both.");
        }

        if (MaxRetransmits is < 0 or > ushort.MaxValue || MaxLifeTimeMilliseconds is < 0 or > ushort.MaxValue)
        {
            throw new ArgumentException("Limits are 0 … 65,535.");
        }

        if (StreamId is < 0 or > DataChannelTable.MaxStreamId || (Negotiated && StreamId is null))
        {
            throw new ArgumentException("A stream is 0 … 65,534, and a negotiated channel must name it.");
        }

        if (Encoding.UTF8.GetByteCount(Label) > ushort.MaxValue || Encoding.UTF8.GetByteCount(Protocol) > ushort.MaxValue)
        {
            throw new ArgumentException("Label and protocol are at most 65,535 bytes of UTF-8 each.");
        }
    }

    internal SctpSendOptions ToSendOptions() => new(
        Unordered: !Ordered,
        MaxRetransmits,
        MaxLifeTimeMilliseconds is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null);
}

/// <summary>Limits of a <see cref="DataChannelTable"/>.</summary>
/// <param name="MaxChannels">Channels at once, whoever made them. One more from the peer is closed at once; one more of ours is not made.</param>
/// <param name="MaxLabelBytes">Longest label and longest protocol taken from the peer; a channel with a longer one is closed at once.</param>
public sealed record DataChannelLimits(int MaxChannels = 1024, int MaxLabelBytes = 65_535);

/// <summary>The kinds of <see cref="ChannelEvent"/>.</summary>
public enum ChannelEventKind : byte
{
    /// <summary>The association is established; channels open from now on.</summary>
    Connected,

    /// <summary>The channel carries messages now.</summary>
    Opened,

    /// <summary>A message has arrived.</summary>
    Message,

    /// <summary>The channel is gone. Every message that arrived before was handed out.</summary>
    Closed,

    /// <summary>The association is over, and all channels with it. The last event.</summary>
    Disconnected,
}

/// <summary>Something that happened to a channel or to all of them.</summary>
/// <param name="Kind">Which of the other members have a meaning.</param>
/// <param name="Channel">For Opened, Message, Closed.</param>
/// <param name="IsText">For Message: text (UTF-8) or binary.</param>
/// <param name="Payload">For Message: the bytes, lent until the next call of <see cref="DataChannelTable.TryGetEvent"/>.</param>
/// <param name="Reason">For Disconnected.</param>
public readonly record struct ChannelEvent(
    ChannelEventKind Kind, ChannelHandle Channel, bool IsText, ReadOnlyMemory<byte> Payload, SctpCloseReason Reason)
{
    internal static ChannelEvent Connected() => new(ChannelEventKind.Connected, default, false, default, SctpCloseReason.None);

    internal static ChannelEvent Opened(ChannelHandle channel) => new(ChannelEventKind.Opened, channel, false, default, SctpCloseReason.None);

    internal static ChannelEvent Message(ChannelHandle channel, bool isText, ReadOnlyMemory<byte> payload) =>
        new(ChannelEventKind.Message, channel, isText, payload, SctpCloseReason.None);

    internal static ChannelEvent Closed(ChannelHandle channel) => new(ChannelEventKind.Closed, channel, false, default, SctpCloseReason.None);

    internal static ChannelEvent Disconnected(SctpCloseReason reason) => new(ChannelEventKind.Disconnected, default, false, default, reason);
}

/// <summary>Where a channel is in its life (RFC 8831 §6.7).</summary>
public enum ChannelState : byte
{
    /// <summary>Waits for the association, or for the DTLS role that decides about its stream.</summary>
    Connecting,

    /// <summary>Carries messages.</summary>
    Open,

    /// <summary>Its stream is being reset in both directions.</summary>
    Closing,

    /// <summary>Gone.</summary>
    Closed,
}

/// <summary>What is known of a channel.</summary>
/// <param name="Channel">Its name.</param>
/// <param name="Parameters">How it treats messages; for one of the peer's, what the peer announced.</param>
/// <param name="StreamId">Its stream; −1 while that is undecided.</param>
/// <param name="IsRemote">Whether the peer made it.</param>
/// <param name="State">Where it is in its life.</param>
public readonly record struct ChannelInfo(ChannelHandle Channel, ChannelParameters Parameters, int StreamId, bool IsRemote, ChannelState State);
