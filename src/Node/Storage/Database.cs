using System.Text.Json;
using Overlay.Nodes.Storage.Files;

namespace Overlay.Nodes.Storage;

/// <summary>Named stores of records in one file: changes are staged and committed all or nothing, reads see the last commit.</summary>
/// <remarks>
/// A record is any object that becomes JSON and has a key (<c>Key</c>, <c>[Key]</c> or a selector). Safe for use by several threads, which then
/// share what is staged. Opening one file several times in a process is fine: each has its own staging. Other processes are refused.
/// <code>
/// await using var database = await Database.OpenAsync("people");
/// database.Insert("users", new User { Key = "alice", Role = "admin" });
/// await database.CommitAsync();
/// await foreach (var user in database.Query&lt;User&gt;("users").Where(user => user.Role == "admin").OrderBy(user => user.Key)) { … }
/// </code>
/// </remarks>
public sealed partial class Database : IAsyncDisposable
{
    private const int MaxStoreNameBytes = 1_024;

    private readonly StoreFile _file;
    private readonly StoreCatalog _catalog;
    private readonly DatabaseOptions _options;
    private readonly JsonSerializerOptions _json;
    private readonly StagedOperations _staged;
    private readonly SemaphoreSlim _committing = new(1);
    private int _disposed;

    private Database(string name, StoreFile file, StoreCatalog catalog, DatabaseOptions options)
    {
        (Name, _file, _catalog, _options, _json) = (name, file, catalog, options, options.Json);
        _staged = new StagedOperations(options.MaxStagedBytes);
    }

    /// <summary>The name or path it was opened by.</summary>
    public string Name { get; }

    /// <summary>The file's full path; in memory, where it would lie.</summary>
    public string Path => _file.Path;

    /// <summary>1, and one more for each store made or dropped.</summary>
    public int Version => _catalog.Version;

    /// <summary>How many operations wait for a commit.</summary>
    public int StagedCount => _staged.Count;

    /// <summary>Opens a database, which is made where it is not there.</summary>
    /// <param name="nameOrPath">A name (letters, digits, <c>-</c>, <c>_</c>, <c>.</c>) or, with a separator, a path.</param>
    /// <param name="options">Null: on disk, safe against power failure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreException">Busy, damaged, not ours, no access, or SQLite is missing: <see cref="StoreException.Reason"/> and the message tell.</exception>
    public static async Task<Database> OpenAsync(string nameOrPath, DatabaseOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new DatabaseOptions();
        options.Validate();
        ArgumentNullException.ThrowIfNull(options.Json);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRecordBytes, 1);
        options.Json.MakeReadOnly(populateMissingResolver: true);
        var path = StorePath.Resolve(nameOrPath, options.Directory, ".db");
        var file = await OpenStores.OpenAsync(path, StoreFormat.Database, options, cancellationToken).ConfigureAwait(false);
        try
        {
            var catalog = await CatalogOfAsync(file).ConfigureAwait(false);
            return new Database(nameOrPath, file, catalog, options);
        }
        catch
        {
            await OpenStores.CloseAsync(file).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Deletes a database that nobody has open; nothing happens where there is none.</summary>
    /// <exception cref="StoreBusyException">Somebody has it open.</exception>
    public static Task DropAsync(string nameOrPath, DatabaseOptions? options = null, CancellationToken cancellationToken = default) =>
        options is { InMemory: true }
            ? Task.CompletedTask
            : OpenStores.DeleteAsync(StorePath.Resolve(nameOrPath, options?.Directory, ".db"), cancellationToken);

    /// <summary>A new random key: a UUID, version 4.</summary>
    public static string NewKey() => Guid.NewGuid().ToString("D");

    /// <summary>Stages a new record. The object is read now: later changes of it do not count.</summary>
    /// <param name="store">Its store, made by the commit where it is not there.</param>
    /// <param name="record">The record.</param>
    /// <param name="key">Null: property <c>Key</c> or <c>[Key]</c>.</param>
    /// <exception cref="KeyRequiredException">It has no key.</exception>
    /// <exception cref="StoreException">The record or what is staged is too large.</exception>
    public void Insert<T>(string store, T record, Func<T, string?>? key = null) => Stage(StagedKind.Insert, store, record, key);

    /// <summary>Stages another value for the record with this key. Nothing happens at commit where there is none.</summary>
    /// <inheritdoc cref="Insert"/>
    public void Update<T>(string store, T record, Func<T, string?>? key = null) => Stage(StagedKind.Update, store, record, key);

    /// <summary>Stages the removal of the record with this key. Nothing happens at commit where there is none.</summary>
    public void Delete(string store, string key) => Stage(new StagedOperation(StagedKind.Delete, CheckedStore(store), RecordKey.Checked(key), []));

    /// <summary>Stages the removal of the record with the same key as <paramref name="record"/>.</summary>
    public void Delete<T>(string store, T record, Func<T, string?>? key = null)
        where T : class =>
        Stage(new StagedOperation(StagedKind.Delete, CheckedStore(store), RecordKey.Of(record, key), []));

    /// <summary>Forgets what is staged, except for what a commit under way is at work on.</summary>
    /// <returns>How many operations were forgotten.</returns>
    public int Rollback() => _staged.Clear();

    /// <summary>Stores everything staged, or nothing: makes missing stores, then inserts, updates and deletes, in that order.</summary>
    /// <param name="cancellationToken">Cancels it as long as nothing is stored. What was staged stays staged.</param>
    /// <returns>How many operations were committed. From then on they survive what <see cref="StoreOptions.Durability"/> says.</returns>
    /// <exception cref="DuplicateKeyException">An inserted key is there already. What was staged stays staged: correct it, or <see cref="Rollback"/>.</exception>
    /// <exception cref="StoreException">The disk is full, or another failure. What was staged stays staged.</exception>
    public async Task<int> CommitAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        await _committing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var operations = _staged.Take();
            try
            {
                await WriteAsync((connection, token) => StagedCommit.Run(connection, operations, _catalog, token), cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                _staged.Failed();
                throw;
            }

            _staged.Committed();
            return operations.Count;
        }
        finally
        {
            _committing.Release();
        }
    }

    /// <summary>The record with this key, or <see langword="default"/> where it or its store is not there.</summary>
    /// <exception cref="StoreException">It does not fit <typeparamref name="T"/>, or the file cannot be read.</exception>
    public ValueTask<T?> GetAsync<T>(string store, string key, CancellationToken cancellationToken = default)
    {
        var type = TypeInfo<T>();
        return ReadKeyAsync(store, key, statement => statement.Step() ? Deserialize(statement, 0, type, store, key) : default, cancellationToken);
    }

    /// <summary>Whether there is a record with this key.</summary>
    public ValueTask<bool> ExistsAsync(string store, string key, CancellationToken cancellationToken = default) =>
        ReadKeyAsync(store, key, static statement => statement.Step(), cancellationToken);

    /// <summary>How many records a store has; 0 where there is no such store.</summary>
    public async ValueTask<long> CountAsync(string store, CancellationToken cancellationToken = default)
    {
        CheckedStore(store);
        ThrowIfDisposed();
        return await _file.ReadAsync(
            connection => InStore(connection, store, found => connection.Statement(found.Count).RunNumber() ?? 0), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The names of all stores, in ordinal order.</summary>
    public ValueTask<IReadOnlyList<string>> StoresAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return new([.. _catalog.Stores.Keys.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Drops a store and its records at once, without staging. What is staged for it makes it anew.</summary>
    /// <returns>Whether it was there.</returns>
    public Task<bool> DropAsync(string store, CancellationToken cancellationToken = default)
    {
        CheckedStore(store);
        ThrowIfDisposed();
        return DropNowAsync(store, cancellationToken);
    }

    /// <summary>Closes it. What is staged is forgotten; a commit under way ends first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _committing.WaitAsync().ConfigureAwait(false);
            _committing.Release();
            await OpenStores.CloseAsync(_file).ConfigureAwait(false);
        }
    }
}
