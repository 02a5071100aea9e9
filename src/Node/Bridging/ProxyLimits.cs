using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Overlay.Nodes.Bridging;

/// <summary>Kestrel's limits where requests are passed on.</summary>
internal static class ProxyLimits
{
    /// <summary>Bodies may be of any length and rest as long as both ends like, since nothing of them is kept; connections are counted.</summary>
    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxConcurrentConnections = 1_024;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 1_024;
    }
}

/// <summary>Where a request is passed on to.</summary>
internal static class ForwardUri
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>A path and query, exactly as the client wrote them, behind a service's address.</summary>
    public static Uri Of(Uri service, string pathAndQuery) =>
        new($"{service.Scheme}://{service.Authority}{service.AbsolutePath.TrimEnd('/')}{pathAndQuery}", AsItIs);
}
