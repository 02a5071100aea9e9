namespace Overlay.Nodes.Storage.Sqlite;

/// <summary>A call of SQLite failed. Stays inside: <see cref="Explain"/> makes of it what users see.</summary>
/// <param name="code">The extended result code.</param>
/// <param name="systemError">The system's error number, or 0.</param>
/// <param name="message">SQLite's words.</param>
internal sealed class SqliteFailure(int code, int systemError, string message) : Exception(message)
{
    /// <summary>What the functions of a query answer instead of the exceptions that the same expression throws in .NET.</summary>
    public const string NullReference = "overlay: a member of null was read";
    public const string NoValue = "overlay: the value of nothing was read";

    private const int NoSpace = 28; // ENOSPC, the same on Linux and macOS
    private const int FileTooBig = 27; // EFBIG: the process may not write larger files
    private const int QuotaExceeded = 122; // EDQUOT on Linux

    /// <summary>The primary result code.</summary>
    public int Code { get; } = code & 0xFF;

    /// <summary>The same failure with the store, the cause and the cure in its message.</summary>
    public StoreException Explain(string path) => Code switch
    {
        LibSqlite.Full => new StoreFullException(
            $"'{path}' cannot grow: the disk is full or the store has reached its MaxBytes. Nothing of this operation was stored. Free space, raise MaxBytes or delete records, then try again.", this),
        LibSqlite.IoError when systemError is NoSpace or FileTooBig or QuotaExceeded => new StoreFullException(
            $"'{path}' cannot grow: the disk, the user's quota or the process's file size limit is used up. Nothing of this operation was stored. Free space and try again.", this),
        LibSqlite.Busy or LibSqlite.Locked => new StoreBusyException(
            $"'{path}' is locked by another program. Close that program (a database shell, a backup) or wait longer with BusyTimeout.", this),
        LibSqlite.Corrupt => new StoreCorruptException(
            $"'{path}' is damaged ({Message}). Restore it from a backup; `sqlite3 FILE .recover` saves what can be read.", this),
        LibSqlite.NotADatabase => new StoreCorruptException(
            $"'{path}' is not a store, or its beginning is damaged. Give the path of a store, restore it from a backup, or delete the file.", this),
        LibSqlite.ReadOnly or LibSqlite.Permission => Denied(path),
        LibSqlite.CantOpen => new StoreException(
            StoreError.AccessDenied, $"'{path}' cannot be opened ({Message}). See that its folder exists and that this user may write there.", this),
        LibSqlite.TooBig => new StoreException(StoreError.TooLarge, $"A record or file for '{path}' is larger than SQLite takes (1 GB).", this),
        LibSqlite.NoMemory => new StoreException(StoreError.Failed, $"SQLite could not get memory for '{path}'. Free memory and try again.", this),
        _ => new StoreException(
            StoreError.Failed, $"'{path}': {Message} (SQLite {code}, system error {systemError}). See that the disk is there and healthy, then try again.", this),
    };

    private StoreException Denied(string path) =>
        new(StoreError.AccessDenied, $"'{path}' is read-only for this user ({Message}). Give write access to the file and its folder.", this);
}
