using Overlay.Chord;
using Overlay.Effects;
using Overlay.Ring;

namespace Overlay.Checks;

/// <summary>What one living node knows of the ring at one moment.</summary>
/// <param name="Id">The node.</param>
/// <param name="Phase">Its phase; only <see cref="NodePhase.Member"/> and <see cref="NodePhase.Founding"/> have a place on the ring.</param>
/// <param name="Predecessor">Its predecessor, if it has one.</param>
/// <param name="Successors">Its successor list.</param>
/// <param name="Arc">What it answers for, if anything.</param>
/// <param name="LinkCount">Its open links.</param>
public sealed record RingNodeState(
    RingId Id,
    NodePhase Phase,
    RingId? Predecessor,
    IReadOnlyList<RingId> Successors,
    RingArc? Arc,
    int LinkCount = 0)
{
    /// <summary>Whether it has a place on the ring.</summary>
    public bool IsMember => Phase is NodePhase.Member or NodePhase.Founding;

    /// <summary>Reads it from a ring machine.</summary>
    public static RingNodeState Of(RingId id, ChordRing ring, int linkCount = 0)
    {
        ArgumentNullException.ThrowIfNull(ring);
        var successors = new RingId[ring.Successors.Length];
        for (var index = 0; index < successors.Length; index++)
        {
            successors[index] = ring.Successors[index].Id;
        }

        return new(id, ring.Phase, ring.Predecessor?.Id, successors, ring.OwnedArc, linkCount);
    }
}

/// <summary>A successor list that a node may still adopt: the answer is on its way to it, or waits there for certificates.</summary>
/// <param name="Owner">Whose list it would be.</param>
/// <param name="Entries">The list, in order.</param>
public readonly record struct PendingList(RingId Owner, IReadOnlyList<RingId> Entries);

/// <summary>The living nodes of a network at one moment. The dead are simply not in it.</summary>
/// <param name="SuccessorListLength">r.</param>
/// <param name="MaxLinks">The degree cap; 0 where it is not looked at.</param>
/// <param name="Nodes">All living nodes, in any order.</param>
public sealed record RingSnapshot(int SuccessorListLength, int MaxLinks, IReadOnlyList<RingNodeState> Nodes);
