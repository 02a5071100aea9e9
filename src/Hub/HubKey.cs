using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Hub;

/// <summary>The hub's P-256 key as the core's signing port: it issues certificates, and checks what nodes signed.</summary>
internal sealed class HubKey : ISigning, IDisposable
{
    private const int CoordinateBytes = ISigning.PublicKeyBytes / 2;

    private readonly ECDsa _key;
    private readonly byte[] _publicKey;

    private HubKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        _publicKey = [.. point.X!, .. point.Y!];
    }

    public ReadOnlySpan<byte> PublicKey => _publicKey;

    public static HubKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a PKCS #8 private key.</summary>
    /// <exception cref="CryptographicException">It is none, or not on P-256.</exception>
    public static HubKey Import(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            if (read != pkcs8.Length || key.KeySize != 256)
            {
                throw new CryptographicException("The key is not a P-256 key.");
            }

            return new(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public byte[] Export() => _key.ExportPkcs8PrivateKey();

    public void Sign(ReadOnlySpan<byte> data, Span<byte> signature) =>
        _key.SignData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != ISigning.PublicKeyBytes || signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        try
        {
            using var other = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = publicKey[..CoordinateBytes].ToArray(), Y = publicKey[CoordinateBytes..].ToArray() },
            });
            return other.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false; // Not a point of the curve: a peer's doing, and an answer like any other.
        }
    }

    public void Dispose() => _key.Dispose();
}

/// <summary>The system's generator as the core's source of secrets.</summary>
internal sealed class SystemSecrets : ISecrets
{
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
