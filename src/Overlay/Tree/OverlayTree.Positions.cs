using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// Where a node is:  parent → Position(ancestors, spare, uncle) → child, whenever it changes. And the links that wait for the day when the parent is gone:
// the spare to an uncle, or to the grandparent where there is none; two far ones, of the root's children to the stand-ins.
public sealed partial class OverlayTree
{
    private const int FarLinks = 2;

    /// <summary>Links that an orphan looks at for a way out of its subtree.</summary>
    private const int MaxLinked = 64;

    private static readonly TimeSpan FarPeriod = TimeSpan.FromSeconds(10);

    private TreeStep[] _ancestors = [];
    private IReadOnlyList<Descriptor> _standIns = [];
    private int _rootChildren;
    private Descriptor? _uncle;
    private Descriptor? _spareWish;
    private Contact? _spare;
    private Contact? _nextSpare; // Wished for, and not linked yet: until it is, the one of before stays.
    private bool _spareWanted;
    private RareList<RingId> _far;
    private RareList<RingId> _farGone;
    private ulong _farNonce;
    private Moment _farDue = Moment.Never;

    /// <summary>Links to the root.</summary>
    public int Depth => _ancestors.Length;

    /// <summary>The nodes from the root to the parent, with the place that the way takes at each.</summary>
    public ReadOnlySpan<TreeStep> Ancestors => _ancestors;

    /// <summary>The uncle, or grandparent, to whom the spare link leads.</summary>
    public RingId? Spare => _spare?.Id;

    private bool IsAtDepthLimit => Depth >= TreePosition.MaxDepth - 1;

    private bool IsRootChild => _ancestors.Length == 1;

    /// <summary>Where this node is now, by its parent's word.</summary>
    public void OnPosition(Instant now, in Contact from, TreePosition position)
    {
        ArgumentNullException.ThrowIfNull(position);
        if (_parent is not { } parent || parent.Id != from.Id || position.Ancestors.Count == 0 || position.Ancestors[^1].Node.Id != from.Id)
        {
            return;
        }

        var ancestors = new TreeStep[position.Ancestors.Count];
        for (var i = 0; i < ancestors.Length; i++)
        {
            ancestors[i] = position.Ancestors[i];
        }

        NotePath(now, ancestors);
        Slot = ancestors[^1].Slot;
        var before = _ancestors.Length;
        _formerRoot = before > 0 && _ancestors[0].Node.Id != ancestors[0].Node.Id ? _ancestors[0].Node.Id : _formerRoot;
        var isNearRoot = ancestors.Length == 1; // The links that outlive the root are not to wait.
        (_ancestors, _uncle, _standIns, _rootChildren) = (ancestors, position.Uncle, position.StandIns, position.RootChildren);
        TakeWarrant(ancestors[0].Node.Id, position.Warrant);
        if (_spareWish != position.Spare)
        {
            WishForSpare(now, position.Spare);
        }

        if (isNearRoot)
        {
            _farDue = now + _random.Between(TimeSpan.Zero, Beat);
        }
        else if (before != ancestors.Length)
        {
            _farDue = Instant.Min(_farDue, now + _random.Between(FarPeriod / 4, FarPeriod));
        }

        SendPositions(now);
        Changed();
    }

    /// <summary>The answer to a search for a far link. False where the tree did not ask.</summary>
    public bool OnOwner(Instant now, in Contact from, Owner answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Nonce != _farNonce || _farNonce == 0)
        {
            return false;
        }

        _farNonce = 0;
        if (answer.Self.Id == from.Id && IsMember && _far.Count < FarLinks)
        {
            TakeFar(now, from);
        }

        return true;
    }

    private void TakeFar(Instant now, in Contact peer)
    {
        if (peer.Id != _self && peer.Id != _parent?.Id && peer.Id != _spare?.Id && !_far.Contains(peer.Id) && FindChild(peer.Id) is null && !_table.TryFind(peer.Id, out _))
        {
            _far.Add(peer.Id);
            _port.WantLink(now, peer, LinkPurpose.Finger);
        }
    }

    private void FarLinkDown(RingId peer)
    {
        if (_far.Contains(peer))
        {
            _farGone.Add(peer);
        }
    }

    private void TendPosition(Instant now)
    {
        while (_farGone.Count > 0)
        {
            var gone = _farGone[0];
            _farGone.RemoveAt(0);
            if (!_port.IsLinked(gone) && _far.Remove(gone))
            {
                _port.UnwantLink(now, gone, LinkPurpose.Finger);
                _farDue = Instant.Min(_farDue, now + _random.Between(Beat, FarPeriod));
            }
        }

        if (_spareWish is not null && !_spareWanted)
        {
            ResolveSpare(now);
        }

        if (now < _farDue || IsOrphan || IsRoot)
        {
            return;
        }

        var period = _far.Count < FarLinks ? FarPeriod / 5 : FarPeriod; // Who has none yet is lost with its parent and its uncle.
        _farDue = now + period + _random.Between(TimeSpan.Zero, period);
        foreach (var far in _far)
        {
            TellReign(now, far, Brief);
        }

        if (IsRootChild)
        {
            WantStandIns(now);
        }
        else if (_far.Count < FarLinks)
        {
            _farNonce = _random.Next() | 1;
            _port.SendToResponsible(now, RingId.From(_random.Next()), new FindOwner(_farNonce, LookupPurpose.Finger) { Certificate = _port.Self.Certificate });
        }
    }

    /// <summary>A root's child keeps a link to each stand-in: the first is its spare, the others are its far links.</summary>
    private void WantStandIns(Instant now)
    {
        for (var i = 0; i < _standIns.Count; i++)
        {
            if (_standIns[i].Id != _self && _standIns[i] != _spareWish && !_far.Contains(_standIns[i].Id))
            {
                if (!_port.TryResolve(_standIns[i], out var standIn))
                {
                    _port.FetchCertificates(now, _parent!.Value.Id, [_standIns[i]]);
                    _farDue = Instant.Min(_farDue, now + Beat);
                }
                else if (_far.Count < FarLinks)
                {
                    TakeFarOf(now, standIn);
                }
                else
                {
                    _farGone.Add(_far[0]);
                    _port.UnwantLink(now, _far[0], LinkPurpose.Finger);
                    _far.RemoveAt(0);
                    TakeFarOf(now, standIn);
                }
            }
        }
    }

    private void TakeFarOf(Instant now, in Contact peer)
    {
        _far.Add(peer.Id); // Even where it is below this node: the way there is what is to outlive the tree.
        _port.WantLink(now, peer, LinkPurpose.Finger);
    }

    private void ResolveSpare(Instant now)
    {
        if (_spareWish is not { } wish || _spareWanted)
        {
            return;
        }

        if (_port.TryResolve(wish, out var spare))
        {
            _spareWanted = true;
            _port.WantLink(now, spare, LinkPurpose.Join);
            if (_spare is { } before && _port.IsLinked(before.Id) && !_port.IsLinked(spare.Id))
            {
                _nextSpare = spare;
                KeepForNow(now, before);
            }
            else
            {
                TakeSpare(now, spare);
            }
        }
        else if (_parent is { } parent)
        {
            _port.FetchCertificates(now, parent.Id, [wish]);
        }
    }

    /// <summary>
    /// The parent names another spare, or none. The one of before is let go when the new one is linked, not before: where many die at once places change all the time, and who
    /// has no spare when its parent dies has to look for a way back. That is one link more for a while, for which the degree has room.
    /// </summary>
    private void WishForSpare(Instant now, Descriptor? wish)
    {
        var next = _nextSpare;
        (_spareWish, _nextSpare, _spareWanted) = (wish, null, false);
        if (next is { } given && given.Id != wish?.Id)
        {
            ReleaseSpare(now, given.Id);
        }

        ResolveSpare(now);
    }

    private void TakeSpare(Instant now, in Contact spare)
    {
        var before = _spare;
        (_spare, _nextSpare) = (spare, null);
        if (before is { } old)
        {
            ReleaseSpare(now, old.Id);
        }
    }

    /// <summary>
    /// The spare of before is kept like a far link: where its other end has no room for those who need it now, it goes. Else nodes that wait for each other's room would keep each other
    /// out for ever.
    /// </summary>
    private void KeepForNow(Instant now, in Contact before)
    {
        _port.WantLink(now, before, LinkPurpose.Finger);
        _port.UnwantLink(now, before.Id, LinkPurpose.Join);
    }

    private void ReleaseSpare(Instant now, RingId before)
    {
        if (_spare?.Id != before)
        {
            _port.UnwantLink(now, before, LinkPurpose.Join);
        }

        if (!_far.Contains(before))
        {
            _port.UnwantLink(now, before, LinkPurpose.Finger);
        }
    }

    private void SpareLinkUp(Instant now, RingId peer)
    {
        if (_nextSpare is { } next && next.Id == peer)
        {
            TakeSpare(now, next);
        }
    }

    private void SpareLinkDown(Instant now, RingId peer)
    {
        if (_spare?.Id == peer && _nextSpare is { } next)
        {
            TakeSpare(now, next);
        }
    }

    private void SpareLinkFailed(RingId peer)
    {
        if (_spare?.Id == peer || _nextSpare?.Id == peer)
        {
            _spareWanted = false; // Wished for again with the next beat.
        }
    }

    private void SpareDied(Instant now, RingId peer)
    {
        if (_spareWish?.Id == peer)
        {
            WishForSpare(now, null);
        }

        if (_spare?.Id == peer)
        {
            var next = _nextSpare;
            (_spare, _nextSpare) = (next, null);
            ReleaseSpare(now, peer);
        }
    }

    private void DropSpare(Instant now)
    {
        WishForSpare(now, null);
        var before = _spare;
        _spare = null;
        if (before is { } old)
        {
            ReleaseSpare(now, old.Id);
        }
    }

    /// <summary>A node outside of this one's subtree with an open link: the spare, a far one, else whoever has it as such.</summary>
    private bool TryFindOutside(int turn, out RingId outside)
    {
        Span<RingId> all = stackalloc RingId[FarLinks + 1];
        var count = 0;
        if (_spare is { } spare && _port.IsLinked(spare.Id) && (spare.Id != _former || _formerLives) && !_table.TryFind(spare.Id, out _))
        {
            all[count++] = spare.Id;
        }

        foreach (var far in _far)
        {
            if (count < all.Length && _port.IsLinked(far) && !_table.TryFind(far, out _))
            {
                all[count++] = far;
            }
        }

        outside = count > 0 ? all[turn % count] : default;
        return count > 0 || TryFindAnybody(turn, out outside);
    }

    private bool TryFindAnybody(int turn, out RingId outside)
    {
        Span<RingId> linked = stackalloc RingId[MaxLinked];
        var (all, count) = (_port.Linked(linked), 0);
        for (var i = 0; i < all; i++)
        {
            if ((linked[i] != _former || _formerLives) && !_table.TryFind(linked[i], out _))
            {
                linked[count++] = linked[i];
            }
        }

        outside = count > 0 ? linked[turn % count] : default;
        return count > 0;
    }

    private void SendPositions(Instant now)
    {
        if (_children.Count == 0 || IsOrphan)
        {
            return;
        }

        var standIns = IsRoot ? StandInList() : _standIns;
        foreach (var child in _children)
        {
            var position = PositionOf(child, standIns);
            if (!IsSame(child.Told, position) || !ReferenceEquals(child.ToldWarrant, _warrant))
            {
                position = ReferenceEquals(child.ToldWarrant, _warrant) ? position : position with { Warrant = _warrant };
                (child.Told, child.ToldWarrant) = (position, _warrant);
                _port.Send(now, child.Id, position);
            }
        }
    }

    private TreePosition PositionOf(TreeChild child, IReadOnlyList<Descriptor> standIns)
    {
        var self = _port.Self.Descriptor;
        var next = NextSibling(child);
        Descriptor? uncle = child.IsFoster ? null : next is null ? self : next.Peer.Descriptor; // A foster child's children: it is not for long.
        var spare = IsRoot ? FirstOther(standIns, child.Id) ?? next?.Peer.Descriptor
            : _uncle is { } mine && mine.Id != child.Id && mine.Id != _self ? mine
            : Slot == TreeAttached.NoSlot ? null
            : _parent!.Value.Descriptor;
        var ancestors = new TreeStep[_ancestors.Length + 1];
        _ancestors.CopyTo(ancestors, 0);
        ancestors[^1] = new(self, child.Slot);
        return new(ancestors, spare, uncle, standIns, IsRoot ? _children.Count : _rootChildren);
    }

    private static Descriptor? FirstOther(IReadOnlyList<Descriptor> list, RingId than)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i].Id != than)
            {
                return list[i];
            }
        }

        return null;
    }

    /// <summary>The child with the next number, round and round; null for an only or a foster child.</summary>
    private TreeChild? NextSibling(TreeChild child)
    {
        TreeChild? next = null, first = null;
        foreach (var other in _children)
        {
            if (other == child || other.IsFoster || child.IsFoster)
            {
                continue;
            }

            first = first is null || other.Slot < first.Slot ? other : first;
            next = other.Slot > child.Slot && (next is null || other.Slot < next.Slot) ? other : next;
        }

        return next ?? first;
    }

    private static bool IsSame(TreePosition? told, TreePosition position)
    {
        if (told is null || told.Spare != position.Spare || told.Uncle != position.Uncle || told.RootChildren != position.RootChildren
            || told.Ancestors.Count != position.Ancestors.Count || told.StandIns.Count != position.StandIns.Count)
        {
            return false;
        }

        for (var i = 0; i < told.Ancestors.Count; i++)
        {
            if (told.Ancestors[i] != position.Ancestors[i])
            {
                return false;
            }
        }

        for (var i = 0; i < told.StandIns.Count; i++)
        {
            if (told.StandIns[i] != position.StandIns[i])
            {
                return false;
            }
        }

        return true;
    }
}
