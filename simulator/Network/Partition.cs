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

    /// <summary>Deals nodes into groups by lot.</summary>
    /// <param name="nodes">Numbers that nodes may have: also those that come later have their group.</param>
    /// <param name="shares">Of the nodes in each group, 0 to 1; the last group takes what is left.</param>
    /// <param name="seed">Who falls into which: a pure function of node and seed.</param>
    /// <param name="isOneWay">Messages of a later group still reach the earlier ones; only those the other way are lost.</param>
    public static Partition Deal(int nodes, IReadOnlyList<double> shares, ulong seed, bool isOneWay = false)
    {
        var groups = new byte[nodes];
        for (var node = 0; node < nodes; node++)
        {
            var draw = new Prng(seed ^ ((ulong)(uint)node << 20)).Split().Next(1_000_000) / 1_000_000.0;
            while (groups[node] < shares.Count - 1 && draw >= shares[groups[node]])
            {
                draw -= shares[groups[node]++];
            }
        }

        return new Partition(node => groups[node], shares.Count, (from, to) => !isOneWay || from < to);
    }

    /// <summary>Whether a message from one node to another is lost in this split.</summary>
    public bool Blocks(int from, int to) => (_blocked[_groupOf(from)] >> _groupOf(to) & 1) != 0;

    /// <summary>The group of a node.</summary>
    public int GroupOf(int node) => _groupOf(node);
}
