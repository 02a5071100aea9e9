using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Simulator.Checkers;

// How one change changes the counts.
public sealed partial class RingInvariant
{
    /// <summary>A newcomer to the ring: who skips it, and to whom does it give life?</summary>
    private void Arrive(int newcomer)
    {
        SetMember(newcomer, true);
        var id = _world[newcomer]!.Self.Id;
        var skips = 0;
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_isMember(node) && node != newcomer)
            {
                skips += CountSkips(node, id);
                if (IsCut(node))
                {
                    JudgeLife(node);
                }
            }
        }

        AddSkips(newcomer, skips);
    }

    /// <summary>A member is one no more: nobody is skipped by it, and whoever listed it may have nobody left.</summary>
    private void Depart(int gone, RingId id)
    {
        Skip(gone, -1, id);
        SetMember(gone, false);
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_isMember(node) && ListOf(node).Contains(id.Value))
            {
                JudgeLife(node);
            }
        }
    }

    private void Skip(int node, int by)
    {
        if (_isMember(node))
        {
            Skip(node, by, _world[node]!.Self.Id);
        }
    }

    /// <summary>Adds <paramref name="by"/> skips for every member strictly between two neighbours of a member's extended list.</summary>
    private void Skip(int node, int by, RingId owner)
    {
        var after = owner;
        foreach (var entry in ListOf(node))
        {
            var before = RingId.From(entry);
            var arc = RingArc.StrictlyBetween(after, before);
            var first = _world.Directory.FirstFrom(after.Plus(1), _isMember);
            for (var at = first; at >= 0 && arc.Contains(_world[at]!.Self.Id);)
            {
                AddSkips(at, by);
                at = _world.Directory.FirstFrom(_world[at]!.Self.Id.Plus(1), _isMember);
                if (at == first)
                {
                    break;
                }
            }

            after = before;
        }
    }

    private int CountSkips(int node, RingId id)
    {
        var skips = 0;
        var after = _world[node]!.Self.Id;
        foreach (var entry in ListOf(node))
        {
            var before = RingId.From(entry);
            skips += RingArc.StrictlyBetween(after, before).Contains(id) ? 1 : 0;
            after = before;
        }

        return skips;
    }

    private void AddSkips(int node, int by)
    {
        var (was, now) = (_skips[node], _skips[node] + by);
        _skips[node] = now;
        if (was > 0 && now == 0)
        {
            Principals++;
            _principalSince[node] = _world.Ticks;
        }
        else if (was == 0 && now > 0)
        {
            Principals--;
            _demoted.Add((node, new TimeSpan(_world.Ticks - _principalSince[node])));
        }
    }

    private void JudgeLife(int node)
    {
        var isCut = false;
        if (_isMember(node))
        {
            isCut = true;
            foreach (var entry in ListOf(node))
            {
                if (_world.Directory.Find(RingId.From(entry)) is >= 0 and var listed && _isMember(listed))
                {
                    isCut = false;
                    break;
                }
            }
        }

        CutMembers += Set(node, Flags.Cut, isCut);
    }

    private void JudgeOrder(int node, NodePhase phase)
    {
        var isDisordered = false;
        if (phase is NodePhase.Member or NodePhase.Founding)
        {
            var (self, reached) = (_world[node]!.Self.Id, 0UL);
            var list = _world[node]!.Successors;
            isDisordered = list.Length > _length;
            foreach (ref readonly var entry in list)
            {
                var distance = self.ClockwiseTo(entry.Id);
                isDisordered |= distance <= reached;
                reached = distance;
            }
        }

        DisorderedLists += Set(node, Flags.Disordered, isDisordered);
    }

    private void JudgeArc(int node)
    {
        if (_world[node] is { Self.Certificate: not null } known)
        {
            Own(node, known.Self.Id, (_flags[node] & (Flags.Member | Flags.Founding)) != 0 && known.OwnedArc is not null);
        }
    }

    private void Disown(int node, RingId id) => Own(node, id, false);

    private void Own(int node, RingId id, bool isOwner)
    {
        if (!isOwner && !_isOwner(node))
        {
            return;
        }

        Set(node, Flags.Owner, isOwner);
        JudgeOverlap(isOwner ? node : -1);
        if (!isOwner)
        {
            Overlaps += Set(node, Flags.Overlaps, false);
        }

        JudgeOverlap(_world.Directory.FirstFrom(id.Plus(1), _isOwner));
    }

    private void JudgeOverlap(int node)
    {
        if (node >= 0)
        {
            var before = OwnerBefore(node);
            Overlaps += Set(node, Flags.Overlaps, before >= 0 && before != node && _world[node]!.OwnedArc is { } arc && arc.Contains(_world[before]!.Self.Id));
        }
    }

    private bool ListsFounders()
    {
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_isMember(node))
            {
                foreach (var entry in ListOf(node))
                {
                    if (_world.Directory.Find(RingId.From(entry)) is >= 0 and var listed && (_flags[listed] & Flags.Founding) != 0)
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private ReadOnlySpan<ulong> ListOf(int node) => _lists.AsSpan(node * _length, _counts[node]);

    private bool HasStored(int node, ReadOnlySpan<Contact> list)
    {
        var stored = ListOf(node);
        if (stored.Length != Math.Min(list.Length, _length))
        {
            return false;
        }

        for (var at = 0; at < stored.Length; at++)
        {
            if (stored[at] != list[at].Id.Value)
            {
                return false;
            }
        }

        return true;
    }

    private void Store(int node, ReadOnlySpan<Contact> list)
    {
        var count = Math.Min(list.Length, _length); // A longer one is out of order, and said so.
        for (var at = 0; at < count; at++)
        {
            _lists[(node * _length) + at] = list[at].Id.Value;
        }

        _counts[node] = (byte)count;
    }

    private void SetMember(int node, bool isMember)
    {
        if (Set(node, Flags.Member, isMember) is var by && by != 0)
        {
            Members += by;
            Principals += _skips[node] == 0 ? by : 0;
            _principalSince[node] = _world.Ticks;
            if (!isMember)
            {
                (_counts[node], _skips[node]) = (0, 0);
                CutMembers += Set(node, Flags.Cut, false);
            }
        }
    }

    private void SetFounding(int node, bool isFounding) => _founding += Set(node, Flags.Founding, isFounding);

    /// <summary>1 where it is set now and was not, −1 where it was, else 0.</summary>
    private int Set(int node, Flags flag, bool value)
    {
        var was = (_flags[node] & flag) != 0;
        _flags[node] = value ? _flags[node] | flag : _flags[node] & ~flag;
        return (value ? 1 : 0) - (was ? 1 : 0);
    }
}
