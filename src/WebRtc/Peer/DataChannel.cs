using System.Text;

namespace Overlay.WebRtc.Peer;

/// <summary>Names a channel of one connection. Local only, never reused, unlike the stream id on the wire.</summary>
/// <param name="Value">Counts up from 0 in order of creation or arrival.</param>
public readonly record struct ChannelId(int Value);

/// <summary>How a channel treats its messages; what <c>createDataChannel</c> takes.</summary>
public sealed record DataChannelOptions
{
    /// <summary>The channel's name, at most 65,535 bytes of UTF-8. It need not be unique.</summary>
    public string Label { get; init; } = "";

    /// <summary>The subprotocol, at most 65,535 bytes of UTF-8.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>Whether messages arrive in the order they were sent.</summary>
    /// <value>Default true.</value>
    public bool Ordered { get; init; } = true;

    /// <summary>After so many retransmissions a message is given up (RFC 3758); 0 means "once and never again".</summary>
    /// <value>Default null: never given up. Excludes <see cref="MaxPacketLifeTime"/>. 0 … 65,535.</value>
    public int? MaxRetransmits { get; init; }

    /// <summary>After so many milliseconds a message is given up (RFC 3758).</summary>
    /// <value>Default null: never given up. Excludes <see cref="MaxRetransmits"/>. 0 … 65,535.</value>
    public int? MaxPacketLifeTime { get; init; }

    /// <summary>Both sides create the channel with the same <see cref="StreamId"/>; nothing is announced on the wire (RFC 8831 §6.4).</summary>
    /// <value>Default false: announced by DCEP.</value>
    public bool Negotiated { get; init; }

    /// <summary>The stream to use. Required where <see cref="Negotiated"/>, otherwise the lowest free one of our parity is taken.</summary>
    /// <value>Default null. 0 … 65,534.</value>
    public int? StreamId { get; init; }

    /// <summary>Urgency among the channels of the connection, as WebRTC counts it (RFC 8831 §6.4): above 256 goes before the others, below waits for them.</summary>
    /// <value>Default 256. 0 … 65,535.</value>
    public int Priority { get; init; } = 256;

    /// <summary>Throws for a combination that no channel can have.</summary>
    /// <exception cref="ArgumentException">Both limits are set, a number is out of range, or a negotiated channel lacks its stream.</exception>
    public void Validate()
    {
        if (MaxRetransmits is not null && MaxPacketLifeTime is not null)
        {
            throw new ArgumentException("A channel gives up by MaxRetransmits or by MaxPacketLifeTime, not by both.");
        }

        if (MaxRetransmits is < 0 or > ushort.MaxValue || MaxPacketLifeTime is < 0 or > ushort.MaxValue || Priority is < 0 or > ushort.MaxValue || StreamId is < 0 or > 65534)
        {
            throw new ArgumentException("MaxRetransmits, MaxPacketLifeTime and Priority are 0 … 65,535, StreamId is 0 … 65,534.");
        }

        if (Encoding.UTF8.GetByteCount(Label) > ushort.MaxValue || Encoding.UTF8.GetByteCount(Protocol) > ushort.MaxValue)
        {
            throw new ArgumentException("Label and protocol are at most 65,535 bytes of UTF-8 each.");
        }

        if (Negotiated && StreamId is null)
        {
            throw new ArgumentException("A negotiated channel needs its StreamId: nothing on the wire tells the other side.");
        }
    }
}

/// <summary>Where a channel is in its life (RFC 8831 §6.7).</summary>
public enum DataChannelState : byte
{
    /// <summary>Waits for the association.</summary>
    Connecting,

    /// <summary>Carries messages.</summary>
    Open,

    /// <summary>Its stream is being reset; nothing more is accepted, what was accepted is still delivered.</summary>
    Closing,

    /// <summary>Gone. The stream id is free again.</summary>
    Closed,
}

/// <summary>What is known of a channel.</summary>
/// <param name="Id">Its local name.</param>
/// <param name="Options">How it treats messages; for a channel from the peer, what the peer announced.</param>
/// <param name="StreamId">Its stream on the wire; −1 while the DTLS role that decides it is unknown.</param>
/// <param name="IsRemote">Whether the peer made it.</param>
/// <param name="State">Where it is in its life.</param>
public readonly record struct DataChannelInfo(ChannelId Id, DataChannelOptions Options, int StreamId, bool IsRemote, DataChannelState State);

/// <summary>What became of a message handed to <c>PeerConnection.Send</c>.</summary>
public enum SendOutcome : byte
{
    /// <summary>It will be sent, before everything handed in later on the same ordered channel.</summary>
    Accepted,

    /// <summary>The send buffer (<see cref="PeerOptions.MaxBufferedBytes"/>) has no room for it now. Try again when it has drained.</summary>
    BufferFull,

    /// <summary>The channel or the connection is closed or closing, or the channel is unknown.</summary>
    Closed,

    /// <summary>Longer than the peer said it accepts (its <c>max-message-size</c>).</summary>
    TooLarge,
}

/// <summary>A message that arrived.</summary>
/// <param name="Channel">The channel it came on.</param>
/// <param name="IsText">Text (UTF-8) or binary.</param>
/// <param name="Payload">The bytes, valid until the next call of TryReceive, Receive or Advance.</param>
public readonly record struct ReceivedMessage(ChannelId Channel, bool IsText, ReadOnlyMemory<byte> Payload);
