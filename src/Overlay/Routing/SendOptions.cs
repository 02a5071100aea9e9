using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Routing;

/// <summary>How a message is to be sent.</summary>
public readonly record struct SendOptions
{
    /// <summary>Do not ask for a receipt: the command completes as soon as the message has left.</summary>
    public bool NoReceipt { get; init; }

    /// <summary>Each hop writes its id down; the receipt brings the route back.</summary>
    public bool RecordRoute { get; init; }

    /// <summary>For the parent or a child in a tree, and nobody else (<see cref="OverlayNode.SendToNeighbour"/>).</summary>
    internal bool ToNeighbour { get; init; }

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
