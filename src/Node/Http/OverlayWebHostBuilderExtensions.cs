using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overlay.Nodes;
using Overlay.Nodes.Http;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>ASP.NET Core on ports of a node.</summary>
public static class OverlayWebHostBuilderExtensions
{
    /// <summary>Serves the application on a port of the host's node, as <c>http://NAME.overlay/</c>: HTTP/1.1, and HTTP/2 for clients that begin with it.</summary>
    /// <remarks>
    /// <para>Adds the node (<c>AddOverlayNode</c>) where nobody has. The server has started when the node has joined and the port is open; a node that cannot join fails the start.</para>
    /// <para>Endpoints in code take the place of addresses from the configuration: an application that listens on TCP as well says so with <c>ConfigureKestrel</c>.</para>
    /// </remarks>
    /// <param name="builder">The web host.</param>
    /// <param name="port">1 … 65,535; 80 need not be written in addresses.</param>
    /// <param name="configure">More about the endpoint; called once for each of the two protocols, whose <see cref="ListenOptions.Protocols"/> it may narrow.</param>
    public static IWebHostBuilder UseOverlay(this IWebHostBuilder builder, int port = OverlayEndPoint.DefaultPort, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices(static services => services.AddOverlayNode()).UseOverlay((HttpNode?)null, port, configure);
    }

    /// <summary>Serves the application on a port of a node that runs already, and goes on running when the server has stopped.</summary>
    /// <param name="builder">The web host.</param>
    /// <param name="node">The node.</param>
    /// <param name="port">1 … 65,535.</param>
    /// <param name="configure">As above.</param>
    public static IWebHostBuilder UseOverlay(this IWebHostBuilder builder, Node node, int port = OverlayEndPoint.DefaultPort, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(node);
        return builder.UseOverlay(HttpNode.Of(node), port, configure);
    }

    internal static IWebHostBuilder UseOverlay(this IWebHostBuilder builder, HttpNode? node, int port, Action<ListenOptions>? configure)
    {
        var label = OverlayEndPoint.LabelOf(port);
        return builder.ConfigureServices(services =>
        {
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, OverlayListenerFactory>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, OverlayClaimsFilter>());
            services.Configure<KestrelServerOptions>(kestrel =>
            {
                var shared = new SharedPort();
                Listen(HttpProtocols.Http1);
                Listen(HttpProtocols.Http2);

                void Listen(HttpProtocols protocol) => kestrel.Listen(
                    new OverlayEndPoint(label) { On = node, Shared = shared, IsHttp2 = protocol == HttpProtocols.Http2 },
                    listen =>
                    {
                        listen.Protocols = protocol;
                        configure?.Invoke(listen);
                    });
            });
        });
    }
}
