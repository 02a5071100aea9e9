using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Zave, Rectify (x is this node, c the notifier): prdc := c where c lies between prdc and x, or where prdc is dead. A living prdc is never flushed.
//   c → Notify → x;   x → Neighbours(0) → c and the former predecessor, so that neither waits for its next round
public sealed partial class ChordRing
{
    /// <summary>Notifiers remembered: enough for all that may stand in line behind one dead predecessor.</summary>
    private const int MaxNotifiers = 16;

    private RareList<Contact> _notifiers;
    private Moment _predecessorHeardAt = Instant.Never;
    private bool _isPredecessorOwner;

    /// <summary>"I think that I am your predecessor."</summary>
    public void OnNotify(Instant now, in Contact from, Notify notify)
    {
        ArgumentNullException.ThrowIfNull(notify);
        if (notify.Self.Id != from.Id || from.Id == _self)
        {
            return;
        }

        Heard(now, from);
        if (_departed.Contains(from.Id, from.Instance))
        {
            return; // It said good-bye: a late word changes nothing.
        }

        if (Phase is NodePhase.Rejoin)
        {
            Join.Hint = from;
        }

        if (!IsMember)
        {
            return;
        }

        OwnerBelowSaid(now, from, notify.ArcAfter);
        if (Phase == NodePhase.Member)
        {
            Rectify(now, from);
        }

        if (Predecessor?.Id == from.Id)
        {
            (_predecessorHeardAt, _isPredecessorOwner) = (now, notify.ArcAfter is not null);
        }

        SettleArcs(now);
    }

    private void Rectify(Instant now, in Contact c)
    {
        if (_predecessor is not { } predecessor || _predecessorGone || IsBetween(predecessor.Id, c.Id, _self))
        {
            BecomeSuccessorOf(now, c);
        }
        else if (predecessor.Id == c.Id)
        {
            _predecessor = c; // The same, perhaps a newer instance.
        }
        else
        {
            RememberNotifier(c); // Its turn comes when the predecessor's death is confirmed; it also notifies again in its next round.
            if (!_port.IsLinked(predecessor.Id))
            {
                _port.Suspect(now, predecessor); // "Query prdc": a linked one is watched anyhow.
            }
        }
    }

    /// <summary>Takes <paramref name="c"/> as predecessor and lets both concerned know at once.</summary>
    private void BecomeSuccessorOf(Instant now, in Contact c)
    {
        var former = Predecessor;
        SetPredecessor(c);
        DropNotifier(c.Id);
        NeighboursChanged();
        TellPredecessor(now);
        if (former is { } old && old.Id != c.Id && Phase == NodePhase.Member)
        {
            _port.Send(now, old.Id, MyNeighbours(0)); // The former one learns that c stands between it and this node.
        }
    }

    /// <summary>Whoever comes new into this place has not said anything in it yet: a word that it was remembered by may be old.</summary>
    private void SetPredecessor(Contact? predecessor)
    {
        if (_predecessor?.Id != predecessor?.Id)
        {
            (_predecessorHeardAt, _isPredecessorOwner) = (Instant.Never, false);
        }

        (_predecessor, _predecessorGone) = (predecessor, false);
    }

    /// <summary>
    /// A predecessor that does not notify is not flushed, but looked for: it should have linked itself to this node, and whether it is a member it says itself.
    /// </summary>
    private void LookForPredecessor(Instant now)
    {
        if (Predecessor is not { } predecessor)
        {
            return;
        }

        if (!_port.IsLinked(predecessor.Id))
        {
            _port.Suspect(now, predecessor);
        }

        if (!IsNotifiedByPredecessor(now))
        {
            _port.Send(now, predecessor.Id, new GetNeighbours(_random.Next() | 1));
        }

        AskWitness(now, predecessor.Id);
    }

    /// <summary>What a peer said of its own phase, in passing (a link's status, a pong): whoever has no place on the ring is nobody's neighbour.</summary>
    public void PeerPhase(Instant now, RingId peer, NodePhase phase)
    {
        if (phase is NodePhase.Joining or NodePhase.Rejoin)
        {
            OwnerBelowAnswered(now, peer, phase);
            PredecessorAnswered(now, peer, phase);
        }
    }

    /// <summary>A predecessor that says that it has no place on the ring is none.</summary>
    private void PredecessorAnswered(Instant now, RingId peer, NodePhase phase)
    {
        if (Phase == NodePhase.Member && phase is not (NodePhase.Member or NodePhase.Founding) && Predecessor?.Id == peer)
        {
            PredecessorDeparted(now, peer);
            SettleArcs(now);
        }
    }

    private void PredecessorDeparted(Instant now, RingId peer)
    {
        if (_predecessor is not { } predecessor || predecessor.Id != peer || _predecessorGone)
        {
            return;
        }

        _predecessorGone = true;
        if (TryTakeNotifier(out var next))
        {
            BecomeSuccessorOf(now, next);
        }
        else
        {
            NeighboursChanged();
        }
    }

    private void RememberNotifier(in Contact notifier)
    {
        DropNotifier(notifier.Id);
        if (_notifiers.Count == MaxNotifiers)
        {
            _notifiers.RemoveAt(0);
        }

        _notifiers.Add(notifier);
    }

    private void DropNotifier(RingId peer)
    {
        for (var index = _notifiers.Count - 1; index >= 0; index--)
        {
            if (_notifiers[index].Id == peer)
            {
                _notifiers.RemoveAt(index);
            }
        }
    }

    /// <summary>The nearest of those who notified in vain while the predecessor lived.</summary>
    private bool TryTakeNotifier(out Contact nearest)
    {
        nearest = default;
        var found = false;
        foreach (var notifier in _notifiers)
        {
            if (!_departed.Contains(notifier.Id, notifier.Instance) && (!found || IsBetween(nearest.Id, notifier.Id, _self)))
            {
                (nearest, found) = (notifier, true);
            }
        }

        _notifiers.Clear();
        return found;
    }
}
