using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Network;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Sockets;

/// <summary>A port that hands out sockets.</summary>
/// <remarks>Disposing unbinds the port; sockets that were accepted go on.</remarks>
public sealed partial class SocketServer : IAsyncDisposable
{
    private readonly PortListener _listener;
    private readonly NodeNetwork _network;
    private readonly ILogger _log;

    internal SocketServer(NodeNetwork network, PortListener listener, ILogger log) => (_network, _listener, _log) = (network, listener, log);

    /// <summary>The port.</summary>
    public string Port => _listener.Port;

    /// <summary>The next socket.</summary>
    /// <exception cref="OverlayException">The port was unbound, or the node has stopped (<see cref="OverlayError.Stopped"/>).</exception>
    public async ValueTask<MessageSocket> AcceptAsync(CancellationToken cancellationToken = default) =>
        Wrap(await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>All sockets, until the port is unbound.</summary>
    public async IAsyncEnumerable<MessageSocket> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var channel in _listener.AcceptAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return Wrap(channel);
        }
    }

    /// <summary>Calls back for each socket, and closes the socket when the callback has completed. Returns when the port is unbound.</summary>
    /// <param name="serve">Runs beside the others. What it throws is logged and breaks its socket off, and no other.</param>
    /// <param name="cancellationToken">Stops accepting, and is handed to the callbacks.</param>
    public async Task ServeAsync(Func<MessageSocket, CancellationToken, Task> serve, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serve);
        await foreach (var socket in AcceptAllAsync(cancellationToken).ConfigureAwait(false))
        {
            _ = Task.Run(() => ServeAsync(serve, socket, cancellationToken), CancellationToken.None);
        }
    }

    /// <summary>Unbinds the port. Idempotent.</summary>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ServeAsync(Func<MessageSocket, CancellationToken, Task> serve, MessageSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            await serve(socket, cancellationToken).ConfigureAwait(false);
            await socket.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is not (OverlayException or OperationCanceledException))
            {
                LogThrew(_log, Port, socket.Remote.Text, e);
            }

            socket.Abort();
        }
    }

    private MessageSocket Wrap(PeerChannel channel) => new(channel, _network.LocalTo(channel));

    [LoggerMessage(EventId = 111, Level = LogLevel.Error, Message = "The handler of port {Port} threw at a socket of {Remote}")]
    private static partial void LogThrew(ILogger log, string port, string remote, Exception exception);
}
