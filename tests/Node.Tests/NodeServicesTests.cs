using Overlay.Nodes.Hubs;
using Overlay.Nodes.Network;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests;

/// <summary>What a started node offers.</summary>
public sealed class NodeServicesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_without_any_options_serves_itself()
    {
        await using var node = await Node.StartAsync(cancellationToken: Cancelled);
        var server = node.Rest.CreateServer();
        server.MapGet("/", _ => "hello world");
        server.Listen();
        var echoing = node.Sockets.Listen(7000).ServeAsync(
            async (socket, token) =>
            {
                await foreach (var message in socket.ReadAllAsync(token))
                {
                    await socket.SendAsync(message, token);
                }
            },
            Cancelled);

        var text = await (await node.Rest.FetchAsync("/", cancellationToken: Cancelled)).ReadTextAsync(Cancelled);
        await using var socket = await node.Sockets.ConnectAsync(await node.GetAddressAsync(Cancelled), 7000, Cancelled);
        await socket.SendAsync("echo"u8.ToArray(), Cancelled);

        Assert.Equal("hello world", text);
        Assert.Equal("echo"u8.ToArray(), (await socket.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Equal(node.Id.ToString(), await node.Hub.GetAddressAsync(Cancelled));
        Assert.True(node.System.Uptime > TimeSpan.Zero);
        var statistics = Assert.Single(node.System.NetStat());
        Assert.Equal(("localhost", "localhost", true), (statistics.Remote.Text, statistics.Local.Text, statistics.IsLoopback));
        Assert.False(echoing.IsCompleted);
    }

    [Fact]
    public async Task Disposing_twice_and_with_a_server_that_never_listened_leaves_nothing_open()
    {
        var node = await Node.StartAsync(cancellationToken: Cancelled);
        node.Rest.CreateServer();
        await using var server = node.Sockets.Listen(7000);
        var near = await node.Sockets.ConnectAsync("localhost", 7000, Cancelled);
        var reading = near.ReceiveAsync(Cancelled).AsTask();

        await node.DisposeAsync();
        await node.DisposeAsync();

        Assert.Equal(OverlayError.Stopped, (await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(reading))).Reason);
        Assert.Empty(node.Network.Bound);
        Assert.Throws<OverlayException>(() => node.Network.Listen(80));
    }

    [Fact]
    public async Task The_overlay_is_a_hub_of_names_and_each_address_has_the_last_one_it_registered()
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = (await hub.StartNodeAsync(), await hub.StartNodeAsync());

        await alice.Hub.RegisterAsync("alice", Cancelled);
        Assert.Equal([alice.Id.ToString()], await bob.Hub.LookupAsync("alice", Cancelled));
        await alice.Hub.RegisterAsync("ally", Cancelled);

        Assert.Equal([alice.Id.ToString()], await bob.Hub.LookupAsync("ally", Cancelled));
        Assert.Empty(await bob.Hub.LookupAsync("alice", Cancelled));
        Assert.Empty(await bob.Hub.LookupAsync("no name!", Cancelled));
        Assert.Equal(["0.0.0.1"], await bob.Hub.LookupAsync("0.0.0.1", Cancelled));
        Assert.Equal(Outcome.NameTaken, (await Assert.ThrowsAsync<OverlayException>(async () => await bob.Hub.RegisterAsync("ally", Cancelled))).Outcome);
        Assert.Equal(alice.Id, await bob.Directory.ResolveAsync("ally", Cancelled));
    }

    // A hub of one's own in a few lines: names go through it, and through nothing else.
    [Fact]
    public async Task A_hub_of_ones_own_carries_names()
    {
        var time = new ManualTime();
        var names = new Dictionary<string, string>();
        var self = PeerAddress.Member(Ring.RingId.From(7));
        await using var services = new NodeServices(self, null, new OwnHub(self.Text, names), new NetworkOptions(), time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var server = services.Rest.CreateServer();
        server.MapGet("/", _ => "hello");
        server.Listen();

        await services.Hub.RegisterAsync("me", Cancelled);
        var text = await (await services.Rest.FetchAsync("rest://me/", cancellationToken: Cancelled)).ReadTextAsync(Cancelled);

        Assert.Equal("hello", text);
        var error = await Assert.ThrowsAsync<OverlayException>(() => services.Rest.FetchAsync("rest://you/", cancellationToken: Cancelled));
        Assert.Equal(OverlayError.HostUnreachable, error.Reason);
        Assert.Contains("'you'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uptime_goes_by_the_nodes_own_clock()
    {
        var time = new ManualTime();
        var self = PeerAddress.Member(Ring.RingId.From(7));
        await using var services = new NodeServices(self, null, new OwnHub(self.Text, []), new NetworkOptions(), time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);

        time.Advance(TimeSpan.FromMinutes(7));

        Assert.Equal(TimeSpan.FromMinutes(7), services.System.Uptime);
        Assert.Equal(time.GetUtcNow() - TimeSpan.FromMinutes(7), services.System.Started);
    }

    [Fact]
    public void Waits_that_cannot_work_are_named() =>
        Assert.StartsWith("Network.OpenTimeout: ", Assert.Single(new NodeOptions { Network = new NetworkOptions { OpenTimeout = TimeSpan.Zero } }.Errors()), StringComparison.Ordinal);

    private sealed class OwnHub(string address, Dictionary<string, string> names) : IHub
    {
        public ValueTask<string> GetAddressAsync(CancellationToken cancellationToken = default) => new(address);

        public ValueTask RegisterAsync(string name, CancellationToken cancellationToken = default)
        {
            names[name] = address;
            return ValueTask.CompletedTask;
        }

        public ValueTask<IReadOnlyList<string>> LookupAsync(string name, CancellationToken cancellationToken = default) =>
            new(names.TryGetValue(name, out var found) ? [found] : Array.Empty<string>());
    }
}
