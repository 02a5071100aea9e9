namespace Overlay.Nodes.Storage.Files;

/// <summary>The files that this process has open, each once however often it was opened.</summary>
internal static class OpenStores
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly Dictionary<string, StoreFile> Files = new(PathComparer);

    private static StringComparer PathComparer => OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>Opens a file or shares it. Each call is ended by one of <see cref="CloseAsync"/>.</summary>
    /// <exception cref="StoreBusyException">Another process has it, and kept it for the options' time.</exception>
    public static async Task<StoreFile> OpenAsync(string path, StoreFormat format, StoreOptions options, CancellationToken cancellationToken)
    {
        if (options.InMemory)
        {
            return await Task.Run(() => StoreFile.Open(path, format, options, null), cancellationToken).ConfigureAwait(false);
        }

        StorePath.MakeFolder(path);
        var waited = TimeSpan.Zero;
        while (true)
        {
            await Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (await Task.Run(() => ShareOrOpen(path, format, options), CancellationToken.None).ConfigureAwait(false) is { } file)
                {
                    return file;
                }
            }
            finally
            {
                Gate.Release();
            }

            if (waited >= options.BusyTimeout)
            {
                throw Busy(path);
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            waited += Pause;
        }
    }

    /// <summary>The last to close a file closes it for good.</summary>
    public static async ValueTask CloseAsync(StoreFile file)
    {
        await Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (file.IsInMemory || --file.Users == 0)
            {
                Files.Remove(file.Path);
                await Task.Run(file.Dispose).ConfigureAwait(false);
            }
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Deletes a file that nobody has open.</summary>
    /// <exception cref="StoreBusyException">Somebody has.</exception>
    public static async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Files.ContainsKey(path))
            {
                throw new StoreBusyException($"'{path}' is open in this process and cannot be dropped. Dispose of it first.");
            }

            if (!File.Exists(path))
            {
                return;
            }

            using var held = StoreLock.TryTake(path) ?? throw Busy(path);

            // The file first: a log without its file is nothing to anybody, a file without its log has lost its last commits.
            File.Delete(path);
            DeleteLog(path);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException(StoreError.AccessDenied, $"'{path}' cannot be deleted ({error.Message}). Give this user write access to its folder.", error);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Deletes what an interrupted drop left: the log of a file that is no more.</summary>
    public static void DeleteLog(string path)
    {
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
    }

    private static StoreFile? ShareOrOpen(string path, StoreFormat format, StoreOptions options)
    {
        if (Files.TryGetValue(path, out var file))
        {
            if (file.Format != format)
            {
                throw new StoreException(StoreError.NotAStore, $"'{path}' is open as a {file.Format.Kind}, not as a {format.Kind}. Give another path.");
            }

            file.Users++;
            return file;
        }

        if (StoreLock.TryTake(path) is not { } held)
        {
            return null;
        }

        try
        {
            file = StoreFile.Open(path, format, options, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }

        file.Users = 1;
        Files.Add(path, file);
        return file;
    }

    private static StoreBusyException Busy(string path) => new(
        $"'{path}' is open in another process: a store belongs to one process at a time. Stop that process (lsof tells which it is), wait longer with BusyTimeout, or give another path.");
}
