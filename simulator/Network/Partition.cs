using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>A split of the network: nodes belong to groups, and between some groups nothing passes.</summary>
public sealed class Partition
{
    /// <summary>Most groups of a split.</summary>
    public const int MaxGroups = 64;

    private readonly Func<int, int> _groupOf;
    private readonly ulong[] _blocked;

    /// <param name="groupOf">The group of a node, 0 to <paramref name="groups"/> − 1; the same at every call.</param>
    /// <param name="groups">2 to <see cref="MaxGroups"/>.</param>
    /// <param name="blocks">Whether nothing passes from the first group to the second; the other direction is asked apart.</param>
    public Partition(Func<int, int> groupOf, int groups, Func<int, int, bool> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(groups, MaxGroups);
        _groupOf = groupOf;
        _blocked = new ulong[groups];
        for (var from = 0; from < groups; from++)
        {
            for (var to = 0; to < groups; to++)
            {
                _blocked[from] |= from != to && blocks(from, to) ? 1UL << to : 0;
            }
        }
    }

    /// <summary>Cuts a share of the nodes, drawn by lot, off from the others.</summary>
    /// <param name="share">Of the nodes on the far side, 0 to 1.</param>
    /// <param name="seed">Who they are: a pure function of node and seed.</param>
    /// <param name="isOneWay">Messages of the far side still arrive; only those towards it are lost.</param>
    public static Partition Split(double share, ulong seed, bool isOneWay = false)
    {
        var isFar = new Chance(share);
        return new Partition(
            node =>
            {
                var random = new Prng(seed ^ ((ulong)(uint)node << 16)).Split();
                return isFar.Happens(ref random) ? 1 : 0;
            },
            2,
            (from, _) => from == 0 || !isOneWay);
    }

    /// <summary>Whether a message from one node to another is lost in this split.</summary>
    public bool Blocks(int from, int to) => (_blocked[_groupOf(from)] >> _groupOf(to) & 1) != 0;

    /// <summary>The group of a node.</summary>
    public int GroupOf(int node) => _groupOf(node);
}
