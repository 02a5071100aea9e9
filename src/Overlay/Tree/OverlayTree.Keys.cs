using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// Who is responsible for a key:  root → … → the child with the number that the key names at this depth → … → where there is no such child.
// The parent is the first heir: it gets the keys of a child that goes, and hands those of a place that is taken down to who takes it.
public sealed partial class OverlayTree
{
    /// <summary>After so long all who belong below a new inner node are there, and what others kept for a dead one has been offered.</summary>
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(15);

    /// <summary>By then all above know the way to a new child.</summary>
    private static readonly TimeSpan TablesKnow = TimeSpan.FromSeconds(2);

    /// <summary>What is handed down to a node that was elsewhere before may be there sooner than the news of its place, and is sent once more.</summary>
    private static readonly TimeSpan Moves = TimeSpan.FromSeconds(2);

    private Moment _movedAt = Moment.Never;
    private Moment _adoptedAt = Moment.Never;
    private Moment _settlesAt = Moment.Never; // Never: it is settled.
    private HashSet<RingId>? _awaited; // The former root's children of whom this root knows neither where they are nor that they are dead.
    private Moment _awaitsUntil;
    private byte _formerSlot = TreeAttached.NoSlot;
    private RareList<(byte Slot, Moment Until)> _vacant;

    /// <summary>A number that is another one whenever who keeps a name may have died or moved: the parent changed, a foster child came, or a number on the way is another.</summary>
    public int Upheavals { get; private set; }

    /// <summary>The child number that this node had below its dead parent and wants to have below who takes that one's place; <see cref="TreeAttached.NoSlot"/>: any.</summary>
    private byte WantedSlot => IsOrphan && Slot != TreeAttached.NoSlot ? Slot : _formerSlot;

    /// <summary>
    /// Places to promise. Where children in foster care, channels, or whatever else does not give way take the room of their links, none is: who came would be refused the link.
    /// </summary>
    private int FreePlaces => GivenPlaces <= 0 ? 0 : Math.Clamp(_port.RoomForNeighbours - _candidates.Count, 0, GivenPlaces);

    /// <summary>Places for who has a link already. A new inner node keeps all for those who were below the one before it: they had numbers there, by which keys are found.</summary>
    private int GivenPlaces => IsSettling ? 0 : OpenPlaces;

    private bool IsSettling => _settlesAt != Instant.Never || IsGathering;

    /// <summary>Whether this node is the root, or knows by its parent's word where it is, which is neither below an orphan nor in foster care, as far as it knows.</summary>
    public bool HasPlace
    {
        get
        {
            if (IsRoot || _parent is not { } parent || _ancestors.Length == 0)
            {
                return IsRoot;
            }

            foreach (ref readonly var step in Ancestors)
            {
                if (step.Slot == TreeAttached.NoSlot)
                {
                    return false;
                }
            }

            return _ancestors[^1].Node.Id == parent.Id; // Else it has moved, and was not told yet where to.
        }
    }

    /// <summary>Through whom a node is answered that tables above do not name: an orphan, or a child of the last moments.</summary>
    public bool TryFindAnchor(Instant now, out RingId anchor)
    {
        anchor = _parent?.Id ?? default;
        return IsOrphan ? TryFindAside(out anchor) : _parent is not null && _adoptedAt != Instant.Never && now - _adoptedAt < TablesKnow;
    }

    /// <summary>Whether the walk from the root to <paramref name="key"/> comes through this node.</summary>
    public bool IsOnWalk(RingId key)
    {
        for (var depth = 0; depth < _ancestors.Length; depth++)
        {
            if (_ancestors[depth].Slot != KeyWalk.Slot(key, depth, MaxDegree))
            {
                return false;
            }
        }

        return HasPlace;
    }

    /// <summary>The child to which the walk goes on from here; none: it ends here.</summary>
    public bool TryWalk(RingId key, out RingId child)
    {
        var next = ChildAt(KeyWalk.Slot(key, Depth, MaxDegree));
        child = next?.Id ?? default;
        return next is not null;
    }

    /// <summary>Whether this node is responsible for <paramref name="key"/>: the walk from the root ends here.</summary>
    public bool Owns(RingId key) => IsMember && !IsOrphan && !IsGathering && !IsFenced && IsOnWalk(key) && !TryWalk(key, out _);

    /// <summary>Whether this node has had time to get all that others keep of <paramref name="key"/>, for which it is responsible.</summary>
    public bool IsSettledFor(Instant now, RingId key)
    {
        if (_settlesAt != Instant.Never || (_movedAt != Instant.Never && now - _movedAt < Moves))
        {
            return false;
        }

        return !IsVacated(now, KeyWalk.Slot(key, Depth, MaxDegree));
    }

    /// <summary>The nodes that keep copies of what this node is responsible for: those that inherit it (the parent; whoever has no parent, the children), and neighbours that die with neither of the two.</summary>
    /// <returns>How many there are.</returns>
    public int CopyHeirs(Span<RingId> into)
    {
        var count = 0;
        if (_parent is { } parent)
        {
            Add(into, ref count, parent.Id);
            if (_uncle is { } sibling) // The uncle of this node's children: its next sibling.
            {
                Add(into, ref count, sibling.Id);
            }

            if (_spareWish is { } uncle)
            {
                Add(into, ref count, uncle.Id);
            }
        }

        for (var slot = 0; slot < MaxDegree && count < into.Length; slot++)
        {
            if (ChildAt(slot) is { } child)
            {
                Add(into, ref count, child.Id);
            }
        }

        return count;
    }

    private void Add(Span<RingId> into, ref int count, RingId heir)
    {
        if (count < into.Length && heir != _self && !into[..count].Contains(heir))
        {
            into[count++] = heir;
        }
    }

    /// <summary>
    /// A child is gone. Where it had children of its own, or was to get those of the one before it, its number is nobody else's for a while: a newcomer would have no record of the keys whose nodes are
    /// about to come back, and not know that. So it is where this node moved a moment ago: the child's keys were others before, and of those that came to it this node need not have a copy yet.
    /// </summary>
    private bool NoteVacancy(Instant now, TreeChild child)
    {
        var hasMoved = _movedAt != Instant.Never && now - _movedAt < Settles;
        var isVacated = !child.IsFoster && (child.Shape.Size > 1 || hasMoved || IsVacated(now, child.Slot));
        if (isVacated)
        {
            Vacate(now, child.Slot);
        }

        return isVacated;
    }

    /// <summary>For a while the nodes with the records of this number's keys are on their way.</summary>
    private void Vacate(Instant now, byte slot)
    {
        _vacant.RemoveAll(vacancy => vacancy.Until <= now || vacancy.Slot == slot);
        _vacant.Add((slot, now + Settles));
    }

    private bool IsVacated(Instant now, int slot)
    {
        foreach (ref readonly var vacancy in _vacant.Items)
        {
            if (vacancy.Slot == slot && vacancy.Until > now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>This node was told where it is. Where the numbers on the way are others than before, its keys are, too.</summary>
    private void NotePath(Instant now, TreeStep[] ancestors)
    {
        var isSame = _ancestors.Length == 0 || _ancestors.Length == ancestors.Length; // Who had no place before is sent its keys by its parent.
        for (var depth = 0; isSame && depth < _ancestors.Length; depth++)
        {
            isSame = _ancestors[depth].Slot == ancestors[depth].Slot;
        }

        if (!isSame)
        {
            _movedAt = now;
            Upheavals++; // The subtree's keys go elsewhere, and whoever keeps one of them may die on the way.
        }
    }

    /// <summary>This node has a parent, in <paramref name="slot"/>; before it had the number <see cref="Slot"/> below the former one.</summary>
    private void NoteParent(Instant now, byte slot, TreeReason reason)
    {
        Upheavals++;
        _adoptedAt = now;
        _formerSlot = slot != TreeAttached.NoSlot ? TreeAttached.NoSlot : Slot != TreeAttached.NoSlot ? Slot : _formerSlot;
        _settlesAt = reason == TreeReason.Replace ? now + Settles : Moment.Never;
    }

    /// <summary>Whether there is room for who asks. One that had a number below the dead node whose place this one took goes before newcomers, also before those who were promised a place.</summary>
    private bool HasRoom(TreeAttach attach, bool isPromised) =>
        isPromised || attach.Slot != TreeAttached.NoSlot ? ChildCount + _reservations.Count < MaxDegree : OpenPlaces > 0;

    /// <summary>Whether a place was promised before this node had another one itself: who takes it now would have no record of its keys, and not know that they may be on their way.</summary>
    private bool IsOutdated(TreeAttach attach, bool isPromised, byte promised) => IsSettling && isPromised && promised == TreeAttached.NoSlot && attach.Slot == TreeAttached.NoSlot;

    /// <summary>The number of a new child: that of the dead one whose place it takes, else the one that it had and wants, else the first that is free.</summary>
    private byte SlotFor(TreeAttach attach, byte promised)
    {
        var wanted = promised != TreeAttached.NoSlot ? promised : attach.Slot;
        if (wanted < MaxDegree && ChildAt(wanted) is null && (promised != TreeAttached.NoSlot || !IsReserved(wanted)))
        {
            return wanted;
        }

        return FirstFreeSlot();
    }

    /// <summary>The first number that nobody has; one that is kept for somebody only where there is no other.</summary>
    private byte FirstFreeSlot()
    {
        var free = TreeAttached.NoSlot;
        for (byte slot = 0; slot < MaxDegree && (free == TreeAttached.NoSlot || IsReserved(free)); slot++)
        {
            free = ChildAt(slot) is null ? slot : free;
        }

        Invariant.Check(free < MaxDegree, "a node has no more children than its degree");
        return free;
    }

    private bool IsReserved(byte slot)
    {
        foreach (ref readonly var reservation in _reservations.Items)
        {
            if (reservation.Slot == slot)
            {
                return true;
            }
        }

        return false;
    }

    private void TendKeys(Instant now)
    {
        if (_awaited is { } awaited && !IsGathering)
        {
            TendAwaited(now, awaited);
        }

        if (now >= _settlesAt)
        {
            _settlesAt = Moment.Never;
            ServeStored(now);
        }
    }

    /// <summary>
    /// A former root's child that did not come here is on its way with its whole subtree, and nobody below it offers a record before it has a place. So the time in which this root
    /// gets what others keep begins only when the last of them is found somewhere in its tree, or known to be dead; or when it has given its subtree up, as orphans do. A root without
    /// children waits for nobody: whoever is left is a network of its own.
    /// </summary>
    private void TendAwaited(Instant now, HashSet<RingId> awaited)
    {
        if (!IsRoot || now >= _awaitsUntil || _children.Count == 0)
        {
            _awaited = null;
            return;
        }

        awaited.RemoveWhere(id => id == _self || _table.TryFind(id, out _));
        (_awaited, _settlesAt) = awaited.Count > 0 ? (awaited, now + Settles) : (null, _settlesAt);
    }
}
