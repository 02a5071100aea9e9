using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// The beginning in a ring that stands: the state that joining, stabilizing and rectifying lead to and no step changes any more (Zave: Ideal).
public sealed partial class ChordRing
{
    /// <summary>Begins as a member of a perfect ring, somewhere in the middle of its periods.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="predecessor">The member before this one.</param>
    /// <param name="beforePredecessor">Where that one's arc begins.</param>
    /// <param name="successors">The next members, nearest first.</param>
    /// <param name="fingers">The fingers, from the highest row down.</param>
    public void BeginIdeal(Instant now, in Contact predecessor, RingId beforePredecessor, ReadOnlySpan<Contact> successors, ReadOnlySpan<IdealFinger> fingers)
    {
        _successors.Assign(successors);
        (_predecessor, _predecessorGone, _predecessorHeardAt, _isPredecessorOwner) = (predecessor, false, now, true);
        BecomePhase(NodePhase.Member);
        NeighboursChanged();
        _arcs.TakeGap(predecessor.Id);
        _arcs.Learn(predecessor.Id, beforePredecessor);
        CustodyConfirmed(now);
        ArcsDue();
        foreach (ref readonly var finger in fingers)
        {
            _fingers.Set(finger.Row, finger.Finger);
            if (finger.StandsInFor is { } full)
            {
                RememberFull(now, full);
            }
        }

        WishForLinks(now);
        WishForFingers(now);
        _stabilizeDue = now + _random.Between(TimeSpan.Zero, _options.StabilizePeriod);
        _fingerDue = _options.MaxFingers == 0 ? Instant.Never : now + _random.Between(TimeSpan.Zero, _options.FixFingersPeriod);
        _nextRow = fingers.Length == 0 ? -1 : fingers[_random.Next(fingers.Length)].Row;
    }
}

/// <summary>A finger of a node that begins in a settled network.</summary>
/// <param name="Row">0 … 47.</param>
/// <param name="Finger">Who stands for it.</param>
/// <param name="StandsInFor">The owner of the row where that is somebody else: it had no room.</param>
public readonly record struct IdealFinger(int Row, Contact Finger, RingId? StandsInFor = null);
