using Overlay.Nodes.Http;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Clients of <c>IHttpClientFactory</c> that dial over the overlay.</summary>
public static class OverlayHttpClientExtensions
{
    /// <summary>The client that <see cref="AddOverlayHttpClient"/> adds where no name is given.</summary>
    public const string DefaultClient = "overlay";

    /// <summary>Adds a named client that dials <c>http://NAME.overlay/</c> from the host's node, which is added (<c>AddOverlayNode</c>) where nobody has.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="name">What <c>IHttpClientFactory.CreateClient</c> is asked for.</param>
    /// <param name="configure">How it dials; null: nodes only.</param>
    public static IHttpClientBuilder AddOverlayHttpClient(this IServiceCollection services, string name = DefaultClient, Action<OverlayHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddHttpClient(name).UseOverlay(configure);
    }

    /// <summary>Lets any client of the factory, a typed one too, dial from the host's node.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">How it dials; null: nodes only.</param>
    public static IHttpClientBuilder UseOverlay(this IHttpClientBuilder builder, Action<OverlayHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new OverlayHttpOptions();
        configure?.Invoke(options);
        builder.Services.AddOverlayNode();
        return builder.ConfigurePrimaryHttpMessageHandler(services => new OverlayHttpHandler(HostNode.Of(services), options));
    }
}
