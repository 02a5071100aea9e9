using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Overlay.Hub;

/// <summary>Marks an endpoint that takes WebSocket upgrades only.</summary>
internal sealed class UpgradeOnlyMetadata
{
    public static readonly UpgradeOnlyMetadata Instance = new();
}

/// <summary>Lets the hub take upgrades on any path while every other request finds the application's own endpoints, as if the hub were not there.</summary>
internal sealed class UpgradeOnlyPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<UpgradeOnlyMetadata>() is not null);
    }

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ArgumentNullException.ThrowIfNull(candidates);
        if (!IsUpgrade(httpContext))
        {
            for (var i = 0; i < candidates.Count; i++)
            {
                if (candidates.IsValidCandidate(i) && candidates[i].Endpoint.Metadata.GetMetadata<UpgradeOnlyMetadata>() is not null)
                {
                    candidates.SetValidity(i, false);
                }
            }
        }

        return Task.CompletedTask;
    }

    // HTTP/1.1 asks by the Upgrade header (RFC 6455 §4.1), HTTP/2 by an extended CONNECT (RFC 8441 §4).
    private static bool IsUpgrade(HttpContext context) =>
        context.Request.Headers.Upgrade.Any(value => string.Equals(value, "websocket", StringComparison.OrdinalIgnoreCase))
        || string.Equals(context.Features.Get<IHttpExtendedConnectFeature>()?.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);
}
