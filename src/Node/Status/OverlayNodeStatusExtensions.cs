using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Status;
using Overlay.Status;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets a web application show the network of its node.</summary>
public static class OverlayNodeStatusExtensions
{
    /// <summary>Makes the node of <c>AddOverlayNode</c> the one whose network <c>app.MapOverlayStatus()</c> shows.</summary>
    public static IServiceCollection AddOverlayNodeStatus(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IStatusSource>(static provider => SourceOf(provider, provider.GetRequiredService<INodeAccessor>(), Options.Options.DefaultName));
        return services;
    }

    /// <summary>The same of one of several nodes: <c>app.MapOverlayStatus(app.Services.GetRequiredKeyedService&lt;IStatusSource&gt;(key), "/status/" + key)</c>.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="key">That of its <c>AddOverlayNode</c>.</param>
    public static IServiceCollection AddOverlayNodeStatus(this IServiceCollection services, string key)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        services.TryAddKeyedSingleton<IStatusSource>(key, (provider, _) => SourceOf(provider, provider.GetRequiredKeyedService<INodeAccessor>(key), key));
        return services;
    }

    private static NodeStatusSource SourceOf(IServiceProvider provider, INodeAccessor accessor, string name) =>
        new(accessor.Node, provider.GetRequiredService<IOptionsMonitor<NodeOptions>>().Get(name).Protocol.Topology);
}
