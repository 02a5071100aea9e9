using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// The proof of Chord starts from r + 1 correct members. With fewer, everybody knows everybody (mechanisms §4):
//   each ⇄ FoundingState(epoch, set hash, entries) ⇄ each     on change and in every stabilize period
// Successor lists and predecessors are computed from the set. When all of more than r members report the same hash, the computed lists are an ideal
// ring, and Chord runs. A ring whose lists close with at most r members founds again, one epoch later.
public sealed partial class ChordRing
{
    /// <summary>Linked nodes outside the set that are told of changes: newcomers that build their mesh.</summary>
    private const int MaxSpectators = 16;

    private FoundingSet? _founding;
    private RareList<(RingId Member, int Epoch, ulong Hash)> _reports;
    private RareList<RingId> _spectators;
    private RareList<(Contact From, FoundingState State)> _heldStates;

    /// <summary>The set with which this node went from founding to ring, for those who have not heard of it.</summary>
    private FoundingState? _agreed;

    /// <summary>The founding set's living members; more than one entry only while founding or just before.</summary>
    public int FoundingCount => _founding?.AliveCount ?? 0;

    /// <summary>The set, made with its first use and forgotten when Chord runs.</summary>
    private FoundingSet Founding => _founding ??= new();

    /// <summary>Founds a network: alone, owner of the whole ring.</summary>
    public void Found(Instant now)
    {
        if (Phase is not (NodePhase.Idle or NodePhase.Joining or NodePhase.Rejoin))
        {
            return;
        }

        EndJoin();
        Founding.Clear();
        _arcs.TakeAll();
        BecomeFounding(now, Epoch + 1);
    }

    /// <summary>What a peer knows of the founding set, or that it runs Chord already.</summary>
    public void OnFoundingState(Instant now, in Contact from, FoundingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Heard(now, from);
        if (!_departed.Contains(from.Id, from.Instance))
        {
            HearFoundingState(now, from, state);
        }
    }

    private void HearFoundingState(Instant now, in Contact from, FoundingState state)
    {
        switch (Phase)
        {
            case NodePhase.Founding:
                FoundingHears(now, from, state);
                break;
            case NodePhase.Member:
                MemberHears(now, from, state);
                break;
            case NodePhase.Joining or NodePhase.Rejoin:
                NewcomerHears(now, from, state);
                break;
        }
    }

    private void FoundingHears(Instant now, in Contact from, FoundingState state)
    {
        if (IsOfAnotherKind(now, from, state))
        {
            return;
        }

        if (state.Epoch < Epoch)
        {
            SendFoundingState(now, from.Id); // It comes after us, and what it knows comes with it.
            return;
        }

        var moved = state.Epoch > Epoch;
        Epoch = state.Epoch;
        Report(from.Id, state);
        if (Merge(now, from, state, out var unknown) || moved)
        {
            FoundingChanged(now);
        }

        if (Phase == NodePhase.Founding && Founding.MarkOf(from.Id, from.Instance) is FoundingMark.Evicted)
        {
            SendFoundingState(now, from.Id); // It was declared dead and does not know: it has to hear it from somebody.
        }

        Hold(from, state, unknown);
        if (Phase != NodePhase.Founding)
        {
            return;
        }

        if (from.Id == (_successors.Count > 0 ? _successors.First.Id : _self) && Names(state, _port.Self.Descriptor, FoundingMark.Alive))
        {
            SuccessorConfirmed(now, now, from.Id, null);
        }

        TryAgree(now);
    }

    /// <summary>What comes from no member of this founding set: a proposal, a dissolved network, another network, a ring that runs already. All of it is dealt with here.</summary>
    private bool IsOfAnotherKind(Instant now, in Contact from, FoundingState state)
    {
        if (state.Phase == NodePhase.Joining)
        {
            ConsiderProposal(now, from, state);
        }
        else if (state.Phase == NodePhase.Rejoin)
        {
            if (state.Epoch == Epoch && Founding.IsAlive(from.Id, from.Instance))
            {
                Dissolve(now);
            }
        }
        else if (IsOfOtherNetwork(from, state))
        {
            MeetOther(now, from, state);
        }
        else if (state.Phase != NodePhase.Member)
        {
            return false;
        }
        else if (state.Epoch >= Epoch)
        {
            Follow(now, from, state);
        }
        else
        {
            SendFoundingState(now, from.Id);
        }

        return true;
    }

    /// <summary>Where a peer runs Chord with our epoch or a later one: with it, if it counted us in; else we are newcomers on its ring.</summary>
    private void Follow(Instant now, in Contact from, FoundingState agreed)
    {
        if (!Names(agreed, _port.Self.Descriptor, FoundingMark.Alive))
        {
            FallOut(now);
            Join.FellOutOf = agreed;
            Join.Hint = from; // Look-ups may end at others who were left behind too: what counts is the ring that this member is on.
            return;
        }

        Epoch = agreed.Epoch;
        var former = new FoundingSet();
        foreach (var entry in agreed.Entries)
        {
            if (entry.Mark == FoundingMark.Alive && !_departed.Contains(entry.Node.Id, entry.Node.Instance))
            {
                if (!TryResolveOne(now, from.Id, entry.Node, out var contact))
                {
                    Hold(from, agreed, unknown: true);
                    return;
                }

                former.MergeAlive(contact ?? _port.Self);
            }
        }

        RunChord(now, former, agreed with { Phase = NodePhase.Member });
    }

    private void MemberHears(Instant now, in Contact from, FoundingState state)
    {
        if (state.Phase is NodePhase.Member or NodePhase.Rejoin)
        {
            return;
        }

        if (state.Epoch <= Epoch || state.Phase == NodePhase.Joining)
        {
            // It has not heard that the ring runs: it follows, or comes as a newcomer.
            _port.Send(now, from.Id, _agreed is { } agreed && agreed.Epoch == Epoch ? agreed : new FoundingState(Epoch, NodePhase.Member, 0, []));
            return;
        }

        if (!IsSmall(state) || IsOther(from.Id))
        {
            Epoch = state.Epoch; // Somebody thinks that the ring is nearly empty. It is not: let it come back as a newcomer.
            _port.Send(now, from.Id, new FoundingState(Epoch, NodePhase.Member, 0, []));
            return;
        }

        FoundFromRing(now, state.Epoch);
        FoundingHears(now, from, state);
    }

    /// <summary>The successor list closes with at most r members: too few for the proof.</summary>
    private void ReturnToFounding(Instant now) => FoundFromRing(now, Epoch + 1);

    private void FoundFromRing(Instant now, int epoch)
    {
        Founding.Clear();
        foreach (ref readonly var successor in _successors.Entries)
        {
            Founding.MergeAlive(successor);
        }

        if (Predecessor is { } predecessor)
        {
            Founding.MergeAlive(predecessor);
        }

        for (var index = _departed.Count - 1; index >= 0; index--) // The newest first: the set may be full before all are in.
        {
            var (id, instance, saidGoodBye) = _departed[index];
            Founding.MergeDeparted(new(id, instance, default), saidGoodBye ? FoundingMark.Left : FoundingMark.Evicted);
        }

        _query = null;
        _candidate = null;
        _agreed = null;
        StopFingers(now);
        BecomeFounding(now, epoch);
    }

    private void BecomeFounding(Instant now, int epoch)
    {
        Epoch = epoch;
        _reports.Clear();
        Founding.MergeAlive(_port.Self);
        BecomePhase(NodePhase.Founding);
        CustodyConfirmed(now);
        FoundingChanged(now);
        _stabilizeDue = now + Spread(_options.StabilizePeriod);
    }

    /// <summary>The set changed: lists follow from it, and everybody is told.</summary>
    private void FoundingChanged(Instant now)
    {
        if (Founding.MarkOf(_self, _port.Self.Instance) is FoundingMark.Evicted)
        {
            _port.RenewInstance(now); // Declared dead by mistake: back as somebody new.
            FallOut(now);
            return;
        }

        var wasAlone = _successors.Count == 0;
        var list = new Contact[_successors.Capacity];
        var count = Founding.CopyClockwise(_self, list);
        _successors.Assign(list.AsSpan(0, count));
        SetPredecessor(Founding.PredecessorOf(_self));
        if (wasAlone || count == 0)
        {
            CustodyConfirmed(now); // Nobody's confirmation is needed alone, and the first companion has to have time for one.
        }

        NeighboursChanged();
        WishForLinks(now);
        BroadcastFoundingState(now);
        SettleArcs(now);
        TryAgree(now);
    }

    private void FoundingRound(Instant now)
    {
        WishForLinks(now);
        BroadcastFoundingState(now);
        NotifySuccessor(now);
        SettleArcs(now);
        AskUnknownMembers(now);
    }

    /// <summary>A member that was named by somebody who is gone by now is asked for its certificate itself.</summary>
    private void AskUnknownMembers(Instant now)
    {
        foreach (var (_, state) in _heldStates)
        {
            foreach (var (node, mark) in state.Entries)
            {
                if (mark == FoundingMark.Alive && node.Id != _self && !_port.TryResolve(node, out _))
                {
                    _port.FetchCertificates(now, node.Id, new ReadOnlySpan<Descriptor>(in node));
                }
            }
        }
    }

    /// <summary>More than r living members, and all report the set that is known here: the computed lists are an ideal ring.</summary>
    private void TryAgree(Instant now)
    {
        if (Phase != NodePhase.Founding || Founding.AliveCount <= _options.SuccessorListLength)
        {
            return;
        }

        foreach (var member in Founding.ToLiving())
        {
            if (member.Id != _self && !HasReported(member.Id))
            {
                return;
            }
        }

        RunChord(now, Founding, MyFoundingState() with { Phase = NodePhase.Member });
    }

    private void RunChord(Instant now, FoundingSet agreed, FoundingState announcement)
    {
        EndJoin();
        WishForJoinLinks(now, []);
        var list = new Contact[_successors.Capacity];
        var count = agreed.CopyClockwise(_self, list);
        _successors.Assign(list.AsSpan(0, count));
        SetPredecessor(agreed.PredecessorOf(_self));
        _agreed = announcement;
        _notifiers.Clear();
        BecomePhase(NodePhase.Member);
        NeighboursChanged();
        foreach (var entry in announcement.Entries)
        {
            if (entry.Mark == FoundingMark.Alive && entry.Node.Id != _self)
            {
                _port.Send(now, entry.Node.Id, announcement);
            }
        }

        foreach (var spectator in _spectators)
        {
            _port.Send(now, spectator, announcement);
        }

        _reports.Clear();
        _spectators.Clear();
        _heldStates.Clear();
        _founding = null;
        if (count == 0)
        {
            BecomeRejoin(now); // All that were agreed upon are gone already.
            return;
        }

        WishForLinks(now);
        StabilizeSoon(now);
        UpdateFingerTable(now);
    }

    /// <summary>Not one of them (any more): joins like anybody else, with what it keeps.</summary>
    private void FallOut(Instant now)
    {
        _departed.ForgetDeaths(); // It was away itself: those whom it held for dead are those whom it joins, and it would neither ask them nor list them.
        DropArcs();
        _successors.Clear();
        (_predecessor, _predecessorGone) = (null, false);
        _founding = null;
        _reports.Clear();
        _heldStates.Clear();
        Join.Step = JoinStep.None;
        BecomePhase(NodePhase.Rejoin);
        NeighboursChanged();
        WishForLinks(now);
        Join.Pause = FirstJoinPause;
        PauseJoin(now, Spread(FirstJoinPause));
    }

    private void DepartFromFounding(Instant now, RingId peer, FoundingMark mark)
    {
        if (Founding.MarkDeparted(peer, mark))
        {
            FoundingChanged(now);
        }

        GranteeDeparted(now, peer);
        OwnerBelowDeparted(now, peer, saidGoodBye: mark == FoundingMark.Left);
    }

    private void FoundingLinkUp(Instant now, in Contact peer)
    {
        if (!Founding.IsAlive(peer.Id, peer.Instance))
        {
            RemoveSpectator(peer.Id);
            if (_spectators.Count == MaxSpectators)
            {
                _spectators.RemoveAt(0);
            }

            _spectators.Add(peer.Id);
        }

        SendFoundingState(now, peer.Id);
    }

    private void BroadcastFoundingState(Instant now)
    {
        var state = MyFoundingState();
        foreach (var member in Founding.ToLiving())
        {
            RemoveSpectator(member.Id);
            if (member.Id != _self)
            {
                _port.Send(now, member.Id, state);
            }
        }

        foreach (var spectator in _spectators)
        {
            _port.Send(now, spectator, state);
        }
    }

    private void SendFoundingState(Instant now, RingId to) => _port.Send(now, to, MyFoundingState());

    private FoundingState MyFoundingState() => Phase == NodePhase.Member
        ? _agreed is { } agreed && agreed.Epoch == Epoch ? agreed : new(Epoch, NodePhase.Member, 0, [])
        : new(Epoch, Phase, Founding.Hash, Founding.ToEntries());

    private bool Merge(Instant now, in Contact from, FoundingState state, out bool unknown)
    {
        unknown = false;
        var changed = false;
        _unknown.Clear();
        var count = Math.Min(state.Entries.Count, FoundingState.MaxEntries);
        for (var index = 0; index < count; index++)
        {
            var (node, mark) = state.Entries[index];
            if (mark != FoundingMark.Alive)
            {
                changed |= MergeDeparted(now, node, mark);
            }
            else if (_departed.Contains(node.Id, node.Instance))
            {
                changed |= Founding.MergeDeparted(node, FoundingMark.Evicted);
            }
            else if (node.Id == _self ? node.Instance == _port.Self.Instance : _port.TryResolve(node, out _))
            {
                _port.TryResolve(node, out var contact);
                changed |= Founding.MergeAlive(node.Id == _self ? _port.Self : contact);
            }
            else if (node.Id != _self)
            {
                _unknown.Add(node);
            }
        }

        if (_unknown.Count > 0)
        {
            unknown = true;
            _port.FetchCertificates(now, from.Id, _unknown.Items);
            _unknown.Clear();
        }

        return changed;
    }

    /// <summary>Somebody saw a member leave or die: so did this node now.</summary>
    private bool MergeDeparted(Instant now, in Descriptor node, FoundingMark mark)
    {
        var wasAlive = Founding.IsAlive(node.Id, node.Instance) && node.Id != _self;
        var changed = Founding.MergeDeparted(node, mark);
        if (changed && wasAlive && !Founding.IsAlive(node.Id, 0))
        {
            if (mark == FoundingMark.Left)
            {
                PeerLeft(node.Id); // While founding the good-bye is a mark in the set; whoever passes it on is as good as the leaver.
            }

            _departed.Add(now, node.Id, node.Instance, mark == FoundingMark.Left);
            GranteeDeparted(now, node.Id);
            if (mark == FoundingMark.Evicted)
            {
                _arcs.Inherit(node.Id);
            }
        }

        return changed;
    }

    private void Hold(in Contact from, FoundingState state, bool unknown)
    {
        for (var index = _heldStates.Count - 1; index >= 0; index--)
        {
            if (_heldStates[index].From.Id == from.Id)
            {
                _heldStates.RemoveAt(index);
            }
        }

        if (unknown && _heldStates.Count < MaxSpectators)
        {
            _heldStates.Add((from, state)); // Beyond the bound the next round brings it again.
        }
    }

    private void ResumeHeldStates(Instant now)
    {
        for (var turn = _heldStates.Count; turn > 0 && _heldStates.Count > 0; turn--)
        {
            var (from, state) = _heldStates[0];
            _heldStates.RemoveAt(0);
            HearFoundingState(now, from, state); // What it knew counts, even where it is gone by now.
        }
    }

    private void Report(RingId member, FoundingState state)
    {
        for (var index = 0; index < _reports.Count; index++)
        {
            if (_reports[index].Member == member)
            {
                _reports[index] = (member, state.Epoch, state.SetHash);
                return;
            }
        }

        if (_reports.Count < FoundingState.MaxEntries)
        {
            _reports.Add((member, state.Epoch, state.SetHash));
        }
    }

    private bool HasReported(RingId member)
    {
        foreach (var report in _reports)
        {
            if (report.Member == member)
            {
                return report.Epoch == Epoch && report.Hash == Founding.Hash;
            }
        }

        return false;
    }

    /// <summary>Whether the ring that this node knows, with what the sender knows, is small enough to found again together.</summary>
    private bool IsSmall(FoundingState state)
    {
        var count = 1 + _successors.Count;
        foreach (var (node, mark) in state.Entries)
        {
            count += mark == FoundingMark.Alive && node.Id != _self && _successors.IndexOf(node.Id) < 0 ? 1 : 0;
        }

        return count <= 2 * _options.SuccessorListLength;
    }

    private static bool Names(FoundingState state, in Descriptor node, FoundingMark mark)
    {
        foreach (var entry in state.Entries)
        {
            if (entry.Node.Id == node.Id)
            {
                return entry.Node.Instance == node.Instance && entry.Mark == mark;
            }
        }

        return false;
    }

    private void RemoveSpectator(RingId peer) => _spectators.Remove(peer);
}
