using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>The live sealing port: ephemeral ECDH over P-256 with the recipient's identity key, HKDF-SHA-256, AES-128-GCM.</summary>
/// <remarks>
/// <code>| version 1 | sender's ephemeral key 64 | nonce 12 | ciphertext n | tag 16 |</code>
/// <para>An ephemeral key serves one recipient for <see cref="MaxMessages"/> messages or <see cref="MaxAge"/>, then a new one is drawn; the nonce counts
/// under it, so it never repeats. Both sides keep the derived keys of the pairs used most recently. One owner at a time.</para>
/// <para>Whoever later steals a recipient's identity key can open what was sealed for it: forward secrecy belongs to links and channels, not to this.</para>
/// </remarks>
public sealed class P256Sealing : ISealing, IDisposable
{
    /// <summary>Messages under one ephemeral key.</summary>
    public const int MaxMessages = 1 << 16;

    /// <summary>Pairs whose keys are kept, for each direction.</summary>
    public const int KeptPairs = 256;

    /// <summary>Life of an ephemeral key.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    private const byte Version = 1;
    private const int NonceAt = 1 + ISigning.PublicKeyBytes;
    private const int NonceBytes = 12;
    private const int TextAt = NonceAt + NonceBytes;
    private const int TagBytes = 16;
    private const int KeyBytes = 16;

    private readonly ECDiffieHellman _own;
    private readonly byte[] _publicKey;
    private readonly TimeProvider _time;
    private readonly RecentlyUsed<SealingPair> _sealingPairs = new(KeptPairs);
    private readonly RecentlyUsed<AesGcm> _openingKeys = new(KeptPairs);

    /// <param name="signing">The node's identity: the same key opens what is sealed for the node.</param>
    /// <param name="time">Ages the ephemeral keys.</param>
    public P256Sealing(P256Signing signing, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(time);
        _own = ECDiffieHellman.Create();
        var privateKey = signing.ExportPkcs8();
        _own.ImportPkcs8PrivateKey(privateKey, out _);
        CryptographicOperations.ZeroMemory(privateKey);
        (_publicKey, _time) = (signing.PublicKey.ToArray(), time);
    }

    private static ReadOnlySpan<byte> Label => "overlay seal key v1"u8;

    /// <summary>Seals for <paramref name="recipientKey"/>.</summary>
    /// <exception cref="CryptographicException">The key is no point of the curve; a key from a verified certificate always is.</exception>
    public byte[] Seal(ReadOnlySpan<byte> recipientKey, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plaintext)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(recipientKey.Length, ISigning.PublicKeyBytes);
        var pair = PairFor(recipientKey);
        var sealedBytes = new byte[TextAt + plaintext.Length + TagBytes];
        sealedBytes[0] = Version;
        pair.EphemeralKey.CopyTo(sealedBytes.AsSpan(1));
        var nonce = sealedBytes.AsSpan(NonceAt, NonceBytes);
        BinaryPrimitives.WriteInt32BigEndian(nonce[(NonceBytes - sizeof(int))..], pair.Messages++);
        pair.Key.Encrypt(nonce, plaintext, sealedBytes.AsSpan(TextAt, plaintext.Length), sealedBytes.AsSpan(sealedBytes.Length - TagBytes), associated);
        return sealedBytes;
    }

    public bool TryOpen(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes, out byte[] plaintext)
    {
        plaintext = [];
        if (sealedBytes.Length < TextAt + TagBytes || sealedBytes[0] != Version)
        {
            return false;
        }

        var ephemeralKey = sealedBytes.Slice(1, ISigning.PublicKeyBytes);
        var isKept = _openingKeys.TryGet(ephemeralKey, out var key);
        var opened = new byte[sealedBytes.Length - TextAt - TagBytes];
        try
        {
            key = isKept ? key : Derive(_own, ephemeralKey, ephemeralKey, _publicKey);
            key.Decrypt(sealedBytes.Slice(NonceAt, NonceBytes), sealedBytes[TextAt..^TagBytes], sealedBytes[^TagBytes..], opened, associated);
        }
        catch (CryptographicException)
        {
            if (!isKept)
            {
                key?.Dispose();
            }

            return false;
        }

        if (!isKept)
        {
            _openingKeys.Set(ephemeralKey, key); // Kept only once it opened something: strangers' keys push out nobody's.
        }

        plaintext = opened;
        return true;
    }

    public void Dispose()
    {
        _own.Dispose();
        _sealingPairs.Dispose();
        _openingKeys.Dispose();
    }

    /// <summary>The key of a pair: HKDF over the shared secret, bound to both public keys.</summary>
    private static AesGcm Derive(ECDiffieHellman own, ReadOnlySpan<byte> otherKey, ReadOnlySpan<byte> ephemeralKey, ReadOnlySpan<byte> recipientKey)
    {
        using var other = ECDiffieHellman.Create(P256Keys.PublicFrom(otherKey));
        using var otherPublic = other.PublicKey;
        var secret = own.DeriveRawSecretAgreement(otherPublic);
        Span<byte> info = stackalloc byte[Label.Length + (2 * ISigning.PublicKeyBytes)];
        Label.CopyTo(info);
        ephemeralKey.CopyTo(info[Label.Length..]);
        recipientKey.CopyTo(info[(Label.Length + ISigning.PublicKeyBytes)..]);
        Span<byte> key = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt: [], info);
        CryptographicOperations.ZeroMemory(secret);
        return new AesGcm(key, TagBytes);
    }

    private SealingPair PairFor(ReadOnlySpan<byte> recipientKey)
    {
        var now = _time.GetUtcNow();
        if (_sealingPairs.TryGet(recipientKey, out var pair) && pair.Messages < MaxMessages && now - pair.MadeAt < MaxAge)
        {
            return pair;
        }

        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var ephemeralKey = P256Keys.ToBytes(ephemeral.ExportParameters(includePrivateParameters: false));
        pair = new(Derive(ephemeral, recipientKey, ephemeralKey, recipientKey), ephemeralKey, now);
        _sealingPairs.Set(recipientKey, pair);
        return pair;
    }

    private sealed class SealingPair(AesGcm key, byte[] ephemeralKey, DateTimeOffset madeAt) : IDisposable
    {
        public AesGcm Key => key;

        public byte[] EphemeralKey => ephemeralKey;

        public DateTimeOffset MadeAt => madeAt;

        public int Messages { get; set; }

        public void Dispose() => key.Dispose();
    }
}
