using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// How an arc moves (x owns it, j is to have it):
//   x → Grant(more, records) → j;  j → Granted → x;  …;  x → Grant(arc, last records) → j;  j → Granted → x
// x stops owning before it sends the first, j owns with the last: in between the arc is nobody's, never two members'.
public sealed partial class ChordRing
{
    /// <summary>Hand-overs at the same time: to newcomers one after the other, and to the successor when leaving.</summary>
    private const int MaxHandOvers = 8;

    private RareList<HandOver> _handOvers;
    private RareList<(RingId Granter, long Epoch)> _grantsTaken;
    private Moment _arcsDue = Instant.Never;
    private Moment _custodyUntil = Instant.Never;
    private Moment _gapDue = Instant.Never;
    private Moment _gapProbeDue = Instant.Never;
    private RingId _gapBelow;
    private Moment _orphanSince = Instant.Never;
    private Moment _orphanDue = Instant.Never;
    private bool _isWaiting; // For a neighbour to own something.
    private Moment _successorConfirmedAt;
    private Moment _witnessAskedAt;
    private ulong _witnessNonce;
    private long _lastGrantEpoch;

    /// <summary>How long an owner answers for its arc without a confirmation of its successor.</summary>
    public TimeSpan CustodyTimeout => _options.LoneSuspicionTimeout;

    /// <summary>For how long the predecessor's word alone keeps an arc (<see cref="HearWitness"/>): longer than it takes to find that all of a list is dead.</summary>
    public TimeSpan WitnessTimeout => 3 * CustodyTimeout;

    /// <summary>After how long an arc that nobody accounts for is taken over: longer than anybody may hold it unconfirmed, by a query's time and a half.</summary>
    public TimeSpan GapTimeout => CustodyTimeout + (1.5 * _options.QueryTimeout);

    /// <summary>
    /// After how long a member without an arc, whose successor knows it all the time, takes what lies above its predecessor: whoever owned that would have granted it long
    /// ago. Only after a collapse in which all arcs of a stretch were given up.
    /// </summary>
    public TimeSpan OrphanTimeout => GapTimeout;

    /// <summary>
    /// The same where the successor owns nothing either. Both may hang on the ring together, not known to it yet, and whoever owns the keys of both has not heard of them:
    /// a stretch in which all arcs were given up begins anew only after so long.
    /// </summary>
    public TimeSpan CollapseTimeout => 8 * GapTimeout;

    /// <summary>An arc, or records of one, from the member that owned it.</summary>
    public void OnGrant(Instant now, in Contact from, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        if (!IsMember || !(MayGrant(from.Id) || _departed.Contains(from.Id, from.Instance) || IsOwnAlready(grant))) // A leaver's records come right after its good-bye.
        {
            return;
        }

        Heard(now, from);
        _contents.Adopt(now, grant.Records);
        if (!grant.More && !WasTaken(from.Id, grant.Epoch))
        {
            if (!TryTake(from.Id, grant))
            {
                return; // It fits nowhere: the granter keeps trying, and where it dies the gap is found.
            }

            RememberGrant(from.Id, grant.Epoch);
            if (grant.UpTo == _self)
            {
                CustodyConfirmed(now);
            }

            NeighboursChanged();
            NotifySuccessor(now); // It must know where this arc begins before anything else happens to it.
        }

        _port.Send(now, from.Id, new Granted(grant.Epoch));
        SettleArcs(now);
    }

    /// <summary>A part of a hand-over arrived.</summary>
    public void OnGranted(Instant now, in Contact from, Granted granted)
    {
        ArgumentNullException.ThrowIfNull(granted);
        for (var index = 0; index < _handOvers.Count; index++)
        {
            var handOver = _handOvers[index];
            if (handOver.To != from.Id || handOver.Epoch != granted.Epoch)
            {
                continue;
            }

            _contents.Forget(RingArc.Between(handOver.Cursor, handOver.Sent));
            if (handOver.Cursor == handOver.After)
            {
                _handOvers.RemoveAt(index);
                LeavingHandedOver(now);
            }
            else
            {
                handOver.Sent = handOver.Cursor;
                SendPart(now, ref handOver);
                _handOvers[index] = handOver;
            }

            return;
        }
    }

    /// <summary>Grants what lies below the predecessor, and watches over gaps.</summary>
    private void SettleArcs(Instant now)
    {
        if (Predecessor is { } predecessor && IsMember && !_arcs.IsFenced && _arcs.MustGrantTo(predecessor.Id) && _handOvers.Count < MaxHandOvers)
        {
            BeginHandOver(now, predecessor.Id, _arcs.GiveTo(predecessor.Id));
        }

        WatchGap(now);
        ArcsDue();
    }

    private void BeginHandOver(Instant now, RingId to, in RingArc arc)
    {
        NeighboursChanged();
        NotifySuccessor(now); // Said before the grant leaves: the heir of this node never takes what it gave away.
        var handOver = new HandOver { To = to, After = arc.After, UpTo = arc.UpTo, Sent = arc.UpTo };
        SendPart(now, ref handOver);
        _handOvers.Add(handOver);
    }

    private void SendPart(Instant now, ref HandOver handOver)
    {
        var records = new List<NameEntry>();
        handOver.Cursor = _contents.CopyUpper(RingArc.Between(handOver.After, handOver.Sent), Grant.MaxRecords, records);
        _lastGrantEpoch = Math.Max(_lastGrantEpoch + 1, now.UnixMilliseconds);
        handOver.Epoch = _lastGrantEpoch;
        handOver.RetryAt = now + _options.QueryTimeout;
        handOver.Part = new(handOver.Epoch, handOver.After, handOver.UpTo, More: handOver.Cursor != handOver.After, records);
        _port.Send(now, handOver.To, handOver.Part);
    }

    /// <summary>The member just below said where its arc begins, or that it has none.</summary>
    private void OwnerBelowSaid(Instant now, in Contact member, RingId? memberAfter)
    {
        if (memberAfter is { } after)
        {
            _arcs.Learn(member.Id, after);
        }
        else if (_arcs.HasArc && member.Id == _arcs.After && member.Id != _self && _arcs.BelowAfter is { } lost && !IsHandingOverTo(member.Id))
        {
            BeginHandOver(now, member.Id, RingArc.Between(lost, member.Id)); // It lost its place meanwhile. What it had is granted once more.
        }
    }

    /// <summary>
    /// The owner just below is gone. The arc of the dead is inherited where it is known; a leaver grants its own, because it may have granted a part of it to somebody else
    /// a moment ago and its word of that may still be on its way.
    /// </summary>
    private void OwnerBelowDeparted(Instant now, RingId peer, bool saidGoodBye)
    {
        if (!saidGoodBye && _arcs.Inherit(peer))
        {
            NeighboursChanged();
            NotifySuccessor(now);
        }

        SettleArcs(now);
    }

    /// <summary>Hand-overs to the departed end; what was given comes back by inheritance.</summary>
    private void GranteeDeparted(Instant now, RingId peer)
    {
        for (var index = _handOvers.Count - 1; index >= 0; index--)
        {
            if (_handOvers[index].To == peer)
            {
                _handOvers.RemoveAt(index);
                LeavingGranteeLost(now);
            }
        }
    }

    /// <summary>The successor knows this node as its predecessor: custody goes on, and whoever has no arc starts to wonder why none is granted.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="at">When the question left that it answers.</param>
    /// <param name="successor">The successor.</param>
    /// <param name="successorsArc">Where its arc begins, null without one.</param>
    private void SuccessorConfirmed(Instant now, Instant at, RingId successor, RingId? successorsArc)
    {
        CustodyConfirmed(at);
        _successorConfirmedAt = at;
        if (_arcs.HasArc || Predecessor is not { } predecessor)
        {
            NoOrphan();
        }
        else
        {
            if (_orphanSince == Instant.Never || _gapBelow != predecessor.Id)
            {
                (_gapBelow, _orphanSince, _orphanDue) = (predecessor.Id, now, Instant.Never);
            }

            WatchOrphan(now, successor, successorsArc);
        }

        ArcsDue();
    }

    /// <summary>When this member without an arc may take what lies above its predecessor, as its successor sees it.</summary>
    private void WatchOrphan(Instant now, RingId successor, RingId? successorsArc)
    {
        if (Phase == NodePhase.Founding)
        {
            _orphanDue = _orphanSince + OrphanTimeout; // Everybody hears from everybody: the owner would have granted it.
        }
        else if (successorsArc is { } after && after != _self && IsBetween(after, _self, successor))
        {
            (_orphanSince, _orphanDue, _isWaiting) = (now, Instant.Never, true); // It owns that and knows this node: the grant is about to come.
        }
        else if (successorsArc is null)
        {
            (_orphanDue, _isWaiting) = (_orphanSince + CollapseTimeout, true);
        }
        else if (_isWaiting || _orphanDue == Instant.Never)
        {
            var lastTry = now + (2 * _options.QueryTimeout); // A grant that is on its way is tried again meanwhile.
            var due = _orphanSince + OrphanTimeout;
            (_orphanDue, _isWaiting) = (due > lastTry ? due : lastTry, false);
        }
    }

    private void NoOrphan() => (_orphanSince, _orphanDue, _isWaiting) = (Instant.Never, Instant.Never, false);

    /// <summary>
    /// No successor confirms this node: it walks down a list of which many died at once. Its predecessor is asked instead. As long as that one has this node as its first
    /// successor it notifies nobody beyond it, so nobody beyond it has an owner below to take a gap from: the arc may be kept meanwhile.
    /// </summary>
    private void AskWitness(Instant now, RingId predecessor)
    {
        if (_arcs.HasArc && now + (CustodyTimeout - (2 * _options.StabilizePeriod)) >= _custodyUntil && now < _successorConfirmedAt + WitnessTimeout)
        {
            (_witnessNonce, _witnessAskedAt) = (_random.Next() | 1, now);
            _port.Send(now, predecessor, new GetNeighbours(_witnessNonce));
        }
    }

    private void HearWitness(Instant now, RingId from, Neighbours answer)
    {
        if (answer.Nonce == _witnessNonce && _witnessNonce != 0)
        {
            _witnessNonce = 0;
            if (Phase == NodePhase.Member && Predecessor?.Id == from && answer.Phase == NodePhase.Member && answer.Successors.Count > 0 && answer.Successors[0].Id == _self
                && _arcs.HasArc && _custodyUntil < _witnessAskedAt + CustodyTimeout && now < _successorConfirmedAt + WitnessTimeout)
            {
                CustodyConfirmed(_witnessAskedAt);
            }
        }
    }

    private void CustodyConfirmed(Instant at)
    {
        _custodyUntil = at + CustodyTimeout;
        if (_arcs.IsFenced)
        {
            _arcs.IsFenced = false;
            NeighboursChanged();
        }

        ArcsDue();
    }

    /// <summary>
    /// A gap: the predecessor stands below where this arc begins, and whoever ended there is silent. It is asked, through the ring, as long as the gap
    /// is open; any word of it starts the time again. The gap is taken only below an owner: a predecessor that owns nothing may be one that the ring does not know, and
    /// that does not know the ring.
    /// </summary>
    private void WatchGap(Instant now)
    {
        if (!IsGapOpen(now, out var below))
        {
            _gapDue = Instant.Never;
        }
        else if (_gapDue == Instant.Never || _gapBelow != below)
        {
            (_gapBelow, _gapDue, _gapProbeDue) = (below, now + GapTimeoutBelow(_arcs.After), now);
        }
        else
        {
            _gapDue = Instant.Min(_gapDue, now + GapTimeoutBelow(_arcs.After));
        }
    }

    /// <summary>
    /// While founding all hear from all in each round. Once the last owner is gone, two rounds are time enough for anybody whom it granted a part to show up.
    /// </summary>
    private TimeSpan GapTimeoutBelow(RingId lastOwner) =>
        Phase == NodePhase.Founding && _departed.Contains(lastOwner, 0) ? 2 * _options.StabilizePeriod : GapTimeout;

    private bool IsGapOpen(Instant now, out RingId below)
    {
        below = Predecessor?.Id ?? _self;
        if (IsAlone)
        {
            return !_arcs.HasArc || _arcs.After != _self;
        }

        return IsMember && below != _self && _arcs.HasGapBelow(below) && IsNotifiedByPredecessor(now);
    }

    /// <summary>
    /// Whether the predecessor has this node as its first successor now, which it says with each round. If not, it knows of members in between, and
    /// nothing between it and this node can be called a gap.
    /// </summary>
    private bool IsNotifiedByPredecessor(Instant now) => _predecessorHeardAt != Instant.Never && now - _predecessorHeardAt <= (2 * _options.StabilizePeriod) + _options.QueryTimeout;

    /// <summary>What the member just below says of itself: it lives, or it has no place (any more) and so owns nothing.</summary>
    private void OwnerBelowAnswered(Instant now, RingId peer, NodePhase phase)
    {
        if (!_arcs.HasArc || peer != _arcs.After || peer == _self)
        {
            return;
        }

        if (phase is not (NodePhase.Member or NodePhase.Founding))
        {
            GranteeDeparted(now, peer);
            OwnerBelowDeparted(now, peer, phase is NodePhase.Leaving or NodePhase.Left);
        }
        else if (_gapDue != Instant.Never)
        {
            _gapDue = now + GapTimeout;
            ArcsDue();
        }
    }

    private void AdvanceArcs(Instant now)
    {
        WatchGap(now);
        if (now >= _gapDue && Phase != NodePhase.Founding && !_isPredecessorOwner)
        {
            _gapDue = now + _options.StabilizePeriod;
        }
        else if (now >= _gapDue || (now >= _orphanDue && !_arcs.HasArc && Predecessor?.Id == _gapBelow && IsNotifiedByPredecessor(now)))
        {
            TakeGap(now);
        }
        else if (now >= _orphanDue)
        {
            NoOrphan();
        }

        if (_gapDue != Instant.Never && now >= _gapProbeDue)
        {
            _gapProbeDue = now + _options.StabilizePeriod;
            if (_arcs.HasArc && _arcs.After != _self)
            {
                _port.Send(now, _arcs.After, new GetNeighbours(_random.Next() | 1));
            }
        }

        GuardCustody(now);
        RetryHandOvers(now);
        ArcsDue();
    }

    private void TakeGap(Instant now)
    {
        if (!_arcs.HasArc)
        {
            CustodyConfirmed(now);
        }

        _gapDue = Instant.Never;
        NoOrphan();
        _arcs.TakeGap(_gapBelow);
        NeighboursChanged();
        NotifySuccessor(now);
    }

    /// <summary>Unconfirmed for too long: first silent, then given up, before anybody else may take it over.</summary>
    private void GuardCustody(Instant now)
    {
        if (!_arcs.HasArc || IsAlone || now < _custodyUntil)
        {
            return;
        }

        if (now >= _custodyUntil + (GapTimeout - CustodyTimeout - _options.QueryTimeout * 0.5))
        {
            DropArcs();
            NeighboursChanged();
        }
        else if (!_arcs.IsFenced)
        {
            _arcs.IsFenced = true;
            NeighboursChanged();
        }
    }

    private void RetryHandOvers(Instant now)
    {
        for (var index = 0; index < _handOvers.Count; index++)
        {
            var handOver = _handOvers[index];
            if (now >= handOver.RetryAt)
            {
                handOver.RetryAt = now + _options.QueryTimeout;
                _handOvers[index] = handOver;
                _port.Send(now, handOver.To, handOver.Part!);
            }
        }
    }

    private void ArcsDue()
    {
        _arcsDue = _gapDue == Instant.Never ? Instant.Never : Instant.Min(_gapDue, _gapProbeDue);
        if (_arcs.HasArc && !IsAlone)
        {
            var giveUp = _custodyUntil + (GapTimeout - CustodyTimeout - _options.QueryTimeout * 0.5);
            _arcsDue = Instant.Min(_arcsDue, _arcs.IsFenced ? giveUp : _custodyUntil);
        }

        _arcsDue = Instant.Min(_arcsDue, _arcs.HasArc ? Instant.Never : _orphanDue);
        foreach (var handOver in _handOvers)
        {
            _arcsDue = Instant.Min(_arcsDue, handOver.RetryAt);
        }
    }

    /// <summary>Gives up all arcs without handing anything over: nobody is there to take it.</summary>
    private void DropArcs()
    {
        _arcs.Drop();
        _handOvers.Clear();
        (_gapDue, _custodyUntil) = (Instant.Never, Instant.Never);
        NoOrphan();
        ArcsDue();
    }

    /// <summary>Whether it is all the ring there is.</summary>
    public bool IsAlone => Phase == NodePhase.Founding && Founding.AliveCount <= 1;

    private bool MayGrant(RingId from) =>
        _successors.IndexOf(from) >= 0 || (_predecessor is { } predecessor && predecessor.Id == from) || (_arcs.HasArc && _arcs.After == from);

    /// <summary>Nothing but records: what is granted is owned here already, as where two rings merged.</summary>
    private bool IsOwnAlready(Grant grant) => _arcs.HasArc && RingArc.Between(_arcs.After, _self).Contains(grant.UpTo);

    private bool TryTake(RingId granter, Grant grant)
    {
        if (grant.After == grant.UpTo && grant.UpTo == granter)
        {
            _arcs.TakeAll(); // The owner of the whole ring leaves it to its only companion.
            return true;
        }

        return _arcs.TryTake(grant.After, grant.UpTo) || IsOwnAlready(grant);
    }

    private bool IsHandingOverTo(RingId member)
    {
        foreach (var handOver in _handOvers)
        {
            if (handOver.To == member)
            {
                return true;
            }
        }

        return false;
    }

    private bool WasTaken(RingId granter, long epoch)
    {
        foreach (var taken in _grantsTaken)
        {
            if (taken.Granter == granter)
            {
                return epoch <= taken.Epoch;
            }
        }

        return false;
    }

    private void RememberGrant(RingId granter, long epoch)
    {
        for (var index = 0; index < _grantsTaken.Count; index++)
        {
            if (_grantsTaken[index].Granter == granter)
            {
                _grantsTaken.RemoveAt(index);
                break;
            }
        }

        if (_grantsTaken.Count == MaxHandOvers)
        {
            _grantsTaken.RemoveAt(0);
        }

        _grantsTaken.Add((granter, epoch));
    }

    /// <summary>One arc on its way: (After, Sent] is still to be acknowledged, (Cursor, Sent] is in the part that is out.</summary>
    private struct HandOver
    {
        public RingId To;
        public RingId After;
        public RingId UpTo;
        public RingId Sent;
        public RingId Cursor;
        public long Epoch;
        public Moment RetryAt;
        public Grant? Part;
    }
}
