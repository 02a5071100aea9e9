using System.Text;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests;

/// <summary>A tree over real links: what names and broadcasts promise on a ring they promise here.</summary>
public sealed class TreeNetworkTests
{
    [Fact]
    public async Task A_name_has_one_owner_and_a_broadcast_stream_is_heard_by_everybody()
    {
        await using var network = new TestNetwork();
        var options = network.Options with { Protocol = OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 2 } };
        var nodes = new OverlayHost[6]; // Two levels below the root.
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = await network.StartAsync(options);
        }

        await network.Changed.UntilAsync(async () => (await Task.WhenAll(nodes.Select(IsPlacedAsync))).All(placed => placed));

        await nodes[4].RegisterAsync("alice", Cancelled);
        var taken = await Assert.ThrowsAsync<OverlayException>(() => nodes[5].RegisterAsync("alice", Cancelled));
        Assert.Equal(Outcome.NameTaken, taken.Outcome);
        foreach (var node in nodes)
        {
            Assert.Equal(nodes[4].Id, (await node.ResolveEntryAsync("alice", Cancelled)).Record.Owner.Id);
        }

        await using var writer = nodes[5].OpenBroadcastStream();
        await writer.WriteAsync("to all"u8.ToArray(), Cancelled);
        foreach (var node in nodes.Where(node => node != nodes[5]))
        {
            await using var reader = node.OpenBroadcastStream();
            var buffer = new byte[100];
            Assert.Equal("to all", Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer, Cancelled)));
        }
    }

    private static async Task<bool> IsPlacedAsync(OverlayHost node) => (await node.SnapshotAsync(Cancelled)).Phase == NodePhase.Member;
}
