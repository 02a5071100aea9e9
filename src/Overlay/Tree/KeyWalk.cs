using Overlay.Ring;

namespace Overlay.Tree;

/// <summary>The walk from the root to the node that is responsible for a key: at each depth the key itself names the number of the child to go on to; where no child has that number it ends.</summary>
/// <remarks>
/// Nothing but the key and the depth goes in, unlike the hash by which newcomers are delegated (<see cref="DelegationHash"/>), which mixes in the id of each node on the way: a leaf that takes a dead
/// node's place would deal all keys below it anew, and a new root all keys there are. So only the keys of the dead node itself, and of the leaf's former place, come to somebody else.
/// </remarks>
public static class KeyWalk
{
    /// <summary>The number of the child to which the walk to <paramref name="key"/> goes from a node.</summary>
    /// <param name="key">The key.</param>
    /// <param name="depth">Links from the root to the node.</param>
    /// <param name="maxDegree">Children that a node may have.</param>
    public static int Slot(RingId key, int depth, int maxDegree)
    {
        var z = key.Value + ((ulong)(depth + 1) * 0x9E37_79B9_7F4A_7C15UL);
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EBUL;
        return (int)((z ^ (z >> 31)) % (uint)maxDegree);
    }
}
