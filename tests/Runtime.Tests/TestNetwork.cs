using System.Net;
using Overlay.Effects;
using Overlay.Runtime.Hubs;

namespace Overlay.Runtime.Tests;

/// <summary>Nodes of one in-process hub that talk over UDP on loopback.</summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    private readonly List<OverlayHost> _nodes = [];

    public InProcessHub Hub { get; } = new(TimeProvider.System);

    /// <summary>Set whenever a node observes something.</summary>
    public Signal Changed { get; } = new();

    public IReadOnlyList<OverlayHost> Nodes => _nodes;

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public RuntimeOptions Options => new()
    {
        Hubs = [Hub],
        ListenAddresses = [IPAddress.Loopback],
        StartTimeout = Patience.Long,
        OnObserved = _ => Changed.Set(),
    };

    public async Task<OverlayHost> StartAsync(RuntimeOptions? options = null)
    {
        var node = await OverlayHost.StartAsync(options ?? Options, Cancelled);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Starts <paramref name="count"/> nodes, one after the other, and waits until all know each other.</summary>
    public async Task<OverlayHost[]> StartAsync(int count)
    {
        var nodes = new OverlayHost[count];
        for (var i = 0; i < count; i++)
        {
            nodes[i] = await StartAsync();
        }

        await UntilFullMeshAsync(nodes);
        return nodes;
    }

    /// <summary>Waits until every node has exactly the others as successors, clockwise, and links to them.</summary>
    public Task UntilFullMeshAsync(params OverlayHost[] nodes) => Changed.UntilAsync(async () =>
    {
        foreach (var node in nodes)
        {
            var state = await node.SnapshotAsync(Cancelled);
            var expected = nodes.Where(other => other != node).Select(other => other.Id).OrderBy(id => node.Id.ClockwiseTo(id));
            var open = state.Links.Where(link => link.Phase == LinkPhase.Open).Select(link => link.Id).ToHashSet();
            if (!state.Successors.Select(successor => successor.Id).SequenceEqual(expected) || !expected.All(open.Contains))
            {
                return false;
            }
        }

        return true;
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.KillAsync();
            await node.DisposeAsync();
        }

        Hub.Dispose();
    }
}
