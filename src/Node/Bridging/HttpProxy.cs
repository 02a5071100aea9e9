using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Nodes.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>The overlay's web for browsers of this machine: an HTTP proxy that leads to nodes, and nowhere else.</summary>
/// <remarks>
/// <para>Three ways in: proxied requests for <c>http://NAME.overlay/…</c>, tunnels (<c>CONNECT</c>, which browsers use for WebSockets), and, with nothing set up at all,
/// <c>http://NAME.overlay.localhost:PORT/…</c>, which browsers resolve to this machine by themselves. <c>/proxy.pac</c> tells a browser to use the proxy for <c>.overlay</c> only.</para>
/// <para>Whoever can connect to it speaks as this node, so it listens on loopback unless told otherwise, and does not take requests that pages of the ordinary web make
/// behind their visitor's back.</para>
/// </remarks>
public sealed class HttpProxy : IAsyncDisposable
{
    private readonly OverlayHttpHandler _handler;
    private readonly HttpMessageInvoker _client;
    private readonly HttpForwarder _forwarder;
    private readonly WebApplication _application;
    private readonly Action<BridgeEvent>? _onEvent;

    private HttpProxy(HttpNode node, IPEndPoint local, BridgeOptions options)
    {
        _onEvent = options.OnEvent;
        _handler = new OverlayHttpHandler(node, new OverlayHttpOptions { ConfigureHandler = HttpForwarder.Configure });
        _client = new HttpMessageInvoker(_handler);
        _forwarder = new HttpForwarder(_client);
        var tunnels = new ConnectTunnels(node, options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Overlay.Proxy" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            ProxyLimits.Apply(kestrel);
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            if (local.Address.Equals(IPAddress.Loopback) && local.Port != 0)
            {
                kestrel.ListenLocalhost(local.Port, Tunnelled); // Browsers may take localhost for ::1.
            }
            else
            {
                kestrel.Listen(local, Tunnelled);
            }
        });
        _application = builder.Build();
        _application.Run(HandleAsync);

        void Tunnelled(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => tunnels.OnConnectionAsync(connection, next));
        }
    }

    /// <summary>Where it listens: <c>http://localhost:8080/</c>.</summary>
    public Uri Uri { get; private set; } = null!;

    /// <summary>What a browser is told for its automatic proxy configuration.</summary>
    public Uri PacUri => new(Uri, "/proxy.pac");

    /// <summary>Starts a proxy and returns when it listens.</summary>
    /// <param name="node">Who dials.</param>
    /// <param name="local">Where it listens; port 0 takes any free one. An address that others can reach lets them speak as this node.</param>
    /// <param name="options">Limits; null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">It cannot listen there (<see cref="OverlayError.SocketUnavailable"/>).</exception>
    public static Task<HttpProxy> StartAsync(Node node, IPEndPoint local, BridgeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(local);
        return StartAsync(HttpNode.Of(node), local, options, cancellationToken);
    }

    internal static async Task<HttpProxy> StartAsync(HttpNode node, IPEndPoint local, BridgeOptions? options, CancellationToken cancellationToken)
    {
        options ??= new BridgeOptions();
        options.Validate();
        var proxy = new HttpProxy(node, local, options);
        try
        {
            await proxy._application.StartAsync(cancellationToken).ConfigureAwait(false);
            var address = proxy._application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
            var host = IPAddress.IsLoopback(local.Address) ? "localhost" : local.Address.ToString();
            proxy.Uri = new UriBuilder("http", host, new Uri(address).Port).Uri;
            return proxy;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or AddressInUseException)
        {
            await proxy.DisposeAsync().ConfigureAwait(false);
            throw TcpPlace.Unavailable(local, e);
        }
        catch
        {
            await proxy.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops listening, lets requests finish, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
        _handler.Dispose();
    }

    private Task HandleAsync(HttpContext context)
    {
        var target = ProxyTarget.Of(context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Host);
        return target.Kind switch
        {
            ProxyTargetKind.Node when ProxyTarget.IsBehindTheVisitorsBack(context.Request) => ProxyPage.WriteAsync(
                context, StatusCodes.Status403Forbidden, "Not for other pages", "A page that is not on the overlay asked for this, and would have spoken as your node.", "Open the address yourself."),
            ProxyTargetKind.Node => ForwardAsync(context, target.Service!, target.Path),
            ProxyTargetKind.Own => OwnAsync(context, target.Path),
            ProxyTargetKind.Tunnel => LateTunnelAsync(context),
            _ => ProxyPage.WriteAsync(
                context, StatusCodes.Status403Forbidden, "Not on the overlay", $"'{context.Request.Host}' is no node, and this proxy leads to nodes only.",
                $"Write http://NAME.overlay/, or let the browser choose by {PacUri}."),
        };
    }

    private async Task ForwardAsync(HttpContext context, Uri service, string path)
    {
        try
        {
            await _forwarder.ForwardAsync(context, ForwardUri.Of(service, path), request => request.Headers.Host = context.Request.Host.Value).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            var failure = ProxyFailure.Of(e, service.Host);
            _onEvent?.Invoke(new BridgeEvent(BridgeEventKind.Failed, 0, context.Connection.RemoteIpAddress?.ToString() ?? "tcp", service.Authority, 0, 0, failure.Reason, failure.Cause));
            await ProxyPage.WriteAsync(context, failure.Status, failure.Title, failure.Cause, failure.Cure).ConfigureAwait(false);
        }
    }

    private Task OwnAsync(HttpContext context, string path)
    {
        if (path == "/proxy.pac")
        {
            context.Response.ContentType = "application/x-ns-proxy-autoconfig";
            var proxy = context.Request.Host.Value;
            return context.Response.WriteAsync(
                $$"""function FindProxyForURL(url, host) { return dnsDomainIs(host, ".overlay") ? "PROXY {{proxy}}" : "DIRECT"; }""" + "\n", context.RequestAborted);
        }

        return ProxyPage.WriteAsync(
            context,
            path == "/" ? StatusCodes.Status200OK : StatusCodes.Status404NotFound,
            "A proxy to the overlay",
            $"Open http://NAME.overlay.localhost:{Uri.Port}/ for the pages of the node NAME,",
            $"or give the browser {PacUri} as its automatic proxy configuration and open http://NAME.overlay/.");
    }

    // Clients open a connection for each tunnel; one that asks for it later is told to.
    private static Task LateTunnelAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return ProxyPage.WriteAsync(context, StatusCodes.Status400BadRequest, "Too late for a tunnel", "CONNECT must be the first request of a connection.", "Connect again.");
    }
}
