using Overlay.Ring;

namespace Overlay.Checks;

/// <summary>The members of a snapshot in order of their ids, so that "strictly between" is a range of ranks. Reused from check to check.</summary>
internal sealed class MemberRanks
{
    private readonly List<RingNodeState> _members = [];
    private ulong[] _ids = new ulong[64];
    private int[] _difference = new int[65];

    public IReadOnlyList<RingNodeState> Members => _members;

    public int Count => _members.Count;

    public RingNodeState this[int rank] => _members[rank];

    /// <summary>Takes those of <paramref name="nodes"/> that have a place on the ring, or only those in one phase, except <paramref name="without"/>.</summary>
    public void Load(IReadOnlyList<RingNodeState> nodes, NodePhase? phase = null, RingId? without = null)
    {
        _members.Clear();
        for (var index = 0; index < nodes.Count; index++)
        {
            var node = nodes[index];
            if ((phase is null ? node.IsMember : node.Phase == phase) && node.Id != without)
            {
                _members.Add(node);
            }
        }

        _members.Sort(static (left, right) => left.Id.Value.CompareTo(right.Id.Value));
        if (_ids.Length < _members.Count)
        {
            _ids = new ulong[_members.Count * 2];
            _difference = new int[(_members.Count * 2) + 1];
        }

        for (var rank = 0; rank < _members.Count; rank++)
        {
            _ids[rank] = _members[rank].Id.Value;
        }

        Array.Clear(_difference);
    }

    /// <summary>The rank of <paramref name="id"/>, or −1 where it is not a member.</summary>
    public int RankOf(RingId id)
    {
        var rank = Array.BinarySearch(_ids, 0, Count, id.Value);
        return rank >= 0 ? rank : -1;
    }

    /// <summary>Notes that the members strictly between <paramref name="after"/> and <paramref name="before"/> are skipped.</summary>
    public void Skip(RingId after, RingId before)
    {
        var low = UpperBound(after.Value);
        var high = LowerBound(before.Value);
        if (after.Value < before.Value)
        {
            Add(low, high);
        }
        else
        {
            Add(low, Count); // Through zero, or the whole circle but one.
            Add(0, high);
        }
    }

    /// <summary>Notes every pair of an extended list, owner first.</summary>
    public void SkipPairsOf(RingId owner, IReadOnlyList<RingId> list)
    {
        var last = owner;
        for (var index = 0; index < list.Count; index++)
        {
            Skip(last, list[index]);
            last = list[index];
        }
    }

    /// <summary>The members that nobody skipped, as ranks.</summary>
    public void CollectPrincipals(List<int> ranks)
    {
        ranks.Clear();
        var depth = 0;
        for (var rank = 0; rank < Count; rank++)
        {
            depth += _difference[rank];
            if (depth == 0)
            {
                ranks.Add(rank);
            }
        }
    }

    private void Add(int from, int to)
    {
        if (from < to)
        {
            _difference[from]++;
            _difference[to]--;
        }
    }

    private int UpperBound(ulong value)
    {
        var rank = Array.BinarySearch(_ids, 0, Count, value);
        return rank >= 0 ? rank + 1 : ~rank;
    }

    private int LowerBound(ulong value)
    {
        var rank = Array.BinarySearch(_ids, 0, Count, value);
        return rank >= 0 ? rank : ~rank;
    }
}
