using Overlay.Ring;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay.Names;

/// <summary>Where names lie on a tree: at the end of the walk to their key, with copies at the parent, the next sibling and the uncle.</summary>
/// <remarks>
/// <para>The parent inherits what its child kept, and has a copy: nobody notices a leaf's death. Where a place is taken, the keys that go to it are handed down by the parent, over the
/// same link as every question about them that comes later. A sibling and an uncle live where both die.</para>
/// <para>A new inner node is responsible at once for all that its subtree kept, until that has come back below it: meanwhile it says nothing of names that it does not have, and those who ask,
/// ask again.</para>
/// </remarks>
internal sealed class TreePlacement : INamePlacement
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private int _upheavals;

    /// <summary>The tree; null before the first step into it.</summary>
    public OverlayTree? Tree { get; set; }

    /// <summary>Who is fostered is nearly always back in a moment; who has a place has left the other for good.</summary>
    public TimeSpan? OfferAfter => Tree is { HasPlace: true } ? Soon : Patience;

    public bool Owns(RingId key) => Tree?.Owns(key) ?? false;

    public bool IsSettledFor(Instant now, RingId key) => Tree?.IsSettledFor(now, key) ?? false;

    public bool IsHandedDown(RingId key) => Tree is { } tree && tree.IsOnWalk(key) && tree.TryWalk(key, out _);

    public int CopyReplicas(Span<RingId> into) => Tree?.CopyHeirs(into) ?? 0;

    /// <summary>Anybody's: a place in a tree says nothing of the keys for which it was responsible before.</summary>
    public bool IsPlausibleKeeper(RingId key, RingId node) => true;

    /// <summary>Whether neighbours may have died since this was asked last.</summary>
    public bool TakeUpheaval()
    {
        var before = _upheavals;
        _upheavals = Tree?.Upheavals ?? 0;
        return before != _upheavals;
    }
}
