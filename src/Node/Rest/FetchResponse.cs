using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Streams;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Rest;

/// <summary>The answer to a fetch; its body arrives as it is read.</summary>
/// <remarks>Frees the connection when the body was read to its end, and when disposed of.</remarks>
public sealed class FetchResponse : IAsyncDisposable
{
    private readonly CreditStream _stream;

    internal FetchResponse(CreditStream stream, int status, IReadOnlyDictionary<string, string> headers, long maxBodyBytes)
    {
        (_stream, Status, Headers) = (stream, status, headers);
        Body = new RestBody(stream, maxBodyBytes, FinishAsync);
    }

    /// <summary>The status; one of 400 and more is no error of the fetch.</summary>
    public int Status { get; }

    /// <summary>Whether the status is 200 … 299.</summary>
    public bool IsSuccess => Status is >= 200 and <= 299;

    /// <summary>The headers; their names compare without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body.</summary>
    public RestBody Body { get; }

    /// <summary>Who answers, and how sure that is.</summary>
    public PeerAddress Remote => _stream.Remote;

    /// <summary>Ends when the connection has ended.</summary>
    public Task Completion => _stream.Completion;

    /// <inheritdoc cref="RestBody.ReadTextAsync"/>
    public Task<string> ReadTextAsync(CancellationToken cancellationToken = default) => Body.ReadTextAsync(cancellationToken);

    /// <inheritdoc cref="RestBody.ReadBytesAsync"/>
    public Task<byte[]> ReadBytesAsync(CancellationToken cancellationToken = default) => Body.ReadBytesAsync(cancellationToken);

    /// <inheritdoc cref="RestBody.ReadJsonAsync"/>
    public Task<T?> ReadJsonAsync<T>(JsonTypeInfo<T>? type = null, CancellationToken cancellationToken = default) => Body.ReadJsonAsync(type, cancellationToken);

    /// <inheritdoc cref="RestBody.ReadQueryAsync"/>
    public IAsyncEnumerable<T?> ReadQueryAsync<T>(JsonTypeInfo<T>? type = null, CancellationToken cancellationToken = default) => Body.ReadQueryAsync(type, cancellationToken);

    /// <summary>Stops the server where it has not ended. Idempotent.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async ValueTask FinishAsync(bool isWhole)
    {
        if (isWhole)
        {
            _ = CloseAsync(); // Whoever has all of it need not wait until the connection is closed.
        }
        else
        {
            await _stream.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task CloseAsync() => await _stream.CloseAsync().ConfigureAwait(false);
}
