using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage.Files;

/// <summary>An open SQLite file: one connection that writes, some that read, one transaction that writes at a time.</summary>
/// <remarks>
/// Whoever opens the same file again in this process shares it (<see cref="OpenStores"/>), so there is never a second writer. Reads see the last
/// commit and wait for nobody. In memory there is one connection for everything, and reads take turns with commits.
/// </remarks>
internal sealed class StoreFile : IDisposable
{
    private readonly SqliteConnection _writer;
    private readonly StoreLock? _lock;
    private readonly StoreOptions _options;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _reading;
    private readonly Stack<SqliteConnection> _idle = new();
    private StoreDurability? _durability;
    private bool _closed;

    private StoreFile(string path, StoreFormat format, StoreOptions options, SqliteConnection writer, StoreLock? heldLock)
    {
        (Path, Format, _options, _writer, _lock) = (path, format, options, writer, heldLock);
        _reading = new SemaphoreSlim(options.MaxReaders);
    }

    /// <summary>The file's path; in memory, the name that was given.</summary>
    public string Path { get; }

    public StoreFormat Format { get; }

    public bool IsInMemory => _options.InMemory;

    /// <summary>What all who share the file know of its contents.</summary>
    public object? Shared { get; set; }

    /// <summary>How many share it; kept by <see cref="OpenStores"/>.</summary>
    public int Users { get; set; }

    /// <summary>Opens a file whose lock is held, and makes its tables where it is new.</summary>
    /// <exception cref="StoreException">It cannot be opened, or is no store of this kind.</exception>
    public static StoreFile Open(string path, StoreFormat format, StoreOptions options, StoreLock? heldLock)
    {
        LibSqliteLoader.EnsureLoaded();
        SqliteConnection? writer = null;
        try
        {
            if (!options.InMemory)
            {
                MakeOwnersOnly(path);
            }

            writer = SqliteConnection.Open(options.InMemory ? null : path, options.BusyTimeout);
            StoreSetUp.Prepare(writer, path, format, options);
            return new StoreFile(path, format, options, writer, heldLock);
        }
        catch (SqliteFailure failure)
        {
            writer?.Dispose();
            throw failure.Explain(path);
        }
        catch
        {
            writer?.Dispose();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/> as one transaction on a thread of the pool: all of it is stored, or nothing.</summary>
    /// <param name="work">Gets the connection and the token. What it throws undoes everything.</param>
    /// <param name="cancellationToken">Undoes everything, unless the commit itself has begun.</param>
    /// <param name="committed">Hears the result after the commit and before the next transaction. Must not throw.</param>
    /// <param name="isDurable">False where a later transaction that is durable makes this one so too.</param>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, CancellationToken, T> work, CancellationToken cancellationToken, Action<T>? committed = null, bool isDurable = true)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await Task.Run(() => WriteNow(work, isDurable, cancellationToken), CancellationToken.None).ConfigureAwait(false);
            committed?.Invoke(result);
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The same on the caller's thread, for streams that are written without await.</summary>
    public T Write<T>(Func<SqliteConnection, CancellationToken, T> work, Action<T>? committed = null, bool isDurable = true)
    {
        _writing.Wait();
        try
        {
            var result = WriteNow(work, isDurable, CancellationToken.None);
            committed?.Invoke(result);
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs a short read on the caller's thread: it waits for the disk at most, never for a writer.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var connection = await RentAsync(cancellationToken).ConfigureAwait(false);
        return ReadNow(connection, work);
    }

    /// <summary>The same without await.</summary>
    public T Read<T>(Func<SqliteConnection, T> work) => ReadNow(Rent(), work);

    /// <summary>A connection that reads, to be given back with <see cref="Return"/>.</summary>
    /// <exception cref="StoreBusyException">All are in use and stayed so.</exception>
    public async ValueTask<SqliteConnection> RentAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var gate = IsInMemory ? _writing : _reading;
        if (!await gate.WaitAsync(IsInMemory ? Timeout.InfiniteTimeSpan : _options.BusyTimeout, cancellationToken).ConfigureAwait(false))
        {
            throw TooManyReaders();
        }

        return Take(gate);
    }

    public void Return(SqliteConnection connection)
    {
        if (IsInMemory)
        {
            _writing.Release();
            return;
        }

        lock (_idle)
        {
            if (_closed)
            {
                connection.Dispose();
            }
            else
            {
                _idle.Push(connection);
            }
        }

        _reading.Release();
    }

    /// <summary>What a failure of SQLite means to whoever called, or to the expression that a query stands for.</summary>
    public Exception Explain(SqliteFailure failure, CancellationToken cancellationToken)
    {
        if (failure.Code == LibSqlite.Interrupted)
        {
            return new OperationCanceledException($"The operation on '{Path}' was cancelled; nothing of it was stored.", failure, cancellationToken);
        }

        return failure.Explain(Path);
    }

    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), typeof(StoreFile));

    /// <summary>Closes it: readers still in use close when they come back.</summary>
    public void Dispose()
    {
        _writing.Wait();
        lock (_idle)
        {
            Volatile.Write(ref _closed, true);
            while (_idle.TryPop(out var connection))
            {
                connection.Dispose();
            }
        }

        _writer.Dispose();
        _lock?.Dispose();
        _writing.Release();
    }

    /// <summary>The file is made before SQLite does it, so that nobody else can read it; SQLite's other files take its mode over.</summary>
    private static void MakeOwnersOnly(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(path, options);
            OpenStores.DeleteLog(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreError.AccessDenied, $"'{path}' cannot be made ({error.Message}). Give a path in a folder that this user may write to.", error);
        }
    }

    private SqliteConnection Rent()
    {
        ThrowIfClosed();
        var gate = IsInMemory ? _writing : _reading;
        return gate.Wait(IsInMemory ? Timeout.InfiniteTimeSpan : _options.BusyTimeout) ? Take(gate) : throw TooManyReaders();
    }

    private SqliteConnection Take(SemaphoreSlim gate)
    {
        try
        {
            ThrowIfClosed();
            if (IsInMemory)
            {
                return _writer;
            }

            lock (_idle)
            {
                if (_idle.TryPop(out var idle))
                {
                    return idle;
                }
            }

            var connection = SqliteConnection.Open(Path, _options.BusyTimeout);
            StoreSetUp.PrepareReader(connection);
            return connection;
        }
        catch (Exception error)
        {
            gate.Release();
            throw error is SqliteFailure failure ? failure.Explain(Path) : error;
        }
    }

    private T ReadNow<T>(SqliteConnection connection, Func<SqliteConnection, T> work)
    {
        try
        {
            return work(connection);
        }
        catch (SqliteFailure failure)
        {
            throw failure.Explain(Path);
        }
        finally
        {
            Return(connection);
        }
    }

    private T WriteNow<T>(Func<SqliteConnection, CancellationToken, T> work, bool isDurable, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            SetDurability(isDurable ? _options.Durability : StoreDurability.Normal);
            T result;

            // Disposing of the registration waits for an interrupt that is under way: the commit itself is never cut short.
            using (cancellationToken.UnsafeRegister(static writer => ((SqliteConnection)writer!).Interrupt(), _writer))
            {
                _writer.Statement("BEGIN IMMEDIATE").Run();
                result = work(_writer, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            _writer.Statement("COMMIT").Run();
            return result;
        }
        catch (Exception error)
        {
            RollBack();
            throw error is SqliteFailure failure ? Explain(failure, cancellationToken) : error;
        }
    }

    private void SetDurability(StoreDurability durability)
    {
        if (durability != _durability)
        {
            StoreSetUp.SetDurability(_writer, durability);
            _durability = durability;
        }
    }

    private void RollBack()
    {
        // A full disk and other failures of the system have rolled back already.
        if (_writer.InTransaction)
        {
            try
            {
                _writer.Statement("ROLLBACK").Run();
            }
            catch (SqliteFailure)
            {
                // What the log has no commit mark for is not there for anybody; the first failure tells more than this one.
            }
        }
    }

    private StoreBusyException TooManyReaders() => new(
        $"All {_options.MaxReaders} readers of '{Path}' are in use. Dispose of enumerations and streams that are no longer needed, or raise MaxReaders.");
}
