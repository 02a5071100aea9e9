using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Storage.Files;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>One enumeration: a snapshot of the file, and a place in the rows that SQLite finds in it.</summary>
/// <remarks>
/// Rows are found on a thread of the pool, a page at a time: pages grow from one record to 64, so that who takes three records has had four read
/// at most, and who takes a million does not change threads for each. In memory there is one connection, so its rows are copied out at the start.
/// </remarks>
internal sealed class RecordCursor<T> : IAsyncDisposable
{
    private const int MaxPage = 64;
    private const int MaxPageBytes = 256 * 1_024;

    private readonly StoreFile _file;
    private readonly string _store;
    private readonly JsonTypeInfo<T> _type;
    private SqliteConnection? _connection;
    private SqliteStatement? _statement;
    private Queue<(string Key, byte[] Json)>? _copied;
    private Exception? _failure;
    private bool _isAtEnd;

    /// <summary>How many records there are, where only that was asked for and SQLite could tell.</summary>
    public long? Counted { get; private set; }

    private RecordCursor(StoreFile file, string store, JsonTypeInfo<T> type) => (_file, _store, _type) = (file, store, type);

    /// <summary>Opens the snapshot and asks <paramref name="plan"/> what to look for in it.</summary>
    /// <param name="file">The database.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="type">How JSON becomes a record.</param>
    /// <param name="plan">Gets what the snapshot knows of the store; null where it is not there.</param>
    /// <param name="isCount">Only the number is wanted: <see cref="Counted"/>, or the records where a part of the query remains for memory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RecordCursor<T>> OpenAsync(
        StoreFile file, string store, JsonTypeInfo<T> type, Func<StoreEntry?, QueryPlan<T>> plan, bool isCount, CancellationToken cancellationToken)
    {
        var cursor = new RecordCursor<T>(file, store, type);
        try
        {
            cursor._connection = await file.RentAsync(cancellationToken).ConfigureAwait(false);
            await cursor.OnPoolAsync(() => cursor.Begin(plan, isCount), cancellationToken).ConfigureAwait(false);
            if (file.IsInMemory)
            {
                cursor.GiveBack();
            }

            return cursor;
        }
        catch
        {
            await cursor.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The records, each read shortly before it is asked for.</summary>
    public async IAsyncEnumerable<T> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = new List<T>();
        for (var size = 1; ; size = Math.Min(size * 2, MaxPage))
        {
            page.Clear();
            cancellationToken.ThrowIfCancellationRequested();
            _file.ThrowIfClosed();
            await OnPoolAsync(() => Fill(page, size), cancellationToken).ConfigureAwait(false);
            foreach (var record in page)
            {
                yield return record;
            }

            if (_failure is not null)
            {
                throw _failure;
            }

            if (_isAtEnd)
            {
                yield break;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        GiveBack();
        return ValueTask.CompletedTask;
    }

    private void GiveBack()
    {
        _statement?.Dispose();
        _statement = null;
        if (_connection is { } connection)
        {
            _connection = null;
            if (!_file.IsInMemory)
            {
                EndSnapshot(connection);
            }

            _file.Return(connection);
        }
    }

    private static void EndSnapshot(SqliteConnection connection)
    {
        try
        {
            if (connection.InTransaction)
            {
                connection.Statement("COMMIT").Run();
            }
        }
        catch (SqliteFailure)
        {
            // Nothing was written, so nothing is lost; the connection is usable again or fails at its next use.
        }
    }

    private void Begin(Func<StoreEntry?, QueryPlan<T>> plan, bool isCount)
    {
        var connection = _connection!;
        if (!_file.IsInMemory)
        {
            connection.Statement("BEGIN").Run();
        }

        // The first read fixes the snapshot.
        var entry = StoreCatalog.Find(connection, _store);
        var made = plan(entry);
        if (entry is not { } found)
        {
            (_isAtEnd, Counted) = (true, isCount ? 0 : null);
            return;
        }

        isCount &= made.Rest.Count == 0;
        _statement = connection.Prepare(isCount ? made.Count(found.Table) : made.Select(found.Table));
        for (var i = 0; i < made.Parameters.Count; i++)
        {
            _statement.BindValue(i + 1, made.Parameters[i]);
        }

        if (isCount)
        {
            Count();
        }
        else if (_file.IsInMemory)
        {
            CopyOut();
        }
    }

    private void CopyOut()
    {
        _copied = new Queue<(string, byte[])>();
        try
        {
            while (_statement!.Step())
            {
                _copied.Enqueue((_statement.Text(0), _statement.Bytes(1).ToArray()));
            }
        }
        catch (SqliteFailure failure)
        {
            // What was found before it comes first, as on disk.
            _failure = Explained(failure);
        }
    }

    private void Count()
    {
        try
        {
            Counted = _statement!.Step() ? _statement.Number(0) : 0;
        }
        catch (SqliteFailure failure)
        {
            throw Explained(failure);
        }
    }

    private void Fill(List<T> page, int size)
    {
        if (_isAtEnd)
        {
            return;
        }

        for (var bytes = 0; page.Count < size && bytes < MaxPageBytes;)
        {
            try
            {
                if (!Next(out var length, page))
                {
                    _isAtEnd = true;
                    return;
                }

                bytes += length;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // Those before it are handed out first: that is what a loop over the records would have seen.
                _isAtEnd = true;
                _failure = error is SqliteFailure failure ? Explained(failure) : error;
                return;
            }
        }
    }

    private bool Next(out int length, List<T> page)
    {
        length = 0;
        if (_copied is { } copied)
        {
            if (!copied.TryDequeue(out var row))
            {
                return false;
            }

            length = row.Json.Length;
            page.Add(Deserialize(row.Json, row.Key));
            return true;
        }

        if (!_statement!.Step())
        {
            return false;
        }

        var json = _statement.Bytes(1);
        length = json.Length;
        page.Add(Deserialize(json, null));
        return true;
    }

    private T Deserialize(ReadOnlySpan<byte> json, string? key)
    {
        try
        {
            return JsonSerializer.Deserialize(json, _type)!;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw Database.WrongType(_store, key ?? _statement!.Text(0), typeof(T), error);
        }
    }

    /// <summary>What a condition threw in SQL is what it throws in .NET.</summary>
    private Exception Explained(SqliteFailure failure) => failure.Message switch
    {
        SqliteFailure.NullReference => ExpressionFailure.NullReference(),
        SqliteFailure.NoValue => new InvalidOperationException("Nullable object must have a value."),
        _ => failure.Code == LibSqlite.Interrupted ? failure : failure.Explain(_file.Path),
    };

    private async Task OnPoolAsync(Action work, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(
                () =>
                {
                    var connection = _connection;
                    using (connection is null ? default : cancellationToken.UnsafeRegister(static one => ((SqliteConnection)one!).Interrupt(), connection))
                    {
                        work();
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (SqliteFailure failure)
        {
            throw _file.Explain(failure, cancellationToken);
        }

        if (_failure is SqliteFailure interrupted)
        {
            throw _file.Explain(interrupted, cancellationToken);
        }
    }
}
