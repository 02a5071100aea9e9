using System.Runtime.CompilerServices;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;

namespace Overlay.Nodes.Streams;

/// <summary>A port that hands out byte pipes.</summary>
/// <remarks>Disposing unbinds the port; connections that were accepted go on.</remarks>
public sealed class PipeListener : IAsyncDisposable
{
    private readonly SocketServer _server;
    private readonly CreditStreamOptions _options;
    private readonly TimeProvider _time;

    internal PipeListener(SocketServer server, CreditStreamOptions options, TimeProvider time) => (_server, _options, _time) = (server, options, time);

    /// <summary>The port.</summary>
    public string Port => _server.Port;

    /// <summary>The next connection.</summary>
    /// <exception cref="OverlayException">The port was unbound, or the node has stopped (<see cref="OverlayError.Stopped"/>).</exception>
    public async ValueTask<PipeConnection> AcceptAsync(CancellationToken cancellationToken = default) =>
        new CreditStream(await _server.AcceptAsync(cancellationToken).ConfigureAwait(false), _options, _time).AsPipe();

    /// <summary>All connections, until the port is unbound.</summary>
    public async IAsyncEnumerable<PipeConnection> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var socket in _server.AcceptAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new CreditStream(socket, _options, _time).AsPipe();
        }
    }

    /// <summary>Unbinds the port. Idempotent.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
