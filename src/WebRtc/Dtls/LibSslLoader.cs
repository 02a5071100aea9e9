using System.Reflection;
using System.Runtime.InteropServices;

namespace Overlay.WebRtc.Dtls;

/// <summary>Finds the system's OpenSSL, once a process: by the names it has on each system, or by <c>OVERLAY_LIBSSL</c>.</summary>
internal static class LibSslLoader
{
    /// <summary>A path or name to use instead of the list.</summary>
    public const string EnvironmentVariable = "OVERLAY_LIBSSL";

    /// <summary>The names to try here, best first.</summary>
    public static string[] Names { get; } =
        OperatingSystem.IsWindows() ? ["libssl-3-x64.dll", "libssl-3-arm64.dll", "libssl-3.dll"]
        : OperatingSystem.IsMacOS() ? ["libssl.3.dylib", "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib", "/usr/local/opt/openssl@3/lib/libssl.3.dylib"]
        : ["libssl.so.3", "libssl.so"];

    /// <summary>Loads both libraries unless that is done already.</summary>
    /// <exception cref="DtlsLibraryException">They cannot be found.</exception>
    public static void EnsureLoaded()
    {
        if (Loaded.Error is { } error)
        {
            throw new DtlsLibraryException(error);
        }
    }

    /// <summary>Loads libssl and libcrypto without remembering them.</summary>
    /// <param name="chosen">A path or name that excludes all others, or null.</param>
    /// <exception cref="DtlsLibraryException">They cannot be found.</exception>
    public static (nint Ssl, nint Crypto) Load(string? chosen)
    {
        var names = string.IsNullOrEmpty(chosen) ? Names : [chosen];
        foreach (var name in names)
        {
            if (!NativeLibrary.TryLoad(name, out var ssl))
            {
                continue;
            }

            // libcrypto is a dependency of libssl, and dlsym looks into dependencies too; Windows does not.
            if (NativeLibrary.TryGetExport(ssl, "BIO_new", out _))
            {
                return (ssl, ssl);
            }

            if (NativeLibrary.TryLoad(name.Replace("ssl", "crypto", StringComparison.Ordinal), out var crypto))
            {
                return (ssl, crypto);
            }
        }

        throw new DtlsLibraryException(Cure(chosen, names));
    }

    private static string Cure(string? chosen, string[] names)
    {
        var tried = string.Join(", ", names);
        if (!string.IsNullOrEmpty(chosen))
        {
            return $"OpenSSL could not be loaded from {EnvironmentVariable}={chosen}. Set it to the path of libssl 3, or unset it.";
        }

        var install = OperatingSystem.IsWindows() ? "winget install ShiningLight.OpenSSL.Light"
            : OperatingSystem.IsMacOS() ? "brew install openssl@3"
            : "apt install libssl3";
        return $"OpenSSL 3 was not found (tried {tried}). Install it ({install}) or set {EnvironmentVariable} to the path of libssl.";
    }

    /// <summary>Its initializer runs once however many nodes start at the same moment; an exception must not leave it.</summary>
    private static class Loaded
    {
        private static readonly nint Ssl;
        private static readonly nint Crypto;

        static Loaded()
        {
            try
            {
                (Ssl, Crypto) = Load(Environment.GetEnvironmentVariable(EnvironmentVariable));
                NativeLibrary.SetDllImportResolver(typeof(LibSslLoader).Assembly, Resolve);
            }
            catch (DtlsLibraryException missing)
            {
                Error = missing.Message;
            }
        }

        public static string? Error { get; }

        private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) => name switch
        {
            LibSsl.Ssl => Ssl,
            LibSsl.Crypto => Crypto,
            _ => 0,
        };
    }
}
