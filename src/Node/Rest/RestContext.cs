using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Rest;

/// <summary>One request and its response, as middleware and handlers see them.</summary>
public sealed class RestContext
{
    internal RestContext(RestRequest request, RestResponse response, CancellationToken aborted) => (Request, Response, RequestAborted) = (request, response, aborted);

    /// <summary>What is asked.</summary>
    public RestRequest Request { get; }

    /// <summary>How it is answered.</summary>
    public RestResponse Response { get; }

    /// <summary>Cancelled when nobody waits for the response any more: the client cancelled or is gone, or the server ends.</summary>
    public CancellationToken RequestAborted { get; }

    /// <summary>For middleware to hand things on to those after it.</summary>
    public IDictionary<string, object?> Items { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);
}

/// <summary>A request.</summary>
public sealed class RestRequest
{
    internal RestRequest(string url, string method, IReadOnlyDictionary<string, string> headers, RestBody body, PeerAddress local, PeerAddress remote)
    {
        (Url, Method, Headers, Body, Local, Remote) = (url, method, headers, body, local, remote);
        Path = RestUrl.Parse(url.StartsWith('/') ? url : "/" + url).Pathname;
        Query = QueryParameterCollection.Parse(url);
    }

    /// <summary>Path, query and hash as they were sent.</summary>
    public string Url { get; }

    /// <summary>The path, not decoded.</summary>
    public string Path { get; }

    /// <summary>The verb as it was sent; routes do not mind its case.</summary>
    public string Method { get; }

    /// <summary>The headers; their names compare without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The parameters in the path, of the route that handles the request.</summary>
    public IReadOnlyDictionary<string, string> Params { get; internal set; } = new Dictionary<string, string>();

    /// <summary>The pattern of the route that handles the request; null where none does yet.</summary>
    public string? Route { get; internal set; }

    /// <summary>The parameters after the question mark, decoded.</summary>
    public QueryParameterCollection Query { get; }

    /// <summary>The body.</summary>
    public RestBody Body { get; }

    /// <summary>This node, as the client knows it.</summary>
    public PeerAddress Local { get; }

    /// <summary>Who asks, and how sure that is.</summary>
    public PeerAddress Remote { get; }
}
