using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>Where a file's bytes are.</summary>
/// <param name="Content">The number of its content.</param>
/// <param name="Size">How many bytes of it count: an append that was not ended may have left more.</param>
internal readonly record struct BucketFile(long Content, long Size);

/// <summary>The SQL of a bucket. A content is written piece by piece before any file refers to it; one small transaction then makes a file do so.</summary>
internal static class BucketTables
{
    /// <summary>Bytes of a piece; the last one of a content may be shorter.</summary>
    public const int PieceBytes = 64 * 1_024;

    /// <summary>1 TiB: a piece's number takes the lower 24 bits of its id.</summary>
    public const long MaxFileBytes = (long)PieceBytes << 24;

    private const string EntryColumns = "key,size,created,updated";

    public static BucketFile? Find(SqliteConnection connection, string key)
    {
        var statement = connection.Statement("SELECT content,size FROM files WHERE key=?1").Bind(1, key);
        try
        {
            return statement.Step() ? new BucketFile(statement.Number(0), statement.Number(1)) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public static BucketEntry? Info(SqliteConnection connection, string key)
    {
        var statement = connection.Statement($"SELECT {EntryColumns} FROM files WHERE key=?1").Bind(1, key);
        try
        {
            return statement.Step() ? Entry(statement) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Up to <paramref name="limit"/> entries from <paramref name="from"/> on, that key itself only where <paramref name="inclusive"/>.</summary>
    public static List<BucketEntry> List(SqliteConnection connection, string from, bool inclusive, int limit)
    {
        var statement = connection.Statement($"SELECT {EntryColumns} FROM files WHERE key {(inclusive ? ">=" : ">")} ?1 ORDER BY key LIMIT ?2").Bind(1, from).Bind(2, limit);
        try
        {
            var entries = new List<BucketEntry>();
            while (statement.Step())
            {
                entries.Add(Entry(statement));
            }

            return entries;
        }
        finally
        {
            statement.Reset();
        }
    }

    public static long NewContent(SqliteConnection connection)
    {
        connection.Statement("INSERT INTO contents(used) VALUES(0)").Run();
        return connection.Statement("SELECT last_insert_rowid()").RunNumber() ?? throw new InvalidOperationException("SQLite gave no number to a row just inserted.");
    }

    public static void WritePiece(SqliteConnection connection, long content, long piece, ReadOnlySpan<byte> bytes) =>
        connection.Statement("INSERT OR REPLACE INTO pieces(id,bytes) VALUES(?1,?2)").Bind(1, Id(content, piece)).BindBlob(2, bytes).Run();

    /// <summary>Copies the bytes of a piece from <paramref name="skip"/> on; how many there were.</summary>
    /// <exception cref="StoreCorruptException">The piece is not there.</exception>
    public static int ReadPiece(SqliteConnection connection, long content, long piece, int skip, Span<byte> to)
    {
        var statement = connection.Statement("SELECT bytes FROM pieces WHERE id=?1").Bind(1, Id(content, piece));
        try
        {
            if (!statement.Step())
            {
                throw new StoreCorruptException($"Piece {piece} of content {content} is missing from the bucket. Restore it from a backup, or write the file again.");
            }

            var bytes = statement.Bytes(0);
            var length = Math.Clamp(bytes.Length - skip, 0, to.Length);
            bytes.Slice(Math.Min(skip, bytes.Length), length).CopyTo(to);
            return length;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Makes a file refer to a content. Returns the content it referred to before, if any.</summary>
    public static long? Publish(SqliteConnection connection, string key, long content, long size, DateTimeOffset now)
    {
        var before = Find(connection, key)?.Content;
        connection.Statement(
            "INSERT INTO files(key,content,size,created,updated) VALUES(?1,?2,?3,?4,?4) ON CONFLICT(key) DO UPDATE SET content=?2,size=?3,updated=?4")
            .Bind(1, key).Bind(2, content).Bind(3, size).Bind(4, now.UtcTicks).Run();
        SetUsed(connection, content, isUsed: true);
        if (before is { } old && old != content)
        {
            SetUsed(connection, old, isUsed: false);
            return old;
        }

        return null;
    }

    /// <summary>Removes a file. Returns its content, which is to be removed too.</summary>
    public static long? Delete(SqliteConnection connection, string key)
    {
        if (Find(connection, key) is not { } file)
        {
            return null;
        }

        connection.Statement("DELETE FROM files WHERE key=?1").Bind(1, key).Run();
        SetUsed(connection, file.Content, isUsed: false);
        return file.Content;
    }

    /// <summary>Removes some pieces of a content that no file refers to, at last the content itself. Whether that is done.</summary>
    public static bool RemoveSome(SqliteConnection connection, long content)
    {
        // Some at a time, so that others need not wait for a large file to go.
        connection.Statement("DELETE FROM pieces WHERE id IN (SELECT id FROM pieces WHERE id>=?1 AND id<?2 LIMIT 256)")
            .Bind(1, Id(content, 0)).Bind(2, Id(content + 1, 0)).Run();
        if (connection.Changes == 256)
        {
            return false;
        }

        connection.Statement("DELETE FROM contents WHERE id=?1 AND used=0").Bind(1, content).Run();
        return true;
    }

    /// <summary>Removes contents that were being written or removed when a process ended.</summary>
    public static void RemoveLeftOver(SqliteConnection connection)
    {
        while (connection.Statement("SELECT id FROM contents WHERE used=0 LIMIT 1").RunNumber() is { } content)
        {
            while (!RemoveSome(connection, content))
            {
                // Some more.
            }
        }
    }

    private static void SetUsed(SqliteConnection connection, long content, bool isUsed) =>
        connection.Statement("UPDATE contents SET used=?2 WHERE id=?1").Bind(1, content).Bind(2, isUsed ? 1L : 0L).Run();

    private static long Id(long content, long piece) => (content << 24) | piece;

    private static BucketEntry Entry(SqliteStatement statement) => new(
        statement.Text(0), statement.Number(1), new DateTimeOffset(statement.Number(2), TimeSpan.Zero), new DateTimeOffset(statement.Number(3), TimeSpan.Zero));
}
