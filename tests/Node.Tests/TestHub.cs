using Overlay.Hub;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests;

/// <summary>A hub on a free loopback port, and nodes that meet there.</summary>
internal sealed class TestHub : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HubServer _server;
    private readonly List<Node> _nodes = [];

    private TestHub(HubServer server) => _server = server;

    public Uri Uri => _server.Uri;

    public NodeOptions Options => new() { Hubs = { Uri }, Listen = "127.0.0.1", StartTimeout = Patience };

    public static async Task<TestHub> StartAsync(string rootSecret = "") =>
        new(await HubServer.StartAsync(new HubOptions { Port = 0, RootSecret = rootSecret }, TestContext.Current.CancellationToken));

    public async Task<Node> StartNodeAsync(string? name = null, Topology topology = Topology.Chord, ChannelPolicy channels = ChannelPolicy.Auto, string rootSecret = "", Action<NodeOptions>? change = null)
    {
        var options = Options;
        options.RootSecret = rootSecret;
        options.Protocol = options.Protocol with { Topology = topology };
        options.Name = name;
        options.Channels = new() { Policy = channels };
        change?.Invoke(options);
        var node = await Node.StartAsync(options, TestContext.Current.CancellationToken);
        _nodes.Add(node);
        return node;
    }

    /// <summary>The hub is gone; the nodes stay.</summary>
    public ValueTask StopHubAsync() => _server.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.KillAsync();
            await node.DisposeAsync();
        }

        await _server.DisposeAsync();
    }
}
