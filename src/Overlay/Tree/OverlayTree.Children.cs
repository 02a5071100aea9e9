using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// o → Attach(clock) → t;  t → Attached → o.  Accepted only while t's clock is later: then t cannot be below o (see the proof at the type).
public sealed partial class OverlayTree
{
    /// <summary>The place of a dead child that had a subtree is kept for who takes it over.</summary>
    private static readonly TimeSpan ReservationTime = TimeSpan.FromSeconds(30);

    /// <summary>What was below a dead child is looked for there that long; by then it is known again by another way, or gone.</summary>
    private static readonly TimeSpan TableGrace = TimeSpan.FromSeconds(12);

    private RareList<Reservation> _reservations;

    /// <summary>Somebody wants to be a child.</summary>
    public void OnAttach(Instant now, in Contact from, TreeAttach attach)
    {
        ArgumentNullException.ThrowIfNull(attach);
        var verdict = Judge(now, from, attach, out var slot);
        if (verdict == TreeVerdict.Accepted)
        {
            Accept(now, from, attach, slot);
        }
        else
        {
            _port.Send(now, from.Id, new TreeAttached(attach.Nonce, verdict, _clock, TreeAttached.NoSlot));
        }
    }

    private TreeVerdict Judge(Instant now, in Contact from, TreeAttach attach, out byte slot)
    {
        slot = TreeAttached.NoSlot;
        var isVote = attach.Reason == TreeReason.RootLost && !IsRoot && _clock.Epoch <= attach.Clock.Epoch; // Else the next reign has begun: a place here is as good as any.
        if (!IsMember || (_parent?.Id == from.Id && !isVote))
        {
            return TreeVerdict.Refused;
        }

        if (IsRoot && attach.Reason == TreeReason.RootLost)
        {
            TakeLateVote(now, from, attach);
        }

        if (isVote && !TakeVote(now, from, attach))
        {
            return IsStandIn ? TreeVerdict.NotYet : TreeVerdict.Refused;
        }

        if (attach.Former != from.Id) // Else it is a root itself, and ours is to go to it.
        {
            OutliveReign(now, attach.Clock);
        }

        if (_clock <= attach.Clock || (IsOrphan && attach.Reason is TreeReason.Join or TreeReason.Replace))
        {
            return TreeVerdict.NotYet;
        }

        if (IsAtDepthLimit)
        {
            return TreeVerdict.Full;
        }

        if (FindChild(from.Id) is { } child)
        {
            slot = child.Slot;
            return TreeVerdict.Accepted; // It lost sight of being one.
        }

        var isPromised = TakePromise(from.Id, attach, out var promised);
        if (IsOutdated(attach, isPromised, promised))
        {
            return TreeVerdict.Full;
        }

        if (attach.Reason != TreeReason.Foster && HasRoom(attach, isPromised))
        {
            slot = SlotFor(attach, promised);
            return TreeVerdict.Accepted;
        }

        var mayFoster = attach.Reason is TreeReason.Foster or TreeReason.RootLost;
        return mayFoster && FosterCount < 2 * MaxDegree ? TreeVerdict.Accepted : TreeVerdict.Full;
    }

    /// <summary>The place kept for <paramref name="asker"/>, as a candidate or in place of a dead child.</summary>
    private bool TakePromise(RingId asker, TreeAttach attach, out byte slot)
    {
        slot = TreeAttached.NoSlot;
        for (var i = 0; i < _candidates.Count; i++)
        {
            if (_candidates[i].Origin == asker)
            {
                _candidates.RemoveAt(i);
                return true;
            }
        }

        for (var i = 0; i < _reservations.Count; i++)
        {
            if (_reservations[i].Former == (attach.Reason == TreeReason.Replace ? attach.Former : asker))
            {
                slot = _reservations[i].Slot;
                _reservations.RemoveAt(i);
                return true;
            }
        }

        return false;
    }

    private void Accept(Instant now, in Contact from, TreeAttach attach, byte slot)
    {
        var child = FindChild(from.Id);
        if (child is null)
        {
            child = new TreeChild(++_lastKey, from, slot);
            child.IsNewcomer = attach.Reason == TreeReason.Join;
            _children.Add(child);
            FosterCount += child.IsFoster ? 1 : 0;
            Upheavals += child.IsFoster ? 1 : 0;
            Tell(Observation.ChildConnected, child.Id);
        }

        if (attach.Reason == TreeReason.Replace && !child.IsFoster)
        {
            Vacate(now, child.Slot);
        }

        child.Peer = from;
        (child.HeardAt, child.UnlinkedAt, child.FosteredAt, child.Told, child.ToldWarrant) = (now, Moment.Never, now, null, null);
        (child.Former, child.Grandparent) = (attach.Former, attach.Grandparent);
        if (child.Shape.Size < attach.Size)
        {
            child.Shape = child.Shape with { Size = attach.Size, FreeDepth = attach.Size > 1 ? TreeShape.NoFree : child.Shape.FreeDepth };
        }

        _port.WantLink(now, from, LinkPurpose.Ring);
        _port.Send(now, from.Id, new TreeAttached(attach.Nonce, TreeVerdict.Accepted, _clock, child.Slot));
        _port.Send(now, from.Id, new TreeBeacon(_clock));
        EnterInTable(now, from.Id, child);
        ResignAsStandIn(now);
        SendPositions(now);
        ServeStored(now);
        TellStandIns(now);
        Changed();
    }

    private void RemoveChild(Instant now, TreeChild child, NeighbourEnd why)
    {
        _children.Remove(child);
        var isVacated = NoteVacancy(now, child);
        FosterCount -= child.IsFoster ? 1 : 0;
        Tell(why is NeighbourEnd.Died or NeighbourEnd.Lost ? Observation.ChildFailed : Observation.ChildClosed, child.Id);
        if (why is (NeighbourEnd.Died or NeighbourEnd.Left) && child.Shape.Size > 1)
        {
            if (!child.IsFoster)
            {
                _reservations.Add(new(child.Id, child.Slot, now + ReservationTime));
            }

            LeaveTable(now, child.Id, child.Key);
            _lost.Add((child.Key, now + TableGrace));
        }
        else
        {
            LeaveTable(now, child.Key);
            if (isVacated)
            {
                // It lives and may come back, or another one takes the place that this one had taken; else the records of its keys come.
                _reservations.Add(new(child.Shape.Size > 1 ? child.Id : child.Former ?? child.Id, child.Slot, now + Settles));
            }
        }

        if (IsRoot && why is (NeighbourEnd.Died or NeighbourEnd.Lost))
        {
            CountLoss(now);
        }

        ReleaseLink(now, child.Id);
        SendPositions(now);
        ServeStored(now);
        TellStandIns(now);
        Changed();
    }

    /// <summary>Why somebody is the parent, or a child, no more.</summary>
    private enum NeighbourEnd : byte
    {
        /// <summary>Its death is confirmed.</summary>
        Died,

        /// <summary>It said good-bye to the network.</summary>
        Left,

        /// <summary>There is no way to it any more, or it does not do what a neighbour does.</summary>
        Lost,

        /// <summary>One of the two ended the bond: it moved, or let the other go.</summary>
        Dropped,
    }

    /// <summary>The place of the dead child <paramref name="Former"/>, kept for its successor.</summary>
    private readonly record struct Reservation(RingId Former, byte Slot, Moment Until);
}
