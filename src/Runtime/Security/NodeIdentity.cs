using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>The identity that a running node has: its ports, its instance, and the hub it trusts; kept in a data directory, or for this run only.</summary>
public sealed class NodeIdentity : IDisposable
{
    private readonly IdentityFile? _file;
    private readonly P256Signing _signing;
    private readonly P256Sealing _sealing;

    private NodeIdentity(IdentityFile? file, P256Signing signing, TimeProvider time)
    {
        _file = file;
        _signing = signing;
        _sealing = new(signing, time);
        Instance = file?.Instance ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        RememberedHubKey = file?.HubKey;
    }

    /// <summary>The node's key.</summary>
    public ISigning Signing => _signing;

    /// <summary>The sealing of application bodies with the same key.</summary>
    public ISealing Sealing => _sealing;

    /// <summary>The instance of this start.</summary>
    public long Instance { get; private set; }

    /// <summary>The hub's key of an earlier start; null where there is none.</summary>
    public byte[]? RememberedHubKey { get; private set; }

    /// <summary>Opens the identity of <paramref name="dataDirectory"/>; where that is null, makes one that ends with the run.</summary>
    /// <exception cref="IdentityFileException">The directory's identity is damaged, in use, or inaccessible.</exception>
    public static NodeIdentity Open(string? dataDirectory, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (dataDirectory is null)
        {
            return new(null, P256Signing.Create(), time);
        }

        var file = IdentityFile.Open(dataDirectory, time);
        return new(file, P256Signing.Import(file.Pkcs8), time);
    }

    /// <summary>Remembers the key of the hub that admitted the node.</summary>
    /// <exception cref="IdentityFileException">The file could not be written.</exception>
    public void RememberHubKey(ReadOnlySpan<byte> hubKey)
    {
        _file?.RememberHubKey(hubKey);
        RememberedHubKey = hubKey.ToArray();
    }

    /// <summary>Remembers a newer instance that the node took while running.</summary>
    /// <exception cref="IdentityFileException">The file could not be written.</exception>
    public void RememberInstance(long instance)
    {
        _file?.RememberInstance(instance);
        Instance = Math.Max(Instance, instance);
    }

    public void Dispose()
    {
        _sealing.Dispose();
        _signing.Dispose();
        _file?.Dispose();
    }
}
