namespace Overlay.Nodes.Storage;

/// <summary>Reads a range of a file as it was when the stream was opened, whatever happens to the file meanwhile.</summary>
/// <remarks>Holds one piece of 64 KiB and no connection between reads. Can seek within its range.</remarks>
internal sealed class BucketReadStream(Bucket bucket, BucketFile file, long start, long end) : Stream
{
    private byte[] _piece = [];
    private long _held = -1;
    private int _heldLength;
    private long _position;
    private bool _disposed;

    public override bool CanRead => !_disposed;

    public override bool CanSeek => !_disposed;

    public override bool CanWrite => false;

    public override long Length => end - start;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (!Prepare(buffer.Length, out var piece, out var within, out var count))
        {
            return 0;
        }

        if (piece != _held)
        {
            Hold(piece, bucket.ReadPiece(file.Content, piece, Piece()));
        }

        return Give(buffer[..count], within);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!Prepare(buffer.Length, out var piece, out var within, out var count))
        {
            return 0;
        }

        if (piece == _held)
        {
            return Give(buffer.Span[..count], within);
        }

        // What is asked for whole need not be held.
        var wanted = Math.Min(BucketTables.PieceBytes - within, Left());
        if (count == wanted)
        {
            var read = await bucket.ReadPieceAsync(file.Content, piece, within, buffer[..count], cancellationToken).ConfigureAwait(false);
            return Advance(read, count);
        }

        Hold(piece, await bucket.ReadPieceAsync(file.Content, piece, 0, Piece(), cancellationToken).ConfigureAwait(false));
        return Give(buffer.Span[..count], within);
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("A file is read here. OpenWriteAsync writes.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A file is read here. OpenWriteAsync writes.");

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await bucket.UnpinAsync(file.Content).ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            bucket.Unpin(file.Content);
        }

        base.Dispose(disposing);
    }

    private byte[] Piece() => _piece.Length > 0 ? _piece : _piece = new byte[BucketTables.PieceBytes];

    private long Left() => Math.Max(0, Length - _position);

    private bool Prepare(int asked, out long piece, out int within, out int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var at = start + _position;
        piece = at / BucketTables.PieceBytes;
        within = (int)(at % BucketTables.PieceBytes);
        count = (int)Math.Min(Math.Min(asked, BucketTables.PieceBytes - within), Left());
        return count > 0;
    }

    private void Hold(long piece, int length) => (_held, _heldLength) = (piece, length);

    private int Give(Span<byte> buffer, int within)
    {
        var length = Math.Clamp(_heldLength - within, 0, buffer.Length);
        _piece.AsSpan(within, length).CopyTo(buffer);
        return Advance(length, buffer.Length);
    }

    private int Advance(int read, int wanted)
    {
        if (read < wanted)
        {
            throw new StoreCorruptException($"A piece of content {file.Content} is shorter than its file says. Restore the bucket from a backup, or write the file again.");
        }

        _position += read;
        return read;
    }
}
