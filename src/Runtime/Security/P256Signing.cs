using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>The live signing port: ECDSA over P-256 with SHA-256, signatures as r ‖ s.</summary>
/// <remarks>
/// Others' keys are imported once and kept, the <see cref="DefaultKeptKeys"/> most recently used. One owner at a time, as the node it serves.
/// </remarks>
public sealed class P256Signing : ISigning, IDisposable
{
    /// <summary>Imported keys of others that are kept by default.</summary>
    public const int DefaultKeptKeys = 512;

    private readonly ECDsa _own;
    private readonly byte[] _publicKey;
    private readonly RecentlyUsed<ECDsa> _others;

    private P256Signing(ECDsa own, int keptKeys)
    {
        _own = own;
        _publicKey = P256Keys.ToBytes(own.ExportParameters(includePrivateParameters: false));
        _others = new(keptKeys);
    }

    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Others' keys that are imported now.</summary>
    public int KeptKeys => _others.Count;

    /// <summary>A signing port with a new key.</summary>
    public static P256Signing Create(int keptKeys = DefaultKeptKeys) => new(ECDsa.Create(ECCurve.NamedCurves.nistP256), keptKeys);

    /// <summary>A signing port with the key of <paramref name="pkcs8"/>.</summary>
    /// <exception cref="CryptographicException">It is not a P-256 private key in PKCS #8 form.</exception>
    public static P256Signing Import(ReadOnlySpan<byte> pkcs8, int keptKeys = DefaultKeptKeys)
    {
        var own = ECDsa.Create();
        try
        {
            own.ImportPkcs8PrivateKey(pkcs8, out _);
            return own.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new(own, keptKeys)
                : throw new CryptographicException("The private key is not on the curve P-256.");
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    /// <summary>The private key in PKCS #8 form, to be kept where nobody else reads.</summary>
    public byte[] ExportPkcs8() => _own.ExportPkcs8PrivateKey();

    public void Sign(ReadOnlySpan<byte> data, Span<byte> signature)
    {
        if (!_own.TrySignData(data, signature[..ISigning.SignatureBytes], HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _))
        {
            throw new CryptographicException("A P-256 signature did not take 64 bytes.");
        }
    }

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != ISigning.PublicKeyBytes || signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        try
        {
            return KeyOf(publicKey).VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false; // 64 bytes that are no point of the curve: a peer's doing, not a fault.
        }
    }

    public void Dispose()
    {
        _own.Dispose();
        _others.Dispose();
    }

    private ECDsa KeyOf(ReadOnlySpan<byte> publicKey)
    {
        if (!_others.TryGet(publicKey, out var key))
        {
            key = ECDsa.Create(P256Keys.PublicFrom(publicKey));
            _others.Set(publicKey, key);
        }

        return key;
    }
}
