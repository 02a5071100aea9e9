using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// The root is appointed, never elected by id: by the hub that founds the network, and after its death by its own word before: three stand-in leaves.
//   root → Errand(stand in) → … → leaf;  leaf → StandInReady → root;  root → StandIn(epoch, rank, children) → leaf
//   the root dies:  each of its children → Attach(RootLost) → stand-in 1 (after 6 s: 2, 3);  with a majority it is the root of epoch + 1, and accepts them
// A vote is binding, because the voter's clock stands still until it is answered, and it has no parent meanwhile.
public sealed partial class OverlayTree
{
    private const byte FirstRank = TreePosition.MaxStandIns;

    /// <summary>Roots that nobody asked for draw their epochs from so many: two of the same reign would take each other for one.</summary>
    private const int HeirlessEpochs = 256;

    /// <summary>
    /// So long a stand-in may gather votes before its voters turn to the next. Where the stand-ins changed just before the root died, its children know of different ones, and vote for
    /// different ones until then.
    /// </summary>
    private static readonly TimeSpan VotePatience = TimeSpan.FromSeconds(6);

    /// <summary>The last stand-in gives up waiting for a majority that is dead, too: a root too many is merged away, a tree without one is nothing.</summary>
    private static readonly TimeSpan LastHope = TimeSpan.FromSeconds(4);

    /// <summary>After so long without any stand-in a root's child makes itself root.</summary>
    private static readonly TimeSpan NoHeir = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StandInPatience = TimeSpan.FromSeconds(2);

    /// <summary>The voters of a new root ask again each second and a half.</summary>
    private static readonly TimeSpan Gathers = TimeSpan.FromSeconds(4);

    private StandInPlace[]? _standInPlaces;
    private StandInDuty? _duty;
    private RootWarrant? _warrant;
    private RootSuccession? _claim;
    private RootWarrant? _claimed;
    private Moment _gathersUntil;
    private int _gathers;

    /// <summary>A new root whose voters have not come yet. The walks of keys would end here only because it has no children so far: until then it is responsible for nothing.</summary>
    public bool IsGathering => IsRoot && _gathers > ChildCount + FosterCount;

    private bool IsStandIn => _duty is not null;

    /// <summary>What shows this tree's root to be one, as far as this node was told and found it true.</summary>
    public RootWarrant? Warrant => _warrant;

    /// <summary>The hub appoints this node: it founds the tree, or takes it over where <paramref name="epoch"/> is later than its own.</summary>
    public void BecomeRoot(Instant now, uint epoch = 1, RootAppointment? appointment = null)
    {
        if (IsRoot || epoch <= _clock.Epoch)
        {
            return;
        }

        BecomeRoot(now, new TreeClock(epoch, FirstRank, 1));
        var warrant = appointment is null ? null : new RootWarrant(appointment, []);
        _warrant = warrant is not null && appointment!.Root == _self && _authority?.IsValid(warrant) == true ? warrant : null;
    }

    /// <param name="now">The time.</param>
    /// <param name="clock">The reign.</param>
    /// <param name="dead">The root that its children have voted out: where they were faster than this node's own probes, its parent has failed all the same.</param>
    private void BecomeRoot(Instant now, TreeClock clock, RingId? dead = null)
    {
        EndSeek(now, keepLink: false);
        if (_parent is { } parent)
        {
            _port.Send(now, parent.Id, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null));
            _parent = null;
            Tell(parent.Id == dead ? Observation.ParentFailed : Observation.ParentClosed, parent.Id);
            ReleaseLink(now, parent.Id);
        }

        DropSpare(now);
        (IsRoot, _clock, _ancestors, _duty, _isRootGone) = (true, clock, [], null, false);
        (_news, _flushDue, _uncle, _standIns, _warrant, _claim) = (null, Moment.Never, null, [], null, null);
        _standInPlaces = new StandInPlace[TreePosition.MaxStandIns];
        if (!IsMember)
        {
            BecomePhase(NodePhase.Member);
        }

        _tickDue = now;
        Tell(Observation.BecameRoot, _self);
        Changed();
    }

    private void Vote(Instant now, in Descriptor standIn)
    {
        if (standIn.Id == _self)
        {
            var own = new TreeAttach(0, TreeReason.RootLost, _clock, _table.Count + 1, _former, null) { Vote = SignVote(_self) };
            if (!TakeVote(now, _port.Self, own))
            {
                _seek = new TreeSeek(TreeReason.RootLost, 0) { Step = SeekStep.Paused, Due = now + VotePatience };
            }

            return;
        }

        var seek = new TreeSeek(TreeReason.RootLost, _random.Next() | 1)
        {
            Former = _former,
            Patience = VotePatience,
            Vote = SignVote(standIn.Id),
            Source = TryFindOutside(Round, out var outside) ? outside : _self,
        };
        SeekNode(now, seek, standIn);
    }

    private byte[] SignVote(RingId standIn) => _authority is { Judges: true } ? _authority.SignVote(_clock.Epoch, _former, standIn) : [];

    /// <summary>A root child's vote. True where this node is the root by it.</summary>
    private bool TakeVote(Instant now, in Contact from, TreeAttach vote)
    {
        if (_duty is not { } duty || vote.Clock.Epoch != duty.Epoch || vote.Former != duty.Root)
        {
            return false;
        }

        var ballot = from.Certificate is not null && _authority is { Judges: true } && _authority.IsVote(from.Certificate, duty.Epoch, duty.Root, _self, vote.Vote.Span)
            ? new RootVote(from.Certificate, vote.Vote)
            : null;
        if (ballot is null && !duty.Signature.IsEmpty)
        {
            return false; // Who is asked for a signature gives one.
        }

        if (duty.View.Contains(from.Id) && duty.Votes.Add(from.Id) && ballot is not null)
        {
            duty.Ballots.Add(ballot);
        }

        duty.FirstVoteAt = Instant.Min(duty.FirstVoteAt, now);
        var isLastHope = duty.Rank == 1 && duty.Votes.Count > 0 && now - duty.FirstVoteAt >= LastHope;
        if (2 * duty.Votes.Count <= duty.View.Count && !isLastHope)
        {
            return false;
        }

        var before = _warrant;
        _formerRoot = duty.Root;
        BecomeRoot(now, new TreeClock(duty.Epoch + 1, duty.Rank, 1), duty.Root);
        Gather(now, duty.View.Count);
        (_awaited, _awaitsUntil) = (duty.View, now + OrphanPatience);
        ClaimRoot(before, duty);
        return true;
    }

    /// <summary>
    /// The root is dead, and so is whoever was to stand in for it, or there was nobody yet: no place could ever be found. It stays at asking for a while, since a stand-in may have been
    /// found by others; who has nobody left but its own subtree does not wait.
    /// </summary>
    private bool IsHeirless(Instant now) => _isRootGone && _refuge >= Math.Max(3, _standIns.Count)
        && (TryFindOutside(0, out _) ? now - _orphanedAt >= NoHeir : _children.Count > 0);

    /// <summary>
    /// A child of the root becomes one itself, of all that is below it. Where several do, each is of a reign of its own, and they become one tree as any two do that touch: a root too
    /// many is merged away, a tree without one is nothing.
    /// </summary>
    private void SucceedUnasked(Instant now)
    {
        var voters = _rootChildren;
        BecomeRoot(now, new TreeClock(_clock.Epoch + 1 + (uint)_random.Next(HeirlessEpochs), 0, 1));
        Gather(now, voters);
    }

    /// <summary>The former root's children are about to come, and after them the records of those below who have lost their keys.</summary>
    private void Gather(Instant now, int children) => (_gathersUntil, _gathers, _settlesAt) = (now + Gathers, children, now + Settles);

    /// <summary>The dead root's word and the votes so far; the dead among its children do not vote, so there may be too few of them for others to believe it.</summary>
    private void ClaimRoot(RootWarrant? before, StandInDuty duty)
    {
        if (before is { Successions.Count: < RootWarrant.MaxSuccessions } && duty.Signer is { } signer && before.Root == signer.Id)
        {
            _claimed = before;
            _claim = new(signer, duty.Epoch, duty.Rank, _self, duty.Signed, duty.Signature, duty.Ballots);
            TryProveClaim();
        }
    }

    private void TryProveClaim()
    {
        if (_claim is { } claim && _claimed is { } before && claim.Votes.Count >= RootWarrant.VotesNeeded(claim.Rank, claim.View.Count))
        {
            var needed = new List<RootVote>();
            for (var i = 0; i < claim.Votes.Count && needed.Count < RootWarrant.MaxVotes; i++)
            {
                needed.Add(claim.Votes[i]);
            }

            _warrant = new(before.Appointment, [.. before.Successions, claim with { Votes = needed }]);
            (_claim, _claimed) = (null, null);
        }
    }

    /// <summary>Votes that come when this node is the root already.</summary>
    private void TakeLateVote(Instant now, in Contact from, TreeAttach vote)
    {
        if (_claim is { Votes: List<RootVote> votes } claim && vote.Former == claim.Root.Id && from.Certificate is { } voter && claim.MayVote(voter.Id)
            && !votes.Exists(one => one.Voter.Id == voter.Id) && _authority!.IsVote(voter, claim.Epoch, claim.Root.Id, _self, vote.Vote.Span))
        {
            votes.Add(new(voter, vote.Vote));
            TryProveClaim();
        }
    }

    /// <summary>The root appoints this node, which is to be a leaf, as one of its stand-ins.</summary>
    public void OnStandIn(Instant now, in Contact from, TreeStandIn appointment)
    {
        ArgumentNullException.ThrowIfNull(appointment);
        if (!IsMember || IsRoot || appointment.Epoch < _clock.Epoch || appointment.Rank is 0 or > FirstRank
            || (_ancestors.Length > 0 && _ancestors[0].Node.Id != from.Id))
        {
            return; // Only the root appoints.
        }

        var before = _duty is { } held && held.Epoch == appointment.Epoch && held.Root == from.Id ? held : null;
        var view = new HashSet<RingId>();
        for (var i = 0; i < appointment.View.Count; i++)
        {
            view.Add(appointment.View[i].Id);
        }

        var isSigned = appointment.View.Count <= RootWarrant.MaxView && from.Certificate is not null && _authority is { Judges: true }
            && _authority.IsStandIn(from.Certificate, appointment.Epoch, appointment.Rank, _self, IdsOf(appointment.View), appointment.Signature.Span);
        if (!isSigned && !appointment.Signature.IsEmpty && _authority is { Judges: true })
        {
            return;
        }

        if (_duty is null || _duty.Root != from.Id)
        {
            _port.Observe(new() { Observation = Observation.StandsIn, Number = appointment.Rank, Message = new() { Source = from.Id } });
        }

        _duty = new(from.Id, appointment.Epoch, appointment.Rank, view, before?.Votes ?? [], before?.Ballots ?? [])
        {
            Signer = isSigned ? from.Certificate : null,
            Signed = isSigned ? IdsOf(appointment.View) : [],
            Signature = isSigned ? appointment.Signature : default,
            FirstVoteAt = before?.FirstVoteAt ?? Moment.Never,
        };
    }

    private static RingId[] IdsOf(IReadOnlyList<Descriptor> nodes)
    {
        var ids = new RingId[nodes.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = nodes[i].Id;
        }

        return ids;
    }

    /// <summary>Who has children has its hands full: the root finds another leaf.</summary>
    private void ResignAsStandIn(Instant now)
    {
        if (_duty is { } duty && _parent is not null && !IsRoot)
        {
            _duty = null;
            _port.Send(now, duty.Root, new TreeNotice(TreeNews.StandInReady, 0, duty.Epoch, duty.Rank, _self, null));
        }
    }

    private void StandInReady(Instant now, in Contact from, TreeNotice notice)
    {
        if (notice.Rank is 0 or > FirstRank || _standInPlaces is not { } places)
        {
            return;
        }

        ref var place = ref places[FirstRank - notice.Rank];
        if (notice.Node is null)
        {
            if (place.Node?.Id == from.Id)
            {
                place = default;
                SendPositions(now);
            }

            return;
        }

        if (place.Nonce != notice.Nonce || notice.Nonce == 0)
        {
            return;
        }

        if (IsStandInAlready(from.Id))
        {
            place = default; // Another one is asked with the next beat.
            return;
        }

        place = new(from.Descriptor, 0, now);
        TellStandIns(now);
        SendPositions(now);
    }

    private bool IsStandInAlready(RingId id)
    {
        foreach (var place in _standInPlaces!)
        {
            if (place.Node?.Id == id)
            {
                return true;
            }
        }

        return false;
    }

    private List<Descriptor> StandInList()
    {
        var list = new List<Descriptor>();
        foreach (var place in _standInPlaces ?? [])
        {
            if (place.Node is { } node)
            {
                list.Add(node);
            }
        }

        return list;
    }

    private void StandInDied(Instant now, RingId peer)
    {
        _duty?.View.Remove(peer); // The dead do not vote.
        for (var i = 0; IsRoot && i < FirstRank; i++)
        {
            if (_standInPlaces![i].Node?.Id == peer)
            {
                _standInPlaces[i] = default;
                SendPositions(now);
            }
        }
    }

    private void TendRoot(Instant now)
    {
        if (!IsRoot)
        {
            return;
        }

        _gathers = now >= _gathersUntil ? 0 : _gathers;
        for (var i = 0; i < FirstRank && _children.Count > 0; i++)
        {
            ref var place = ref _standInPlaces![i];
            if (place.Node is { } node && !_table.TryFind(node.Id, out _))
            {
                place = default; // It died, or left.
                SendPositions(now);
            }

            if (place.Node is null && (place.Nonce == 0 || now - place.AskedAt >= StandInPatience) && ChildForErrand() is { } child)
            {
                place = new(null, _random.Next() | 1, now);
                _port.Send(now, child.Id, new TreeErrand(TreeTask.StandIn, place.Nonce, _port.Self.Descriptor, (byte)(FirstRank - i), _self, null));
            }
        }
    }

    /// <summary>
    /// A child below which there may be a leaf that is no stand-in yet: one without any of them, if possible, since who dies with it is to take one stand-in along and not all; and rather one
    /// with leaves below it than a leaf that is responsible for a share of the keys as large as an inner node's.
    /// </summary>
    private TreeChild? ChildForErrand()
    {
        var (chosen, best) = (default(TreeChild), int.MaxValue);
        var first = _random.Next(_children.Count);
        for (var i = 0; i < _children.Count; i++)
        {
            var child = _children[(first + i) % _children.Count];
            var rank = (child.Shape.Size > 1 ? 0 : 2) + (LeadsToStandIn(child) ? 1 : 0);
            if (rank < best && (child.Shape.Size > 1 || !IsStandInAlready(child.Id)))
            {
                (chosen, best) = (child, rank);
            }
        }

        return chosen;
    }

    private bool LeadsToStandIn(TreeChild child)
    {
        foreach (var place in _standInPlaces!)
        {
            if (place.Node is { } standIn && LeadsOver(child, standIn.Id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Stand-ins know whose votes count.</summary>
    private void TellStandIns(Instant now)
    {
        if (!IsRoot || _standInPlaces is not { } places)
        {
            return;
        }

        var view = new List<Descriptor>();
        foreach (var child in _children)
        {
            if (view.Count < RootWarrant.MaxView)
            {
                view.Add(child.Peer.Descriptor);
            }
        }

        for (var i = 0; i < FirstRank; i++)
        {
            if (places[i].Node is { } node)
            {
                var rank = (byte)(FirstRank - i);
                var signature = _warrant is not null && _authority is not null ? _authority.SignStandIn(_clock.Epoch, rank, node.Id, IdsOf(view)) : [];
                _port.Send(now, node.Id, new TreeStandIn(_clock.Epoch, rank, view) { Signature = signature });
            }
        }
    }

    /// <summary>A stand-in of this root, or the search for one.</summary>
    private record struct StandInPlace(Descriptor? Node, ulong Nonce, Moment AskedAt);

    /// <summary>What a stand-in knows: whom it stands in for, and whose votes count.</summary>
    private sealed record StandInDuty(RingId Root, uint Epoch, byte Rank, HashSet<RingId> View, HashSet<RingId> Votes, List<RootVote> Ballots)
    {
        public Moment FirstVoteAt { get; set; } = Moment.Never;

        /// <summary>The root that signed, and what: so that others believe it, too. Null where it did not.</summary>
        public NodeCertificate? Signer { get; init; }

        public IReadOnlyList<RingId> Signed { get; init; } = [];

        public ReadOnlyMemory<byte> Signature { get; init; }
    }
}
