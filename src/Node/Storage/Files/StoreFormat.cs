using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage.Files;

/// <summary>What a kind of store is on disk.</summary>
/// <param name="ApplicationId">The number in SQLite's header that tells our files; its last byte is the format's version.</param>
/// <param name="PageSize">Bytes of a page of a new file.</param>
/// <param name="Schema">The statements that make a new file's tables.</param>
/// <param name="Kind">For messages.</param>
/// <param name="CleanUp">Removes what a killed process left, before anybody uses the file.</param>
internal sealed record StoreFormat(int ApplicationId, int PageSize, string[] Schema, string Kind, Action<SqliteConnection>? CleanUp = null)
{
    /// <summary>Records: a table for each store, named after its number, so that a store's name may be any text.</summary>
    public static StoreFormat Database { get; } = new(
        0x4F766401,
        4_096,
        ["CREATE TABLE stores(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, zeros INTEGER NOT NULL DEFAULT 0)", "PRAGMA user_version=1"],
        "database");

    /// <summary>Files: their names in one table, their bytes in pieces of one size in another, numbered content × 2^24 + piece.</summary>
    public static StoreFormat Bucket { get; } = new(
        0x4F766201,
        16_384,
        [
            "CREATE TABLE contents(id INTEGER PRIMARY KEY AUTOINCREMENT, used INTEGER NOT NULL DEFAULT 0)",
            "CREATE TABLE files(key TEXT PRIMARY KEY NOT NULL, content INTEGER NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID",
            "CREATE TABLE pieces(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
        ],
        "bucket",
        BucketTables.RemoveLeftOver);
}
