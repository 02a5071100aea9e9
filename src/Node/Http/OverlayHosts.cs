namespace Overlay.Nodes.Http;

/// <summary>Hosts of HTTP addresses: <c>NAME.overlay</c> and <c>ID.overlay</c> are nodes, <c>localhost.overlay</c> is the node itself.</summary>
internal static class OverlayHosts
{
    public const string Suffix = ".overlay";

    /// <summary>The node that a host stands for.</summary>
    /// <param name="host">Without its port.</param>
    /// <param name="node">A name, an id or <c>localhost</c>.</param>
    /// <returns>Whether the host is one of the overlay's.</returns>
    public static bool TryRead(string host, out string node)
    {
        node = host.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? host[..^Suffix.Length].ToLowerInvariant() : "";
        return node.Length > 0;
    }
}
