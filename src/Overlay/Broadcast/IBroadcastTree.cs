using Overlay.Ring;

namespace Overlay.Broadcast;

/// <summary>A node that passes a broadcast on, and where its part ends.</summary>
/// <param name="Peer">The node.</param>
/// <param name="Limit">It covers the members between itself and here; on a tree of its own meaning, or none.</param>
public readonly record struct BroadcastChild(RingId Peer, RingId Limit);

/// <summary>Who passes a broadcast on to whom: all that broadcasting knows of the topology.</summary>
public interface IBroadcastTree
{
    /// <summary>The nodes that together reach all members of a part, this node itself excepted, nearest first.</summary>
    /// <param name="from">Whom the broadcast came from; this node itself where it is the origin.</param>
    /// <param name="limit">Where the part ends; this node itself: nowhere, all members.</param>
    /// <param name="doubtful">Nodes that did not answer: others take over what they would have covered.</param>
    /// <param name="into">Receives the children.</param>
    void CopyChildren(RingId from, RingId limit, ICollection<RingId> doubtful, IList<BroadcastChild> into);

    /// <summary>Whether a node that does not answer is still taken for a neighbour, so that it is worth another try.</summary>
    bool IsNeighbour(RingId node);

    /// <summary>Whether, for <paramref name="node"/>, a part that ends at <paramref name="limit"/> reaches farther than one that ends at <paramref name="known"/>.</summary>
    bool ReachesFarther(RingId node, RingId limit, RingId known);
}
