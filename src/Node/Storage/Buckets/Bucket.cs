using System.Runtime.CompilerServices;
using Overlay.Nodes.Storage.Files;

namespace Overlay.Nodes.Storage;

/// <summary>Files by key in one file on disk: written, replaced and appended to all or nothing; read as streams, by range, while they are replaced.</summary>
/// <remarks>
/// A key is any text of 1 … 1,024 bytes; a <c>/</c> in it means nothing but what <see cref="ListAsync"/> makes of it. Keys are ordered by code points.
/// Safe for use by several threads. Opening one bucket several times in a process is fine; other processes are refused. Space of deleted files
/// is used again; the file itself does not shrink.
/// <code>
/// await using var bucket = await Bucket.OpenAsync("photos");
/// await bucket.WriteAsync("2026/cat.jpg", bytes);
/// await using var stream = await bucket.OpenReadAsync("2026/cat.jpg", start: -1_000); // the last thousand bytes
/// </code>
/// </remarks>
public sealed partial class Bucket : IAsyncDisposable
{
    /// <summary>Up to here a write is one transaction; larger ones go through a stream.</summary>
    private const int SmallBytes = 1_024 * 1_024;

    private const int ListPage = 256;

    private readonly StoreFile _file;
    private readonly StoreOptions _options;
    private readonly BucketPins _pins;
    private int _disposed;

    private Bucket(string name, StoreFile file, StoreOptions options, BucketPins pins) => (Name, _file, _options, _pins) = (name, file, options, pins);

    /// <summary>The name or path it was opened by.</summary>
    public string Name { get; }

    /// <summary>The file's full path; in memory, where it would lie.</summary>
    public string Path => _file.Path;

    /// <summary>Opens a bucket, which is made where it is not there, and removes what a killed process left half written.</summary>
    /// <param name="nameOrPath">A name (letters, digits, <c>-</c>, <c>_</c>, <c>.</c>) or, with a separator, a path.</param>
    /// <param name="options">Null: on disk, safe against power failure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreException">Busy, damaged, not ours, no access, or SQLite is missing: <see cref="StoreException.Reason"/> and the message tell.</exception>
    public static async Task<Bucket> OpenAsync(string nameOrPath, StoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new StoreOptions();
        options.Validate();
        var path = StorePath.Resolve(nameOrPath, options.Directory, ".bucket");
        var file = await OpenStores.OpenAsync(path, StoreFormat.Bucket, options, cancellationToken).ConfigureAwait(false);
        return new Bucket(nameOrPath, file, options, PinsOf(file));
    }

    /// <summary>Deletes a bucket that nobody has open; nothing happens where there is none.</summary>
    /// <exception cref="StoreBusyException">Somebody has it open.</exception>
    public static Task DropAsync(string nameOrPath, StoreOptions? options = null, CancellationToken cancellationToken = default) =>
        options is { InMemory: true }
            ? Task.CompletedTask
            : OpenStores.DeleteAsync(StorePath.Resolve(nameOrPath, options?.Directory, ".bucket"), cancellationToken);

    /// <summary>Whether there is a file with this key.</summary>
    public async ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken = default) =>
        await InfoAsync(key, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Size and times of a file, or null where there is none.</summary>
    public ValueTask<BucketEntry?> InfoAsync(string key, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        return _file.ReadAsync(connection => BucketTables.Info(connection, key), cancellationToken);
    }

    /// <summary>Size and times of several files, in the order asked for; those that are not there are left out.</summary>
    public async ValueTask<IReadOnlyList<BucketEntry>> InfoAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var entries = new List<BucketEntry>();
        foreach (var key in keys)
        {
            if (await InfoAsync(key, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>The files whose keys start with <paramref name="prefix"/>, in key order.</summary>
    /// <param name="prefix">Empty: all.</param>
    /// <param name="delimiter">Leaves out keys that contain it after the prefix: with <c>/</c> and prefix <c>a/</c> the files directly in folder a.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>Read a page at a time: files written or deleted meanwhile may be in it or not.</remarks>
    public async IAsyncEnumerable<BucketEntry> ListAsync(
        string prefix = "", string? delimiter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ThrowIfDisposed();
        var (from, inclusive) = (prefix, true);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (start, isFirst) = (from, inclusive);
            var page = await _file.ReadAsync(connection => BucketTables.List(connection, start, isFirst, ListPage), cancellationToken).ConfigureAwait(false);
            foreach (var entry in page)
            {
                if (!entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield break;
                }

                if (string.IsNullOrEmpty(delimiter) || entry.Key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) < 0)
                {
                    yield return entry;
                }
            }

            if (page.Count < ListPage)
            {
                yield break;
            }

            (from, inclusive) = (page[^1].Key, false);
        }
    }

    /// <summary>A stream over a range of a file as it is now, whatever happens to the file while it is read. It can seek, and knows its length.</summary>
    /// <param name="key">The file.</param>
    /// <param name="start">First byte; negative: from the end.</param>
    /// <param name="end">The byte after the last; negative: from the end; null: the end. A range beyond the file is cut to it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BucketKeyNotFoundException">There is no such file.</exception>
    public async Task<Stream> OpenReadAsync(string key, long start = 0, long? end = null, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        var file = await PinAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new BucketKeyNotFoundException(key);
        var (from, to) = Slice(file.Size, start, end);
        return new BucketReadStream(this, file, from, to);
    }

    /// <summary>A range of a file, whole in memory.</summary>
    /// <inheritdoc cref="OpenReadAsync"/>
    public async Task<byte[]> ReadAsync(string key, long start = 0, long? end = null, CancellationToken cancellationToken = default)
    {
        var stream = await OpenReadAsync(key, start, end, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > Array.MaxLength)
            {
                throw new StoreException(StoreError.TooLarge, $"'{key}' has {stream.Length} bytes, more than an array holds. Read it as a stream, or in ranges.");
            }

            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }

    /// <summary>A stream that writes a file, which others see when it is disposed of, all or nothing.</summary>
    /// <param name="key">The file.</param>
    /// <param name="mode"><see cref="FileMode.Create"/> makes or replaces it, <see cref="FileMode.CreateNew"/> makes it, <see cref="FileMode.Append"/> makes or continues it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreException">It is there already (<see cref="FileMode.CreateNew"/>), or another stream appends to it.</exception>
    public async Task<BucketWriteStream> OpenWriteAsync(string key, FileMode mode = FileMode.Create, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        var stream = new BucketWriteStream(this, key, mode);
        switch (mode)
        {
            case FileMode.Create:
                break;
            case FileMode.CreateNew:
                if (await ExistsAsync(key, cancellationToken).ConfigureAwait(false))
                {
                    throw AlreadyThere(key);
                }

                break;
            case FileMode.Append:
                await BeginAppendAsync(stream, key, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(mode), mode, "Create, CreateNew or Append");
        }

        return stream;
    }

    /// <summary>Makes or replaces a file: others see the old one or the new one.</summary>
    /// <exception cref="StoreException">The disk is full, or another failure; the file is as it was.</exception>
    public async Task WriteAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        if (bytes.Length > SmallBytes)
        {
            await WriteThroughAsync(key, FileMode.Create, stream => stream.WriteAsync(bytes, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        var replaced = await _file.WriteAsync(
            (connection, _) => BucketTables.Publish(connection, key, StoreNew(connection, bytes.Span), bytes.Length, Now), cancellationToken).ConfigureAwait(false);
        await RemoveAsync(replaced).ConfigureAwait(false);
    }

    /// <summary>Makes or replaces a file by what <paramref name="source"/> gives; where that fails or is cancelled, the file is as it was.</summary>
    public Task WriteAsync(string key, Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckedKey(key);
        ThrowIfDisposed();
        return WriteThroughAsync(key, FileMode.Create, stream => new ValueTask(source.CopyToAsync(stream, cancellationToken)), cancellationToken);
    }

    /// <summary>Adds bytes to the end of a file, all or none; makes it where it is not there.</summary>
    /// <exception cref="StoreBusyException">A stream appends to it.</exception>
    public async Task AppendAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        if (bytes.Length > SmallBytes)
        {
            await WriteThroughAsync(key, FileMode.Append, stream => stream.WriteAsync(bytes, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        await _file.WriteAsync((connection, _) => AppendNow(connection, key, bytes.Span), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a file; streams that read it go on.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        CheckedKey(key);
        ThrowIfDisposed();
        var content = await _file.WriteAsync((connection, _) => BucketTables.Delete(connection, key), cancellationToken).ConfigureAwait(false);
        await RemoveAsync(content).ConfigureAwait(false);
        return content is not null;
    }

    /// <summary>Closes it. Streams are to be disposed of before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await OpenStores.CloseAsync(_file).ConfigureAwait(false);
        }
    }
}
