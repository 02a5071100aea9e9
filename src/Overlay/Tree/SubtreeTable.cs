using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tree;

/// <summary>Which child leads to which node: one entry for each node below this one, so the root has one for each member.</summary>
/// <remarks>Bounded by <see cref="MaxEntries"/>: nodes beyond are not reached through here. Each child's count and hash are kept beside, for the digests.</remarks>
internal sealed class SubtreeTable
{
    /// <summary>Entries at the most.</summary>
    public const int MaxEntries = 1 << 20;

    private readonly Dictionary<RingId, int> _childOf = [];

    /// <summary>Nodes below this one.</summary>
    public int Count => _childOf.Count;

    /// <summary>The sum of the hashes of all ids.</summary>
    public ulong Hash { get; private set; }

    /// <summary>The hash of one id.</summary>
    public static ulong HashOf(RingId id)
    {
        var z = id.Value * 0x9E37_79B9_7F4A_7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        return z ^ (z >> 31);
    }

    public bool TryFind(RingId id, out int child) => _childOf.TryGetValue(id, out child);

    /// <summary>Lets <paramref name="child"/> lead to <paramref name="id"/>. True where nobody did before.</summary>
    public bool Add(RingId id, TreeChild child, List<TreeChild> children)
    {
        if (_childOf.TryGetValue(id, out var before))
        {
            if (before != child.Key)
            {
                Count1(children, before, id, -1);
                _childOf[id] = child.Key;
                Count1(child, id, 1);
            }

            return false;
        }

        if (_childOf.Count >= MaxEntries)
        {
            return false;
        }

        _childOf.Add(id, child.Key);
        Count1(child, id, 1);
        Hash += HashOf(id);
        return true;
    }

    /// <summary>Forgets <paramref name="id"/>, if it is <paramref name="child"/> that leads to it.</summary>
    public bool Remove(RingId id, int child, List<TreeChild> children)
    {
        if (!_childOf.TryGetValue(id, out var present) || present != child)
        {
            return false;
        }

        _childOf.Remove(id);
        Count1(children, child, id, -1);
        Hash -= HashOf(id);
        return true;
    }

    /// <summary>All nodes to which <paramref name="child"/> leads.</summary>
    public List<RingId> Below(int child)
    {
        var ids = new List<RingId>();
        foreach (var (id, present) in _childOf)
        {
            if (present == child)
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <summary>All nodes.</summary>
    public List<RingId> All() => new(_childOf.Keys);

    private static void Count1(List<TreeChild> children, int key, RingId id, int sign)
    {
        foreach (var child in children)
        {
            if (child.Key == key)
            {
                Count1(child, id, sign);
                return;
            }
        }
    }

    private static void Count1(TreeChild child, RingId id, int sign)
    {
        child.TableCount += sign;
        child.TableHash = sign > 0 ? child.TableHash + HashOf(id) : child.TableHash - HashOf(id);
    }
}
