namespace Overlay.Nodes.Storage.Files;

/// <summary>Where a store lies: a name means a file in the options' folder, anything with a separator is a path.</summary>
internal static class StorePath
{
    private const int MaxNameLength = 64;

    /// <summary>The full path of the store's file.</summary>
    /// <param name="nameOrPath">What the user gave.</param>
    /// <param name="directory">Where names lie, or null for the default.</param>
    /// <param name="extension">What is appended to a name.</param>
    /// <exception cref="ArgumentException">It is neither a path nor a name.</exception>
    public static string Resolve(string nameOrPath, string? directory, string extension)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        if (nameOrPath.AsSpan().IndexOfAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) >= 0 || Path.IsPathRooted(nameOrPath))
        {
            return Path.GetFullPath(nameOrPath);
        }

        if (nameOrPath.Length > MaxNameLength || nameOrPath[0] == '.' || !nameOrPath.All(IsNameCharacter))
        {
            throw new ArgumentException(
                $"'{nameOrPath}' is no name of a store: 1 … {MaxNameLength} letters, digits, '-', '_' or '.', not starting with a full stop. A path is recognized by its separator.",
                nameof(nameOrPath));
        }

        return Path.GetFullPath(Path.Combine(directory ?? DefaultDirectory(), nameOrPath + extension));
    }

    /// <summary>Makes the folder of a store, for its owner only.</summary>
    /// <exception cref="StoreException">It cannot be made.</exception>
    public static void MakeFolder(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (Directory.Exists(folder))
        {
            return;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreError.AccessDenied, $"The folder '{folder}' cannot be made ({error.Message}). Make it, or give another path.", error);
        }
    }

    private static bool IsNameCharacter(char one) => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.';

    private static string DefaultDirectory() =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "overlay", "stores");
}
