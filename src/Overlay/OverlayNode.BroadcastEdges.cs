using Overlay.Broadcast;

namespace Overlay;

/// <summary>Over which edges a broadcast goes on a tree.</summary>
public sealed partial class OverlayNode : IBroadcastEdges
{
    void IBroadcastEdges.CopyEdges(ICollection<BroadcastEdge> into)
    {
        if (_tree is not { } tree)
        {
            return;
        }

        if (tree.Parent is { } parent)
        {
            into.Add(new(parent.Id, IsNewcomer: false));
        }

        foreach (var child in tree.Children)
        {
            into.Add(new(child, tree.IsNewcomer(child)));
        }
    }
}
