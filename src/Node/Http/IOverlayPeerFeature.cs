using Microsoft.AspNetCore.Http;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Http;

/// <summary>Who is at the other end of a connection over the overlay: a feature of the connection, and of each request on it.</summary>
public interface IOverlayPeerFeature
{
    /// <summary>The other node, with what it has proved (<see cref="PeerAddress.Proof"/>): its id cannot be another's.</summary>
    PeerAddress Remote { get; }

    /// <summary>This node.</summary>
    PeerAddress Local { get; }
}

/// <summary>Who asks.</summary>
public static class OverlayPeerHttpContextExtensions
{
    /// <summary>The node that sent this request; null where it came over TCP.</summary>
    public static PeerAddress? GetOverlayPeer(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<IOverlayPeerFeature>()?.Remote;
    }
}
