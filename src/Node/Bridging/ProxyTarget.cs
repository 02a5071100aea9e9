using Microsoft.AspNetCore.Http;
using Overlay.Nodes.Http;

namespace Overlay.Nodes.Bridging;

/// <summary>What a request to the proxy is for.</summary>
internal enum ProxyTargetKind
{
    /// <summary>A node's port.</summary>
    Node,

    /// <summary>The proxy itself.</summary>
    Own,

    /// <summary>A tunnel.</summary>
    Tunnel,

    /// <summary>Some host that is no node.</summary>
    Elsewhere,
}

/// <summary>Where a request leads.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Service">The node's port as an address, for <see cref="ProxyTargetKind.Node"/>.</param>
/// <param name="Path">With query, as the client wrote it.</param>
internal readonly record struct ProxyTarget(ProxyTargetKind Kind, Uri? Service, string Path)
{
    private const string Http = "http://";
    private const string LocalSuffix = OverlayHosts.Suffix + ".localhost";

    /// <summary>Reads a request's first line and host.</summary>
    public static ProxyTarget Of(string method, string rawTarget, HostString host)
    {
        if (HttpMethods.IsConnect(method))
        {
            return new(ProxyTargetKind.Tunnel, null, "/");
        }

        var isProxied = rawTarget.StartsWith(Http, StringComparison.OrdinalIgnoreCase);
        var slash = isProxied ? rawTarget.IndexOf('/', Http.Length) : 0;
        var path = slash < 0 ? "/" : rawTarget[slash..];
        if (ServiceOf(host.Host, host.Port) is { } service)
        {
            return new(ProxyTargetKind.Node, service, path);
        }

        return new(isProxied ? ProxyTargetKind.Elsewhere : ProxyTargetKind.Own, null, path);
    }

    /// <summary>The node's port that a host stands for, as an address; null where it stands for none.</summary>
    public static Uri? ServiceOf(string host, int? port)
    {
        // The port of the local form is the proxy's own.
        var (name, number) = host.EndsWith(LocalSuffix, StringComparison.OrdinalIgnoreCase)
            ? (host[..^".localhost".Length], OverlayEndPoint.DefaultPort)
            : (host, port ?? OverlayEndPoint.DefaultPort);
        return OverlayHosts.TryRead(name, out _) && Uri.TryCreate($"{Http}{name}:{number}/", UriKind.Absolute, out var service) ? service : null;
    }

    /// <summary>Whether a page that is not of the overlay makes this request without its visitor having gone anywhere: it would be done in this node's name.</summary>
    public static bool IsBehindTheVisitorsBack(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
        {
            return !Uri.TryCreate(origin, UriKind.Absolute, out var from) || ServiceOf(from.Host, from.Port) is null;
        }

        return request.Headers["Sec-Fetch-Site"] == "cross-site" && request.Headers["Sec-Fetch-Mode"] != "navigate";
    }
}
