using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// A graceful leave (l is this node, p its predecessor, s its successor):
//   l → Leaving(p, list) → everybody around       they drop l as they drop the dead, but at once; s hears of p
//   l → Grant(arc, records) → s;  s → Granted → l
// To the proof it is a fail step whose detection takes no time.
public sealed partial class ChordRing
{
    /// <summary>How long the hand-over may take.</summary>
    public static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    private Moment _leaveDue = Instant.Never;

    /// <summary>Whether everything was handed over, or the time for it is over.</summary>
    public bool HasHandedOver => Phase == NodePhase.Left;

    /// <summary>Leaves the ring. The phase is <see cref="NodePhase.Left"/> at the latest after <see cref="LeaveTimeout"/>.</summary>
    public void Leave(Instant now)
    {
        if (Phase is NodePhase.Leaving or NodePhase.Left)
        {
            return;
        }

        var was = Phase;
        _query = null;
        _joining = null;
        (_joinDue, _stabilizeDue, _fingerDue) = (Instant.Never, Instant.Never, Instant.Never);
        BecomePhase(NodePhase.Leaving);
        if (was is NodePhase.Founding or NodePhase.Member && _successors.Count > 0)
        {
            SayGoodBye(now, was);
            HandOverAll(now);
            _leaveDue = now + LeaveTimeout;
            LeavingHandedOver(now);
        }
        else
        {
            FinishLeaving(now);
        }
    }

    /// <summary>A neighbour's good-bye.</summary>
    public void OnLeaving(Instant now, in Contact from, Leaving leaving)
    {
        ArgumentNullException.ThrowIfNull(leaving);
        if (from.Id == _self || Phase is NodePhase.Leaving or NodePhase.Left)
        {
            return;
        }

        var wasPredecessor = _predecessor is { } predecessor && predecessor.Id == from.Id;
        Depart(now, from.Id, from.Instance, saidGoodBye: true);
        if (Phase == NodePhase.Member && wasPredecessor && Predecessor is null && leaving.Predecessor is { } introduced
            && TryResolveOne(now, from.Id, introduced, out var c) && c is { } next)
        {
            Rectify(now, next); // As if it had notified: it is about to.
            SettleArcs(now);
        }
    }

    private void SayGoodBye(Instant now, NodePhase was)
    {
        if (was == NodePhase.Founding)
        {
            Founding.MarkDeparted(_self, FoundingMark.Left);
            var state = new FoundingState(Epoch, NodePhase.Founding, Founding.Hash, Founding.ToEntries());
            foreach (var member in Founding.ToLiving())
            {
                _port.Send(now, member.Id, state);
            }
        }

        var goodBye = new Leaving(Predecessor?.Descriptor, _successors.Described);
        var toPredecessor = true;
        foreach (ref readonly var successor in _successors.Entries)
        {
            _port.Send(now, successor.Id, goodBye);
            toPredecessor &= Predecessor?.Id != successor.Id;
        }

        if (toPredecessor && Predecessor is { } predecessor)
        {
            _port.Send(now, predecessor.Id, goodBye);
        }
    }

    private void HandOverAll(Instant now)
    {
        _handOvers.Clear();
        if (_arcs.HasArc && !_arcs.IsFenced)
        {
            var handOver = new HandOver { To = _successors.First.Id, After = _arcs.After, UpTo = _self, Sent = _self };
            _arcs.Drop();
            SendPart(now, ref handOver);
            _handOvers.Add(handOver);
        }

        NeighboursChanged();
        ArcsDue();
    }

    private void LeavingHandedOver(Instant now)
    {
        if (Phase == NodePhase.Leaving && _handOvers.Count == 0)
        {
            FinishLeaving(now);
        }
    }

    private void LeavingGranteeLost(Instant now) => LeavingHandedOver(now);

    private void FinishLeaving(Instant now)
    {
        _leaveDue = Instant.Never;
        DropArcs();
        StopFingers(now);
        WishForLinks(now);
        _successors.Clear();
        (_predecessor, _predecessorGone) = (null, false);
        if (Phase != NodePhase.Left)
        {
            BecomePhase(NodePhase.Left);
            NeighboursChanged();
        }
    }
}
