using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Admission;
using Overlay.Identity;

namespace Overlay.Hub;

/// <summary>Keeps what makes a hub the same hub after a restart: its key, its secret, the founded mark and the counters of collided keys.</summary>
/// <remarks>
/// A member that introduces keeps the same, but for the key: that is the member's own, and kept with it.
/// One file, <c>hub.json</c>, readable by its owner only and replaced atomically: it is always whole, either old or new. A second file,
/// <c>hub.lock</c>, is held open so that two hubs never share a directory.
/// </remarks>
internal sealed class HubKeyStore : IDisposable
{
    private const string FileName = "hub.json";
    private const string LockName = "hub.lock";
    private const int FormatVersion = 1;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string? _path;
    private readonly FileStream? _lock;

    private HubKeyStore(string? path, FileStream? @lock, HubKey? key, byte[] caSecret, HubState state)
    {
        _path = path;
        _lock = @lock;
        Key = key;
        CaSecret = caSecret;
        State = state;
    }

    /// <summary>The hub's key; null where a member introduces with its own.</summary>
    public HubKey? Key { get; }

    /// <summary>The secret behind the nonces of positions, 32 bytes.</summary>
    public byte[] CaSecret { get; }

    /// <summary>What was kept last.</summary>
    public HubState State { get; private set; }

    /// <summary>Opens a directory, making directory and key where there are none; null keeps all in memory.</summary>
    /// <param name="directory">Where; null: nowhere.</param>
    /// <param name="hasKey">Whether a key is made and kept.</param>
    /// <exception cref="HubException">The data is damaged, in use, or not accessible.</exception>
    public static HubKeyStore Open(string? directory, bool hasKey = true)
    {
        if (directory is null)
        {
            return new(null, null, hasKey ? HubKey.Create() : null, RandomNumberGenerator.GetBytes(HubIdentity.CaSecretBytes), HubState.New);
        }

        FileStream? held = null;
        var path = Path.Combine(Path.GetFullPath(directory), FileName);
        try
        {
            MakeDirectory(directory);
            held = Lock(directory);
            if (File.Exists(path))
            {
                return Load(path, held, hasKey);
            }

            var made = new HubKeyStore(path, held, hasKey ? HubKey.Create() : null, RandomNumberGenerator.GetBytes(HubIdentity.CaSecretBytes), HubState.New);
            made.Save(HubState.New);
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new HubException(
                HubError.DataNotAccessible, $"The hub's data in {directory} cannot be used: {e.Message} Choose another directory, or correct its owner.", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Keeps a state.</summary>
    /// <exception cref="IOException">The file could not be written; the old one is whole.</exception>
    public void Save(HubState state)
    {
        State = state;
        if (_path is null)
        {
            return;
        }

        var content = new Content
        {
            Version = FormatVersion,
            Key = Key?.Export() ?? [],
            Secret = CaSecret,
            Founded = state.IsFounded,
            RootEpoch = state.RootEpoch,
            Since = state.Numbers?.Since ?? 0,
            Used = state.Numbers?.Used ?? 0,
            DelegatedUntil = state.DelegatedUntil,
            Collisions = [.. state.Collisions.Select(one => new Collision { Key = one.Key.ToString("x32", null), Counter = one.Counter })],
        };
        content.Check = content.ComputeCheck();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(content, HubKeyFile.Default.Content);
        var temporary = _path + ".new";
        WriteOwnerOnly(temporary, bytes);
        File.Move(temporary, _path, overwrite: true);
    }

    public void Dispose()
    {
        Key?.Dispose();
        _lock?.Dispose();
    }

    private static HubKeyStore Load(string path, FileStream held, bool hasKey)
    {
        try
        {
            var content = JsonSerializer.Deserialize(File.ReadAllBytes(path), HubKeyFile.Default.Content) ?? throw new JsonException("It is empty.");
            if (content.Version != FormatVersion)
            {
                throw new JsonException($"It has version {content.Version}, this hub knows {FormatVersion}.");
            }

            if (content.Secret.Length != HubIdentity.CaSecretBytes || content.Check != content.ComputeCheck())
            {
                throw new JsonException("Its check sum is wrong.");
            }

            var collisions = content.Collisions.Select(one => new CollidedKey(UInt128.Parse(one.Key, System.Globalization.NumberStyles.HexNumber, null), one.Counter));
            var state = new HubState(content.Founded, [.. collisions]) { RootEpoch = content.RootEpoch, Numbers = hasKey ? null : new(content.Since, content.Used), DelegatedUntil = content.DelegatedUntil };
            return new(path, held, hasKey ? HubKey.Import(content.Key) : null, content.Secret, state);
        }
        catch (Exception e) when (e is JsonException or CryptographicException or FormatException or OverflowException)
        {
            throw new HubException(
                HubError.DataDamaged,
                $"The hub's key file {path} is damaged: {e.Message} Bring it back from a backup; or delete it, and the hub becomes a new one "
                + "whose network the old members refuse (HubKeyChanged).",
                e);
        }
    }

    private static void MakeDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string directory)
    {
        var path = Path.Combine(directory, LockName);
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            throw new HubException(HubError.DataInUse, $"Another hub uses {directory}. Stop it, or give this one a directory of its own.", e);
        }
    }

    private static void WriteOwnerOnly(string path, byte[] bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    internal sealed class Content
    {
        public int Version { get; set; }

        public byte[] Key { get; set; } = [];

        public byte[] Secret { get; set; } = [];

        public bool Founded { get; set; }

        public Collision[] Collisions { get; set; } = [];

        /// <summary>The epoch of the root appointed last.</summary>
        public uint RootEpoch { get; set; }

        /// <summary>Of a member that introduces: the beginning of its delegation.</summary>
        public long Since { get; set; }

        /// <summary>Of a member that introduces: certificates issued under that delegation.</summary>
        public uint Used { get; set; }

        /// <summary>Of a hub: until when some member may introduce newcomers.</summary>
        public long DelegatedUntil { get; set; }

        /// <summary>SHA-256 over all the rest: a torn or edited file is noticed, not half believed.</summary>
        public string Check { get; set; } = "";

        public string ComputeCheck()
        {
            var parts = new List<string> { $"{Version}", Convert.ToHexString(Key), Convert.ToHexString(Secret), Founded ? "1" : "0" };
            parts.AddRange(Collisions.Select(one => $"{one.Key}={one.Counter}"));
            if (Since != 0)
            {
                parts.Add($"{Since}+{Used}");
            }

            if (RootEpoch != 0)
            {
                parts.Add($"root {RootEpoch}");
            }

            if (DelegatedUntil != 0)
            {
                parts.Add($"until {DelegatedUntil}");
            }

            return Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('|', parts))));
        }
    }

    internal sealed class Collision
    {
        public string Key { get; set; } = "";

        public int Counter { get; set; }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(HubKeyStore.Content))]
internal sealed partial class HubKeyFile : JsonSerializerContext;
