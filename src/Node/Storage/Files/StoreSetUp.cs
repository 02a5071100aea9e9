using System.Globalization;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage.Files;

/// <summary>Makes a connection ready: settings, tables of a new file, and the refusal of a file that is not ours.</summary>
internal static class StoreSetUp
{
    /// <summary>The log is cut back to this after it has been written home, bytes.</summary>
    private const long LogLimit = 64L * 1_024 * 1_024;

    public static void Prepare(SqliteConnection connection, string path, StoreFormat format, StoreOptions options)
    {
        Pragma(connection, "page_size", format.PageSize);
        Recognize(connection, path, format);
        if (!options.InMemory)
        {
            UseLog(connection, path);
        }

        // Both for systems where a flush does not reach the disk otherwise (macOS); elsewhere without effect.
        Pragma(connection, "fullfsync", 1);
        Pragma(connection, "checkpoint_fullfsync", 1);
        Pragma(connection, "trusted_schema", 0);
        Pragma(connection, "cell_size_check", 1);
        Pragma(connection, "cache_size", -4_096);
        Pragma(connection, "journal_size_limit", LogLimit);
        if (options.MaxBytes is { } max)
        {
            var pageSize = connection.Statement("PRAGMA page_size").RunNumber() ?? format.PageSize;
            Pragma(connection, "max_page_count", Math.Max(1, max / pageSize));
        }

        if (connection.Statement("PRAGMA application_id").RunNumber() == 0)
        {
            MakeTables(connection, format);
        }
        else
        {
            format.CleanUp?.Invoke(connection);
        }
    }

    /// <summary>Readers neither write nor move the log home: that is the writer's.</summary>
    public static void PrepareReader(SqliteConnection connection)
    {
        Pragma(connection, "query_only", 1);
        Pragma(connection, "wal_autocheckpoint", 0);
        Pragma(connection, "trusted_schema", 0);
        Pragma(connection, "cell_size_check", 1);
        Pragma(connection, "cache_size", -2_048);
    }

    /// <remarks>Takes effect while it is prepared, so a kept statement would do nothing.</remarks>
    public static void SetDurability(SqliteConnection connection, StoreDurability durability) =>
        connection.Execute(durability == StoreDurability.Full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");

    private static void Recognize(SqliteConnection connection, string path, StoreFormat format)
    {
        var id = connection.Statement("PRAGMA application_id").RunNumber() ?? 0;
        if (id == format.ApplicationId)
        {
            return;
        }

        if (id >> 8 == format.ApplicationId >> 8)
        {
            throw new StoreException(StoreError.NewerFormat, $"'{path}' was written in format {id & 0xFF}, and this program knows up to {format.ApplicationId & 0xFF}. Update the program.");
        }

        if (id != 0 || connection.Statement("SELECT count(*) FROM sqlite_master").RunNumber() != 0)
        {
            throw new StoreException(StoreError.NotAStore, $"'{path}' is an SQLite file, but no {format.Kind} of Overlay. Give another path.");
        }
    }

    private static void UseLog(SqliteConnection connection, string path)
    {
        if (connection.Statement("PRAGMA journal_mode=WAL").RunText() is not "wal")
        {
            throw new StoreException(
                StoreError.Failed, $"'{path}' lies where SQLite cannot keep a write-ahead log (a network drive?). Put it on a disk of this machine.");
        }
    }

    /// <summary>In one transaction: a process killed here leaves an empty file, which is a new one to the next.</summary>
    private static void MakeTables(SqliteConnection connection, StoreFormat format)
    {
        connection.Execute("BEGIN IMMEDIATE");
        try
        {
            foreach (var sql in format.Schema)
            {
                connection.Execute(sql);
            }

            Pragma(connection, "application_id", format.ApplicationId);
            connection.Execute("COMMIT");
        }
        catch
        {
            if (connection.InTransaction)
            {
                connection.Execute("ROLLBACK");
            }

            throw;
        }
    }

    private static void Pragma(SqliteConnection connection, string name, long value) =>
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA {name}={value}"));
}
