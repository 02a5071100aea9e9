namespace Overlay.Nodes.Rest;

/// <summary>An address such as <c>rest://alice:80/path?query#hash</c> or a path alone, in its parts; nothing is decoded.</summary>
/// <param name="Protocol">With its colon; null for a path alone.</param>
/// <param name="Auth">Before the <c>@</c>; null where there is none.</param>
/// <param name="Host">Without the port; null for a path alone.</param>
/// <param name="Hostname">With the port, where one is given; null for a path alone.</param>
/// <param name="Port">Null where none is given.</param>
/// <param name="Path">With query and hash; <c>/</c> where there is none.</param>
/// <param name="Pathname">Without query and hash.</param>
/// <param name="Search">From the <c>?</c> on; empty where there is none.</param>
/// <param name="Hash">From the <c>#</c> on; null where there is none.</param>
/// <param name="Href">All of it, as given.</param>
public sealed record RestUrl(
    string? Protocol, string? Auth, string? Host, string? Hostname, string? Port, string Path, string Pathname, string Search, string? Hash, string Href)
{
    private const string Separator = "://";

    /// <summary><see cref="Search"/> without its question mark.</summary>
    public string Query => Search.Length > 0 ? Search[1..] : "";

    /// <summary>Takes an address apart. Every text is one: what has no <c>://</c> is a path.</summary>
    public static RestUrl Parse(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var start = url.IndexOf(Separator, StringComparison.Ordinal);
        if (start < 0)
        {
            return WithPath(new RestUrl(null, null, null, null, null, "", "", "", null, url), url.Length > 0 ? url : "/");
        }

        var rest = url[(start + Separator.Length)..];
        var end = rest.AsSpan().IndexOfAny('/', '?', '#');
        var (authority, path) = end < 0 ? (rest, "") : (rest[..end], rest[end..]);
        var at = authority.LastIndexOf('@');
        var hostname = authority[(at + 1)..];
        var colon = hostname.LastIndexOf(':');
        var parts = new RestUrl(
            url[..(start + 1)],
            at < 0 ? null : authority[..at],
            colon < 0 ? hostname : hostname[..colon],
            hostname,
            colon < 0 ? null : hostname[(colon + 1)..],
            "",
            "",
            "",
            null,
            url);
        return WithPath(parts, path.StartsWith('/') ? path : "/" + path);
    }

    private static RestUrl WithPath(RestUrl url, string path)
    {
        var hash = path.IndexOf('#', StringComparison.Ordinal);
        var beforeHash = hash < 0 ? path : path[..hash];
        var search = beforeHash.IndexOf('?', StringComparison.Ordinal);
        return url with
        {
            Path = path,
            Pathname = search < 0 ? beforeHash : beforeHash[..search],
            Search = search < 0 ? "" : beforeHash[search..],
            Hash = hash < 0 ? null : path[hash..],
        };
    }
}
