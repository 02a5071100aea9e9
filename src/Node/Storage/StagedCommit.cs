using System.Collections.Frozen;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>What a commit leaves behind for the catalog.</summary>
internal readonly record struct CommitResult(FrozenDictionary<string, StoreEntry>? Stores, int Version);

/// <summary>Writes staged operations inside one transaction: missing stores, then inserts, updates and deletes, in that order.</summary>
internal static class StagedCommit
{
    /// <summary>How U+0000 is written in JSON, whatever the encoder.</summary>
    private static ReadOnlySpan<byte> Zero => "\\u0000"u8;

    /// <exception cref="DuplicateKeyException">An insert met its key.</exception>
    public static CommitResult Run(SqliteConnection connection, IReadOnlyList<StagedOperation> operations, StoreCatalog catalog, CancellationToken cancellationToken)
    {
        var stores = new Dictionary<string, StoreEntry>(StringComparer.Ordinal);
        var changed = false;
        foreach (var operation in operations)
        {
            changed |= Enter(connection, operation, stores, catalog);
        }

        foreach (var kind in (ReadOnlySpan<StagedKind>)[StagedKind.Insert, StagedKind.Update, StagedKind.Delete])
        {
            foreach (var operation in operations)
            {
                if (operation.Kind == kind)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Write(connection, operation, stores[operation.Store]);
                }
            }
        }

        return changed ? new CommitResult(StoreCatalog.Read(connection), StoreCatalog.ReadVersion(connection)) : default;
    }

    /// <summary>Sees that the operation's store is there, and that it is known to hold U+0000 if it will. Whether the catalog changes.</summary>
    private static bool Enter(SqliteConnection connection, in StagedOperation operation, Dictionary<string, StoreEntry> stores, StoreCatalog catalog)
    {
        var changed = false;
        if (!stores.TryGetValue(operation.Store, out var store))
        {
            if (!catalog.Stores.TryGetValue(operation.Store, out store))
            {
                store = StoreCatalog.Make(connection, operation.Store);
                changed = true;
            }

            stores.Add(operation.Store, store);
        }

        if (!store.HasZeros && operation.Json.AsSpan().IndexOf(Zero) >= 0)
        {
            StoreCatalog.MarkZeros(connection, store);
            stores[operation.Store] = store with { HasZeros = true };
            changed = true;
        }

        return changed;
    }

    private static void Write(SqliteConnection connection, in StagedOperation operation, StoreEntry store)
    {
        switch (operation.Kind)
        {
            case StagedKind.Insert:
                try
                {
                    connection.Statement(store.Insert).Bind(1, operation.Key).BindText(2, operation.Json).Run();
                }
                catch (SqliteFailure failure) when (failure.Code == LibSqlite.Constraint)
                {
                    throw new DuplicateKeyException(operation.Store, operation.Key);
                }

                break;
            case StagedKind.Update:
                connection.Statement(store.Update).Bind(1, operation.Key).BindText(2, operation.Json).Run();
                break;
            case StagedKind.Delete:
                connection.Statement(store.Delete).Bind(1, operation.Key).Run();
                break;
            default:
                throw new InvalidOperationException($"There is no operation {operation.Kind}.");
        }
    }
}
