using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// The root is appointed, never elected by id: by the hub that founds the network, and after its death by its own word before: three stand-in leaves.
//   root → Errand(stand in) → … → leaf;  leaf → StandInReady → root;  root → StandIn(epoch, rank, children) → leaf
//   the root dies:  each of its children → Attach(RootLost) → stand-in 1 (after 15 s: 2, 3);  with a majority it is the root of epoch + 1, and accepts them
// A vote is binding, because the voter's clock stands still until it is answered, and it has no parent meanwhile.
public sealed partial class OverlayTree
{
    private const byte FirstRank = TreePosition.MaxStandIns;

    /// <summary>So long a stand-in may gather votes before its voters turn to the next.</summary>
    private static readonly TimeSpan VotePatience = TimeSpan.FromSeconds(15);

    /// <summary>The last stand-in gives up waiting for a majority that is dead, too: a root too many is merged away, a tree without one is nothing.</summary>
    private static readonly TimeSpan LastHope = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan StandInPatience = TimeSpan.FromSeconds(5);

    /// <summary>A reign farther off than that is nobody's who once belonged here.</summary>
    private const uint FarthestEpoch = 64;

    /// <summary>The voters of a new root ask again each second and a half.</summary>
    private static readonly TimeSpan Gathers = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ReignPause = TimeSpan.FromSeconds(5);

    private StandInPlace[]? _standInPlaces;
    private StandInDuty? _duty;
    private Moment _reignToldAt;
    private ulong _laterReign;
    private Moment _outlivedAt;
    private Moment _gathersUntil;
    private int _gathers;

    /// <summary>A new root whose voters have not come yet. The walks of keys would end here only because it has no children so far: until then it is responsible for nothing.</summary>
    public bool IsGathering => IsRoot && _gathers > ChildCount + FosterCount;

    private bool IsStandIn => _duty is not null;

    /// <summary>The hub appoints this node: it founds the tree, or takes it over where <paramref name="epoch"/> is later than its own.</summary>
    public void BecomeRoot(Instant now, uint epoch = 1)
    {
        if (IsRoot || epoch <= _clock.Epoch)
        {
            return;
        }

        BecomeRoot(now, new TreeClock(epoch, FirstRank, 1));
    }

    private void BecomeRoot(Instant now, TreeClock clock)
    {
        EndSeek(now, keepLink: false);
        if (_parent is { } parent)
        {
            _port.Send(now, parent.Id, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null));
            _parent = null;
            Tell(Observation.ParentClosed, parent.Id);
            ReleaseLink(now, parent.Id);
        }

        DropSpare(now);
        (IsRoot, _clock, _ancestors, _duty, _isRootGone) = (true, clock, [], null, false);
        (_news, _flushDue, _uncle, _standIns) = (null, Moment.Never, null, []);
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
            var own = new TreeAttach(0, TreeReason.RootLost, _clock, _table.Count + 1, _former, null);
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
            Source = TryFindOutside(Round, out var outside) ? outside : _self,
        };
        SeekNode(now, seek, standIn);
    }

    /// <summary>A root child's vote. True where this node is the root by it.</summary>
    private bool TakeVote(Instant now, in Contact from, TreeAttach vote)
    {
        if (_duty is not { } duty || vote.Clock.Epoch != duty.Epoch || vote.Former != duty.Root)
        {
            return false;
        }

        if (duty.View.Contains(from.Id))
        {
            duty.Votes.Add(from.Id);
        }

        duty.FirstVoteAt = Instant.Min(duty.FirstVoteAt, now);
        var isLastHope = duty.Rank == 1 && duty.Votes.Count > 0 && now - duty.FirstVoteAt >= LastHope;
        if (2 * duty.Votes.Count <= duty.View.Count && !isLastHope)
        {
            return false;
        }

        BecomeRoot(now, new TreeClock(duty.Epoch + 1, duty.Rank, 1));
        (_gathersUntil, _gathers) = (now + Gathers, duty.View.Count);
        return true;
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

        var votes = _duty is { } before && before.Epoch == appointment.Epoch && before.Root == from.Id ? before.Votes : [];
        var view = new HashSet<RingId>();
        for (var i = 0; i < appointment.View.Count; i++)
        {
            view.Add(appointment.View[i].Id);
        }

        if (_duty is null || _duty.Root != from.Id)
        {
            _port.Observe(new() { Observation = Observation.StandsIn, Number = appointment.Rank, Message = new() { Source = from.Id } });
        }

        _duty = new(from.Id, appointment.Epoch, appointment.Rank, view, votes);
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

        if (place.Nonce != notice.Nonce || notice.Nonce == 0 || IsStandInAlready(from.Id))
        {
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

    /// <summary>A child below which there may be a leaf that is no stand-in yet.</summary>
    private TreeChild? ChildForErrand()
    {
        var first = _random.Next(_children.Count);
        for (var i = 0; i < _children.Count; i++)
        {
            var child = _children[(first + i) % _children.Count];
            if (child.Shape.Size > 1 || !IsStandInAlready(child.Id))
            {
                return child;
            }
        }

        return null;
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
            if (view.Count < Owner.MaxDescriptors)
            {
                view.Add(child.Peer.Descriptor);
            }
        }

        for (var i = 0; i < FirstRank; i++)
        {
            if (places[i].Node is { } node)
            {
                _port.Send(now, node.Id, new TreeStandIn(_clock.Epoch, (byte)(FirstRank - i), view));
            }
        }
    }

    /// <summary>Tells <paramref name="to"/> of this node's tree: where there are two, one of them is of the later reign, and gathers the other.</summary>
    private void TellReign(Instant now, RingId to)
    {
        var root = IsRoot ? _port.Self.Descriptor : _ancestors.Length > 0 && !IsOrphan ? _ancestors[0].Node : (Descriptor?)null;
        if (root is { } node)
        {
            _port.Send(now, to, new TreeNotice(TreeNews.Reign, 0, _clock.Epoch, _clock.Rank, node.Id, node));
        }
    }

    /// <summary>Somebody speaks of a tree with a root. Where it is later than ours, our root is told, and asks to be a child there: it steps down when it is accepted, not before.</summary>
    private void ConsiderReign(Instant now, in Contact from, TreeClock clock, in Descriptor toward)
    {
        if (!IsMember || clock.Reign == _clock.Reign || now - _reignToldAt < ReignPause)
        {
            return;
        }

        if (clock.Reign < _clock.Reign)
        {
            _reignToldAt = now;
            TellReign(now, from.Id);
        }
        else if (IsRoot)
        {
            _reignToldAt = now;
            MeetTree(now, from.Id, toward);
        }
        else if (_ancestors.Length > 0 && _parent is not null && (_laterReign == clock.Reign || toward.Id == from.Id))
        {
            _reignToldAt = now;
            _port.Send(now, _ancestors[0].Node.Id, new TreeNotice(TreeNews.Reign, 0, clock.Epoch, clock.Rank, toward.Id, toward));
        }
        else
        {
            (_reignToldAt, _laterReign) = (now, clock.Reign); // After a change of roots it is nearly always our own, and the beacon is on its way.
        }
    }

    /// <summary>The hub knows another root of this network, and can signal between the two: of two trees the one of the later reign gathers the other.</summary>
    public void MeetRoot(Instant now, in Contact other)
    {
        if (IsRoot)
        {
            MeetTree(now, other.Id, other.Descriptor);
        }
    }

    private void MeetTree(Instant now, RingId source, in Descriptor toward)
    {
        if (_seek is null && toward.Id != _self && FindChild(toward.Id) is null)
        {
            SeekNode(now, new TreeSeek(TreeReason.Foster, _random.Next() | 1) { Former = _self, Source = source }, toward);
        }
    }

    /// <summary>Somebody without a root asks to come in whose clock is of a later reign than this tree's: nobody here could ever accept it. So the root goes on to a reign that
    /// is later than both. Clocks only go forward by that; and should the later root live after all, then it is the one to give way.</summary>
    private void OutliveReign(Instant now, TreeClock clock)
    {
        if (clock.Reign <= _clock.Reign || clock.Epoch - _clock.Epoch > FarthestEpoch)
        {
            return;
        }

        if (IsRoot && !IsFrozen)
        {
            _clock = new(clock.Epoch + 1, _clock.Rank, _clock.Sequence + 1);
            SendBeacons(now);
            TellStandIns(now);
        }
        else if (_ancestors.Length > 0 && _parent is not null && now - _outlivedAt >= Beat)
        {
            _outlivedAt = now;
            _port.Send(now, _ancestors[0].Node.Id, new TreeNotice(TreeNews.Outlived, 0, clock.Epoch, clock.Rank, _self, null));
        }
    }

    /// <summary>A stand-in of this root, or the search for one.</summary>
    private record struct StandInPlace(Descriptor? Node, ulong Nonce, Moment AskedAt);

    /// <summary>What a stand-in knows: whom it stands in for, and whose votes count.</summary>
    private sealed record StandInDuty(RingId Root, uint Epoch, byte Rank, HashSet<RingId> View, HashSet<RingId> Votes)
    {
        public Moment FirstVoteAt { get; set; } = Moment.Never;
    }
}
