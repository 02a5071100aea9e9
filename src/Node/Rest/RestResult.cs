using System.Text.Json.Serialization.Metadata;

namespace Overlay.Nodes.Rest;

/// <summary>What a handler answers: a status, headers and a body. A text is one by itself.</summary>
/// <param name="Content">The body.</param>
/// <param name="Status">Default 200.</param>
public sealed record RestResult(RestContent Content, int Status = 200)
{
    /// <summary>Headers beside the content type.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>A text is its own answer.</summary>
    public static implicit operator RestResult(string text) => Text(text);

    /// <summary>Text.</summary>
    public static RestResult Text(string text, int status = 200) => new(RestContent.Text(text), status);

    /// <summary>A value as JSON.</summary>
    public static RestResult Json<T>(T value, int status = 200, JsonTypeInfo<T>? type = null) => new(RestContent.Json(value, type), status);

    /// <summary>Bytes.</summary>
    public static RestResult Bytes(ReadOnlyMemory<byte> bytes, int status = 200, string? contentType = null) => new(RestContent.Bytes(bytes, contentType), status);

    /// <summary>What is read from a stream, which is disposed of.</summary>
    public static RestResult Stream(Stream stream, int status = 200, string? contentType = null) => new(RestContent.Stream(stream, contentType), status);

    /// <summary>Records, made one by one as the client takes them.</summary>
    public static RestResult Query<T>(IAsyncEnumerable<T> records, int status = 200, JsonTypeInfo<T>? type = null) => new(RestContent.Query(records, type), status);

    /// <summary>A status and nothing else.</summary>
    public static RestResult Empty(int status = 200) => new(RestContent.None, status);
}
