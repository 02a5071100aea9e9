using System.Collections.Frozen;
using System.Globalization;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>A store inside a database file.</summary>
/// <param name="Id">Its number, never used again; its table is named after it.</param>
/// <param name="HasZeros">Whether any text of any record contains U+0000, at which SQLite's JSON functions cut it off.</param>
internal sealed record StoreEntry(long Id, bool HasZeros)
{
    /// <summary>Its table: records by key, as JSON.</summary>
    public string Table { get; } = TableOf(Id);

    // The statements of single records, made once: their text is also the name under which connections keep them prepared.
    public string Insert { get; } = $"INSERT INTO {TableOf(Id)}(k,v) VALUES(?1,?2)";

    public string Update { get; } = $"UPDATE {TableOf(Id)} SET v=?2 WHERE k=?1";

    public string Delete { get; } = $"DELETE FROM {TableOf(Id)} WHERE k=?1";

    public string Get { get; } = $"SELECT v FROM {TableOf(Id)} WHERE k=?1";

    public string Count { get; } = $"SELECT count(*) FROM {TableOf(Id)}";

    private static string TableOf(long id) => string.Create(CultureInfo.InvariantCulture, $"s{id}");
}

/// <summary>Which stores a database file has. Everybody reads the last published list; a transaction that changes it publishes a new one.</summary>
internal sealed class StoreCatalog
{
    private volatile FrozenDictionary<string, StoreEntry> _stores;

    private StoreCatalog(FrozenDictionary<string, StoreEntry> stores, int version) => (_stores, Version) = (stores, version);

    public FrozenDictionary<string, StoreEntry> Stores => _stores;

    /// <summary>1, and one more for each store made or dropped.</summary>
    public int Version { get; private set; }

    public static StoreCatalog Load(SqliteConnection connection) => new(Read(connection), ReadVersion(connection));

    public void Publish(FrozenDictionary<string, StoreEntry> stores, int version) => (_stores, Version) = (stores, version);

    public static FrozenDictionary<string, StoreEntry> Read(SqliteConnection connection)
    {
        var stores = new Dictionary<string, StoreEntry>(StringComparer.Ordinal);
        var statement = connection.Statement("SELECT name, id, zeros FROM stores");
        try
        {
            while (statement.Step())
            {
                stores.Add(statement.Text(0), new StoreEntry(statement.Number(1), statement.Number(2) != 0));
            }
        }
        finally
        {
            statement.Reset();
        }

        return stores.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static int ReadVersion(SqliteConnection connection) => (int)(connection.Statement("PRAGMA user_version").RunNumber() ?? 0);

    /// <summary>A store as the connection's own transaction sees it: what a snapshot needs, whatever has been published since.</summary>
    public static StoreEntry? Find(SqliteConnection connection, string name)
    {
        var statement = connection.Statement("SELECT id, zeros FROM stores WHERE name=?1").Bind(1, name);
        try
        {
            return statement.Step() ? new StoreEntry(statement.Number(0), statement.Number(1) != 0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Makes a store inside a transaction that writes.</summary>
    public static StoreEntry Make(SqliteConnection connection, string name)
    {
        connection.Statement("INSERT INTO stores(name) VALUES(?1)").Bind(1, name).Run();
        var made = Find(connection, name) ?? throw new InvalidOperationException("A row just inserted is not there.");
        connection.Execute($"CREATE TABLE {made.Table}(k TEXT PRIMARY KEY NOT NULL, v TEXT NOT NULL) WITHOUT ROWID");
        SetVersion(connection, ReadVersion(connection) + 1);
        return made;
    }

    /// <summary>Removes a store inside a transaction that writes.</summary>
    public static void Drop(SqliteConnection connection, StoreEntry store)
    {
        connection.Execute($"DROP TABLE {store.Table}");
        connection.Statement("DELETE FROM stores WHERE id=?1").Bind(1, store.Id).Run();
        SetVersion(connection, ReadVersion(connection) + 1);
    }

    public static void MarkZeros(SqliteConnection connection, StoreEntry store) =>
        connection.Statement("UPDATE stores SET zeros=1 WHERE id=?1").Bind(1, store.Id).Run();

    private static void SetVersion(SqliteConnection connection, int version) =>
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version={version}"));
}
