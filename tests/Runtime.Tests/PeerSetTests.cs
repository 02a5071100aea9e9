using System.Text;
using Overlay.Messages;
using Overlay.Peers;
using Overlay.Runtime.Peers;

namespace Overlay.Runtime.Tests;

/// <summary>Peers of whole nodes, over real links.</summary>
public sealed class PeerSetTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_nodes_become_peers_and_a_thousand_messages_go_each_way_in_order()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);
        var sets = await StartAllAsync(nodes);

        var there = (await sets[0].AddPeerAsync(nodes[2].Id, Cancelled)).Stream;
        var back = (await UntilPeerAsync(sets[2], nodes[0])).Stream;
        var writing = Task.WhenAll(WriteAsync(there, "there"), WriteAsync(back, "back"));
        var texts = await Task.WhenAll(ReadAsync(back), ReadAsync(there));
        await writing;

        Assert.Equal(Lines("there"), texts[0]);
        Assert.Equal(Lines("back"), texts[1]);
    }

    [Fact]
    public async Task Events_come_in_order_and_a_peer_that_stops_ends_its_streams()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);
        var seen = new List<string>();
        var changed = new Signal();
        void See(string what)
        {
            lock (seen)
            {
                seen.Add(what);
            }

            changed.Set();
        }

        await using var first = await nodes[0].StartPeersAsync(cancellationToken: Cancelled);
        first.Added += (_, args) => See($"added {args.Peer.Id}");
        first.Removed += (_, args) => See($"removed {args.Peer.Id} {args.Why}");
        first.Connected += (_, _) => throw new InvalidOperationException("A handler that throws disturbs nobody.");
        first.Connected += (_, _) => See("never: the one before threw");
        first.Disconnected += (_, _) => See("disconnected");
        var second = await nodes[1].StartPeersAsync(cancellationToken: Cancelled);
        var peer = await first.AddPeerAsync(nodes[1].Id, Cancelled);

        await second.DisposeAsync();
        await changed.UntilAsync(() =>
        {
            lock (seen)
            {
                return Task.FromResult(seen.Contains("disconnected"));
            }
        });

        Assert.Equal([$"added {nodes[1].Id}", $"removed {nodes[1].Id} {PeerEnd.Stopped}", "disconnected"], seen);
        await Assert.ThrowsAsync<IOException>(() => peer.Stream.ReadAsync(new byte[1], Cancelled).AsTask());
        await Assert.ThrowsAsync<IOException>(() => peer.Stream.WriteAsync(new byte[1], Cancelled).AsTask());
        Assert.Empty(first.Peers);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_the_reason()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);
        await using var peers = await nodes[0].StartPeersAsync(cancellationToken: Cancelled);

        var bad = await Assert.ThrowsAsync<ArgumentException>(() => nodes[1].StartPeersAsync(new PeersOptions { MaxPeers = 0 }, Cancelled));
        var twice = await Assert.ThrowsAsync<OverlayException>(() => nodes[0].StartPeersAsync(cancellationToken: Cancelled));
        var unwanted = await Assert.ThrowsAsync<OverlayException>(() => peers.AddPeerAsync(nodes[1].Id, Cancelled));

        Assert.Contains("MaxPeers: 0", bad.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.Busy, twice.Outcome);
        Assert.Equal(Outcome.Refused, unwanted.Outcome);
    }

    [Fact]
    public async Task A_node_that_is_killed_ends_its_own_peers_too()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);
        var sets = await StartAllAsync(nodes);
        var peer = await sets[0].AddPeerAsync(nodes[1].Id, Cancelled);

        await nodes[0].KillAsync();
        await sets[0].DisposeAsync();

        Assert.Empty(sets[0].Peers);
        await Assert.ThrowsAsync<IOException>(() => peer.Stream.ReadAsync(new byte[1], Cancelled).AsTask());
    }

    [Fact]
    public async Task Broadcasts_are_a_stream_too()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);
        await using var writer = nodes[0].OpenBroadcastStream();
        await using var reader = nodes[2].OpenBroadcastStream();

        await writer.WriteAsync("to all"u8.ToArray(), Cancelled);
        await writer.WriteAsync("again"u8.ToArray(), Cancelled);

        var buffer = new byte[100];
        Assert.Equal("to", Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer.AsMemory(0, 2), Cancelled)));
        Assert.Equal(" all", Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer, Cancelled)));
        Assert.Equal("again", Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer, Cancelled)));
        await nodes[2].KillAsync();
        Assert.Equal(0, await reader.ReadAsync(buffer, Cancelled));
    }

    private static async Task<PeerSet[]> StartAllAsync(OverlayHost[] nodes) =>
        await Task.WhenAll(nodes.Select(node => node.StartPeersAsync(cancellationToken: Cancelled)));

    private static async Task<Peer> UntilPeerAsync(PeerSet set, OverlayHost node)
    {
        var changed = new Signal();
        set.Added += (_, _) => changed.Set();
        await changed.UntilAsync(() => Task.FromResult(set.Find(node.Id) is not null));
        return set.Find(node.Id)!;
    }

    private static string Lines(string word) => string.Concat(Enumerable.Range(0, 1000).Select(i => $"{word} {i}\n"));

    private static async Task WriteAsync(PeerStream stream, string word)
    {
        for (var i = 0; i < 1000; i++)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{word} {i}\n"), Cancelled);
        }

        await stream.CompleteAsync(Cancelled);
    }

    private static async Task<string> ReadAsync(PeerStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        return await reader.ReadToEndAsync(Cancelled);
    }
}
