using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overlay.Nodes.Hosting.Health;

/// <summary>Endpoints for whoever watches over the process.</summary>
public static class OverlayHealthEndpointExtensions
{
    /// <summary>
    /// Maps <c>/health/live</c> and <c>/health/ready</c> under <paramref name="prefix"/>: 200 where all checks with the tag are healthy or degraded, 503 where one is not, and what they found as
    /// JSON. Needs <c>AddHealthChecks().AddOverlayNode()</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapOverlayHealth(this IEndpointRouteBuilder endpoints, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup(prefix);
        Map("/health/live", OverlayHealthChecksExtensions.Live);
        Map("/health/ready", OverlayHealthChecksExtensions.Ready);
        return group;

        void Map(string pattern, string tag) => group.MapHealthChecks(pattern, new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(tag),
            ResponseWriter = WriteAsync,
        });
    }

    /// <summary>What the checks found. Exceptions stay in the log: they may name what is nobody's business.</summary>
    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", Word(report.Status));
        json.WriteStartArray("checks");
        foreach (var (name, entry) in report.Entries)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("status", Word(entry.Status));
            json.WriteString("description", entry.Description);
            foreach (var (key, value) in entry.Data)
            {
                json.WritePropertyName(key);
                JsonSerializer.Serialize(json, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}
