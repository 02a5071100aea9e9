using Overlay.Ring;

namespace Overlay.Simulator.Worlds;

/// <summary>Who sits where on the ring, for the simulator itself: a hash table in the order of the ring.</summary>
/// <remarks>
/// <para>Positions are uniform, so a position is its own hash: entry i of a table of c slots belongs near position i ⁄ c of the ring. Entries that must move are kept
/// in order (linear probing), so the table answers "who is this?" and "who comes next?" with one look at memory.</para>
/// <para>24 bytes a node. No simulated node ever sees it: what a node knows, it was told by messages.</para>
/// </remarks>
public sealed class RingDirectory
{
    private const int Overhang = 256;
    private const int Nobody = -1;

    private ulong[] _positions = [];
    private int[] _nodes = [];
    private int _slots;

    /// <param name="capacity">Nodes expected; it grows beyond that.</param>
    public RingDirectory(int capacity = 16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Allocate(capacity * 2);
    }

    /// <summary>Nodes in it.</summary>
    public int Count { get; private set; }

    /// <summary>The number of the node at <paramref name="id"/>, or −1.</summary>
    public int Find(RingId id)
    {
        for (var at = HomeOf(id.Value); _nodes[at] != Nobody; at++)
        {
            if (_positions[at] >= id.Value)
            {
                return _positions[at] == id.Value ? _nodes[at] : Nobody;
            }
        }

        return Nobody;
    }

    /// <summary>Notes that <paramref name="node"/> sits at <paramref name="id"/>; who sat there before is forgotten.</summary>
    public void Set(RingId id, int node)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(node);
        if (Count * 3 > _slots * 2)
        {
            Grow(_slots * 2);
        }

        while (!TrySet(id.Value, node))
        {
            Grow(_slots * 2);
        }
    }

    /// <summary>Forgets <paramref name="id"/>, unless another than <paramref name="node"/> sits there by now.</summary>
    public void Remove(RingId id, int node)
    {
        var at = HomeOf(id.Value);
        while (_nodes[at] != Nobody && _positions[at] < id.Value)
        {
            at++;
        }

        if (_nodes[at] != node || _positions[at] != id.Value)
        {
            return;
        }

        Count--;
        for (var next = at + 1; _nodes[next] != Nobody && HomeOf(_positions[next]) < next; next++)
        {
            (_positions[next - 1], _nodes[next - 1]) = (_positions[next], _nodes[next]);
            at = next;
        }

        _nodes[at] = Nobody;
    }

    /// <summary>The first node at or after <paramref name="id"/>, clockwise, that <paramref name="allows"/> lets through; −1 where there is none.</summary>
    public int FirstFrom(RingId id, Func<int, bool> allows)
    {
        ArgumentNullException.ThrowIfNull(allows);
        var start = HomeOf(id.Value);
        for (var at = start; at < _nodes.Length; at++)
        {
            if (_nodes[at] != Nobody && _positions[at] >= id.Value && allows(_nodes[at]))
            {
                return _nodes[at];
            }
        }

        for (var at = 0; at < _nodes.Length && (_nodes[at] == Nobody || _positions[at] < id.Value); at++)
        {
            if (_nodes[at] != Nobody && allows(_nodes[at]))
            {
                return _nodes[at];
            }
        }

        return Nobody;
    }

    /// <summary>The last node before <paramref name="id"/>, clockwise, that <paramref name="allows"/> lets through; −1 where there is none.</summary>
    public int LastBefore(RingId id, Func<int, bool> allows)
    {
        ArgumentNullException.ThrowIfNull(allows);
        var start = HomeOf(id.Value);
        while (_nodes[start] != Nobody && _positions[start] < id.Value)
        {
            start++;
        }

        for (var at = start - 1; at >= 0; at--)
        {
            if (_nodes[at] != Nobody && allows(_nodes[at]))
            {
                return _nodes[at];
            }
        }

        for (var at = _nodes.Length - 1; at >= start; at--)
        {
            if (_nodes[at] != Nobody && allows(_nodes[at]))
            {
                return _nodes[at];
            }
        }

        return Nobody;
    }

    /// <summary>Writes all nodes in the order of the ring, from position 0. Returns how many.</summary>
    public int CopyInOrder(Span<int> nodes)
    {
        var count = 0;
        foreach (var node in _nodes)
        {
            if (node != Nobody)
            {
                nodes[count++] = node;
            }
        }

        return count;
    }

    private int HomeOf(ulong position) => (int)Math.BigMul(position << (64 - RingId.Bits), (ulong)_slots, out _);

    private bool TrySet(ulong position, int node)
    {
        var at = HomeOf(position);
        while (_nodes[at] != Nobody && _positions[at] < position)
        {
            at++;
        }

        if (_nodes[at] != Nobody && _positions[at] == position)
        {
            _nodes[at] = node;
            return true;
        }

        var end = at;
        while (_nodes[end] != Nobody)
        {
            end++;
        }

        if (end >= _nodes.Length - 2)
        {
            return false; // The last slot stays free: every search ends there.
        }

        _positions.AsSpan(at, end - at).CopyTo(_positions.AsSpan(at + 1));
        _nodes.AsSpan(at, end - at).CopyTo(_nodes.AsSpan(at + 1));
        (_positions[at], _nodes[at]) = (position, node);
        Count++;
        return true;
    }

    private void Allocate(int slots)
    {
        _slots = slots;
        _positions = new ulong[slots + Overhang];
        _nodes = new int[slots + Overhang];
        Array.Fill(_nodes, Nobody);
    }

    private void Grow(int slots)
    {
        var (positions, nodes) = (_positions, _nodes);
        Allocate(slots);
        Count = 0;
        for (var at = 0; at < nodes.Length; at++)
        {
            if (nodes[at] != Nobody)
            {
                TrySet(positions[at], nodes[at]);
            }
        }
    }
}
