using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds nodes to a generic host.</summary>
public static class OverlayNodeServiceCollectionExtensions
{
    /// <summary>The section of the configuration that <see cref="NodeOptions"/> are read from, before code has its say.</summary>
    public const string ConfigurationSection = "Overlay:Node";

    /// <summary>Below it lie the sections of nodes with a key: <c>Overlay:Nodes:KEY</c>.</summary>
    public const string KeyedConfigurationSection = "Overlay:Nodes";

    /// <summary>
    /// Adds a node that joins when the host starts and leaves when it stops. Its options are validated before the host starts; services reach it through
    /// <see cref="INodeAccessor"/>. Added twice, it is the same one.
    /// </summary>
    public static IOverlayNodeBuilder AddOverlayNode(this IServiceCollection services, Action<NodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var builder = services.AddNode(Options.Options.DefaultName, ConfigurationSection, configure);
        services.TryAddSingleton<INodeAccessor>(static provider => provider.GetRequiredKeyedService<NodeService>(Options.Options.DefaultName));
        return builder;
    }

    /// <summary>Adds one of several nodes. Services reach it through <c>[FromKeyedServices(key)] INodeAccessor</c>; its section is <c>Overlay:Nodes:KEY</c>.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="key">What this node is called in this program; others never see it.</param>
    /// <param name="configure">Has the last word.</param>
    public static IOverlayNodeBuilder AddOverlayNode(this IServiceCollection services, string key, Action<NodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        var builder = services.AddNode(key, $"{KeyedConfigurationSection}:{key}", configure);
        services.TryAddKeyedSingleton<INodeAccessor>(key, static (provider, key) => provider.GetRequiredKeyedService<NodeService>(key));
        return builder;
    }

    private static Builder AddNode(this IServiceCollection services, string name, string section, Action<NodeOptions>? configure)
    {
        var keys = new OptionSection(section, NodeOptionKeys.All);
        var options = services.AddSection<NodeOptions>(name, keys, static options => options.Errors());
        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (!services.Any(service => service.IsKeyedService && service.ServiceType == typeof(NodeService) && Equals(service.ServiceKey, name)))
        {
            services.AddKeyedSingleton(name, (provider, _) => new NodeService(
                name,
                provider.GetRequiredService<IOptionsMonitor<NodeOptions>>(),
                OptionReading.ReloadOf<NodeOptions>(provider, name, keys),
                provider.GetRequiredService<ILoggerFactory>(),
                provider.GetRequiredService<IHostApplicationLifetime>()));
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<NodeService>(name));
        }

        return new Builder(services, name);
    }

    private sealed record Builder(IServiceCollection Services, string Name) : IOverlayNodeBuilder;
}
