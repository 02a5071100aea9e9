using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Overlay.Benchmarks.Storage;

/// <summary>The same work written by hand against Microsoft.Data.Sqlite, on the same library of the system.</summary>
internal static class SqliteRival
{
    static SqliteRival()
    {
        NativeLibrary.SetDllImportResolver(
            typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly,
            static (name, _, _) => name == "e_sqlite3" ? NativeLibrary.Load(Environment.GetEnvironmentVariable("OVERLAY_LIBSQLITE3") ?? "libsqlite3.so.0") : 0);
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
    }

    public static void Run(string folder, Row[] rows, (int Reads, int Commits) counts, Action<string, double> report)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "rival.db")};Pooling=False");
        connection.Open();
        foreach (var sql in (string[])[
            "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE rows(k TEXT PRIMARY KEY NOT NULL, v TEXT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE single(k TEXT PRIMARY KEY NOT NULL, v TEXT NOT NULL) WITHOUT ROWID"])
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        report("1 records inserted in one commit", Rate(rows.Length, () => InsertAll(connection, rows)));
        report("2 records read by key", Rate(counts.Reads, () => ReadSome(connection, rows, counts.Reads)));
        report("3 records of a whole store, read and made objects", Rate(rows.Length, () => Scan(connection, "SELECT v FROM rows ORDER BY k")));
        report(
            "4 records searched by a condition (1 % found), ordered",
            Rate(rows.Length, () => Scan(
                connection, "SELECT v FROM rows WHERE json_extract(v,'$.Role')='admin' AND json_extract(v,'$.Index')>50 ORDER BY json_extract(v,'$.Index') DESC")));
        report("5 commits of one record, safe against power failure", Rate(counts.Commits, () => CommitEach(connection, rows, counts.Commits)));
    }

    private static double Rate(int count, Action work)
    {
        var time = Stopwatch.StartNew();
        work();
        return count / time.Elapsed.TotalSeconds;
    }

    private static void InsertAll(SqliteConnection connection, Row[] rows)
    {
        using var transaction = connection.BeginTransaction();
        using var command = Insert(connection, transaction, "rows");
        foreach (var row in rows)
        {
            Execute(command, row);
        }

        transaction.Commit();
    }

    private static void CommitEach(SqliteConnection connection, Row[] rows, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var transaction = connection.BeginTransaction();
            using var command = Insert(connection, transaction, "single");
            Execute(command, rows[i]);
            transaction.Commit();
        }
    }

    private static SqliteCommand Insert(SqliteConnection connection, SqliteTransaction transaction, string table)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO {table}(k,v) VALUES($k,$v)";
        command.Parameters.Add("$k", SqliteType.Text);
        command.Parameters.Add("$v", SqliteType.Text);
        return command;
    }

    private static void Execute(SqliteCommand command, Row row)
    {
        command.Parameters[0].Value = row.Key;
        command.Parameters[1].Value = JsonSerializer.Serialize(row);
        command.ExecuteNonQuery();
    }

    private static void ReadSome(SqliteConnection connection, Row[] rows, int count)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT v FROM rows WHERE k=$k";
        command.Parameters.Add("$k", SqliteType.Text);
        var random = new Random(1);
        for (var i = 0; i < count; i++)
        {
            command.Parameters[0].Value = rows[random.Next(rows.Length)].Key;
            _ = JsonSerializer.Deserialize<Row>((string)command.ExecuteScalar()!);
        }
    }

    private static void Scan(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            _ = JsonSerializer.Deserialize<Row>(reader.GetString(0));
        }
    }
}
