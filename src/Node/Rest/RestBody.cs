using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Rest;

/// <summary>A body that arrives. It can be read once, as one of: a stream, bytes, text, JSON, records.</summary>
/// <remarks>It is asked for as it is read: one that is not read stays with the sender, but for what the window holds.</remarks>
public sealed class RestBody
{
    /// <summary>Records that may be ahead of the reader of a query.</summary>
    internal const int QueryWindow = 2;

    private readonly CreditStream _items;
    private readonly long _maxBytes;
    private readonly Func<bool, ValueTask>? _finished;
    private bool _isAtEnd;
    private int _isTaken;

    /// <param name="items">Where it comes from.</param>
    /// <param name="maxBytes">The longest body that is taken into memory as a whole.</param>
    /// <param name="finished">Told once that nobody reads any more, and whether that is because it was read to its end.</param>
    internal RestBody(CreditStream items, long maxBytes, Func<bool, ValueTask>? finished = null) => (_items, _maxBytes, _finished) = (items, maxBytes, finished);

    /// <summary>As a stream of any length. A body that breaks off throws, it does not look as if it had ended.</summary>
    /// <exception cref="InvalidOperationException">It was read already.</exception>
    public Stream AsStream()
    {
        Take();
        return new BodyStream(this);
    }

    /// <summary>All of it.</summary>
    /// <exception cref="InvalidOperationException">It was read already.</exception>
    /// <exception cref="OverlayException">Longer than the limit for bodies in memory (<see cref="OverlayError.MessageTooLarge"/>), or it broke off.</exception>
    public async Task<byte[]> ReadBytesAsync(CancellationToken cancellationToken = default)
    {
        Take();
        var all = new MemoryStream();
        while (await ReadItemAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            if (all.Length + item.Length > _maxBytes)
            {
                throw new OverlayException(OverlayError.MessageTooLarge, $"The body is longer than {_maxBytes} bytes, the limit for one in memory: read it as a stream.");
            }

            all.Write(item.Span);
        }

        return all.ToArray();
    }

    /// <summary>All of it, as UTF-8 text.</summary>
    /// <exception cref="OverlayException">As <see cref="ReadBytesAsync"/>.</exception>
    public async Task<string> ReadTextAsync(CancellationToken cancellationToken = default) =>
        Encoding.UTF8.GetString(await ReadBytesAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>All of it, as one JSON value.</summary>
    /// <exception cref="OverlayException">It is no such JSON (<see cref="OverlayError.InvalidMessage"/>), or as <see cref="ReadBytesAsync"/>.</exception>
    public async Task<T?> ReadJsonAsync<T>(JsonTypeInfo<T>? type = null, CancellationToken cancellationToken = default) =>
        FromJson(await ReadBytesAsync(cancellationToken).ConfigureAwait(false), type, "The body");

    /// <summary>Its records, each asked for as the one before was taken; the other side makes at most two ahead. Leaving the loop stops the other side.</summary>
    /// <exception cref="OverlayException">A record is no such JSON (<see cref="OverlayError.InvalidMessage"/>), the other side failed, or it broke off.</exception>
    public async IAsyncEnumerable<T?> ReadQueryAsync<T>(JsonTypeInfo<T>? type = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Take();
        _items.FixWindow(QueryWindow);
        try
        {
            while (await ReadItemAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                yield return FromJson(item, type, "A record");
            }
        }
        finally
        {
            await AbandonAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The next item of the body; null at its end.</summary>
    internal async ValueTask<ReadOnlyMemory<byte>?> ReadItemAsync(CancellationToken cancellationToken)
    {
        if (_isAtEnd)
        {
            return null;
        }

        var item = await _items.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (item is { IsEmpty: false })
        {
            return item;
        }

        _isAtEnd = true;
        await FinishAsync(true).ConfigureAwait(false);
        return null;
    }

    /// <summary>Nobody reads any more.</summary>
    internal ValueTask AbandonAsync() => _isAtEnd ? ValueTask.CompletedTask : FinishAsync(false);

    private ValueTask FinishAsync(bool isWhole) => _finished is null ? ValueTask.CompletedTask : _finished(isWhole);

    private static T? FromJson<T>(ReadOnlyMemory<byte> bytes, JsonTypeInfo<T>? type, string what)
    {
        try
        {
            return type is null ? JsonSerializer.Deserialize<T>(bytes.Span, RestContent.WebJson) : JsonSerializer.Deserialize(bytes.Span, type);
        }
        catch (JsonException e)
        {
            throw new OverlayException(OverlayError.InvalidMessage, $"{what} is no JSON for {typeof(T).Name}: {e.Message}", e);
        }
    }

    private void Take()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 1)
        {
            throw new InvalidOperationException("A body can be read once.");
        }
    }

    /// <summary>The body as a stream.</summary>
    private sealed class BodyStream(RestBody body) : Runtime.Peers.DuplexStream
    {
        private ReadOnlyMemory<byte> _rest;

        /// <inheritdoc/>
        public override bool CanWrite => false;

        /// <inheritdoc/>
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.IsEmpty)
            {
                try
                {
                    _rest = await body.ReadItemAsync(cancellationToken).ConfigureAwait(false) ?? default;
                }
                catch (OverlayException e)
                {
                    throw new IOException(e.Message, e);
                }
            }

            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..count].CopyTo(buffer.Span);
            _rest = _rest[count..];
            return count;
        }

        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("A body that arrives is read, not written.");

        /// <inheritdoc/>
        public override async ValueTask DisposeAsync()
        {
            await body.AbandonAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _ = body.AbandonAsync().AsTask(); // Whoever disposes without waiting wants the end, not to watch it.
            }

            base.Dispose(disposing);
        }
    }
}
