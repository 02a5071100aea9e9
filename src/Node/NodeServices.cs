using Microsoft.Extensions.Logging;
using Overlay.Nodes.Hubs;
using Overlay.Nodes.Network;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes;

/// <summary>What a node offers on top of its place in the overlay: ports, sockets, REST. Disposed of from the top down.</summary>
internal sealed class NodeServices : IAsyncDisposable
{
    public NodeServices(PeerAddress self, IPeerChannels? channels, IHub hub, NetworkOptions options, TimeProvider time, ILoggerFactory loggers, NodeTelemetry? telemetry = null)
    {
        Hub = hub;
        Network = new NodeNetwork(new NetworkPorts(self, channels, ResolveAsync) { Options = options, TimeProvider = time, LoggerFactory = loggers, Telemetry = telemetry });
        Sockets = new NodeSockets(Network, loggers);
        Rest = new NodeRest(Network, Sockets, loggers);
        System = new NodeSystem(Network, time);
    }

    public IHub Hub { get; }

    public NodeNetwork Network { get; }

    public NodeSockets Sockets { get; }

    public NodeRest Rest { get; }

    public NodeSystem System { get; }

    public async ValueTask DisposeAsync()
    {
        await Rest.DisposeAsync().ConfigureAwait(false);
        await Network.DisposeAsync().ConfigureAwait(false);
        (Hub as OverlayHub)?.Dispose(); // Another one is its owner's to dispose of.
    }

    private async ValueTask<string> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        var addresses = await Hub.LookupAsync(name, cancellationToken).ConfigureAwait(false);
        return addresses.Count > 0
            ? addresses[0]
            : throw new OverlayException(OverlayError.HostUnreachable, $"'{name}' is neither an address nor a name that somebody has registered.");
    }
}
