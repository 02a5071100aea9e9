using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Storage.Files;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

public sealed partial class Database
{
    /// <summary>The catalog is shared by all who have the file open; the first to come reads it.</summary>
    private static async Task<StoreCatalog> CatalogOfAsync(StoreFile file) => await file.ReadAsync(
        connection =>
        {
            lock (file)
            {
                return (StoreCatalog)(file.Shared ??= StoreCatalog.Load(connection));
            }
        },
        CancellationToken.None).ConfigureAwait(false);

    private static string CheckedStore(string store)
    {
        ArgumentException.ThrowIfNullOrEmpty(store);
        if (Encoding.UTF8.GetByteCount(store) > MaxStoreNameBytes || store.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The name of a store has at most {MaxStoreNameBytes} bytes of text without U+0000.", nameof(store));
        }

        return store;
    }

    private static T? Deserialize<T>(SqliteStatement statement, int column, JsonTypeInfo<T> type, string store, string key)
    {
        try
        {
            return JsonSerializer.Deserialize(statement.Bytes(column), type);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw WrongType(store, key, type.Type, error);
        }
    }

    internal static StoreException WrongType(string store, string key, Type type, Exception error) => new(
        StoreError.WrongType, $"Record '{key}' of store '{store}' is no {type.Name}: {error.Message} Read it as the type it was stored as.", error);

    private void Stage<T>(StagedKind kind, string store, T record, Func<T, string?>? selector)
    {
        CheckedStore(store);
        var key = RecordKey.Of(record, selector);
        var json = JsonSerializer.SerializeToUtf8Bytes(record, TypeInfo<T>());
        if (json.Length > _options.MaxRecordBytes)
        {
            throw new StoreException(
                StoreError.TooLarge,
                $"Record '{key}' has {json.Length} bytes of JSON, more than MaxRecordBytes ({_options.MaxRecordBytes}). Keep large contents in a Bucket. Nothing was staged.");
        }

        Stage(new StagedOperation(kind, store, key, json));
    }

    private void Stage(in StagedOperation operation)
    {
        ThrowIfDisposed();
        _staged.Add(operation);
    }

    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T));

    /// <summary>A transaction, after which everybody knows which stores there are.</summary>
    private Task<CommitResult> WriteAsync(Func<SqliteConnection, CancellationToken, CommitResult> work, CancellationToken cancellationToken) =>
        _file.WriteAsync(work, cancellationToken, result =>
        {
            if (result.Stores is { } stores)
            {
                _catalog.Publish(stores, result.Version);
            }
        });

    private async Task<bool> DropNowAsync(string store, CancellationToken cancellationToken)
    {
        var result = await WriteAsync(
            (connection, _) =>
            {
                if (StoreCatalog.Find(connection, store) is not { } found)
                {
                    return default;
                }

                StoreCatalog.Drop(connection, found);
                return new CommitResult(StoreCatalog.Read(connection), StoreCatalog.ReadVersion(connection));
            },
            cancellationToken).ConfigureAwait(false);
        return result.Stores is not null;
    }

    private async ValueTask<T> ReadKeyAsync<T>(string store, string key, Func<SqliteStatement, T> read, CancellationToken cancellationToken)
    {
        CheckedStore(store);
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfDisposed();
        return await _file.ReadAsync(
            connection => InStore(
                connection,
                store,
                found =>
                {
                    var statement = connection.Statement(found.Get).Bind(1, key);
                    try
                    {
                        return read(statement);
                    }
                    finally
                    {
                        statement.Reset();
                    }
                }),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a store by the published list. A store that was dropped meanwhile is as one that never was.</summary>
    private T InStore<T>(SqliteConnection connection, string store, Func<StoreEntry, T> read)
    {
        if (!_catalog.Stores.TryGetValue(store, out var entry))
        {
            return default!;
        }

        try
        {
            return read(entry);
        }
        catch (SqliteFailure failure) when (failure.Code == LibSqlite.Error && StoreCatalog.Find(connection, store)?.Id != entry.Id)
        {
            return default!;
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
