using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Status;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the status page into any ASP.NET Core application.</summary>
public static class OverlayStatusExtensions
{
    /// <summary>
    /// Maps the page at <c>{prefix}/</c>, its feed below it, and the same as JSON at <c>{prefix}/status.json</c>. GET only. Who may see it is
    /// the application's affair: <c>RequireAuthorization</c> and <c>RequireHost</c> on the result.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="source">The network; null: the service of that type, which <c>AddOverlayNodeStatus</c> adds for a node.</param>
    /// <param name="prefix">Where; empty for the root.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="InvalidOperationException">No source is given, and none is registered.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the prefix is no path; the message names it.</exception>
    public static IEndpointConventionBuilder MapOverlayStatus(
        this IEndpointRouteBuilder endpoints, IStatusSource? source = null, string prefix = "/status", StatusOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0 && (prefix[0] != '/' || prefix[^1] == '/'))
        {
            throw new ArgumentException($"prefix: '{prefix}' is no path. Write /status, or nothing for the root.", nameof(prefix));
        }

        options ??= new StatusOptions();
        if (options.Errors().FirstOrDefault() is { } error)
        {
            throw new ArgumentException(error, nameof(options));
        }

        var services = endpoints.ServiceProvider;
        source ??= services.GetService<IStatusSource>()
            ?? throw new InvalidOperationException("MapOverlayStatus: whose page is it? Give a source, or register one: services.AddOverlayNodeStatus() does for a node.");
        var log = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var service = new StatusService(source, options, log.CreateLogger("Overlay.Status"));
        var lifetime = services.GetService<IHostApplicationLifetime>();
        lifetime?.ApplicationStopped.Register(() => _ = service.DisposeAsync().AsTask()); // Its viewers went when the application began to stop.
        return Map(endpoints.MapGroup(prefix), new(service, lifetime), prefix);
    }

    private static RouteGroupBuilder Map(RouteGroupBuilder group, StatusEndpoints endpoints, string prefix)
    {
        foreach (var file in PageFiles.All)
        {
            group.MapGet("/" + file.Name, context => StatusEndpoints.ServeAsync(context, file));
            if (file.Name == PageFiles.Start)
            {
                group.MapGet("/", context => IsBare(context, prefix) ? RedirectAsync(context, prefix) : StatusEndpoints.ServeAsync(context, file));
            }
        }

        group.MapGet("/feed", endpoints.ServeFeedAsync);
        group.MapGet("/members/{id}", endpoints.ServeMemberAsync);
        group.MapGet("/status.json", endpoints.ServeAllAsync);
        return group;
    }

    /// <summary>Without its last stroke the page would look for its files beside itself.</summary>
    private static bool IsBare(HttpContext context, string prefix) => prefix.Length > 0 && context.Request.Path.Value?.EndsWith('/') == false;

    private static Task RedirectAsync(HttpContext context, string prefix)
    {
        context.Response.Redirect($"{context.Request.PathBase}{prefix}/");
        return Task.CompletedTask;
    }
}
