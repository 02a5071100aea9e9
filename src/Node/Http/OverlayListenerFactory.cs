using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Nodes.Hosting;
using Overlay.Runtime;

namespace Overlay.Nodes.Http;

/// <summary>Kestrel's transport over the overlay: binds <see cref="OverlayEndPoint"/>s and nothing else, so TCP goes on beside it.</summary>
/// <param name="services">Where the host's node is found.</param>
internal sealed class OverlayListenerFactory(IServiceProvider services) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is OverlayEndPoint;

    /// <summary>Listens as soon as the node has joined: a server that has started can be reached.</summary>
    /// <exception cref="AddressInUseException">Somebody listens on that port of the node already.</exception>
    /// <exception cref="OverlayException">The node could not join, or has stopped.</exception>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not OverlayEndPoint overlay)
        {
            throw new NotSupportedException($"{endpoint} is no port of a node.");
        }

        var node = overlay.On ?? await HostNodeAsync(cancellationToken).ConfigureAwait(false);
        var bound = new OverlayEndPoint(overlay.Label) { On = overlay.On, Host = node.Host };
        try
        {
            return overlay.Shared is { } shared
                ? new OverlayListener(bound, shared.Bind(node.Sockets, overlay.Label, overlay.IsHttp2))
                : new OverlayListener(bound, new WholePort(node.Sockets.ListenPipes(overlay.Label)));
        }
        catch (OverlayException e) when (e.Reason == OverlayError.PortInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }

    private Task<HttpNode> HostNodeAsync(CancellationToken cancellationToken) => HostNode.Of(services)(cancellationToken);
}

/// <summary>The node of a host, once it has joined.</summary>
internal static class HostNode
{
    public static Func<CancellationToken, Task<HttpNode>> Of(IServiceProvider services) => async cancellationToken =>
        HttpNode.Of(await services.GetRequiredService<INodeAccessor>().Node.WaitAsync(cancellationToken).ConfigureAwait(false));
}
