using Overlay.Ring;
using Overlay.WebRtc;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>One connection of the stack as the loop keeps it, whatever it carries.</summary>
internal abstract class HostedConnection(RingId peer, PeerConnection connection)
{
    /// <summary>The other end.</summary>
    public RingId Peer { get; } = peer;

    public PeerConnection Connection { get; } = connection;

    /// <summary>Whether it waits to be drained in this round of the loop.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Whether it was removed; a late drain leaves it alone.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The user fragments by which checks name it: those before restarts of ICE too.</summary>
    public List<string> Ufrags { get; } = new(1);

    /// <summary>Remote addresses that were seen or tried, to forget them with the connection.</summary>
    public List<(PathId Path, TransportAddress Remote)> Remotes { get; } = new(4);
}
