using System.Collections.Concurrent;
using Overlay.Nodes.Network;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;
using Overlay.Ring;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests;

/// <summary>Nodes whose channels run through memory: everything above channels, without a network.</summary>
internal sealed class MemoryNetwork : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Endpoint> _endpoints = new(StringComparer.Ordinal);
    private readonly List<MemoryNode> _nodes = [];
    private ulong _nextId;

    public ConcurrentDictionary<string, string> Names { get; } = new(StringComparer.Ordinal);

    public ManualTime Time { get; } = new();

    /// <summary>The nodes' clock, where it is not <see cref="Time"/>.</summary>
    public TimeProvider? Clock { get; init; }

    public MemoryChannelOptions Channels { get; set; } = new();

    public NetworkOptions Options { get; set; } = new();

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A node that others reach by its id; a page has no key.</summary>
    public MemoryNode Add(bool isPage = false)
    {
        var id = RingId.From(++_nextId);
        var self = isPage ? new PeerAddress($"0.0.0.{_nextId}", id, PeerProof.Vouched) : PeerAddress.Member(id);
        var endpoint = new Endpoint(this, self);
        _endpoints[self.Text] = endpoint;
        var network = new NodeNetwork(new NetworkPorts(self, endpoint, ResolveAsync) { Options = Options, TimeProvider = Clock ?? Time });
        var sockets = new NodeSockets(network);
        var node = new MemoryNode(endpoint, network, sockets, new NodeRest(network, sockets));
        _nodes.Add(node);
        return node;
    }

    /// <summary>An address to which channels never open.</summary>
    public string AddAbyss()
    {
        var self = PeerAddress.Member(RingId.From(++_nextId));
        _endpoints[self.Text] = new Endpoint(this, self) { IsAbyss = true };
        return self.Text;
    }

    /// <summary>Two ends of a socket.</summary>
    public (MessageSocket Near, MessageSocket Far) Pair(bool isPage = false)
    {
        var (near, far) = Ends(isPage);
        return (new MessageSocket(near, far.Remote), new MessageSocket(far, near.Remote));
    }

    /// <summary>Two ends of a channel; the far one may be a page's.</summary>
    public (MemoryChannel Near, MemoryChannel Far) Ends(bool isPage = false)
    {
        var near = PeerAddress.Member(RingId.From(++_nextId));
        var id = RingId.From(++_nextId);
        var far = isPage ? new PeerAddress($"0.0.0.{_nextId}", id, PeerProof.Vouched) : PeerAddress.Member(id);
        return MemoryChannel.CreatePair("7000", near, far, Channels with { TimeProvider = Time });
    }

    /// <summary>Lets time pass in steps, giving way to others in between, until the condition holds.</summary>
    public Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition) => Soon.UntilAsync(() =>
    {
        if (condition())
        {
            return true;
        }

        Time.Advance(step);
        return false;
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.Rest.DisposeAsync();
            await node.Network.DisposeAsync();
        }
    }

    private ValueTask<string> ResolveAsync(string name, CancellationToken cancellationToken) => Names.TryGetValue(name, out var address)
        ? new ValueTask<string>(address)
        : throw new OverlayException(Outcome.NameUnknown, $"Nobody has the name '{name}'.");

    internal sealed class Endpoint(MemoryNetwork network, PeerAddress self) : IPeerChannels
    {
        public bool IsAbyss { get; set; }

        public Action<PeerChannel>? Opened { get; set; }

        public async ValueTask<PeerChannel> OpenAsync(string address, string label, CancellationToken cancellationToken = default)
        {
            if (!network._endpoints.TryGetValue(address, out var other))
            {
                throw new OverlayException(Outcome.Unreachable, $"{address} is not reachable.");
            }

            if (other.IsAbyss)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            var (near, far) = MemoryChannel.CreatePair(label, self, other.Self, network.Channels with { TimeProvider = network.Clock ?? network.Time });
            other.Opened!(far);
            return near;
        }

        private PeerAddress Self => self;
    }
}

/// <summary>A node of a <see cref="MemoryNetwork"/>.</summary>
internal sealed record MemoryNode(MemoryNetwork.Endpoint Endpoint, NodeNetwork Network, NodeSockets Sockets, NodeRest Rest)
{
    public string Address => Network.Local.Text;
}
