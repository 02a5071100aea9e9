using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a node to a generic host.</summary>
public static class OverlayNodeServiceCollectionExtensions
{
    /// <summary>The section of the configuration that <see cref="NodeOptions"/> are read from, before code has its say.</summary>
    public const string ConfigurationSection = "Overlay:Node";

    /// <summary>
    /// Adds a node that joins when the host starts and leaves when it stops. Its options are validated before the host starts; services reach it through
    /// <see cref="INodeAccessor"/>.
    /// </summary>
    public static IServiceCollection AddOverlayNode(this IServiceCollection services, Action<NodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<NodeOptions>().BindConfiguration(ConfigurationSection).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<NodeOptions>, NodeOptionsValidator>());
        services.TryAddSingleton<NodeService>();
        services.TryAddSingleton<INodeAccessor>(static provider => provider.GetRequiredService<NodeService>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, NodeService>(static provider => provider.GetRequiredService<NodeService>()));
        return services;
    }

    private sealed class NodeOptionsValidator : IValidateOptions<NodeOptions>
    {
        public ValidateOptionsResult Validate(string? name, NodeOptions options)
        {
            var errors = options.Errors().ToList();
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
