using Overlay.Messages;
using Overlay.Ring;
using Overlay.Tree;

namespace Overlay.Checks;

/// <summary>One node of a tree as a checker sees it.</summary>
/// <param name="Id">The node.</param>
/// <param name="IsMember">It has, or had, a place.</param>
/// <param name="IsRoot">It is a root.</param>
/// <param name="Parent">Its parent.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Children">Its children and foster children.</param>
/// <param name="FosterCount">Foster children among them.</param>
/// <param name="TableCount">Nodes that it knows the way down to.</param>
public sealed record TreeNodeState(RingId Id, bool IsMember, bool IsRoot, RingId? Parent, TreeClock Clock, IReadOnlyList<RingId> Children, int FosterCount, int TableCount)
{
    /// <summary>What <paramref name="tree"/> is like now.</summary>
    public static TreeNodeState Of(RingId id, OverlayTree? tree)
    {
        if (tree is null)
        {
            return new(id, false, false, null, default, [], 0, 0);
        }

        var children = new List<RingId>(tree.ChildCount + tree.FosterCount);
        foreach (var child in tree.Children)
        {
            children.Add(child);
        }

        return new(id, tree.IsMember, tree.IsRoot, tree.Parent?.Id, tree.Clock, children, tree.FosterCount, tree.TableCount);
    }
}

/// <summary>All living nodes of a network on a tree at one moment.</summary>
/// <param name="MaxDegree">Children that a node may have.</param>
/// <param name="Nodes">The nodes.</param>
public sealed record TreeSnapshot(int MaxDegree, IReadOnlyList<TreeNodeState> Nodes);
