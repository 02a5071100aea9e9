using Overlay.Runtime;
using Overlay.Runtime.Peers;

namespace Overlay.Nodes.Streams;

/// <summary>A credit stream as bytes.</summary>
/// <param name="items">The stream.</param>
/// <param name="endsInGoodOrder">Whether disposing waits until the other side has asked for the end; otherwise it hears at once that nobody reads any more.</param>
internal sealed class ByteStream(CreditStream items, bool endsInGoodOrder = true) : DuplexStream
{
    private ReadOnlyMemory<byte> _rest;
    private bool _isAtEnd;
    private int _isCompleted;
    private int _isDisposed;

    /// <inheritdoc/>
    public override bool CanWrite => _isCompleted == 0;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (_rest.IsEmpty && !_isAtEnd)
            {
                var item = await items.ReadAsync(cancellationToken).ConfigureAwait(false);
                _isAtEnd = item is null || (item.Value.IsEmpty && items.Options.HalfClose);
                _rest = item ?? default;
            }
        }
        catch (OverlayException e)
        {
            throw new IOException(e.Message, e);
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest.Span[..count].CopyTo(buffer.Span);
        _rest = _rest[count..];
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isCompleted == 1, this);
        try
        {
            for (; !buffer.IsEmpty; buffer = buffer[Math.Min(buffer.Length, items.Options.ChunkBytes)..])
            {
                await items.WriteAsync(buffer[..Math.Min(buffer.Length, items.Options.ChunkBytes)], cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OverlayException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Ends this direction, or both where one alone cannot end.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) == 0)
        {
            await items.EndWritingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        if (endsInGoodOrder)
        {
            await TellEndAsync().ConfigureAwait(false);
        }

        await items.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task TellEndAsync()
    {
        using var patience = new CancellationTokenSource(items.Options.CloseTimeout, items.Time);
        try
        {
            await CompleteAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            // The other side reads no further: there is nobody to tell.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _isDisposed == 0)
        {
            _ = DisposeAsync().AsTask(); // Whoever disposes without waiting wants the end, not to watch it.
        }

        base.Dispose(disposing);
    }
}
