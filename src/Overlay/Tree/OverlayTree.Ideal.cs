using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

/// <summary>A child of a node that begins in a settled tree, with all that is below it.</summary>
/// <param name="Child">The child; its number is its place in the list.</param>
/// <param name="Shape">What it said of its subtree last.</param>
/// <param name="Below">The nodes below it, without itself.</param>
public readonly record struct IdealChild(Contact Child, TreeShape Shape, IReadOnlyList<RingId> Below);

/// <summary>What a node knows in a settled tree, so that it can begin there.</summary>
/// <param name="Clock">Its clock, the same at all.</param>
/// <param name="Parent">Its parent; nobody: it is the root.</param>
/// <param name="Ancestors">From the root to the parent.</param>
/// <param name="Spare">To whom its spare link leads; nobody: to nobody.</param>
/// <param name="Uncle">To whom those of its children lead; nobody: to nobody.</param>
/// <param name="RootChildren">Children of the root.</param>
/// <param name="Children">Its children, in the order of their numbers.</param>
public sealed record IdealTree(
    TreeClock Clock,
    Contact Parent,
    TreeStep[] Ancestors,
    Contact Spare,
    Contact Uncle,
    int RootChildren,
    IReadOnlyList<IdealChild> Children);

// The beginning in a settled tree.
public sealed partial class OverlayTree
{
    /// <summary>Takes a place in a tree that stands, as if it had been taken long ago.</summary>
    internal void BeginIdeal(Instant now, IdealTree place)
    {
        IsRoot = place.Parent.IsNobody;
        _parent = IsRoot ? null : place.Parent;
        (_clock, _ancestors, _rootChildren) = (place.Clock, place.Ancestors, place.RootChildren);
        Slot = IsRoot ? TreeAttached.NoSlot : place.Ancestors[^1].Slot;
        _standInPlaces = IsRoot ? new StandInPlace[TreePosition.MaxStandIns] : null;
        _uncle = place.Uncle.IsNobody ? null : place.Uncle.Descriptor;
        if (!place.Spare.IsNobody)
        {
            (_spare, _spareWish, _spareWanted) = (place.Spare, place.Spare.Descriptor, true);
        }

        foreach (var (child, shape, below) in place.Children)
        {
            var entry = new TreeChild(++_lastKey, child, (byte)_children.Count) { Shape = shape, HeardAt = now };
            _children.Add(entry);
            _table.Add(child.Id, entry, _children);
            for (var i = 0; i < below.Count; i++)
            {
                _table.Add(below[i], entry, _children);
            }

            entry.Told = PositionOf(entry, []);
        }

        foreach (var child in _children)
        {
            child.Told = PositionOf(child, []); // Now that all siblings are known.
        }

        (_parentHeardAt, _beaconedAt) = (now, now);
        BecomePhase(NodePhase.Member);
        StartBeating(now);
        _liftDue = now + _random.Between(TimeSpan.Zero, LiftPeriod);
    }
}
