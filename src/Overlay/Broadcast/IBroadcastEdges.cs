using Overlay.Ring;

namespace Overlay.Broadcast;

/// <summary>A neighbour in a tree.</summary>
/// <param name="Peer">The neighbour.</param>
/// <param name="IsNewcomer">It has become a member here: what was sent before is not owed to it.</param>
internal readonly record struct BroadcastEdge(RingId Peer, bool IsNewcomer);

/// <summary>The neighbours in a tree: all that broadcasting knows of it.</summary>
internal interface IBroadcastEdges
{
    /// <summary>Gives the parent and the children that this node has now.</summary>
    void CopyEdges(ICollection<BroadcastEdge> into);
}
