namespace Overlay.Nodes.Rest;

/// <summary>What a fetch asks, beside the address.</summary>
public sealed record FetchOptions
{
    /// <summary>The verb.</summary>
    /// <value>Default <c>get</c>; original servers compare it with its case.</value>
    public string Method { get; init; } = "get";

    /// <summary>The headers.</summary>
    /// <value>Default none.</value>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body, also of a <c>get</c>.</summary>
    /// <value>Default none.</value>
    public RestContent Body { get; init; } = RestContent.None;

    /// <summary>How long the server may be silent while the client waits for it.</summary>
    /// <value>Default 8 s; more than zero. A server of ours gives signs of life while its handler works.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>The longest body that is taken into memory as a whole; as a stream it may have any length.</summary>
    /// <value>Default 64 MiB.</value>
    public long MaxBodyBytes { get; init; } = 64L * 1024 * 1024;
}
