using System.Runtime.InteropServices;
using System.Text;

namespace Overlay.Nodes.Storage.Sqlite;

/// <summary>A connection of SQLite, used by one thread at a time (by any of them); only <see cref="Interrupt"/> may come from elsewhere.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    /// <summary>Statements kept prepared; when there are more, all are forgotten. A store of dozens of record kinds stays below.</summary>
    private const int MaxStatements = 128;

    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly Lock _closing = new();
    private nint _handle;

    private SqliteConnection(nint handle) => _handle = handle;

    /// <summary>Whether a transaction is under way.</summary>
    public bool InTransaction => LibSqlite.AutoCommit(_handle) == 0;

    /// <summary>Rows that the last statement inserted, updated or deleted.</summary>
    public int Changes => LibSqlite.Changes(_handle);

    /// <summary>Opens a file, which is made where it is not there, or a new database in memory where <paramref name="path"/> is null.</summary>
    /// <exception cref="SqliteFailure">It cannot be opened.</exception>
    public static SqliteConnection Open(string? path, TimeSpan busyTimeout)
    {
        var flags = LibSqlite.OpenReadWrite | LibSqlite.OpenCreate | LibSqlite.OpenNoMutex | (path is null ? LibSqlite.OpenMemory : 0);
        var code = LibSqlite.Open(path ?? ":memory:", out var handle, flags, 0);
        var connection = new SqliteConnection(handle);
        if (code != LibSqlite.Ok)
        {
            var failure = connection.Failure(code);
            connection.Dispose();
            throw failure;
        }

        _ = LibSqlite.ExtendedResultCodes(handle, 1);
        _ = LibSqlite.BusyTimeout(handle, (int)busyTimeout.TotalMilliseconds);
        try
        {
            SqliteFunctions.AddTo(connection, handle);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return connection;
    }

    /// <summary>A statement of this text, prepared once and kept.</summary>
    public SqliteStatement Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
        {
            return statement;
        }

        if (_statements.Count >= MaxStatements)
        {
            ForgetStatements();
        }

        statement = Prepare(sql, LibSqlite.PreparePersistent);
        _statements.Add(sql, statement);
        return statement;
    }

    /// <summary>A statement for one use, which its caller disposes of.</summary>
    public SqliteStatement Prepare(string sql, uint flags = 0)
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        var bytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* text = bytes)
        {
            Check(LibSqlite.Prepare(_handle, text, bytes.Length, flags, out var handle, 0));
            return new SqliteStatement(this, handle);
        }
    }

    /// <summary>Runs one statement that is not worth keeping.</summary>
    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        statement.Run();
    }

    /// <summary>Makes the statement that runs now fail. From any thread.</summary>
    public void Interrupt()
    {
        lock (_closing)
        {
            if (_handle != 0)
            {
                LibSqlite.Interrupt(_handle);
            }
        }
    }

    public void Check(int code)
    {
        if (code != LibSqlite.Ok)
        {
            throw Failure(code);
        }
    }

    public SqliteFailure Failure(int code)
    {
        var words = _handle == 0 ? null : Marshal.PtrToStringUTF8((nint)LibSqlite.ErrorMessage(_handle));
        return new SqliteFailure(code, _handle == 0 ? 0 : LibSqlite.SystemError(_handle), words ?? "out of memory");
    }

    public void Dispose()
    {
        ForgetStatements();
        lock (_closing)
        {
            if (_handle != 0)
            {
                _ = LibSqlite.Close(_handle);
                _handle = 0;
            }
        }
    }

    private void ForgetStatements()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
    }
}
