using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>A node that passes a broadcast on, and where its part ends.</summary>
/// <param name="Peer">The node.</param>
/// <param name="Limit">It covers the members between itself and here.</param>
internal readonly record struct BroadcastChild(RingId Peer, RingId Limit);

/// <summary>Who passes a broadcast on to whom on a ring: all that broadcasting knows of it.</summary>
internal interface IBroadcastParts
{
    /// <summary>The nodes that together reach all members of a part, this node itself excepted, nearest first.</summary>
    /// <param name="from">Whom the broadcast came from; this node itself where it is the origin.</param>
    /// <param name="limit">Where the part ends; this node itself: nowhere, all members.</param>
    /// <param name="doubtful">Nodes that did not answer: others take over what they would have covered.</param>
    /// <param name="into">Receives the children.</param>
    void CopyChildren(RingId from, RingId limit, ICollection<RingId> doubtful, IList<BroadcastChild> into);

    /// <summary>Who has come next to this node lately, so that perhaps nobody else knows that it is a member.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="limit">Where the part ends that was passed on.</param>
    /// <param name="reached">Who has it, or was known already when it was passed on.</param>
    /// <param name="into">Receives the newcomers.</param>
    void CopyNewcomers(Instant now, RingId limit, ICollection<RingId> reached, IList<BroadcastChild> into);

    /// <summary>Neighbours in a part that this node need not tell, because others do: those it knows now are no newcomers later.</summary>
    void CopyKnown(RingId limit, ICollection<RingId> into);

    /// <summary>Whether a node that does not answer is still taken for a neighbour, so that it is worth another try.</summary>
    bool IsNeighbour(RingId node);

    /// <summary>Whether, for <paramref name="node"/>, a part that ends at <paramref name="limit"/> reaches farther than one that ends at <paramref name="known"/>.</summary>
    bool ReachesFarther(RingId node, RingId limit, RingId known);
}
