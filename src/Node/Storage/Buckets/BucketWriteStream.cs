using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>Writes a file that is seen by others, whole, when the stream is disposed of; until then they see what was there before.</summary>
/// <remarks>
/// Holds up to 1 MiB. <see cref="Abort"/> leaves everything as it was; so does a write that failed. Disposing of the stream makes the file durable
/// as the options say, and throws where that fails.
/// </remarks>
public sealed class BucketWriteStream : Stream
{
    private const int HeldPieces = 16;

    private readonly Bucket _bucket;
    private readonly string _key;
    private readonly FileMode _mode;
    private byte[] _held = [];
    private int _heldLength;
    private long _firstPiece;
    private long _content;
    private long _appendedTo;
    private bool _isOver;
    private bool _hasFailed;

    internal BucketWriteStream(Bucket bucket, string key, FileMode mode) => (_bucket, _key, _mode) = (bucket, key, mode);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => !_isOver;

    /// <summary>The file's size so far, what was there before an append included.</summary>
    public override long Length => (_firstPiece * BucketTables.PieceBytes) + _heldLength;

    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException("A file is written from its beginning to its end.");
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer)..];
            if (_heldLength == _held.Length)
            {
                Guarded(() => _bucket.Write((connection, _) => Store(connection), isDurable: false));
                Stored();
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (_heldLength == _held.Length)
            {
                await GuardedAsync(() => _bucket.WriteAsync((connection, _) => Store(connection), isDurable: false, cancellationToken)).ConfigureAwait(false);
                Stored();
            }
        }
    }

    /// <summary>Does nothing: what is written is seen and safe when the stream is disposed of.</summary>
    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A file is written here. OpenReadAsync reads.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A file is written from its beginning to its end.");

    public override void SetLength(long value) => throw new NotSupportedException("A file is written from its beginning to its end.");

    /// <summary>Ends without a trace: the file stays as it was.</summary>
    public void Abort()
    {
        if (!_isOver)
        {
            _isOver = true;
            if (_appendedTo != 0)
            {
                _bucket.EndAppend(_appendedTo);
            }
            else if (_content != 0)
            {
                _bucket.Remove(_content);
            }
        }
    }

    /// <summary>Publishes the file.</summary>
    /// <exception cref="StoreException">The disk is full, or another failure; the file stays as it was.</exception>
    public override async ValueTask DisposeAsync()
    {
        if (!_isOver && !_hasFailed)
        {
            await PublishAsync().ConfigureAwait(false);
        }

        Abort();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    internal void BeginAppend(BucketFile file, byte[] lastPiece)
    {
        (_appendedTo, _content, _firstPiece) = (file.Content, file.Content, file.Size / BucketTables.PieceBytes);
        Hold();
        lastPiece.CopyTo(_held, 0);
        _heldLength = lastPiece.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isOver)
        {
            if (!_hasFailed)
            {
                try
                {
                    var replaced = _bucket.Write((connection, _) => Publish(connection), isDurable: true);
                    _isOver = true;
                    EndAppend();
                    _bucket.Remove(replaced);
                }
                finally
                {
                    Abort();
                }
            }

            Abort();
        }

        base.Dispose(disposing);
    }

    private async Task PublishAsync()
    {
        try
        {
            var replaced = await _bucket.WriteAsync((connection, _) => Publish(connection), isDurable: true, CancellationToken.None).ConfigureAwait(false);
            _isOver = true;
            EndAppend();
            await _bucket.RemoveAsync(replaced).ConfigureAwait(false);
        }
        finally
        {
            Abort();
        }
    }

    private void Hold()
    {
        if (_held.Length == 0)
        {
            _held = new byte[HeldPieces * BucketTables.PieceBytes];
        }
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_hasFailed)
        {
            throw new StoreException(StoreError.Failed, $"An earlier write to '{_key}' failed, so nothing of it will be published. Open it again.");
        }

        if (Length + bytes.Length > BucketTables.MaxFileBytes)
        {
            _hasFailed = true;
            throw new StoreException(StoreError.TooLarge, $"'{_key}' would be larger than 1 TiB. Cut it into several files.");
        }

        Hold();
        var length = Math.Min(bytes.Length, _held.Length - _heldLength);
        bytes[..length].CopyTo(_held.AsSpan(_heldLength));
        _heldLength += length;
        return length;
    }

    /// <summary>Writes what is held into pieces that no file refers to yet.</summary>
    private long Store(SqliteConnection connection)
    {
        var content = _content == 0 ? BucketTables.NewContent(connection) : _content;
        for (var at = 0; at < _heldLength; at += BucketTables.PieceBytes)
        {
            var length = Math.Min(BucketTables.PieceBytes, _heldLength - at);
            BucketTables.WritePiece(connection, content, _firstPiece + (at / BucketTables.PieceBytes), _held.AsSpan(at, length));
        }

        return content;
    }

    private void Stored()
    {
        _firstPiece += HeldPieces;
        _heldLength = 0;
    }

    private long? Publish(SqliteConnection connection)
    {
        var there = BucketTables.Find(connection, _key);
        if (_mode == FileMode.CreateNew && there is not null)
        {
            throw Bucket.AlreadyThere(_key);
        }

        if (_mode == FileMode.Append && (there?.Content ?? 0) != _appendedTo)
        {
            throw new StoreBusyException($"'{_key}' was replaced, made or deleted by another while it was appended to. Nothing was appended; open it again.");
        }

        return BucketTables.Publish(connection, _key, Store(connection), Length, _bucket.Now);
    }

    private void EndAppend()
    {
        if (_appendedTo != 0)
        {
            _bucket.EndAppend(_appendedTo);
        }
    }

    private void Guarded(Func<long> write)
    {
        try
        {
            _content = write();
        }
        catch
        {
            _hasFailed = true;
            throw;
        }
    }

    private async ValueTask GuardedAsync(Func<Task<long>> write)
    {
        try
        {
            _content = await write().ConfigureAwait(false);
        }
        catch
        {
            _hasFailed = true;
            throw;
        }
    }
}
