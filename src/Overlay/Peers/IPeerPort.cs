using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Peers;

/// <summary>What the mesh of peers may ask of the node. Nothing here calls it back.</summary>
public interface IPeerPort
{
    /// <summary>The node itself.</summary>
    RingId SelfId { get; }

    /// <summary>8 bytes that nobody can guess, never 0.</summary>
    ulong NextNonce();

    /// <summary>Sends to exactly <paramref name="to"/>, signed.</summary>
    void Send(Instant now, RingId to, Payload payload);

    /// <summary>Sends to whoever is responsible for <paramref name="key"/>; where that is this node itself, to nobody.</summary>
    void SendToResponsible(Instant now, RingId key, Payload payload);

    /// <summary>Sends application bytes to a peer, sealed where the node seals.</summary>
    void SendBytes(Instant now, in Contact to, PeerBytes bytes);
}
