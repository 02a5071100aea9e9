using Overlay.Effects;
using Overlay.Ring;
using Overlay.WebRtc;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>One connection of the stack under one link of the node.</summary>
internal sealed class PeerLink(LinkId id, RingId peer, PeerConnection connection, ChannelId overlay, ChannelId relay)
{
    /// <summary>The stream of the control channel, the same on both sides.</summary>
    public const int OverlayStream = 0;

    /// <summary>The stream of the relay channel, the same on both sides.</summary>
    public const int RelayStream = 1;

    public LinkId Id { get; } = id;

    /// <summary>The other end.</summary>
    public RingId Peer { get; } = peer;

    public PeerConnection Connection { get; } = connection;

    /// <summary>Reliable and ordered: control, signalling, routed messages.</summary>
    public ChannelId Overlay { get; } = overlay;

    /// <summary>Unordered and never retransmitted: datagrams of other nodes' channels.</summary>
    public ChannelId Relay { get; } = relay;

    /// <summary>Whether the node was told that the link carries messages.</summary>
    public bool IsReady { get; set; }

    /// <summary>Whether the link waits to be drained in this round of the loop.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Whether it was removed; a late drain leaves it alone.</summary>
    public bool IsClosed { get; set; }

    /// <summary>When the connection last heard something authenticated, as far as the node was told.</summary>
    public WebRtc.Instant HeardAt { get; set; }

    /// <summary>Remote addresses that were seen or tried, to forget them with the link.</summary>
    public List<(PathId Path, TransportAddress Remote)> Remotes { get; } = new(4);
}
