using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay;

/// <summary>What the host lends a node for its life.</summary>
/// <param name="Signing">The node's own key, and the judge of others' signatures.</param>
/// <param name="Sealing">Seals application bodies end to end; without it they travel signed and readable (the fast simulator).</param>
/// <param name="Secrets">Nonces and challenges.</param>
public sealed record NodePorts(ISigning Signing, ISealing? Sealing, ISecrets Secrets);

/// <summary>What distinguishes one start of a node from another.</summary>
/// <param name="Seed">Decides every schedule of the node; nothing secret comes of it.</param>
/// <param name="Instance">Grows with each start: max(stored + 1, Unix milliseconds).</param>
/// <param name="HubCount">Hubs that the host can dial, numbered from 0. At least 1.</param>
/// <param name="RememberedHubKey">The hub's key of an earlier start; a hub with another is refused. Null: whoever answers first.</param>
/// <param name="Token">A join token, empty where none is needed.</param>
/// <param name="IsGuest">Sends through the hub and a gateway and wants no place in the ring.</param>
public sealed record NodeStart(ulong Seed, long Instance, int HubCount, byte[]? RememberedHubKey, string Token, bool IsGuest);

/// <summary>How a message is to be sent.</summary>
public readonly record struct SendOptions
{
    /// <summary>Do not ask for a receipt: the command completes as soon as the message has left.</summary>
    public bool NoReceipt { get; init; }

    /// <summary>Each hop writes its id down; the receipt brings the route back.</summary>
    public bool RecordRoute { get; init; }

    /// <summary>How long to wait for the receipt; zero: <see cref="OverlayOptions.ReceiptTimeout"/>.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The trace that the message belongs to; travels inside the (sealed) body.</summary>
    public TraceContext CreationContext { get; init; }

    /// <summary>The trace context that the first hop continues; rewritten by each hop's host.</summary>
    public TraceContext HopContext { get; init; }
}

/// <summary>The result of a send whose receipt came.</summary>
/// <param name="Destination">The node that took and signed for the message.</param>
/// <param name="Hops">Links crossed, the last one included; 0 where the node sent to itself.</param>
/// <param name="Route">The hops' ids, the destination last, where the route was recorded.</param>
public sealed record DeliveryReport(RingId Destination, int Hops, IReadOnlyList<RingId> Route);
