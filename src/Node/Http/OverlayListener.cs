using System.Net;
using Microsoft.AspNetCore.Connections;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Http;

/// <summary>Hands Kestrel the connections of a port.</summary>
internal sealed class OverlayListener(OverlayEndPoint endPoint, IPipeSource source) : IConnectionListener
{
    /// <inheritdoc/>
    public EndPoint EndPoint => endPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await source.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } pipe ? new OverlayConnection(pipe, endPoint) : null;

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => source.DisposeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}

/// <summary>Where connections come from.</summary>
internal interface IPipeSource : IAsyncDisposable
{
    /// <summary>The next connection; null when there will be none.</summary>
    ValueTask<PipeConnection?> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>All connections of a port.</summary>
internal sealed class WholePort(PipeListener listener) : IPipeSource
{
    public async ValueTask<PipeConnection?> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OverlayException)
        {
            return null; // Unbound, or the node has stopped.
        }
    }

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}
