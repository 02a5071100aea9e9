using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Nodes in a tree of two children each: few enough to be live, and yet far from each other.</summary>
internal static class TreeOfNodes
{
    /// <summary>Members enough for six links between two leaves.</summary>
    public const int Count = 15;

    public static async Task<OverlayHost[]> StartAsync(TestNetwork network, Func<int, RuntimeOptions, RuntimeOptions>? adjust = null)
    {
        var nodes = new OverlayHost[Count];
        for (var i = 0; i < nodes.Length; i++)
        {
            var options = network.Options with { Protocol = OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 2 } };
            nodes[i] = await network.StartAsync(adjust?.Invoke(i, options) ?? options);
        }

        await network.Changed.UntilAsync(async () => (await Task.WhenAll(nodes.Select(IsPlacedAsync))).All(placed => placed));
        return nodes;
    }

    /// <summary>Two members as far apart as any, and the route between them, its end included.</summary>
    public static async Task<(OverlayHost From, OverlayHost To)> FarthestAsync(OverlayHost[] nodes)
    {
        var one = await FarthestFromAsync(nodes[^1], nodes);
        var other = await FarthestFromAsync(one, nodes); // In a tree, the farthest of the farthest.
        return (one, other);
    }

    private static async Task<OverlayHost> FarthestFromAsync(OverlayHost from, OverlayHost[] nodes)
    {
        var (best, most) = (from, 0);
        foreach (var to in nodes.Where(to => to != from))
        {
            var report = await from.SendAsync(to.Id, "how far?"u8.ToArray(), cancellationToken: Cancelled);
            (best, most) = report.Hops > most ? (to, report.Hops) : (best, most);
        }

        return best;
    }

    private static async Task<bool> IsPlacedAsync(OverlayHost node) => (await node.SnapshotAsync(Cancelled)).Phase == NodePhase.Member;
}
