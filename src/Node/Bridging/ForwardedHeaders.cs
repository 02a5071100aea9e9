using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Overlay.Nodes.Bridging;

/// <summary>Which headers are about a message, and which about one connection only (RFC 9110 §7.6.1).</summary>
internal static class ForwardedHeaders
{
    /// <summary>The verified id of the node that asks, for a service behind <see cref="HttpExposure"/>; what a client writes there itself does not get through.</summary>
    public const string Peer = "X-Overlay-Peer";

    private static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Proxy-Authentication-Info", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        "Expect", Peer,
    };

    public static bool Passes(string name, IHeaderDictionary headers)
    {
        if (name.StartsWith(':') || OfTheConnection.Contains(name))
        {
            return false;
        }

        return name.Equals("TE", StringComparison.OrdinalIgnoreCase)
            ? headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase) // gRPC's servers insist on it.
            : !headers.Connection.Any(named => Names(named, name));
    }

    public static bool Passes(string name, HttpResponseHeaders headers) =>
        !OfTheConnection.Contains(name) && !headers.Connection.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool Names(string? list, string name) =>
        list?.Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase) == true;
}
