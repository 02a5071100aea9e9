using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// An inner node x dies:  its children o → Attach(foster, x, parent p of x) → uncle u, over their spare links;
//   u → Errand(take x's place at p) → … → a leaf l below one of them;  l → Attach(replace x) → p;  l → PlaceTaken → u;
//   u → MoveTo(l) → each o;  o → Attach(move) → l.   Depth and places stay. What does not work out ends with o asking the root for the highest free place.
public sealed partial class OverlayTree
{
    private const int MaxErrands = 3;

    /// <summary>So long the orphans of one dead node are waited for.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ErrandPatience = TimeSpan.FromSeconds(5);

    /// <summary>After so long without any way back the node lets its children go and begins anew.</summary>
    private static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(60);

    private Moment _orphanedAt;
    private RingId _former;
    private bool _formerLives;
    private Descriptor? _grandparent;
    private RingId _formerRoot;
    private bool _isRootGone;
    private int _refuge;
    private RareList<FosterErrand> _errands;

    private void ParentLost(Instant now, NeighbourEnd why)
    {
        if (_parent is not { } parent)
        {
            return;
        }

        _parent = null;
        _former = parent.Id;
        _grandparent = _ancestors.Length >= 2 ? _ancestors[^2].Node : null;
        _isRootGone = _ancestors.Length == 1;
        _formerRoot = _isRootGone ? parent.Id : _formerRoot;
        (_orphanedAt, _refuge, _parentUnlinkedAt) = (now, 0, Moment.Never);
        (_news, _flushDue) = (null, Moment.Never);
        _formerLives = why == NeighbourEnd.Dropped; // The link to it may be the only one that leads anywhere.
        if (why == NeighbourEnd.Lost)
        {
            ReleaseLink(now, parent.Id);
        }

        Tell(why is NeighbourEnd.Died or NeighbourEnd.Lost ? Observation.ParentFailed : Observation.ParentClosed, parent.Id);
        _port.Observe(new() { Observation = Observation.NeighboursChanged, Phase = Phase });
        if (_seek is null || _seek.Step is SeekStep.Asking or SeekStep.Resolving)
        {
            NextRefuge(now);
        }
    }

    /// <summary>How often an orphan has tried all that it can try: each time it asks another one of those whom it is linked to.</summary>
    private int Round => _refuge / 3;

    /// <summary>Where an orphan turns to next: the stand-ins if its parent was the root, its spare, the root through whoever it is linked to, its grandparent.</summary>
    private void NextRefuge(Instant now)
    {
        EndSeek(now, keepLink: false);
        if (IsHeirless(now))
        {
            SucceedUnasked(now);
            return;
        }

        if (now - _orphanedAt >= OrphanPatience || (_refuge >= 3 && !TryFindOutside(0, out _)))
        {
            GiveUp(now); // Also where all who could pass anything on have died with the parent: there is nobody left to ask.
            return;
        }

        var turn = _refuge++;
        if (_isRootGone && turn < _standIns.Count)
        {
            Vote(now, _standIns[turn]);
            return;
        }

        switch (turn % 3)
        {
            case 0 when _spare is { } spare && spare.Id != _former && _port.IsLinked(spare.Id) && !_table.TryFind(spare.Id, out _):
                SeekNode(now, Fostering(_former, _grandparent), spare.Descriptor);
                break;
            case 1 when _grandparent is { } grandparent && grandparent.Id != _former && grandparent.Id != _self:
                SeekNode(now, Fostering(_former, _grandparent), grandparent);
                break;
            default:
                StartAsking(now, TreeReason.Move, TreeSearch.Highest);
                break;
        }
    }

    private TreeSeek Fostering(RingId? former, Descriptor? grandparent) => new(TreeReason.Foster, _random.Next() | 1)
    {
        Former = former,
        Grandparent = grandparent,
        Source = TryFindOutside(Round, out var outside) ? outside : _self,
    };

    /// <summary>No way back: the children look for themselves, and so does this node, from the beginning.</summary>
    private void GiveUp(Instant now)
    {
        _port.Observe(new() { Observation = Observation.AssumptionBroken, Phase = Phase });
        for (var i = _children.Count - 1; i >= 0; i--)
        {
            var child = _children[i];
            _port.Send(now, child.Id, new TreeNotice(TreeNews.NotMyChild, 0, 0, 0, _self, null));
            RemoveChild(now, child, NeighbourEnd.Dropped);
        }

        DropSpare(now);
        LeaveFormer(now);
        (_ancestors, _tickDue) = ([], Moment.Never);
        BecomePhase(NodePhase.Rejoin);
        StartAsking(now, TreeReason.Join, TreeSearch.Delegated);
    }

    private void LeaveFormer(Instant now)
    {
        if (_formerLives)
        {
            _formerLives = false;
            ReleaseLink(now, _former);
        }
    }

    /// <summary>Something is to be done by a leaf: it goes on to the deepest one, or is done here.</summary>
    public void OnErrand(Instant now, in Contact from, TreeErrand errand)
    {
        ArgumentNullException.ThrowIfNull(errand);
        if (IsMember && _parent is { } parent && parent.Id == from.Id)
        {
            Run(now, errand);
        }
    }

    private void Run(Instant now, TreeErrand errand)
    {
        if (DeepestChild() is { } deepest)
        {
            Spend(deepest);
            _port.Send(now, deepest.Id, errand);
        }
        else if (_children.Count == 0 && _seek is null && !IsFrozen && !IsRoot && errand.From.Id != _self)
        {
            DoAsLeaf(now, errand);
        }
    }

    private void DoAsLeaf(Instant now, TreeErrand errand)
    {
        switch (errand.Task)
        {
            case TreeTask.Lift:
                StartAsking(now, TreeReason.Move, TreeSearch.Highest, errand);
                break;
            case TreeTask.TakePlace when errand.Parent is { } parent && parent.Id != _parent?.Id:
                var seek = new TreeSeek(TreeReason.Replace, _random.Next() | 1) { Former = errand.Subject, Errand = errand, Source = errand.From.Id };
                SeekNode(now, seek, parent);
                break;
            case TreeTask.StandIn:
                _port.Send(now, errand.From.Id, new TreeNotice(TreeNews.StandInReady, errand.Nonce, _clock.Epoch, errand.Rank, _self, _port.Self.Descriptor));
                break;
        }
    }

    /// <summary>What another node has to say.</summary>
    public void OnNotice(Instant now, in Contact from, TreeNotice notice)
    {
        ArgumentNullException.ThrowIfNull(notice);
        switch (notice.News)
        {
            case TreeNews.Detached when FindChild(from.Id) is { } child:
                RemoveChild(now, child, NeighbourEnd.Dropped);
                break;
            case TreeNews.NotMyChild when _parent is { } parent && parent.Id == from.Id:
                ParentLost(now, NeighbourEnd.Dropped);
                break;
            case TreeNews.PlaceTaken:
                PlaceTaken(now, from, notice);
                break;
            case TreeNews.MoveTo when _parent is { } fosterer && fosterer.Id == from.Id && _seek is null:
                MoveTo(now, from, notice);
                break;
            case TreeNews.StandInReady when IsRoot:
                StandInReady(now, from, notice);
                break;
            case TreeNews.Reign when notice.Node is { } node:
                OnReign(now, from, notice, node);
                break;
            case TreeNews.Outlived when IsRoot:
                OutliveReign(now, new TreeClock(notice.Epoch, notice.Rank, 0));
                break;
        }
    }

    private void MoveTo(Instant now, in Contact from, TreeNotice notice)
    {
        if (notice.Node is { } node)
        {
            SeekNode(now, new TreeSeek(TreeReason.Move, _random.Next() | 1) { Source = from.Id }, node);
        }
        else
        {
            StartAsking(now, TreeReason.Move, TreeSearch.Highest);
        }
    }

    /// <summary>A leaf stands where the dead node stood: its children here go back to their old place, below it.</summary>
    private void PlaceTaken(Instant now, in Contact leaf, TreeNotice notice)
    {
        foreach (ref var errand in _errands.Items)
        {
            if (errand.Nonce == notice.Nonce && errand.Taker is null && notice.Node is null)
            {
                (errand.SentAt, errand.Tries) = (now + -ErrandPatience, errand.Tries + 1); // It could not be had: one more may try.
            }
            else if (errand.Former == notice.Subject && errand.Nonce == notice.Nonce && errand.Taker is null)
            {
                (errand.Taker, errand.SentAt) = (leaf.Descriptor, now);
                TellFosters(now, ref errand);
            }
        }
    }

    private void TellFosters(Instant now, ref FosterErrand errand)
    {
        foreach (var child in _children)
        {
            if (child.IsFoster && child.Former == errand.Former && child.Id != errand.Taker?.Id)
            {
                _port.Send(now, child.Id, new TreeNotice(TreeNews.MoveTo, 0, 0, 0, errand.Former, errand.Taker));
            }
        }
    }

    /// <summary>Foster children do not stay: a place is made for them.</summary>
    private void TendFosters(Instant now)
    {
        if (FosterCount == 0)
        {
            _errands.Clear();
            return;
        }

        foreach (var child in _children)
        {
            if (child.IsFoster && now - child.FosteredAt >= Gathering)
            {
                TendFoster(now, child);
            }
        }
    }

    private void TendFoster(Instant now, TreeChild child)
    {
        if (child.Former is not { } former || child.Grandparent is not { } place || place.Id == child.Id)
        {
            if (GivenPlaces > 0)
            {
                PromoteFoster(now, child);
            }
            else if (now - child.FosteredAt >= ErrandPatience / 2)
            {
                child.FosteredAt = now;
                _port.Send(now, child.Id, new TreeNotice(TreeNews.MoveTo, 0, 0, 0, child.Id, null));
            }

            return;
        }

        for (var i = 0; i < _errands.Count; i++)
        {
            ref var errand = ref _errands[i];
            if (errand.Former == former)
            {
                if (now - errand.SentAt >= ErrandPatience)
                {
                    RetryErrand(now, ref errand, place);
                }

                return;
            }
        }

        var first = new FosterErrand(former) { SentAt = now };
        _errands.Add(first);
        RetryErrand(now, ref _errands[_errands.Count - 1], place);
    }

    /// <summary>There is room for it here.</summary>
    private void PromoteFoster(Instant now, TreeChild child)
    {
        child.Slot = FirstFreeSlot();
        FosterCount--;
        SendPositions(now);
        TellStandIns(now);
        Changed();
    }

    private void RetryErrand(Instant now, ref FosterErrand errand, in Descriptor place)
    {
        errand.SentAt = now;
        if (errand.Tries++ >= MaxErrands || (errand.Taker is null && IsGone(place.Id)))
        {
            errand.Taker = null; // Every one for itself: a place here, or the highest free one.
            TellFosters(now, ref errand);
            for (var i = 0; i < _children.Count && GivenPlaces > 0; i++)
            {
                if (_children[i].IsFoster && _children[i].Former == errand.Former)
                {
                    PromoteFoster(now, _children[i]);
                }
            }
        }
        else if (errand.Taker is not null)
        {
            TellFosters(now, ref errand);
        }
        else if (DeepestFoster(errand.Former) is { } chosen)
        {
            errand.Nonce = _random.Next() | 1;
            Spend(chosen);
            _port.Send(now, chosen.Id, new TreeErrand(TreeTask.TakePlace, errand.Nonce, _port.Self.Descriptor, 0, errand.Former, place));
        }
    }

    /// <summary>
    /// Whether this node knows that there is no place to be had at <paramref name="place"/>: its own parent was that, and is dead, or the root of before. Who loses parent and
    /// grandparent at once is not to wait until three leaves in a row have knocked at a dead node's door.
    /// </summary>
    private bool IsGone(RingId place) => place != _self && _parent?.Id != place && ((place == _former && !_formerLives) || place == _formerRoot);

    private TreeChild? DeepestFoster(RingId former)
    {
        TreeChild? best = null;
        foreach (var child in _children)
        {
            if (child.IsFoster && child.Former == former && child.UnlinkedAt == Instant.Never && (best is null || child.Shape.LeafDepth > best.Shape.LeafDepth))
            {
                best = child;
            }
        }

        return best;
    }

    /// <summary>The search for who takes a dead node's place, on behalf of its orphans here.</summary>
    private record struct FosterErrand(RingId Former)
    {
        public ulong Nonce { get; set; }

        public Moment SentAt { get; set; }

        public int Tries { get; set; }

        public Descriptor? Taker { get; set; }
    }
}
