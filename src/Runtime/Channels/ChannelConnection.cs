using Overlay.Runtime.Links;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Channels;

/// <summary>The connection that carries all channels between this node and another.</summary>
internal class ChannelConnection(ulong number, PeerAddress remote, PeerConnection connection, bool isOfferer) : HostedConnection(remote.Id, connection)
{
    /// <summary>Its name in the header of relayed datagrams; none has one that never takes that way.</summary>
    public ulong Number { get; } = number;

    /// <summary>Who is at the other end, and how that was shown.</summary>
    public PeerAddress Remote { get; } = remote;

    /// <summary>Whether this side restarts ICE.</summary>
    public bool IsOfferer { get; } = isOfferer;

    /// <summary>The channels on it, by the stack's names.</summary>
    public Dictionary<ChannelId, ConnectionChannel> Channels { get; } = [];

    /// <summary>Channels that have something to send, or wait for an acknowledgement.</summary>
    public HashSet<ConnectionChannel> Pending { get; } = [];

    /// <summary>Messages stay in the stack while this channel's reader is behind: all channels of a connection share one receive window.</summary>
    public ConnectionChannel? HeldBackBy { get; set; }

    /// <summary>Whether its data goes straight to the other end now; null before the first way.</summary>
    public bool? IsDirect { get; set; }

    /// <summary>When ICE is to begin anew; never while a direct way is there or looked for.</summary>
    public WebRtc.Instant RestartAt { get; set; } = WebRtc.Instant.Never;

    /// <summary>How long the next attempt waits.</summary>
    public TimeSpan RestartAfter { get; set; } = ChannelHost.FirstRestartAfter;

    /// <summary>Since when it has no channels; never while it has.</summary>
    public WebRtc.Instant IdleSince { get; set; } = WebRtc.Instant.Never;

    /// <summary>The longest message the other end takes.</summary>
    public virtual int MaxMessageBytes => ChannelHost.MaxMessageBytes;
}
