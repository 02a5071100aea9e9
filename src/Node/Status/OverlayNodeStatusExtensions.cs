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
        services.TryAddSingleton<IStatusSource>(static provider => new NodeStatusSource(
            provider.GetRequiredService<INodeAccessor>().Node, provider.GetRequiredService<IOptions<NodeOptions>>().Value.Protocol.Topology));
        return services;
    }
}
