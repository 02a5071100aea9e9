using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Zave, Join, as links allow it (mechanisms §3; j is this node):
//   j → FindOwner(j) → … → x;  x → Owner(pred m) → … → j      who is around the place
//   j opens links to m and to m.succ[0]
//   j → GetNeighbours → m;  m → Neighbours → j                 over the link; j in (m, m.succ[0]): a member in this one step
// A look-up answered by a founding member leads into its mesh instead (ChordRing.FoundingJoin).
public sealed partial class ChordRing
{
    private static readonly TimeSpan FirstJoinPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestJoinPause = TimeSpan.FromSeconds(4);

    private Moment _joinDue = Instant.Never;
    private JoinAttempt? _joining;
    private bool _isHintsTurn;

    private enum JoinStep : byte
    {
        None,

        /// <summary>Pausing before the next attempt.</summary>
        Paused,

        /// <summary>The look-up is out.</summary>
        LookingUp,

        /// <summary>The owner's answer waits for certificates.</summary>
        Resolving,

        /// <summary>Waiting for the links to m and its successor, then for m's answer.</summary>
        Linking,

        /// <summary>Building the mesh of a founding network.</summary>
        Meshing,
    }

    /// <summary>What is known of the way in; a member has forgotten it.</summary>
    private JoinAttempt Join => _joining ??= new();

    /// <summary>Starts to join through whoever answers the look-up. The node takes care of how the look-up gets into the network.</summary>
    public void BeginJoin(Instant now)
    {
        if (Phase is NodePhase.Idle)
        {
            BecomePhase(NodePhase.Joining);
            Join.Pause = FirstJoinPause;
            LookUpPlace(now);
        }
    }

    /// <summary>The answer to a look-up. False where the ring did not ask: the application's look-ups are the node's.</summary>
    public bool OnOwner(Instant now, in Contact from, Owner answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Nonce == _fingerNonce && _fingerRow >= 0)
        {
            OnFingerOwner(now, from, answer);
            return true;
        }

        if (_joining is not { Step: JoinStep.LookingUp } attempt || answer.Nonce != attempt.Nonce)
        {
            return false;
        }

        if (answer.Self.Id == from.Id)
        {
            Heard(now, from);
            ConsiderOwner(now, from, answer, lastChance: false);
        }

        return true;
    }

    private void LookUpPlace(Instant now)
    {
        _departed.Expire(now); // Those whom it was told of by others that were wrong, too.
        Join.Step = JoinStep.LookingUp;
        (Join.Owner, Join.IsBefore) = (null, false);
        Join.Nonce = _random.Next() | 1;
        _joinDue = now + _options.QueryTimeout;
        _port.SendToResponsible(now, _self, new FindOwner(Join.Nonce, LookupPurpose.Join) { Certificate = _port.Self.Certificate });
    }

    private void AdvanceJoin(Instant now)
    {
        _joinDue = Instant.Never;
        switch (Join.Step)
        {
            case JoinStep.Paused:
                _isHintsTurn = !_isHintsTurn;
                if (Phase == NodePhase.Rejoin && _isHintsTurn && TryTakeHint(out var hint))
                {
                    JoinThrough(now, hint, null);
                }
                else
                {
                    LookUpPlace(now);
                }

                break;
            case JoinStep.Resolving when Join.HeldOwner is { } held:
                Join.HeldOwner = null;
                ConsiderOwner(now, held.From, held.Answer, lastChance: true);
                break;
            case JoinStep.Meshing:
                AdvanceMesh(now);
                break;
            case JoinStep.None:
                break;
            default:
                JoinAgain(now); // The look-up, the links or the mesh took too long.
                break;
        }
    }

    /// <summary>Gives up this attempt and makes another after a pause that doubles.</summary>
    private void JoinAgain(Instant now)
    {
        PauseJoin(now, Spread(Join.Pause));
        Join.Pause = Join.Pause * 2 < LongestJoinPause ? Join.Pause * 2 : LongestJoinPause;
    }

    private void PauseJoin(Instant now, TimeSpan pause)
    {
        if (_query?.Step == QueryStep.Join)
        {
            _query = null;
        }

        Join.HeldOwner = null;
        Join.Successor = null;
        Join.Step = JoinStep.Paused;
        _joinDue = now + pause;
    }

    private void ConsiderOwner(Instant now, in Contact owner, Owner answer, bool lastChance)
    {
        if (answer.RetryAfterMilliseconds > 0)
        {
            PauseJoin(now, TimeSpan.FromMilliseconds(Math.Min(answer.RetryAfterMilliseconds, 30_000)));
        }
        else if (answer.Phase == NodePhase.Founding)
        {
            BeginMesh(now, owner, answer, lastChance);
        }
        else if (answer.Phase != NodePhase.Member || owner.Id == _self)
        {
            JoinAgain(now);
        }
        else if (ComesBefore(owner.Id, answer))
        {
            Join.Owner = owner;
            JoinThrough(now, owner, null); // The look-up ended at m itself, because nobody has our place.
        }
        else if (answer.Predecessor is not { } named || named.Id == _self || !IsBetween(named.Id, _self, owner.Id))
        {
            // Its predecessor is dead and not yet replaced, or is our former self: ask again. Where the ring is torn here, there is nobody to wait for.
            Join.Owner = answer.Predecessor is not { } other || other.Id == _self ? owner : null;
            JoinBeforeOrAgain(now);
        }
        else if (TryResolveOne(now, owner.Id, named, out var m))
        {
            if (m is { } via)
            {
                Join.Owner = owner;
                JoinThrough(now, via, owner);
            }
            else
            {
                JoinAgain(now);
            }
        }
        else
        {
            HoldOwner(now, owner, answer, lastChance);
        }
    }

    /// <summary>Whether the look-up's answerer stands right before this node's place: it lists us (our former self), or its first successor comes after us.</summary>
    private bool ComesBefore(RingId owner, Owner answer)
    {
        foreach (var successor in answer.Successors)
        {
            if (successor.Id == _self)
            {
                return true;
            }

            if (IsBetween(owner, _self, successor.Id))
            {
                return answer.Predecessor?.Id != _self && (answer.Predecessor is not { } before || !IsBetween(before.Id, _self, owner));
            }
        }

        return false;
    }

    /// <summary>Keeps the answer until the certificates are here, for the time of one query.</summary>
    private void HoldOwner(Instant now, in Contact owner, Owner answer, bool lastChance)
    {
        if (lastChance)
        {
            JoinAgain(now);
        }
        else if (Join.HeldOwner is null)
        {
            Join.Step = JoinStep.Resolving;
            Join.HeldOwner = (owner, answer);
            _joinDue = now + _options.QueryTimeout;
        }
    }

    private void ResumeHeldOwner(Instant now)
    {
        if (_joining is { Step: JoinStep.Resolving, HeldOwner: { } held })
        {
            ConsiderOwner(now, held.From, held.Answer, lastChance: false);
        }
    }

    /// <summary>Joins between <paramref name="m"/> and its first successor, which is most likely <paramref name="successor"/>.</summary>
    private void JoinThrough(Instant now, in Contact m, Contact? successor)
    {
        Join.HeldOwner = null;
        (Join.Step, Join.Via, Join.Successor, Join.IsBefore) = (JoinStep.Linking, m, successor, false);
        _joinDue = now + _options.LinkSetUpTimeout + _options.QueryTimeout;
        if (successor is { } x)
        {
            WishForJoinLinks(now, [m, x]);
        }
        else
        {
            WishForJoinLinks(now, [m]);
        }

        JoinLinkUp(now);
    }

    /// <summary>
    /// Mends a torn ring: where nobody is left to join through, and x has no predecessor there but perhaps us, we take our place right before it. Not a step of the
    /// proof, whose assumption is broken; should somebody stand between, x will hear of it, and so shall we. Newcomers never do this: they wait.
    /// </summary>
    private void JoinBeforeOrAgain(Instant now)
    {
        if (Phase == NodePhase.Rejoin && Join.Pause >= LongestJoinPause && Join.Owner is { } x && !Join.IsBefore)
        {
            JoinThrough(now, x, null);
            Join.IsBefore = true;
        }
        else
        {
            JoinAgain(now);
        }
    }

    /// <summary>With the links there, asks m once more: only its present list counts.</summary>
    private void JoinLinkUp(Instant now)
    {
        if (Join.Step == JoinStep.Meshing)
        {
            CompleteMesh(now);
        }
        else if (Join.Step == JoinStep.Linking && _query is null && _port.IsLinked(Join.Via.Id)
            && (Join.Successor is not { } x || _port.IsLinked(x.Id)))
        {
            Ask(now, QueryStep.Join, Join.Via);
        }
    }

    private void JoinLinkFailed(Instant now, RingId peer)
    {
        if (Join.Step == JoinStep.Linking && (peer == Join.Via.Id || (Join.Successor is { } x && peer == x.Id)))
        {
            JoinAgain(now);
        }
    }

    private void JoinPeerDeparted(Instant now, RingId peer)
    {
        if (Join.Hint is { } hint && hint.Id == peer)
        {
            Join.Hint = null;
        }

        if (Join.Step == JoinStep.Linking && (peer == Join.Via.Id || (Join.Successor is { } x && peer == x.Id)))
        {
            PauseJoin(now, TimeSpan.Zero);
        }
        else if (Join.Step == JoinStep.Meshing)
        {
            Founding.MarkDeparted(peer, FoundingMark.Evicted);
            CompleteMesh(now);
        }
    }

    private void JoinQueryTimedOut(Instant now) => JoinAgain(now);

    /// <summary>m's answer: the step of Join itself. The contacts of its list are in <see cref="_resolved"/>.</summary>
    private void CompleteJoin(Instant now, in Contact m, Neighbours answer)
    {
        for (var index = _resolved.Count - 1; index >= 0; index--)
        {
            if (_resolved[index].Id == _self)
            {
                _resolved.RemoveAt(index); // m still lists our former self: what counts is who comes after us.
            }
        }

        if (answer.Phase != NodePhase.Member || (_resolved.Count == 0 && !Join.IsBefore))
        {
            JoinBeforeOrAgain(now);
            return;
        }

        if (Join.IsBefore)
        {
            var list = new Contact[_successors.Capacity];
            var length = SuccessorList.Compose(_self, m, Resolved, _departed, list, out _);
            BecomeMember(now, list.AsSpan(0, length), null, answer.Epoch);
            return;
        }

        var next = _resolved[0];
        if (IsBetween(m.Id, _self, next.Id))
        {
            if (_port.IsLinked(next.Id))
            {
                var list = new Contact[_successors.Capacity];
                var count = SuccessorList.Compose(_self, next, Resolved[1..], _departed, list, out _);
                BecomeMember(now, list.AsSpan(0, count), m, answer.Epoch);
                return;
            }

            JoinThrough(now, m, next);
            return;
        }

        // Others joined before us: m is not our predecessor any more. The last entry before us may be.
        var before = next;
        Contact? after = null;
        foreach (var entry in _resolved)
        {
            if (!IsBetween(m.Id, entry.Id, _self))
            {
                after = entry;
                break;
            }

            before = entry;
        }

        JoinThrough(now, before, after);
    }

    /// <summary>One step: from here on it is a member, with everything a member has.</summary>
    private void BecomeMember(Instant now, ReadOnlySpan<Contact> list, Contact? predecessor, int epoch)
    {
        if (list.Length == 0)
        {
            JoinAgain(now);
            return;
        }

        EndJoin();
        JoinAsIn2001(ref list);
        _successors.Assign(list);
        SetPredecessor(predecessor);
        _notifiers.Clear();
        Epoch = Math.Max(Epoch, epoch);
        BecomePhase(NodePhase.Member);
        NeighboursChanged();
        WishForLinks(now);
        WishForJoinLinks(now, []);
        NotifySuccessor(now);
        StabilizeSoon(now);
        UpdateFingerTable(now);
    }

    private void EndJoin()
    {
        (_joining, _joinDue) = (null, Instant.Never);
        _query = null;
    }

    /// <summary>
    /// The node was away for so long that its neighbours no longer count on it: it comes back as a newer instance of itself (mechanisms §3). Nothing, where it is no
    /// member of a ring.
    /// </summary>
    public void Rejoin(Instant now)
    {
        if (Phase == NodePhase.Member)
        {
            _port.RenewInstance(now);
            BecomeRejoin(now);
        }
    }

    /// <summary>The successor list ran empty: the proof's first assumption is broken. Id and records stay; the arc does not.</summary>
    private void BecomeRejoin(Instant now)
    {
        _departed.ForgetDeaths();
        _port.Observe(new() { Observation = Observation.AssumptionBroken, Phase = Phase });
        _query = null;
        _successors.Clear();
        _candidate = null;
        _stabilizeDue = Instant.Never;
        Join.Hint = Predecessor;
        DropArcs();
        BecomePhase(NodePhase.Rejoin);
        NeighboursChanged();
        WishForLinks(now);
        Join.Pause = FirstJoinPause;
        PauseJoin(now, TimeSpan.Zero);
    }

    /// <summary>A member that still lists this node, or that this node knew as its predecessor. Every other attempt is a look-up.</summary>
    private bool TryTakeHint(out Contact hint)
    {
        hint = Join.Hint ?? default;
        var isGood = Join.Hint is { } known && known.Id != _self && !_departed.Contains(known.Id, known.Instance);
        Join.Hint = null;
        return isGood;
    }

    /// <summary>The attempts to get in since the node is outside.</summary>
    private sealed class JoinAttempt
    {
        public JoinStep Step;

        /// <summary>Before the next attempt; doubles.</summary>
        public TimeSpan Pause = FirstJoinPause;

        /// <summary>The version of the founding set that was proposed last; −1: none.</summary>
        public int ProposedVersion;
        public Moment ProposeAgainAt;
        public Moment MeshDue;

        /// <summary>Of the look-up that is out.</summary>
        public ulong Nonce;

        /// <summary>A member that still lists this node.</summary>
        public Contact? Hint;

        /// <summary>What was agreed upon without this node: that founding is over, whoever still counts it in.</summary>
        public FoundingState? FellOutOf;

        /// <summary>m, and who comes after it as far as this node knows.</summary>
        public Contact Via;
        public Contact? Successor;

        /// <summary>Who answered the look-up.</summary>
        public Contact? Owner;

        /// <summary>The place is right before <see cref="Via"/>: the ring is torn there.</summary>
        public bool IsBefore;

        /// <summary>An answer that waits for certificates.</summary>
        public (Contact From, Owner Answer)? HeldOwner;
    }
}
