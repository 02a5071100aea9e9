using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Zave, Stabilize in two steps (t is this node):
//   t → GetNeighbours → s;  s → Neighbours → t     step 1: t.succ := [s] ++ s.succ; if s.prdc lies between, go on with it
//   t → GetNeighbours → q;  q → Neighbours → t     step 2: t.succ := [q] ++ q.succ
//   t → Notify → t.succ[0]
// Step 2 alone is also taken with a finger that lies between this node and its first successor. That happens to who lost its whole list at once and came to hang on the
// ring far beyond its place: by s.prdc it would walk back there one member a round.
public sealed partial class ChordRing
{
    private Query? _query;
    private Moment _stabilizeDue = Instant.Never;
    private bool _stabilizeAgain;
    private Contact? _candidate;
    private bool _fingerAsked;

    /// <summary>First successors that said that they have no place on the ring, in this round.</summary>
    private int _passed;

    /// <summary>The steps that query another node. There is at most one at a time.</summary>
    private enum QueryStep : byte
    {
        Join,
        StabilizeFirst,
        StabilizeSecond,

        /// <summary>The second step with somebody whom the first successor did not name: a member of another ring, or a finger.</summary>
        StabilizeOther,
    }

    /// <summary>A neighbour's answer to <see cref="GetNeighbours"/>, or its unasked news of a change (nonce 0).</summary>
    public void OnNeighbours(Instant now, in Contact from, Neighbours answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Self.Id != from.Id)
        {
            return;
        }

        Heard(now, from);
        OwnerBelowAnswered(now, from.Id, answer.Phase);
        PredecessorAnswered(now, from.Id, answer.Phase);
        VanishedSpoke(now, from);
        LookForPlace(now, from.Id, answer);
        HearWitness(now, from.Id, answer);
        if (answer.Nonce == 0)
        {
            OnNews(now, from, answer);
        }
        else if (_query is { Held: null } query && query.Nonce == answer.Nonce && query.Target.Id == from.Id)
        {
            OnAnswer(now, query, answer);
        }
    }

    /// <summary>Runs a stabilize round at the next chance.</summary>
    private void StabilizeSoon(Instant now)
    {
        _stabilizeAgain = true;
        _stabilizeDue = Instant.Min(_stabilizeDue, now);
    }

    private void AdvanceStabilize(Instant now)
    {
        _stabilizeDue = now + Spread(_options.StabilizePeriod > MergingPeriod && IsMerging(now) ? MergingPeriod : _options.StabilizePeriod);
        _departed.Expire(now); // Who was declared dead by mistake, and never spoke to this node, must not stay outside its lists for ever.
        if (Phase == NodePhase.Founding)
        {
            FoundingRound(now);
        }
        else if (Phase != NodePhase.Member)
        {
            _stabilizeDue = Instant.Never;
        }
        else if (_query is null)
        {
            _stabilizeAgain = false;
            WishForLinks(now);
            LookForPredecessor(now);
            FlushAsIn2001(now);
            if (TryTakeCandidate(out var candidate) || TryTakeNearerFinger(out candidate))
            {
                _stabilizeAgain = true; // The ordinary round follows.
                Ask(now, QueryStep.StabilizeOther, candidate);
                return;
            }

            Ask(now, QueryStep.StabilizeFirst, _successors.Entries[_passed < _successors.Count ? _passed : 0]);
        }
        else
        {
            _stabilizeAgain = true;
        }
    }

    /// <summary>The linked finger nearest to this node, where it comes before the first successor. Not twice in a row: an ordinary round has its turn, whatever the finger says.</summary>
    private bool TryTakeNearerFinger(out Contact nearer)
    {
        nearer = default;
        if (_fingerAsked)
        {
            _fingerAsked = false;
            return false;
        }

        foreach (ref readonly var finger in _fingers.Distinct)
        {
            if (IsBetween(_self, finger.Id, _fingerAsked ? nearer.Id : _successors.First.Id) && _port.IsLinked(finger.Id))
            {
                (nearer, _fingerAsked) = (finger, true);
            }
        }

        return _fingerAsked;
    }

    private void Ask(Instant now, QueryStep step, in Contact target)
    {
        _query = new()
        {
            Step = step,
            Target = target,
            Nonce = _random.Next() | 1, // 0 means unasked.
            Version = _successors.Version,
            SentAt = now,
            Deadline = now + _options.QueryTimeout,
        };
        var isKnown = step == QueryStep.StabilizeFirst && _successors.Count == _successors.Capacity && target.Id == _successors.First.Id;
        _port.Send(now, target.Id, new GetNeighbours(_query.Nonce) { Expected = isKnown ? SuccessorList.DigestOf(_successors.Entries[1..]) : 0 });
    }

    /// <summary>The first successor's list is what this node took it to be when it asked: as good as an answer that says so at length.</summary>
    public void OnSameNeighbours(Instant now, in Contact from, SameNeighbours same)
    {
        ArgumentNullException.ThrowIfNull(same);
        if (_query is not { Step: QueryStep.StabilizeFirst, Held: null } query || query.Nonce != same.Nonce || query.Target.Id != from.Id)
        {
            Heard(now, from);
            return;
        }

        var isStillSo = query.Version == _successors.Version; // If not, the answer is thrown away for coming too late.
        var list = isStillSo ? _successors.DescribedAfterFirst() : [];
        OnNeighbours(now, from, new(same.Nonce, NodePhase.Member, same.Epoch, from.Descriptor, _port.Self.Descriptor, list, same.ArcAfter));
    }

    private void QueryTimedOut(Instant now, Query query)
    {
        var wasHeld = query.Held is not null;
        var (step, target) = (query.Step, query.Target);
        _query = null;
        if (step == QueryStep.Join)
        {
            JoinQueryTimedOut(now);
            return;
        }

        _passed = 0;
        if (!wasHeld && !_port.IsLinked(target.Id) && step == QueryStep.StabilizeFirst)
        {
            _port.Suspect(now, target); // Silence is a reason to look closer, nothing more.
        }

        AfterQuery(now);
    }

    private void AfterQuery(Instant now)
    {
        if (_stabilizeAgain)
        {
            StabilizeSoon(now);
        }
    }

    /// <summary>
    /// Goes on with the step that waited for <paramref name="answer"/>, or keeps waiting for certificates. Where those do not come in time the step is given up as
    /// a whole: half a list would be a poorer one than the node has.
    /// </summary>
    private void OnAnswer(Instant now, Query query, Neighbours answer)
    {
        var (step, target, version, sentAt) = (query.Step, query.Target, query.Version, query.SentAt);
        if (step != QueryStep.Join && version != _successors.Version)
        {
            // Zave: between its query and the reply a node changes nothing of its own successor list. It did (a death): the answer came too late.
            _query = null;
            StabilizeSoon(now);
            return;
        }

        var known = TryResolve(now, target.Id, answer.Successors, _successors.Capacity);
        Contact? predecessor = null;
        if (answer.Predecessor is { } named && known)
        {
            known = TryResolveOne(now, target.Id, named, out predecessor);
        }

        if (!known)
        {
            if (query.Held is null)
            {
                query.Held = answer;
                query.Deadline = now + _options.QueryTimeout;
            }

            _resolved.Clear();
            return;
        }

        _query = null;
        switch (step)
        {
            case QueryStep.Join:
                CompleteJoin(now, target, answer);
                break;
            case QueryStep.StabilizeFirst:
                CompleteFirst(now, target, answer, predecessor, sentAt);
                break;
            case QueryStep.StabilizeSecond:
                CompleteSecond(now, target, answer, keepsOthers: false);
                break;
            case QueryStep.StabilizeOther:
                CompleteSecond(now, target, answer, keepsOthers: true);
                break;
        }

        _resolved.Clear();
        AfterQuery(now);
    }

    /// <summary>The successor tells of a change by itself: as good as an answer to step 1, unless a query is out.</summary>
    private void OnNews(Instant now, in Contact from, Neighbours news)
    {
        if (Phase != NodePhase.Member || _successors.First.Id != from.Id)
        {
            return;
        }

        if (_query is not null)
        {
            _stabilizeAgain = true;
            return;
        }

        _query = new() { Step = QueryStep.StabilizeFirst, Target = _successors.First, Version = _successors.Version, SentAt = Instant.Never, Deadline = now + _options.QueryTimeout };
        OnAnswer(now, _query, news);
    }

    /// <summary>Zave, Stabilize step 1, with the answer of the first successor s. The contacts of its list are in <see cref="_resolved"/>.</summary>
    private void CompleteFirst(Instant now, in Contact s, Neighbours answer, Contact? between, Instant sentAt)
    {
        if (!IsAnswerOfMember(now, s, answer))
        {
            return;
        }

        _passed = 0;
        Epoch = Math.Max(Epoch, answer.Epoch);
        if (answer.Predecessor?.Id != _self)
        {
            NoOrphan(); // Others stand in between: what this node lacks may be theirs.
        }
        else if (sentAt != Instant.Never)
        {
            SuccessorConfirmed(now, sentAt, s.Id, answer.ArcAfter);
        }

        if (!TryAdoptListOf(now, s))
        {
            return;
        }

        _candidate = null;
        UpdateAsIn2001(now, ref between);
        if (between is { } q && !_departed.Contains(q.Id, q.Instance) && IsBetween(_self, q.Id, _successors.First.Id))
        {
            if (_port.IsLinked(q.Id))
            {
                Ask(now, QueryStep.StabilizeSecond, q);
                return;
            }

            // Wanting a link is not a step: t keeps s, and step 2 comes with the link.
            _candidate = q;
            WishForLinks(now);
            LookForPlaceBelow(now, s.Id);
        }

        NotifySuccessor(now);
    }

    /// <summary>Zave, Stabilize step 2, with the answer of q, which lies between this node and its first successor.</summary>
    private void CompleteSecond(Instant now, in Contact q, Neighbours answer, bool keepsOthers)
    {
        if (answer.Phase == NodePhase.Member && IsBetween(_self, q.Id, _successors.First.Id) && !_departed.Contains(q.Id, q.Instance))
        {
            if (keepsOthers)
            {
                AdoptBoth(now, q);
            }
            else if (!TryAdoptListOf(now, q))
            {
                return;
            }
        }

        NotifySuccessor(now);
    }

    /// <summary>Whether the first successor is a member of the ring and its list can be adopted; if not, does what follows from that.</summary>
    private bool IsAnswerOfMember(Instant now, in Contact s, Neighbours answer)
    {
        switch (answer.Phase)
        {
            case NodePhase.Member:
                return true;
            case NodePhase.Founding:
                SendFoundingState(now, s.Id); // Either side learns from the other's epoch who has to follow.
                return false;
            case NodePhase.Leaving or NodePhase.Left:
                Depart(now, s.Id, s.Instance, saidGoodBye: true);
                return false;
            default:
                // It fell out of the ring and says so itself; it comes back by joining. Until then the next one is asked; only a member's answer replaces it.
                _passed = _passed + 1 < _successors.Count ? _passed + 1 : 0;
                if (_passed > 0)
                {
                    StabilizeSoon(now);
                }

                return false;
        }
    }

    /// <summary>Takes [<paramref name="first"/>] ++ its list. False where nobody but these few is left on the ring, which goes back to founding.</summary>
    private bool TryAdoptListOf(Instant now, in Contact first)
    {
        var list = new Contact[_successors.Capacity];
        var count = SuccessorList.Compose(_self, first, Resolved, _departed, list, out var closes);
        AdoptList(now, list.AsSpan(0, count));
        if (closes && count < _successors.Capacity)
        {
            ReturnToFounding(now);
            return false;
        }

        return true;
    }

    /// <summary>Takes a list that a step made.</summary>
    private void AdoptList(Instant now, ReadOnlySpan<Contact> list)
    {
        var first = _successors.Count > 0 ? _successors.First.Id : _self;
        if (list.Length > 0 && _successors.Assign(list))
        {
            ListChanged(now, first != _successors.First.Id);
        }
    }

    private void ListChanged(Instant now, bool firstChanged)
    {
        NeighboursChanged();
        TellPredecessor(now);
        if (firstChanged)
        {
            NoOrphan(); // The new one has not confirmed anything yet.
            StabilizeSoon(now);
        }

        WishForLinks(now);
    }

    /// <summary>A changed list goes to the predecessor at once: its own list follows from it.</summary>
    private void TellPredecessor(Instant now)
    {
        if (Predecessor is { } predecessor && predecessor.Id != _self)
        {
            _port.Send(now, predecessor.Id, MyNeighbours(0));
        }
    }

    private void NotifySuccessor(Instant now)
    {
        if (_successors.Count > 0)
        {
            _port.Send(now, _successors.First.Id, new Notify(_port.Self.Descriptor, _arcs.ArcAfter));
        }
    }

    /// <summary>Zave, Fail as a neighbour sees it: the entry is dropped, wherever it stands.</summary>
    private void DepartFromRing(Instant now, RingId peer, bool saidGoodBye)
    {
        if (_candidate is { } candidate && candidate.Id == peer)
        {
            _candidate = null;
        }

        var wasFirst = _successors.IndexOf(peer) == 0;
        var removed = _successors.Remove(peer);
        if (removed && _successors.Count == 0)
        {
            PredecessorDeparted(now, peer);
            BecomeRejoin(now);
            return;
        }

        if (removed)
        {
            ListChanged(now, wasFirst);
            LookAfterOthers(now, wasFirst && !saidGoodBye);
        }

        PredecessorDeparted(now, peer);
        GranteeDeparted(now, peer);
        OwnerBelowDeparted(now, peer, saidGoodBye);
    }

    /// <summary>
    /// All linked successors died together. Perhaps many did: whoever else stands in the list is asked now, all at once. One after the other they would take so long that
    /// this node is forgotten before it finds the living one.
    /// </summary>
    private void LookAfterOthers(Instant now, bool isFirstDead)
    {
        if (isFirstDead && !_port.IsLinked(_successors.First.Id))
        {
            foreach (ref readonly var entry in _successors.Entries)
            {
                if (!_port.IsLinked(entry.Id))
                {
                    _port.Suspect(now, entry);
                }
            }
        }
    }

    private void RingLinkUp(Instant now, in Contact peer)
    {
        if (_candidate is { } candidate && candidate.Id == peer.Id)
        {
            StabilizeSoon(now);
        }

        MergeLinkUp(now, peer);
    }

    private bool TryResolveOne(Instant now, RingId from, in Descriptor descriptor, out Contact? contact)
    {
        contact = null;
        if (descriptor.Id == _self || _departed.Contains(descriptor.Id, descriptor.Instance))
        {
            return true;
        }

        if (_port.TryResolve(descriptor, out var known))
        {
            contact = known;
            return true;
        }

        _port.FetchCertificates(now, from, new ReadOnlySpan<Descriptor>(in descriptor));
        return false;
    }

    /// <summary>One atomic query: whom, when, and the list's version that its answer is good for.</summary>
    private sealed class Query
    {
        public QueryStep Step;
        public Contact Target;
        public ulong Nonce;
        public int Version;
        public Moment SentAt;
        public Moment Deadline;
        public Neighbours? Held;
    }
}
