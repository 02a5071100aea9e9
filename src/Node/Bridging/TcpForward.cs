using System.Net;
using System.Net.Sockets;
using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>A TCP port of this machine that leads to a port of a node.</summary>
/// <remarks>Whoever can connect to the TCP port speaks as this node. Ends of directions, back-pressure and breaks are carried both ways.</remarks>
public sealed class TcpForward : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly BridgedConnections _connections;
    private readonly Task _accepting;
    private int _isDisposed;

    internal TcpForward(NodeSockets sockets, IPEndPoint local, string host, string port, BridgeOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        Ports.Check(port);
        _connections = new BridgedConnections(options ?? new BridgeOptions());
        _listener = TcpPlace.Listen(local);
        Local = (IPEndPoint)_listener.LocalEndPoint!;
        To = $"{host}:{port}";
        _accepting = Task.Run(() => AcceptAsync(sockets, host, port));
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Local { get; }

    /// <summary>Where it leads: <c>HOST:PORT</c>.</summary>
    public string To { get; }

    /// <summary>Listens, and dials for each connection.</summary>
    /// <param name="node">Who dials.</param>
    /// <param name="local">Where to listen; port 0 takes any free one.</param>
    /// <param name="host">A name or an id; looked up anew for each connection.</param>
    /// <param name="port">The port there, as its channels are called: <c>22</c>, <c>http:80</c>.</param>
    /// <param name="options">Limits; null: the defaults.</param>
    /// <exception cref="OverlayException">Nothing can listen there (<see cref="OverlayError.SocketUnavailable"/>).</exception>
    public static TcpForward Start(Node node, IPEndPoint local, string host, string port, BridgeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(local);
        return new TcpForward(node.Sockets, local, host, port, options);
    }

    /// <summary>Stops listening, and breaks off what is open. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _listener.Dispose();
            await _accepting.ConfigureAwait(false);
            await _connections.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync(NodeSockets sockets, string host, string port)
    {
        while (true)
        {
            Socket accepted;
            try
            {
                accepted = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted && _isDisposed == 0)
            {
                continue; // It went away before it was accepted.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _connections.Run(
                new TcpEnd(accepted),
                accepted.RemoteEndPoint?.ToString() ?? "tcp",
                To,
                async token => new OverlayEnd(await sockets.ConnectPipeAsync(host, port, null, token).ConfigureAwait(false)));
        }
    }
}
