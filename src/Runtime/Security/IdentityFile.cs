using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>What a node keeps across restarts, in one file of its data directory that only its owner reads: key, instance, the hub's key.</summary>
/// <remarks>
/// <code>
/// overlay identity 1
/// key &lt;PKCS #8, base64&gt;
/// instance &lt;number&gt;
/// hub &lt;public key, base64; or -&gt;
/// check &lt;SHA-256 of the lines above, hex&gt;
/// </code>
/// <para>Replaced as a whole: the new text is written beside it, brought to disk, and renamed over the old one, so a crash leaves one or the other. While it is
/// open, a lock file keeps a second node away.</para>
/// </remarks>
public sealed class IdentityFile : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "identity";

    private const string Title = "overlay identity 1";
    private const int MaxFileBytes = 16 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly FileStream _lock;
    private byte[] _pkcs8 = [];
    private byte[]? _hubKey;

    private IdentityFile(string path, FileStream exclusive) => (_path, _lock) = (path, exclusive);

    /// <summary>The private key in PKCS #8 form.</summary>
    public ReadOnlySpan<byte> Pkcs8 => _pkcs8;

    /// <summary>The instance of this start, or a newer one since.</summary>
    public long Instance { get; private set; }

    /// <summary>The remembered hub key, 64 bytes; null where none was met yet.</summary>
    public byte[]? HubKey => (byte[]?)_hubKey?.Clone();

    /// <summary>
    /// Opens the identity of <paramref name="directory"/> for one more start: instance = max(stored + 1, Unix milliseconds), written before this returns. Makes
    /// the directory and a new key where there is none.
    /// </summary>
    /// <exception cref="IdentityFileException">Damaged, in use, or inaccessible.</exception>
    public static IdentityFile Open(string directory, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(time);
        var path = Path.Combine(Path.GetFullPath(directory), FileName);
        try
        {
            MakeDirectory(Path.GetFullPath(directory));
            var file = new IdentityFile(path, Lock(path));
            try
            {
                file.Load();
                file.Instance = Math.Max(file.Instance + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
                file.Save();
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Inaccessible(path, error);
        }
    }

    /// <summary>Remembers the hub's key, so that a later start refuses another.</summary>
    /// <exception cref="IdentityFileException">The file could not be written.</exception>
    public void RememberHubKey(ReadOnlySpan<byte> hubKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, ISigning.PublicKeyBytes);
        if (!hubKey.SequenceEqual(_hubKey))
        {
            _hubKey = hubKey.ToArray();
            SaveOrExplain();
        }
    }

    /// <summary>Remembers an instance that the node took while running; an older one is no news.</summary>
    /// <exception cref="IdentityFileException">The file could not be written.</exception>
    public void RememberInstance(long instance)
    {
        if (instance > Instance)
        {
            Instance = instance;
            SaveOrExplain();
        }
    }

    /// <summary>Lets another process open the directory.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_pkcs8);
        _lock.Dispose();
    }

    private static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return Create(path + ".lock", FileMode.OpenOrCreate);
        }
        catch (IOException error) when (File.Exists(path + ".lock"))
        {
            throw new IdentityFileException(
                IdentityFileFault.InUse, path, "another running node uses this data directory; stop it, or give this node a directory of its own", error);
        }
    }

    private static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    private static IdentityFileException Inaccessible(string path, Exception error) =>
        new(IdentityFileFault.Inaccessible, path, $"cannot be read or written ({error.Message}); give the node a directory that it owns", error);

    private void SaveOrExplain()
    {
        try
        {
            Save();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Inaccessible(_path, error);
        }
    }

    private void Save()
    {
        var hub = _hubKey is null ? "-" : Convert.ToBase64String(_hubKey);
        var text = string.Create(CultureInfo.InvariantCulture, $"{Title}\nkey {Convert.ToBase64String(_pkcs8)}\ninstance {Instance}\nhub {hub}\n");
        text += $"check {CheckOf(text)}\n";
        var beside = _path + ".new";
        File.Delete(beside); // A torn one of an earlier crash may have other permissions.
        using (var stream = Create(beside, FileMode.CreateNew))
        {
            stream.Write(Encoding.ASCII.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, _path, overwrite: true);
    }

    private void Load()
    {
        if (!File.Exists(_path))
        {
            using var created = P256Signing.Create();
            _pkcs8 = created.ExportPkcs8();
            return;
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_path, OwnerOnly);
        }

        if (new FileInfo(_path).Length > MaxFileBytes || !TryParse(File.ReadAllText(_path, Encoding.ASCII)))
        {
            throw new IdentityFileException(
                IdentityFileFault.Damaged,
                _path,
                "this is no complete identity of an Overlay node; restore it from a copy, or move it away to start with a new key and position");
        }
    }

    private bool TryParse(string text)
    {
        var lines = text.Split('\n');
        if (lines is not [Title, _, _, _, _, ""]
            || !TryField(lines[1], "key ", out var key)
            || !TryField(lines[2], "instance ", out var instance)
            || !TryField(lines[3], "hub ", out var hub)
            || !TryField(lines[4], "check ", out var check)
            || check != CheckOf(text[..(text.Length - lines[4].Length - 1)])
            || !long.TryParse(instance, NumberStyles.None, CultureInfo.InvariantCulture, out var stored))
        {
            return false;
        }

        try
        {
            _pkcs8 = Convert.FromBase64String(key);
            _hubKey = hub == "-" ? null : Convert.FromBase64String(hub);
            P256Signing.Import(_pkcs8).Dispose();
        }
        catch (Exception error) when (error is FormatException or CryptographicException)
        {
            return false;
        }

        Instance = stored;
        return _hubKey is null or { Length: ISigning.PublicKeyBytes };
    }

    private static bool TryField(string line, string name, out string value)
    {
        var isThere = line.StartsWith(name, StringComparison.Ordinal);
        value = isThere ? line[name.Length..] : "";
        return isThere;
    }

    private static string CheckOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
}
