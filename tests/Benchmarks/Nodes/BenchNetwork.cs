using System.Net;
using Overlay.Hub;
using Overlay.Nodes;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Testing;

namespace Overlay.Benchmarks.Nodes;

/// <summary>A hub and nodes on loopback, all in this process.</summary>
internal sealed class BenchNetwork : IAsyncDisposable
{
    /// <summary>As few links as a ring can have, so that even a small one has paths of several hops.</summary>
    public static readonly OverlayOptions Sparse = OverlayOptions.Default with { SuccessorListLength = 2, LinkedSuccessors = 1, MaxFingers = 0 };

    private readonly HubServer _hub;
    private readonly List<Node> _nodes = [];
    private readonly List<UdpProxy> _proxies = [];

    private BenchNetwork(HubServer hub) => _hub = hub;

    public IReadOnlyList<Node> Nodes => _nodes;

    public static async Task<BenchNetwork> StartAsync(int nodes = 0, ChannelPolicy policy = ChannelPolicy.Auto, OverlayOptions? protocol = null)
    {
        var network = new BenchNetwork(await HubServer.StartAsync(new HubOptions { Port = 0 }, CancellationToken.None));
        for (var i = 0; i < nodes; i++)
        {
            await network.AddAsync(policy, protocol);
        }

        return network;
    }

    public async Task<Node> AddAsync(ChannelPolicy policy = ChannelPolicy.Auto, OverlayOptions? protocol = null)
    {
        var node = await Node.StartAsync(Options(policy, protocol));
        _nodes.Add(node);
        return node;
    }

    /// <summary>A node that others reach through a port where everything is late by <paramref name="delay"/>.</summary>
    public async Task<Node> AddLateAsync(TimeSpan delay, ChannelPolicy policy)
    {
        var port = UdpProxy.FreePair();
        var (links, channels) = UdpProxy.StartPair(port, delay);
        _proxies.AddRange([links, channels]);
        var options = Options(policy, null);
        (options.Port, options.Advertise) = (port, new IPEndPoint(IPAddress.Loopback, links.Port).ToString());
        var node = await Node.StartAsync(options);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Two nodes with a path of exactly <paramref name="hops"/> hops between them, as soon as there are.</summary>
    public async Task<(Node From, Node To)> FindPathAsync(int hops)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            foreach (var to in _nodes)
            {
                if (to != _nodes[0] && await HopsAsync(_nodes[0], to, patience.Token) == hops && await HopsAsync(to, _nodes[0], patience.Token) == hops)
                {
                    return (_nodes[0], to);
                }
            }

            await Task.Delay(100, patience.Token); // The ring is still forming.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.KillAsync();
            await node.DisposeAsync();
        }

        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await _hub.DisposeAsync();
    }

    private static async Task<int> HopsAsync(Node from, Node to, CancellationToken cancellationToken)
    {
        try
        {
            return (await from.SendAsync(to.Id, "how far", cancellationToken)).Hops;
        }
        catch (OverlayException)
        {
            return -1;
        }
    }

    private NodeOptions Options(ChannelPolicy policy, OverlayOptions? protocol) => new()
    {
        Hubs = { _hub.Uri },
        Listen = "127.0.0.1",
        Channels = new() { Policy = policy, RelayBytesPerSecond = 10_000_000_000 },
        Protocol = protocol ?? OverlayOptions.Default,
    };
}
