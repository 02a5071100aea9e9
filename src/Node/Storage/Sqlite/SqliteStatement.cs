using System.Text;

namespace Overlay.Nodes.Storage.Sqlite;

/// <summary>A prepared statement. Parameters count from 1, columns from 0.</summary>
/// <remarks>Used by one thread at a time, like the connection it belongs to. What a column hands out lives until the next step.</remarks>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private static readonly byte[] Empty = [0];
    private readonly SqliteConnection _connection;
    private nint _handle;

    public SqliteStatement(SqliteConnection connection, nint handle) => (_connection, _handle) = (connection, handle);

    public SqliteStatement Bind(int index, long value)
    {
        _connection.Check(LibSqlite.BindInt64(_handle, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, double value)
    {
        _connection.Check(LibSqlite.BindDouble(_handle, index, value));
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        _connection.Check(LibSqlite.BindNull(_handle, index));
        return this;
    }

    public SqliteStatement Bind(int index, string text)
    {
        const int OnStack = 256;
        if (text.Length <= OnStack)
        {
            Span<byte> bytes = stackalloc byte[OnStack * 3];
            return BindText(index, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
        }

        return BindText(index, Encoding.UTF8.GetBytes(text));
    }

    public SqliteStatement BindText(int index, ReadOnlySpan<byte> utf8)
    {
        fixed (byte* bytes = utf8.IsEmpty ? Empty : utf8)
        {
            _connection.Check(LibSqlite.BindText(_handle, index, bytes, utf8.Length, LibSqlite.Transient));
        }

        return this;
    }

    public SqliteStatement BindBlob(int index, ReadOnlySpan<byte> blob)
    {
        fixed (byte* bytes = blob.IsEmpty ? Empty : blob)
        {
            _connection.Check(LibSqlite.BindBlob(_handle, index, bytes, blob.Length, LibSqlite.Transient));
        }

        return this;
    }

    /// <summary>Binds a parameter of a query: null, a long, a double or a string.</summary>
    public SqliteStatement BindValue(int index, object? value) => value switch
    {
        null => BindNull(index),
        long number => Bind(index, number),
        double number => Bind(index, number),
        string text => Bind(index, text),
        _ => throw new ArgumentException($"A {value.GetType()} is no value of SQLite.", nameof(value)),
    };

    /// <summary>Whether there is a row.</summary>
    public bool Step()
    {
        var code = LibSqlite.Step(_handle);
        return code switch
        {
            LibSqlite.Row => true,
            LibSqlite.Done => false,
            _ => throw _connection.Failure(code),
        };
    }

    /// <summary>Runs to the end and is ready for the next use.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
                // A row of no interest.
            }
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The first column of the first row as a number, or null without a row; then ready for the next use.</summary>
    public long? RunNumber()
    {
        try
        {
            return Step() && !IsNull(0) ? Number(0) : null;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The same for text.</summary>
    public string? RunText()
    {
        try
        {
            return Step() && !IsNull(0) ? Text(0) : null;
        }
        finally
        {
            Reset();
        }
    }

    public bool IsNull(int column) => LibSqlite.ColumnType(_handle, column) == LibSqlite.TypeNull;

    public long Number(int column) => LibSqlite.ColumnInt64(_handle, column);

    /// <summary>The bytes of a text or blob. Gone with the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        // In this order: the blob first, then its length.
        var bytes = LibSqlite.ColumnBlob(_handle, column);
        return new ReadOnlySpan<byte>(bytes, LibSqlite.ColumnBytes(_handle, column));
    }

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Ready for the next use; holds no row and no parameter any more.</summary>
    public void Reset()
    {
        if (_handle != 0)
        {
            // The result repeats the last step's error, which has been raised already.
            _ = LibSqlite.Reset(_handle);
            _ = LibSqlite.ClearBindings(_handle);
        }
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = LibSqlite.FinalizeStatement(_handle);
            _handle = 0;
        }
    }
}
