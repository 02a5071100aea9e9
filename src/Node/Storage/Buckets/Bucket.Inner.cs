using Overlay.Nodes.Storage.Files;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

public sealed partial class Bucket
{
    internal DateTimeOffset Now => _options.TimeProvider.GetUtcNow();

    internal static StoreException AlreadyThere(string key) =>
        new(StoreError.DuplicateKey, $"The bucket has a file '{key}' already. Open it with FileMode.Create to replace it, with FileMode.Append to continue it, or choose another key.");

    internal Task<T> WriteAsync<T>(Func<SqliteConnection, CancellationToken, T> work, bool isDurable, CancellationToken cancellationToken) =>
        _file.WriteAsync(work, cancellationToken, committed: null, isDurable);

    internal T Write<T>(Func<SqliteConnection, CancellationToken, T> work, bool isDurable) => _file.Write(work, committed: null, isDurable);

    internal int ReadPiece(long content, long piece, byte[] to) => _file.Read(connection => BucketTables.ReadPiece(connection, content, piece, 0, to));

    internal ValueTask<int> ReadPieceAsync(long content, long piece, int skip, Memory<byte> to, CancellationToken cancellationToken) =>
        _file.ReadAsync(connection => BucketTables.ReadPiece(connection, content, piece, skip, to.Span), cancellationToken);

    /// <summary>How many contents the file holds, those under way and left over included.</summary>
    internal ValueTask<long> ContentsAsync() => _file.ReadAsync(connection => connection.Statement("SELECT count(*) FROM contents").RunNumber() ?? 0, CancellationToken.None);

    /// <summary>Removes a content that no file refers to any more, now or when its last reader is through.</summary>
    /// <remarks>A failure here harms nobody: the next open removes it.</remarks>
    internal async Task RemoveAsync(long? content)
    {
        if (content is { } one && _pins.Leave(one))
        {
            await RemoveNowAsync(_file, one).ConfigureAwait(false);
        }
    }

    internal void Remove(long? content)
    {
        if (content is { } one && _pins.Leave(one))
        {
            RemoveNow(one);
        }
    }

    internal void Unpin(long content)
    {
        if (_pins.Unpin(content))
        {
            RemoveNow(content);
        }
    }

    internal async ValueTask UnpinAsync(long content)
    {
        if (_pins.Unpin(content))
        {
            await RemoveNowAsync(_file, content).ConfigureAwait(false);
        }
    }

    internal void EndAppend(long content)
    {
        _pins.EndAppend(content);
        Unpin(content);
    }

    /// <summary>The pins are shared by all who have the file open.</summary>
    private static BucketPins PinsOf(StoreFile file)
    {
        lock (file)
        {
            return (BucketPins)(file.Shared ??= new BucketPins());
        }
    }

    private static async Task RemoveNowAsync(StoreFile file, long content)
    {
        try
        {
            while (!await file.WriteAsync((connection, _) => BucketTables.RemoveSome(connection, content), CancellationToken.None, isDurable: false).ConfigureAwait(false))
            {
                // Some more.
            }
        }
        catch (Exception error) when (error is StoreException or ObjectDisposedException)
        {
            // Left for the next open.
        }
    }

    private static string CheckedKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return RecordKey.IsStorable(key) ? key
            : throw new KeyRequiredException($"The key of a file has 1 … {RecordKey.MaxBytes} bytes of well-formed text without U+0000.");
    }

    /// <summary>As JavaScript's slice: negative positions count from the end, and what lies outside is cut off.</summary>
    private static (long From, long To) Slice(long size, long start, long? end)
    {
        var from = start < 0 ? Math.Max(0, size + start) : Math.Min(start, size);
        var to = end is not { } given ? size : given < 0 ? Math.Max(0, size + given) : Math.Min(given, size);
        return (from, Math.Max(from, to));
    }

    private static long StoreNew(SqliteConnection connection, ReadOnlySpan<byte> bytes)
    {
        var content = BucketTables.NewContent(connection);
        for (var piece = 0; bytes.Length > 0; piece++)
        {
            var length = Math.Min(BucketTables.PieceBytes, bytes.Length);
            BucketTables.WritePiece(connection, content, piece, bytes[..length]);
            bytes = bytes[length..];
        }

        return content;
    }

    private long? AppendNow(SqliteConnection connection, string key, ReadOnlySpan<byte> bytes)
    {
        if (BucketTables.Find(connection, key) is not { } file)
        {
            return BucketTables.Publish(connection, key, StoreNew(connection, bytes), bytes.Length, Now);
        }

        if (_pins.IsAppended(file.Content))
        {
            throw AppendedElsewhere(key);
        }

        if (file.Size + bytes.Length > BucketTables.MaxFileBytes)
        {
            throw new StoreException(StoreError.TooLarge, $"'{key}' would be larger than 1 TiB. Cut it into several files.");
        }

        // The last piece is filled up first. Who reads the file meanwhile finds the same bytes at the same place.
        Span<byte> piece = new byte[BucketTables.PieceBytes];
        var (number, held) = (file.Size / BucketTables.PieceBytes, (int)(file.Size % BucketTables.PieceBytes));
        if (held > 0)
        {
            BucketTables.ReadPiece(connection, file.Content, number, 0, piece[..held]);
        }

        for (var rest = bytes; !rest.IsEmpty; number++, held = 0)
        {
            var length = Math.Min(piece.Length - held, rest.Length);
            rest[..length].CopyTo(piece[held..]);
            BucketTables.WritePiece(connection, file.Content, number, piece[..(held + length)]);
            rest = rest[length..];
        }

        return BucketTables.Publish(connection, key, file.Content, file.Size + bytes.Length, Now);
    }

    private static StoreBusyException AppendedElsewhere(string key) => new($"Another stream appends to '{key}'. Dispose of that one first.");

    private async Task BeginAppendAsync(BucketWriteStream stream, string key, CancellationToken cancellationToken)
    {
        if (await PinAsync(key, cancellationToken).ConfigureAwait(false) is not { } file)
        {
            return;
        }

        if (!_pins.TryBeginAppend(file.Content))
        {
            await UnpinAsync(file.Content).ConfigureAwait(false);
            throw AppendedElsewhere(key);
        }

        try
        {
            // Only now the size is certain: whoever appended before has ended.
            file = await _file.ReadAsync(connection => BucketTables.Find(connection, key), cancellationToken).ConfigureAwait(false) is { } now && now.Content == file.Content
                ? now
                : throw new StoreBusyException($"'{key}' was replaced or deleted just now. Open it again.");
            var last = new byte[file.Size % BucketTables.PieceBytes];
            if (last.Length > 0)
            {
                await ReadPieceAsync(file.Content, file.Size / BucketTables.PieceBytes, 0, last, cancellationToken).ConfigureAwait(false);
            }

            stream.BeginAppend(file, last);
        }
        catch
        {
            EndAppend(file.Content);
            throw;
        }
    }

    /// <summary>Finds a file and keeps its content from being removed.</summary>
    private ValueTask<BucketFile?> PinAsync(string key, CancellationToken cancellationToken) => _file.ReadAsync(
        connection =>
        {
            while (BucketTables.Find(connection, key) is { } file)
            {
                _pins.Pin(file.Content);

                // Replaced between the look and the pin, it may be gone already. Replaced later, it waits for the pin.
                if (BucketTables.Find(connection, key) is { } again && again.Content == file.Content)
                {
                    return again;
                }

                // Whoever replaced it removes it, or left it to this pin: then it is left over until the next open, which removes it.
                _ = _pins.Unpin(file.Content);
            }

            return (BucketFile?)null;
        },
        cancellationToken);

    private async Task WriteThroughAsync(string key, FileMode mode, Func<BucketWriteStream, ValueTask> write, CancellationToken cancellationToken)
    {
        var stream = await OpenWriteAsync(key, mode, cancellationToken).ConfigureAwait(false);
        try
        {
            await write(stream).ConfigureAwait(false);
        }
        catch
        {
            stream.Abort();
            throw;
        }

        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private void RemoveNow(long content)
    {
        try
        {
            while (!_file.Write((connection, _) => BucketTables.RemoveSome(connection, content), committed: null, isDurable: false))
            {
                // Some more.
            }
        }
        catch (Exception error) when (error is StoreException or ObjectDisposedException)
        {
            // Left for the next open.
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
