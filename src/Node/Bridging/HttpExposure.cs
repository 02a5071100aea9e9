using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Overlay.Nodes.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>A web service of this machine as <c>http://NAME.overlay/</c>: Kestrel on the node's port passes requests on to it.</summary>
/// <remarks>
/// <para>The service sees the address that the client wrote in <c>Host</c>, and who asks in <c>X-Overlay-Peer</c>: the id, which the node has verified.</para>
/// <para>Every node of the network can ask: what is exposed is as public as the network is.</para>
/// </remarks>
public sealed class HttpExposure : IAsyncDisposable
{
    private readonly Uri _target;
    private readonly bool _rewritesHost;
    private readonly SocketsHttpHandler _handler = new();
    private readonly HttpMessageInvoker _client;
    private readonly HttpForwarder _forwarder;
    private readonly WebApplication _application;
    private readonly Action<BridgeEvent>? _onEvent;

    private HttpExposure(HttpNode node, Uri target, int port, bool rewritesHost, Action<BridgeEvent>? onEvent)
    {
        (_target, _rewritesHost, _onEvent) = (target, rewritesHost, onEvent);
        HttpForwarder.Configure(_handler);
        _handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        _client = new HttpMessageInvoker(_handler);
        _forwarder = new HttpForwarder(_client);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Overlay.Exposure" });
        builder.WebHost.UseKestrelCore().UseOverlay(node, port, null).ConfigureKestrel(ProxyLimits.Apply);
        _application = builder.Build();
        _application.Run(HandleAsync);
        Uri = new Uri($"http://{node.Host}{OverlayHosts.Suffix}{(port == OverlayEndPoint.DefaultPort ? "" : $":{port}")}/");
    }

    /// <summary>What others write: <c>http://alice.overlay/</c>.</summary>
    public Uri Uri { get; }

    /// <summary>Publishes a service.</summary>
    /// <param name="node">Whose name it gets.</param>
    /// <param name="target">Where the service listens, <c>http://</c> or <c>https://</c>; a path in it goes before the paths that are asked for.</param>
    /// <param name="port">1 … 65,535; 80 need not be written in addresses.</param>
    /// <param name="rewritesHost">Whether the service sees its own address in <c>Host</c>, for those that refuse others.</param>
    /// <param name="onEvent">Hears of requests that could not be passed on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">Somebody listens on that port of the node already (<see cref="OverlayError.PortInUse"/>), or it has stopped.</exception>
    public static Task<HttpExposure> StartAsync(
        Node node, Uri target, int port = OverlayEndPoint.DefaultPort, bool rewritesHost = false, Action<BridgeEvent>? onEvent = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(target);
        return StartAsync(HttpNode.Of(node), target, port, rewritesHost, onEvent, cancellationToken);
    }

    internal static async Task<HttpExposure> StartAsync(
        HttpNode node, Uri target, int port, bool rewritesHost, Action<BridgeEvent>? onEvent, CancellationToken cancellationToken)
    {
        if (!target.IsAbsoluteUri || target.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"'{target}' is no address of a web service: http://HOST:PORT/ or https://HOST:PORT/.", nameof(target));
        }

        var exposure = new HttpExposure(node, target, port, rewritesHost, onEvent);
        try
        {
            await exposure._application.StartAsync(cancellationToken).ConfigureAwait(false);
            return exposure;
        }
        catch (IOException e)
        {
            await exposure.DisposeAsync().ConfigureAwait(false);
            throw new OverlayException(OverlayError.PortInUse, $"Port {OverlayEndPoint.LabelOf(port)} of the node is listened on already. Take another one.", e);
        }
        catch
        {
            await exposure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lets requests finish, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
        _handler.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.StartsWith('/') ? target : new Uri(target).PathAndQuery;
        var host = context.Request.Host.Value;
        var peer = context.GetOverlayPeer()?.Id.ToString() ?? "";
        try
        {
            await _forwarder.ForwardAsync(context, ForwardUri.Of(_target, path), request =>
            {
                request.Headers.Host = _rewritesHost ? null : host;
                request.Headers.TryAddWithoutValidation(ForwardedHeaders.Peer, peer);
                Set(request, "X-Forwarded-Host", host);
                Set(request, "X-Forwarded-Proto", "http");
            }).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            _onEvent?.Invoke(new BridgeEvent(BridgeEventKind.Failed, 0, peer, _target.ToString(), 0, 0, OverlayError.ConnectionRefused, e.Message));
            await ProxyPage.WriteAsync(context, StatusCodes.Status502BadGateway, "The service does not answer", $"This node publishes a service that is not there now: {e.Message}",
                "Whoever runs the node must start the service.").ConfigureAwait(false);
        }
    }

    // What the client says of itself there is not what it is.
    private static void Set(HttpRequestMessage request, string header, string? value)
    {
        request.Headers.Remove(header);
        request.Headers.TryAddWithoutValidation(header, value);
    }
}
