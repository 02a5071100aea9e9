using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Hub;

/// <summary>Makes any ASP.NET Core application a hub: <c>services.AddOverlayHub(options)</c> and <c>app.MapOverlayHub()</c>.</summary>
public static class HubExtensions
{
    /// <summary>Adds the hub. Options are validated and its data is opened when the application starts.</summary>
    /// <remarks>The application's own addresses are not the hub's to judge, so <see cref="HubOptions.Open"/> or <see cref="HubOptions.Tokens"/> must say whom it admits.</remarks>
    /// <exception cref="HubException">The options say nobody is admitted, or one is out of range.</exception>
    public static IServiceCollection AddOverlayHub(this IServiceCollection services, HubOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!options.Open && options.Tokens.Count == 0 && options.Admission is null)
        {
            throw new HubException(
                HubError.InvalidOptions,
                "Whom does this hub admit? Set Open = true (anybody who reaches the application), or Tokens, or Admission with a policy of its own.");
        }

        return services.AddHub(options);
    }

    /// <summary>Takes WebSocket upgrades on <paramref name="pattern"/>, by default on any path; all other requests find the application's own endpoints.</summary>
    public static IEndpointConventionBuilder MapOverlayHub(this IEndpointRouteBuilder endpoints, string pattern = "/{**path}")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var hub = endpoints.ServiceProvider.GetService<HubService>()
            ?? throw new InvalidOperationException("MapOverlayHub needs services.AddOverlayHub(options) before it.");
        var pipeline = endpoints.CreateApplicationBuilder();
        pipeline.UseWebSockets();
        pipeline.Run(hub.HandleAsync);
        return endpoints.Map(pattern, pipeline.Build())
            .WithMetadata(UpgradeOnlyMetadata.Instance)
            .WithDisplayName("Overlay hub")
            .WithOrder(int.MinValue); // An upgrade is the hub's on every path; UpgradeOnlyPolicy leaves it nothing else.
    }

    /// <summary>Maps <c>/health/live</c>, <c>/health/ready</c> and <c>/status</c> under <paramref name="prefix"/>.</summary>
    public static IEndpointConventionBuilder MapOverlayHubStatus(this IEndpointRouteBuilder endpoints, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var hub = endpoints.ServiceProvider.GetRequiredService<HubService>();
        var group = endpoints.MapGroup(prefix);
        group.MapGet("/health/live", () => Results.Text("live\n"));
        group.MapGet("/health/ready", async (CancellationToken cancellationToken) =>
            await hub.IsReadyAsync(cancellationToken)
                ? Results.Text("ready\n")
                : Results.Text("not ready\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        group.MapGet("/status", () => hub.Status is { } status
            ? Results.Json(status, HubJson.Default.HubStatus, MediaTypeNames.Application.Json)
            : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        return group;
    }

    internal static IServiceCollection AddHub(this IServiceCollection services, HubOptions options)
    {
        services.AddMetrics();
        services.AddSingleton(provider => new HubService(
            options,
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<ILogger<HubLoop>>(),
            provider.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(),
            provider.GetService<TimeProvider>()));
        services.AddHostedService(provider => provider.GetRequiredService<HubService>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, UpgradeOnlyPolicy>());
        return services;
    }
}
