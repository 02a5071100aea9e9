namespace Overlay.Nodes.Storage.Files;

/// <summary>One process has a store open at a time. The system lets go of the lock when the process ends, however it ends.</summary>
/// <remarks>
/// The lock is on a file of its own, which stays: a lock on SQLite's file would meet SQLite's own locks, and a lock file that is removed could be
/// locked by two processes, one through the name and one through what the name meant before.
/// </remarks>
internal sealed class StoreLock : IDisposable
{
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <summary>The lock, or null where somebody has it.</summary>
    /// <exception cref="StoreException">The lock's file cannot be made.</exception>
    public static StoreLock? TryTake(string storePath)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new StoreLock(new FileStream(storePath + ".lock", options));
        }
        catch (Exception error) when (error is UnauthorizedAccessException or DirectoryNotFoundException or PathTooLongException)
        {
            throw new StoreException(
                StoreError.AccessDenied, $"'{storePath}' cannot be opened ({error.Message}). See that its folder exists and that this user may write there.", error);
        }
        catch (IOException error) when (error.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            return null;
        }
        catch (IOException error)
        {
            throw new StoreException(StoreError.Failed, $"'{storePath}' cannot be locked ({error.Message}). See that the disk is there, healthy and not full.", error);
        }
    }

    public void Dispose() => _file.Dispose();
}
