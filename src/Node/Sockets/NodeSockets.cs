using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Nodes.Network;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Sockets;

/// <summary>Message sockets and byte pipes between ports.</summary>
public sealed class NodeSockets
{
    private readonly NodeNetwork _network;
    private readonly ILogger _log;

    internal NodeSockets(NodeNetwork network, ILoggerFactory? loggers = null) =>
        (_network, _log) = (network, (loggers ?? NullLoggerFactory.Instance).CreateLogger<SocketServer>());

    internal TimeProvider Time => _network.Time;

    /// <summary>Listens for sockets on a numbered port.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node has stopped.</exception>
    public SocketServer Listen(int port, PortOptions? options = null) => Listen(Ports.Of(port), options);

    /// <summary>Listens for sockets on a port.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node has stopped.</exception>
    public SocketServer Listen(string port, PortOptions? options = null) => new(_network, _network.Listen(port, options), _log);

    /// <summary>Opens a socket to a numbered port.</summary>
    public ValueTask<MessageSocket> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        ConnectAsync(host, Ports.Of(port), cancellationToken);

    /// <summary>Opens a socket to a port of a node, <c>localhost</c> included, and waits until it is accepted there.</summary>
    /// <exception cref="OverlayException">Refused, unreachable, timed out; <see cref="OverlayException.Reason"/> says which.</exception>
    public async ValueTask<MessageSocket> ConnectAsync(string host, string port, CancellationToken cancellationToken = default)
    {
        var channel = await _network.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        return new MessageSocket(channel, _network.LocalTo(channel));
    }

    /// <summary>Listens for byte pipes on a port.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node has stopped.</exception>
    public PipeListener ListenPipes(string port, CreditStreamOptions? options = null) => new(Listen(port), options ?? CreditStreamOptions.Pipe, _network.Time);

    /// <summary>Opens a byte pipe, as a TCP connection is one, to a port where the other side listens for such.</summary>
    /// <exception cref="OverlayException">Refused, unreachable, timed out; <see cref="OverlayException.Reason"/> says which.</exception>
    public async ValueTask<PipeConnection> ConnectPipeAsync(string host, string port, CreditStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        var socket = await ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        return new CreditStream(socket, options ?? CreditStreamOptions.Pipe, _network.Time).AsPipe();
    }
}
