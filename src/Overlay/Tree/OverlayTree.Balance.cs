using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Tree;

// Hashes fill a tree unevenly. A node whose subtree has a leaf two levels below a free place sends the deepest leaf there:
//   n → Errand(lift) → … → deepest leaf l;  l → Join(highest) → n → … → t;  t → Place → l;  l → Attach(move) → t, and only then leaves its parent
public sealed partial class OverlayTree
{
    private const int LiftsAtOnce = 16;
    private static readonly TimeSpan LiftPeriod = TimeSpan.FromSeconds(5);

    private Moment _liftDue;

    /// <summary>What this node says of its subtree.</summary>
    public TreeShape Shape()
    {
        var size = 1;
        var (freeDepth, freeCount) = FreePlaces > 0 && !IsAtDepthLimit ? ((byte)0, FreePlaces) : (TreeShape.NoFree, 0);
        var (leafDepth, leafCount) = ((byte)0, 1);
        foreach (var child in _children)
        {
            var shape = child.Shape;
            size += shape.Size;
            if (shape.FreeDepth < TreePosition.MaxDepth && !child.IsFoster) // What is below a foster child has no place itself.
            {
                Gather((byte)(shape.FreeDepth + 1), shape.FreeCount, ref freeDepth, ref freeCount, isBetter: shape.FreeDepth + 1 < freeDepth);
            }

            var depth = (byte)Math.Min(shape.LeafDepth + 1, TreePosition.MaxDepth);
            Gather(depth, shape.LeafCount, ref leafDepth, ref leafCount, isBetter: depth > leafDepth);
        }

        return new(size, freeDepth, freeCount, leafDepth, leafCount);
    }

    private static void Gather(byte depth, int count, ref byte best, ref int sum, bool isBetter)
    {
        if (isBetter)
        {
            (best, sum) = (depth, count);
        }
        else if (depth == best)
        {
            sum += count;
        }
    }

    private void TendBalance(Instant now)
    {
        if (now < _liftDue || _children.Count == 0 || IsOrphan)
        {
            return;
        }

        _liftDue = now + LiftPeriod + _random.Between(TimeSpan.Zero, LiftPeriod / 4);
        var own = FreePlaces; // Their takers become candidates only when they ask.
        for (var left = LiftsAtOnce; left > 0; left--)
        {
            var shape = Shape();
            if (shape.FreeDepth == 0 && own-- == 0)
            {
                return;
            }

            if (shape.FreeDepth == TreeShape.NoFree || shape.FreeDepth + 2 > shape.LeafDepth || DeepestChild() is not { } deepest || IsWithin(deepest, shape))
            {
                return;
            }

            Spend(deepest);
            Reserve(shape);
            _port.Send(now, deepest.Id, new TreeErrand(TreeTask.Lift, _random.Next() | 1, _port.Self.Descriptor, 0, _self, null));
        }
    }

    /// <summary>The highest free place and the deepest leaf are both below <paramref name="deepest"/>: then it is that child's business.</summary>
    private bool IsWithin(TreeChild deepest, TreeShape shape)
    {
        if (shape.FreeDepth == 0)
        {
            return false;
        }

        foreach (var child in _children)
        {
            if (child != deepest && child.Shape.FreeDepth + 1 == shape.FreeDepth)
            {
                return false;
            }
        }

        return true;
    }

    private TreeChild? DeepestChild()
    {
        TreeChild? deepest = null;
        foreach (var child in _children)
        {
            if (child.UnlinkedAt == Instant.Never && (deepest is null || child.Shape.LeafDepth > deepest.Shape.LeafDepth))
            {
                deepest = child;
            }
        }

        return deepest;
    }

    /// <summary>One of the child's deepest leaves is busy; its next echo says more.</summary>
    private static void Spend(TreeChild child)
    {
        var shape = child.Shape;
        child.Shape = shape.LeafCount > 1 ? shape with { LeafCount = shape.LeafCount - 1 }
            : shape.LeafDepth > 0 ? shape with { LeafDepth = (byte)(shape.LeafDepth - 1), LeafCount = 1 }
            : shape;
    }

    /// <summary>One of the highest free places is as good as taken.</summary>
    private void Reserve(TreeShape of)
    {
        foreach (var child in _children)
        {
            if (of.FreeDepth > 0 && child.Shape.FreeDepth + 1 == of.FreeDepth)
            {
                var left = child.Shape.FreeCount - 1;
                child.Shape = left > 0 ? child.Shape with { FreeCount = left } : child.Shape with { FreeDepth = (byte)(child.Shape.FreeDepth + 1), FreeCount = 1 };
                return;
            }
        }
    }
}
