using Overlay.Effects;
using Overlay.Ring;
using Overlay.Runtime.Channels;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>One connection of the stack under one link of the node.</summary>
internal sealed class PeerLink(LinkId id, RingId peer, PeerConnection connection, ChannelId overlay, ChannelId relay)
    : HostedConnection(peer, connection)
{
    /// <summary>The stream of the control channel, the same on both sides.</summary>
    public const int OverlayStream = 0;

    /// <summary>The stream of the relay channel, the same on both sides.</summary>
    public const int RelayStream = 1;

    public LinkId Id { get; } = id;

    /// <summary>Reliable and ordered: control, signalling, routed messages.</summary>
    public ChannelId Overlay { get; } = overlay;

    /// <summary>Unordered and never retransmitted: datagrams of other nodes' channels.</summary>
    public ChannelId Relay { get; } = relay;

    /// <summary>Datagrams that wait for room in the relay channel.</summary>
    public RelayQueue Waiting { get; } = new();

    /// <summary>What the other end may have relayed.</summary>
    public ByteBucket Quota;

    /// <summary>Its name at the other end, for datagrams that somebody passes on; 0 until that end has described itself.</summary>
    public ulong NameThere { get; set; }

    /// <summary>The link over which the other end was last heard, while neither end reaches the other directly.</summary>
    public PeerLink? RelayedBy { get; set; }

    /// <summary>Which of the possible relays is tried, while none has answered.</summary>
    public int RelayTry { get; set; }

    /// <summary>Whether its connection goes straight to the other end: what may be passed on for others' links.</summary>
    public bool IsDirect => IsReady && !IsClosed && !Connection.IsOverOverlay;

    /// <summary>Whether the node was told that the link carries messages.</summary>
    public bool IsReady { get; set; }

    /// <summary>Messages that were sent over it.</summary>
    public ulong Sent { get; set; }

    /// <summary>When the connection last heard something authenticated, as far as the node was told.</summary>
    public WebRtc.Instant HeardAt { get; set; }

    /// <summary>When its round trip was last told to a meter.</summary>
    public WebRtc.Instant MeasuredAt { get; set; }
}
