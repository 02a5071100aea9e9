using System.Reflection;
using System.Runtime.InteropServices;

namespace Overlay.Nodes.Storage.Sqlite;

/// <summary>Finds the system's SQLite, once a process: by the names it has on each system, or by <c>OVERLAY_LIBSQLITE3</c>.</summary>
internal static class LibSqliteLoader
{
    /// <summary>A path or name to use instead of the list.</summary>
    public const string EnvironmentVariable = "OVERLAY_LIBSQLITE3";

    /// <summary>3.32: the oldest with everything a store uses (WAL, WITHOUT ROWID, IS TRUE, JSON functions, trusted_schema).</summary>
    public const int OldestVersion = 3_032_000;

    /// <summary>3.38: <c>-&gt;</c>, the text of a part of a JSON document. Queries for numbers with a fraction and for dates need it to become SQL.</summary>
    public const int ArrowVersion = 3_038_000;

    /// <summary>The names to try here, best first.</summary>
    public static string[] Names { get; } =
        OperatingSystem.IsWindows() ? ["sqlite3.dll", "e_sqlite3.dll", "winsqlite3.dll"]
        : OperatingSystem.IsMacOS() ? ["/opt/homebrew/opt/sqlite/lib/libsqlite3.dylib", "/usr/local/opt/sqlite/lib/libsqlite3.dylib", "libsqlite3.dylib"]
        : ["libsqlite3.so.0", "libsqlite3.so"];

    /// <summary>SQLite's version as it numbers it: 3.40.1 is 3,040,001.</summary>
    public static int Version => Loaded.Version;

    /// <summary>Loads the library unless that is done already.</summary>
    /// <exception cref="SqliteMissingException">It cannot be found, or is too old.</exception>
    public static void EnsureLoaded()
    {
        if (Loaded.Error is { } error)
        {
            throw new SqliteMissingException(error);
        }
    }

    /// <summary>Loads libsqlite3 without remembering it.</summary>
    /// <param name="chosen">A path or name that excludes all others, or null.</param>
    /// <exception cref="SqliteMissingException">It cannot be found.</exception>
    public static nint Load(string? chosen)
    {
        var names = string.IsNullOrEmpty(chosen) ? Names : [chosen];
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "sqlite3_prepare_v3", out _))
            {
                return library;
            }
        }

        throw new SqliteMissingException(Cure(chosen, names));
    }

    private static string Cure(string? chosen, string[] names) => string.IsNullOrEmpty(chosen)
        ? $"SQLite was not found (tried {string.Join(", ", names)}). {Install()} or set {EnvironmentVariable} to the path of libsqlite3."
        : $"SQLite could not be loaded from {EnvironmentVariable}={chosen}. Set it to the path of libsqlite3, or unset it.";

    private static string Install() => OperatingSystem.IsWindows() ? "Put sqlite3.dll beside the program"
        : OperatingSystem.IsMacOS() ? "Install it (brew install sqlite)"
        : "Install it (apt install libsqlite3-0)";

    /// <summary>Its initializer runs once however many stores open at the same moment; an exception must not leave it.</summary>
    private static class Loaded
    {
        private static readonly nint Library;

        static Loaded()
        {
            try
            {
                Library = Load(Environment.GetEnvironmentVariable(EnvironmentVariable));
                NativeLibrary.SetDllImportResolver(typeof(LibSqliteLoader).Assembly, Resolve);
                Version = LibSqlite.VersionNumber();
                Error = Version < OldestVersion ? $"SQLite {Version / 1_000_000}.{Version / 1_000 % 1_000} is too old: 3.32 is needed. {Install()}, or set {EnvironmentVariable}."
                    : LibSqlite.ThreadSafe() == 0 ? $"This SQLite was built for one thread only. {Install()}, or set {EnvironmentVariable}."
                    : null;
            }
            catch (SqliteMissingException missing)
            {
                Error = missing.Message;
            }
        }

        public static int Version { get; }

        public static string? Error { get; }

        private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) => name == LibSqlite.Library ? Library : 0;
    }
}
