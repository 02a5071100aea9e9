using System.Runtime.InteropServices;
using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
using Overlay.Time;

namespace Overlay;

/// <summary>Time, and how a step ends: queues between the parts run empty, phases follow the ring, and the next wake-up is known.</summary>
public sealed partial class OverlayNode
{
    /// <summary>Rounds of a step's settling. Two parts that keep answering each other inside one node would be a bug; the rest waits for the next step.</summary>
    private const int MaxRounds = 64;

    private const LinkPurpose RingPurposes = LinkPurpose.Ring | LinkPurpose.Join | LinkPurpose.Finger;

    private bool _isSettled;
    private Contact _viewSuccessor;
    private Contact _viewPredecessor;

    /// <summary>Time passed: everything that was due by <paramref name="now"/> is done.</summary>
    public void Advance(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        if (_ring is not null && _ring.NextDue <= now)
        {
            _ring.Advance(now);
        }

        if (_tree is not null && _tree.NextDue <= now)
        {
            _tree.Advance(now);
        }

        if (_hubs.NextDue <= now)
        {
            _hubs.Advance(now);
        }

        if (_links.NextDue <= now)
        {
            _links.Advance(now);
        }

        if (_intake.NextDue <= now)
        {
            _intake.Advance(now);
        }

        AdvanceForApplication(now);
        AdvanceLiveness(now);
        AdvanceHeld(now);
        Settle(now);
    }

    /// <summary>The parts that serve the application; each is made when it is needed first.</summary>
    private void AdvanceForApplication(Instant now)
    {
        if (_queries?.NextDue <= now)
        {
            _queries.Advance(now);
        }

        if (_deliveries?.NextDue <= now)
        {
            _deliveries.Advance(now);
        }

        AdvanceServices(now);
    }

    /// <summary>What the network offers beyond messages.</summary>
    private void AdvanceServices(Instant now)
    {
        if (_names?.NextDue <= now)
        {
            _names.Advance(now);
        }

        if (_broadcasts?.NextDue <= now)
        {
            _broadcasts.Advance(now);
        }

        if (_guestSignals?.NextDue <= now)
        {
            _guestSignals.Advance(now);
        }

        if (_peers?.NextDue <= now)
        {
            _peers.Advance(now);
        }

        if (_connections?.NextDue <= now)
        {
            _connections.Advance(now);
        }
    }

    private void Begin(Instant now, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        Invariant.Check(outbox.IsEmpty, "the host drains the outbox after each call");
        _context.Outbox = outbox;
        _context.Now = now;
        _isSettled = true;
    }

    /// <summary>Lets the parts hear of each other until nothing waits.</summary>
    private void Settle(Instant now)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            FollowRing(now);
            var moved = HandleHubEvent(now);
            while (_courier.TryTakeLocal(out var message))
            {
                Arrive(now, message, default, neighbour: null);
                moved = true;
            }

            while (_links.TryTakeEvent(out var happened))
            {
                HandleLinkEvent(now, happened);
                moved = true;
            }

            moved |= SettleNames(now) | TakeBroadcasts() | TakePeers() | TakeConnections() | SpreadHubs(now);
            while (_detector.TryTakeEvent(out var finding))
            {
                HandleFinding(now, finding);
                moved = true;
            }

            while (_intake.TryTakeReady(out var parked, out var link))
            {
                Arrive(now, parked, link, _context.Links.Find(link));
                moved = true;
            }

            if (!moved)
            {
                break;
            }
        }

        FollowRing(now);
        _links.TellStatus(now);
        _isSettled = true;
        _wakeAt = NextDue();
        _context.Outbox.WakeAt = _wakeAt;
    }

    private Instant NextDue()
    {
        var due = Instant.Min(Instant.Min(_hubs.NextDue, _links.NextDue), Instant.Min(_intake.NextDue, _queries?.NextDue ?? Instant.Never));
        due = Instant.Min(due, Instant.Min(Instant.Min(_deliveries?.NextDue ?? Instant.Never, _names?.NextDue ?? Instant.Never), LivenessDue));
        due = Instant.Min(Instant.Min(due, _heldDue), Instant.Min(_broadcasts?.NextDue ?? Instant.Never, _peers?.NextDue ?? Instant.Never));
        due = _guestSignals is null ? due : Instant.Min(due, _guestSignals.NextDue);
        due = _connections is null ? due : Instant.Min(due, _connections.NextDue);
        due = _tree is null ? due : Instant.Min(due, _tree.NextDue);
        return _ring is null ? due : Instant.Min(due, _ring.NextDue);
    }

    /// <summary>The ring's phase is the node's; the view that routing uses follows its tables.</summary>
    private void FollowRing(Instant now)
    {
        if (_ring is null || _context.Phase == NodePhase.Left)
        {
            FollowTree(now);
            return;
        }

        var isAdvised = _ring.Phase != NodePhase.Idle && _ring.Phase != _context.Phase;
        if (isAdvised)
        {
            var before = _context.Phase;
            _context.Phase = _ring.Phase;
            TakeView(now);
            ViewChanged(now);
            BecomePhase(now, before);
        }
        else if (TakeView(now))
        {
            ViewChanged(now);
            WatchLinks(now);
            SettleArc(now);
        }
    }

    /// <summary>The arc is what it is now: the gateway slots in it are claimed or let go, and with its first arc a newcomer has arrived.</summary>
    private void SettleArc(Instant now)
    {
        _hubs.JudgeSlots(now);
        if (_context.IsMember && !_context.OwnsNothingYet)
        {
            CompleteStart(Outcome.Done, _context.Self);
        }
    }

    private bool TakeView(Instant now)
    {
        var (first, before, owned) = (_ring!.Successors.Length > 0 ? _ring.Successors[0] : default, _ring.Predecessor ?? default, IsFenced ? default : _ring.OwnedArc ?? default);
        if (first.IsSameAs(_viewSuccessor) && before.IsSameAs(_viewPredecessor) && owned == _context.View.Owned && _context.View.Self != default)
        {
            return false; // As nearly always: neither neighbour's position had to be looked up.
        }

        NotePredecessor(now, before);
        (_viewSuccessor, _viewPredecessor) = (first, before);
        var self = _context.Self.Id;
        var place = before.IsNobody ? default : RingArc.Between(before.Id, self);
        var successor = first.IsNobody ? self : first.Id;
        var view = new RingView(self, place, owned, successor, _context.Options.Routing);
        if (view == _context.View)
        {
            return false;
        }

        (_context.View, _context.RoughSize) = (view, _ring.RoughSize);
        _isPlacementNew = true;
        return true;
    }

    private void BecomePhase(Instant now, NodePhase before)
    {
        switch (_context.Phase)
        {
            case NodePhase.Founding or NodePhase.Member:
                if (before is not (NodePhase.Founding or NodePhase.Member))
                {
                    _hubs.BecomeMember(now);
                    TellNeighbourOfHubs(now);
                }

                SettleArc(now);
                break;
            case NodePhase.Rejoin:
                _hubs.BecomeNewcomer(now);
                break;
            case NodePhase.Left:
                BecomeLeft(now);
                break;
        }
    }

    private bool HandleHubEvent(Instant now)
    {
        switch (_hubs.TakeEvent())
        {
            case HubEventKind.Found:
                if (IsOnTree)
                {
                    FoundTree(now, _hubs.Appointment);
                }
                else
                {
                    (_ring ?? MakeRing()).Found(now); // Also again, where nobody else is left; a member ignores it.
                }

                return true;
            case HubEventKind.Introduced:
                Introduced(now);
                return true;
            case HubEventKind.Refused:
                BecomeIdle(Outcome.AdmissionRefused, _hubs.Refusal);
                return true;
            case HubEventKind.KeyChanged:
                BecomeIdle(Outcome.HubKeyChanged, null);
                return true;
            case HubEventKind.Renewed:
                return true;
            case HubEventKind.OtherGateway:
                if ((_ring?.HearOfOther(now, _hubs.Other) ?? _tree?.HearOfOther(now, _hubs.Other)) == true)
                {
                    _hubs.KeepForOther(now);
                }

                return true;
            case HubEventKind.MetIntroducer:
                if (_ring?.Compare(now, _hubs.Other) == true)
                {
                    _hubs.KeepForOther(now);
                }
                else
                {
                    _hubs.EndMeeting(now);
                }

                return true;
            default:
                return false;
        }
    }

    private void Introduced(Instant now)
    {
        if (_isGuest)
        {
            if (_context.Phase != NodePhase.Guest)
            {
                BecomeOwnPhase(NodePhase.Guest);
                CompleteStart(Outcome.Done, _context.Self);
            }
        }
        else if (IsOnTree)
        {
            (_tree ?? MakeTree()).BeginJoin(now);
        }
        else if (_ring is null)
        {
            MakeRing().BeginJoin(now);
        }
    }

    private ChordRing MakeRing() => _ring = new ChordRing(_context.Options, this, _context.Prng.Split(), this);

    /// <summary>A phase that the ring knows nothing of.</summary>
    private void BecomeOwnPhase(NodePhase phase)
    {
        _context.Phase = phase;
        _context.Outbox.Observe(new Effect { Observation = Observation.PhaseChanged, Phase = phase });
    }

    private void BecomeIdle(Outcome outcome, object? why)
    {
        BecomeOwnPhase(NodePhase.Idle);
        CompleteStart(outcome, why);
    }

    private void BecomeLeft(Instant now)
    {
        EndPeers(now);
        _connections?.EndAll(LinkFailure.Leaving);
        TakeConnections(); // Before the links close.
        _deliveries?.CancelAll();
        _queries?.CancelAll();
        _guestSignals?.CancelAll();
        CancelConnects();
        _links.CloseAll(now, LinkFailure.Leaving);
        _hubs.CloseAll();
        CompleteStart(Outcome.Cancelled, null);
        CompleteLeave();
    }

    private void HandleLinkEvent(Instant now, in LinkEvent happened)
    {
        switch (happened.Kind)
        {
            case LinkEventKind.Up:
                WatchLinks(now);
                _context.Departures.Remove(happened.Peer.Id);
                _ring?.LinkUp(now, happened.Peer);
                _tree?.LinkUp(now, happened.Peer);
                ConnectsUp(happened.Peer.Id);
                break;
            case LinkEventKind.Down:
                _detector.Forget(happened.Peer.Id);
                NoteLost(now, happened);
                _ring?.LinkDown(now, happened.Peer.Id);
                _broadcasts?.LinkFailed(now, happened.Peer.Id);
                _tree?.LinkDown(now, happened.Peer.Id);
                WatchLinks(now);
                break;
            case LinkEventKind.Failed:
                LinkFailed(now, happened);
                break;
        }
    }

    private void LinkFailed(Instant now, in LinkEvent happened)
    {
        if ((happened.Purpose & LinkPurpose.Application) != 0 && ConnectsFailed(happened.Peer.Id, happened.Failure))
        {
            _links.Unwant(now, happened.Peer.Id, LinkPurpose.Application);
        }

        if ((happened.Purpose & RingPurposes) != 0)
        {
            _links.Unwant(now, happened.Peer.Id, RingPurposes); // The ring wishes anew in its next round, or for somebody else.
            var alternatives = new List<Descriptor>(happened.Alternatives);
            _ring?.LinkFailed(now, happened.Peer, happened.Failure, CollectionsMarshal.AsSpan(alternatives));
            _tree?.LinkFailed(now, happened.Peer, happened.Failure);
        }
    }
}
