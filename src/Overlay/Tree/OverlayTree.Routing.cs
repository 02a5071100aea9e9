using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tree;

// What routing asks:  up to the first common ancestor, which has the destination in its table, and down.
public sealed partial class OverlayTree
{
    /// <summary>The child below which <paramref name="id"/> is.</summary>
    public bool TryFindBelow(RingId id, out RingId child)
    {
        child = default;
        if (!_table.TryFind(id, out var key))
        {
            return false;
        }

        foreach (var one in _children)
        {
            if (one.Key == key)
            {
                child = one.Id;
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether <paramref name="id"/> is the parent, a child or a foster child: whose life matters most.</summary>
    public bool IsNeighbour(RingId id) => _parent?.Id == id || FindChild(id) is not null;

    /// <summary>Whether <paramref name="id"/> became a member as this node's child, and did not come from elsewhere in the tree.</summary>
    public bool IsNewcomer(RingId id) => FindChild(id) is { IsNewcomer: true };

    /// <summary>Where <paramref name="id"/> is, seen from this node.</summary>
    public TreeSide SideOf(RingId id) => _parent?.Id == id ? TreeSide.Parent : FindChild(id) is not null ? TreeSide.Child : TreeSide.None;

    /// <summary>
    /// Writes who leads to <paramref name="peer"/> without the direct link to it; how many. To a child: its spare, at the root the stand-ins, to which its children are linked. To
    /// anybody else the way of the tree. (To the parent: any link that leads out of the subtree.)
    /// </summary>
    public int WaysTo(RingId peer, Span<RingId> ways)
    {
        var count = 0;
        if (FindChild(peer) is not { } child)
        {
            if (TryFindBelow(peer, out var above) || (_parent is { } parent && (above = parent.Id) != peer))
            {
                ways[count++] = above;
            }

            return count;
        }

        if (child.Told?.Spare is { } spare && !LeadsOver(child, spare.Id))
        {
            ways[count++] = spare.Id;
        }

        if (IsRoot)
        {
            foreach (var place in _standInPlaces!)
            {
                if (count < ways.Length && place.Node is { } standIn && standIn.Id != child.Told?.Spare?.Id && !LeadsOver(child, standIn.Id))
                {
                    ways[count++] = standIn.Id;
                }
            }
        }

        return count;
    }

    private bool LeadsOver(TreeChild child, RingId id) => child.Id == id || (TryFindBelow(id, out var below) && below == child.Id);

    /// <summary>Somebody outside of this node's subtree who may pass a message on for a node without a parent: the spare, else a far link.</summary>
    public bool TryFindAside(out RingId aside) => TryFindOutside(Round, out aside);
}
