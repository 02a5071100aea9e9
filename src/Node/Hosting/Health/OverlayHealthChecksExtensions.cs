using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Overlay;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Configuration;
using Overlay.Nodes.Hosting.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks of nodes.</summary>
public static class OverlayHealthChecksExtensions
{
    /// <summary>The tag of checks that tell whether the process is of use to anybody; where one fails, it is to be started anew.</summary>
    public const string Live = "live";

    /// <summary>The tag of checks that tell whether work should come here now.</summary>
    public const string Ready = "ready";

    /// <summary>
    /// Adds two checks of a node of <c>AddOverlayNode</c>: <c>overlay-live</c>, its loop turns; <c>overlay-ready</c>, a message of it is routed to a member at random and back. With a key
    /// they are <c>overlay-KEY-live</c> and <c>overlay-KEY-ready</c>.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="key">The node's; null: the one without.</param>
    /// <param name="configure">How it is probed; has the last word after the section <c>Overlay:Health</c>.</param>
    public static IHealthChecksBuilder AddOverlayNode(this IHealthChecksBuilder builder, string? key = null, Action<OverlayHealthOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = key ?? Options.Options.DefaultName;
        return builder.Add(key, configure, services =>
        {
            var node = services.GetRequiredKeyedService<NodeService>(name);
            return new NodeHealth(() => node.Node, () => node.IsStopping, services.GetRequiredService<IOptionsMonitor<OverlayHealthOptions>>(), Clock(services));
        });
    }

    /// <summary>The same two checks for a node that runs already.</summary>
    public static IHealthChecksBuilder AddOverlayNode(this IHealthChecksBuilder builder, Node node, Action<OverlayHealthOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(node);
        var running = Task.FromResult(node);
        return builder.Add(null, configure, services => new NodeHealth(
            () => running, () => node.Phase is NodePhase.Leaving or NodePhase.Left, services.GetRequiredService<IOptionsMonitor<OverlayHealthOptions>>(), Clock(services)));
    }

    private static IHealthChecksBuilder Add(this IHealthChecksBuilder builder, string? key, Action<OverlayHealthOptions>? configure, Func<IServiceProvider, NodeHealth> make)
    {
        var options = builder.Services.AddSection<OverlayHealthOptions>(
            Options.Options.DefaultName, new OptionSection(OverlayHealthOptions.ConfigurationSection, HealthOptionKeys.All), static options => options.Errors());
        if (configure is not null)
        {
            options.Configure(configure);
        }

        var name = key ?? Options.Options.DefaultName;
        builder.Services.TryAddKeyedSingleton(name, (services, _) => make(services));
        var prefix = key is null ? "overlay" : $"overlay-{key}";
        return builder
            .Add(new HealthCheckRegistration($"{prefix}-live", services => new NodeLiveCheck(services.GetRequiredKeyedService<NodeHealth>(name)), null, [Live]))
            .Add(new HealthCheckRegistration($"{prefix}-ready", services => new NodeReadyCheck(services.GetRequiredKeyedService<NodeHealth>(name)), null, [Ready]));
    }

    private static TimeProvider Clock(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;
}
