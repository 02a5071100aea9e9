using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Nodes in a tree of two children each: few enough to be live, and yet far from each other.</summary>
internal static class TreeOfNodes
{
    /// <summary>Links; six lie between those farthest apart.</summary>
    public const int LongWay = 5;

    /// <summary>Members enough for that.</summary>
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

    /// <summary>Two members between which a message went a long way a moment ago.</summary>
    /// <remarks>Not simply those farthest apart in the tree: members take short cuts over links that are left from their earlier places.</remarks>
    public static async Task<(OverlayHost From, OverlayHost To)> FarApartAsync(OverlayHost[] nodes)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            foreach (var from in nodes)
            {
                foreach (var to in nodes.Where(to => to != from))
                {
                    if ((await from.SendAsync(to.Id, "how far?"u8.ToArray(), cancellationToken: Cancelled)).Hops >= LongWay)
                    {
                        return (from, to);
                    }

                    Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.Zero, Patience.Long);
                }
            }
        }
    }

    private static async Task<bool> IsPlacedAsync(OverlayHost node) => (await node.SnapshotAsync(Cancelled)).Phase == NodePhase.Member;
}
