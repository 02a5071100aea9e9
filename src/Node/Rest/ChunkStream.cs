namespace Overlay.Nodes.Rest;

/// <summary>Joins what is written in small pieces into chunks; writes them when they are full, and when it is flushed.</summary>
internal sealed class ChunkStream(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, int chunkBytes) : Stream
{
    private readonly byte[] _chunk = new byte[chunkBytes];
    private int _length;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException("A body that is being written has no length.");

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException("A body that is being written has no position.");
        set => throw new NotSupportedException("A body that is being written has no position.");
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var count = Math.Min(buffer.Length, _chunk.Length - _length);
            buffer[..count].CopyTo(_chunk.AsMemory(_length));
            (buffer, _length) = (buffer[count..], _length + count);
            if (_length == _chunk.Length)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_length > 0)
        {
            await write(_chunk.AsMemory(0, _length), cancellationToken).ConfigureAwait(false);
            _length = 0;
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // What lies here goes with the next chunk, or at the end: waiting for the other side is for FlushAsync.
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (count > _chunk.Length - _length)
        {
            throw new NotSupportedException("The other end is far away: use WriteAsync.");
        }

        buffer.AsSpan(offset, count).CopyTo(_chunk.AsSpan(_length));
        _length += count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This is written, not read.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A body that is being written cannot be sought in.");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("A body that is being written has no length.");
}
