using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>A port of this node that leads to a TCP service.</summary>
/// <remarks>Every node of the network can connect: what is exposed should ask who is there, as it would on the Internet.</remarks>
public sealed class TcpExposure : IAsyncDisposable
{
    private readonly PipeListener _listener;
    private readonly BridgedConnections _connections;
    private readonly Task _accepting;
    private int _isDisposed;

    internal TcpExposure(NodeSockets sockets, string port, string host, int tcpPort, BridgeOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        Port = Ports.Check(port);
        To = $"{host}:{tcpPort}";
        _connections = new BridgedConnections(options ?? new BridgeOptions());
        _listener = sockets.ListenPipes(port);
        _accepting = Task.Run(() => AcceptAsync(host, tcpPort));
    }

    /// <summary>The port others connect to.</summary>
    public string Port { get; }

    /// <summary>Where it leads: <c>HOST:PORT</c>.</summary>
    public string To { get; }

    /// <summary>Listens on the node, and dials for each connection.</summary>
    /// <param name="node">Who listens.</param>
    /// <param name="port">The port there, as channels are called: <c>22</c>.</param>
    /// <param name="host">The service's host, as this machine knows it.</param>
    /// <param name="tcpPort">The service's port.</param>
    /// <param name="options">Limits; null: the defaults.</param>
    /// <exception cref="OverlayException">Somebody listens on that port of the node already (<see cref="OverlayError.PortInUse"/>), or it has stopped.</exception>
    public static TcpExposure Start(Node node, string port, string host, int tcpPort, BridgeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new TcpExposure(node.Sockets, port, host, tcpPort, options);
    }

    /// <summary>Stops listening, and breaks off what is open. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
            await _accepting.ConfigureAwait(false);
            await _connections.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync(string host, int tcpPort)
    {
        await foreach (var pipe in _listener.AcceptAllAsync().ConfigureAwait(false))
        {
            _connections.Run(
                new OverlayEnd(pipe), pipe.Remote.Text, To, async token => new TcpEnd(await TcpPlace.DialAsync(host, tcpPort, token).ConfigureAwait(false)));
        }
    }
}
