using Overlay.Ring;

namespace Overlay.Chord;

/// <summary>What part of the ring a member answers for. Apart from its predecessor, so that no two members ever own a key.</summary>
/// <remarks>
/// <para>An arc always ends at its owner. It comes by grant from the owner above, grows downward by grants of leavers and by the inheritance of the dead, and
/// shrinks by granting its lower part to a newcomer. So the arcs of all members are disjoint at every moment; while a grant travels its arc is nobody's.</para>
/// <para>What the owner just below owns is known from its notifies: that is what is inherited when its death is confirmed.</para>
/// <para>Custody is fenced: an owner that its successor has not confirmed for <c>ChordRing.CustodyTimeout</c> stops answering and then gives up, and what nobody
/// can account for is taken over only after a longer time.</para>
/// <para>A mutable value: keep it in a field that is not read-only, never copy it.</para>
/// </remarks>
public struct ArcOwnership(RingId owner)
{
    /// <summary>Whether there is an arc.</summary>
    public bool HasArc { get; private set; }

    /// <summary>Where the arc begins, if there is one; the owner itself stands for the whole ring.</summary>
    public RingId After { get; private set; }

    /// <summary>Where the arc of the member at <see cref="After"/> begins, as far as it is known.</summary>
    public RingId? BelowAfter { get; private set; }

    /// <summary>Fenced: there is an arc, but it is not answered for until the successor confirms.</summary>
    public bool IsFenced { get; set; }

    /// <summary>The arc that is answered for.</summary>
    public readonly RingArc? Arc => HasArc && !IsFenced ? RingArc.Between(After, owner) : null;

    /// <summary>Where the own arc begins, to be said in notifies; null without one.</summary>
    public readonly RingId? ArcAfter => HasArc ? After : null;

    /// <summary>Whether <paramref name="key"/> is answered for.</summary>
    public readonly bool Owns(RingId key) => HasArc && !IsFenced && RingArc.Between(After, owner).Contains(key);

    /// <summary>The first member of all: the ring is its own.</summary>
    public void TakeAll() => (HasArc, After, BelowAfter, IsFenced) = (true, owner, null, false);

    /// <summary>Owns nothing from now on.</summary>
    public void Drop() => (HasArc, After, BelowAfter, IsFenced) = (false, default, null, false);

    /// <summary>Whether <paramref name="member"/> lies inside the arc, so that its part must be granted to it.</summary>
    public readonly bool MustGrantTo(RingId member) => HasArc && member != After && member != owner && RingArc.StrictlyBetween(After, owner).Contains(member);

    /// <summary>Gives (After, <paramref name="member"/>] away. What is given is no longer owned.</summary>
    public RingArc GiveTo(RingId member)
    {
        Invariant.Check(MustGrantTo(member), "an arc was granted to a member outside of it");
        var given = RingArc.Between(After, member);
        BelowAfter = After;
        After = member;
        return given;
    }

    /// <summary>Takes a granted arc that ends at the owner or where the own arc begins. False where it fits neither: it is not taken.</summary>
    public bool TryTake(RingId after, RingId upTo)
    {
        if (!HasArc)
        {
            if (upTo != owner)
            {
                return false;
            }

            (HasArc, After, BelowAfter) = (true, after, null);
            return true;
        }

        if (upTo == After)
        {
            (After, BelowAfter) = (after, null);
            return true;
        }

        return false;
    }

    /// <summary>Notes where the arc of the member just below begins. Words about other arcs are not for this node.</summary>
    public void Learn(RingId member, RingId memberAfter)
    {
        if (HasArc && member == After && member != owner)
        {
            BelowAfter = memberAfter;
        }
    }

    /// <summary>The member just below is gone for good: its arc, where known, is inherited. Whether anything changed.</summary>
    public bool Inherit(RingId member)
    {
        if (!HasArc || member != After || BelowAfter is not { } after)
        {
            return false;
        }

        if (after != owner && !RingArc.StrictlyBetween(owner, After).Contains(after))
        {
            return false; // An arc that would reach over this node itself was never the departed's.
        }

        (After, BelowAfter) = (after, null);
        return true;
    }

    /// <summary>Takes what nobody accounts for, down to <paramref name="predecessor"/>.</summary>
    public void TakeGap(RingId predecessor) => (HasArc, After, BelowAfter) = (true, predecessor, null);

    /// <summary>Whether the keys between <paramref name="predecessor"/> and the own arc are nobody's, as far as this node knows.</summary>
    public readonly bool HasGapBelow(RingId predecessor) => HasArc && predecessor != After && RingArc.StrictlyBetween(predecessor, owner).Contains(After);
}
