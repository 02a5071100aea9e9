using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Rest;

/// <summary>A response. It is sent once: status, headers and one body.</summary>
public sealed class RestResponse
{
    private readonly CreditStream _stream;
    private readonly CancellationToken _aborted;
    private int _hasStarted;

    internal RestResponse(CreditStream stream, CancellationToken aborted) => (_stream, _aborted) = (stream, aborted);

    /// <summary>The status.</summary>
    /// <value>Default 200; 100 … 999.</value>
    public int Status { get; set; } = 200;

    /// <summary>The headers; their names compare without case.</summary>
    public IDictionary<string, string> Headers { get; } = RestHeads.NoHeaders();

    /// <summary>Whether it is being sent: nothing more can be changed then.</summary>
    public bool HasStarted => _hasStarted == 1;

    /// <summary>Whether all of it has left.</summary>
    internal bool IsComplete { get; private set; }

    /// <summary>Sends text, as <c>text/plain</c>.</summary>
    public Task TextAsync(string text, int? status = null) => SendAsync(RestContent.Text(text), status);

    /// <summary>Sends a value as JSON.</summary>
    public Task JsonAsync<T>(T value, int? status = null, JsonTypeInfo<T>? type = null) => SendAsync(RestContent.Json(value, type), status);

    /// <summary>Sends bytes.</summary>
    public Task BytesAsync(ReadOnlyMemory<byte> bytes, int? status = null) => SendAsync(RestContent.Bytes(bytes), status);

    /// <summary>Sends what is read from a stream, which is disposed of.</summary>
    public Task StreamAsync(Stream stream, int? status = null) => SendAsync(RestContent.Stream(stream), status);

    /// <summary>Sends records, made one by one as the client takes them.</summary>
    public Task QueryAsync<T>(IAsyncEnumerable<T> records, int? status = null, JsonTypeInfo<T>? type = null) => SendAsync(RestContent.Query(records, type), status);

    /// <summary>Sends a result.</summary>
    public Task SendAsync(RestResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (!HasStarted)
        {
            foreach (var (name, value) in result.Headers)
            {
                Headers[name] = value;
            }
        }

        return SendAsync(result.Content, result.Status);
    }

    /// <summary>Sends a body of any kind, and waits until the client has taken all but the last of it.</summary>
    /// <exception cref="InvalidOperationException">A response has been sent already.</exception>
    /// <exception cref="OverlayException">The client is gone.</exception>
    public async Task SendAsync(RestContent content, int? status = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (Interlocked.Exchange(ref _hasStarted, 1) == 1)
        {
            throw new InvalidOperationException("A response can be sent only once.");
        }

        Status = status ?? Status;
        if (Status is < 100 or > 999)
        {
            throw new InvalidOperationException($"{Status} is no status; 100 … 999.");
        }

        if (content.ContentType is { } type)
        {
            Headers.TryAdd("content-type", type);
        }

        await _stream.WriteAsync(RestHeads.Response(Status, Headers), _aborted).ConfigureAwait(false);
        await content.SendAsync(_stream, _aborted).ConfigureAwait(false);
        await _stream.WriteAsync(ReadOnlyMemory<byte>.Empty, _aborted).ConfigureAwait(false);
        IsComplete = true;
    }
}
