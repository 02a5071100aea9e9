using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>What a hub says of a node: this key sits at this position of this network, for this time.</summary>
/// <remarks>
/// <para>Fixed binary form of 183 bytes, big-endian:</para>
/// <code>
/// | version 1 | id 6 | key 64 | nonce 16 | audience 8 | notBefore 8 | notAfter 8 | issuer 8 | signature 64 |
/// </code>
/// <para>The id is the first 48 bits of SHA-256(nonce ‖ key), so nobody chooses a position (mechanisms §5). The signature is the issuer's over all before it.</para>
/// <para>Immutable and compared by hash. Invariant of every table: a certificate in it was verified.</para>
/// </remarks>
public sealed class NodeCertificate : IEquatable<NodeCertificate>
{
    /// <summary>The format's version.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Bytes of the nonce.</summary>
    public const int NonceBytes = 16;

    /// <summary>Bytes of the encoded certificate.</summary>
    public const int EncodedBytes = SignedBytes + ISigning.SignatureBytes;

    /// <summary>Bytes that the signature covers.</summary>
    public const int SignedBytes = KeyAt + ISigning.PublicKeyBytes + NonceBytes + NetworkId.Bytes + 8 + 8 + 8;

    private const int KeyAt = 1 + RingId.Bytes;
    private const int NonceAt = KeyAt + ISigning.PublicKeyBytes;
    private const int AudienceAt = NonceAt + NonceBytes;
    private const int NotBeforeAt = AudienceAt + NetworkId.Bytes;
    private const int NotAfterAt = NotBeforeAt + 8;
    private const int IssuerAt = NotAfterAt + 8;

    private readonly byte[] _encoded;

    private NodeCertificate(byte[] encoded)
    {
        _encoded = encoded;
        Id = ReadId(encoded.AsSpan(1));
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(encoded, digest);
        Hash = CertificateHash.Read(digest);
    }

    /// <summary>The node's position.</summary>
    public RingId Id { get; }

    /// <summary>The certificate's short name.</summary>
    public CertificateHash Hash { get; }

    /// <summary>The node's public key, 64 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _encoded.AsSpan(KeyAt, ISigning.PublicKeyBytes);

    /// <summary>The hub's nonce, 16 bytes.</summary>
    public ReadOnlySpan<byte> Nonce => _encoded.AsSpan(NonceAt, NonceBytes);

    /// <summary>The network it is good for.</summary>
    public NetworkId Audience => new(BinaryPrimitives.ReadUInt64BigEndian(_encoded.AsSpan(AudienceAt)));

    /// <summary>Valid from, in Unix seconds.</summary>
    public long NotBefore => BinaryPrimitives.ReadInt64BigEndian(_encoded.AsSpan(NotBeforeAt));

    /// <summary>Valid until, in Unix seconds.</summary>
    public long NotAfter => BinaryPrimitives.ReadInt64BigEndian(_encoded.AsSpan(NotAfterAt));

    /// <summary>Names the issuer's key: the network id of that key.</summary>
    public NetworkId Issuer => new(BinaryPrimitives.ReadUInt64BigEndian(_encoded.AsSpan(IssuerAt)));

    /// <summary>The encoded form, 183 bytes.</summary>
    public ReadOnlySpan<byte> Encoded => _encoded;

    private ReadOnlySpan<byte> Signature => _encoded.AsSpan(SignedBytes);

    /// <summary>The position that <paramref name="nonce"/> gives to <paramref name="publicKey"/>: the first 48 bits of SHA-256(nonce ‖ key).</summary>
    public static RingId PositionOf(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey)
    {
        Span<byte> input = stackalloc byte[NonceBytes + ISigning.PublicKeyBytes];
        nonce[..NonceBytes].CopyTo(input);
        publicKey[..ISigning.PublicKeyBytes].CopyTo(input[NonceBytes..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return ReadId(digest);
    }

    /// <summary>The network that a hub's key makes: the first 8 bytes of its SHA-256.</summary>
    public static NetworkId NetworkOf(ReadOnlySpan<byte> hubKey)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(hubKey, digest);
        return new(BinaryPrimitives.ReadUInt64BigEndian(digest));
    }

    /// <summary>Issues a certificate: <paramref name="issuer"/> signs with its own key, whose network is audience and issuer.</summary>
    /// <param name="issuer">The hub's signing port.</param>
    /// <param name="publicKey">The node's key, 64 bytes.</param>
    /// <param name="nonce">The hub's nonce for it, 16 bytes.</param>
    /// <param name="notBefore">Unix seconds.</param>
    /// <param name="notAfter">Unix seconds.</param>
    public static NodeCertificate Issue(ISigning issuer, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> nonce, long notBefore, long notAfter)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, ISigning.PublicKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceBytes);
        var encoded = new byte[EncodedBytes];
        var network = NetworkOf(issuer.PublicKey).Value;
        encoded[0] = FormatVersion;
        WriteId(encoded.AsSpan(1), PositionOf(nonce, publicKey));
        publicKey.CopyTo(encoded.AsSpan(KeyAt));
        nonce.CopyTo(encoded.AsSpan(NonceAt));
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(AudienceAt), network);
        BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(NotBeforeAt), notBefore);
        BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(NotAfterAt), notAfter);
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(IssuerAt), network);
        issuer.Sign(encoded.AsSpan(0, SignedBytes), encoded.AsSpan(SignedBytes));
        return new(encoded);
    }

    /// <summary>Reads a certificate's form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out NodeCertificate certificate)
    {
        certificate = null!;
        if (encoded.Length != EncodedBytes || encoded[0] != FormatVersion)
        {
            return false;
        }

        certificate = new(encoded.ToArray());
        return true;
    }

    /// <summary>
    /// Whether the certificate is true for this network now: audience and issuer are <paramref name="hubKey"/>'s, the position follows from nonce and key, the
    /// time lies within its life (<paramref name="toleranceSeconds"/> of clock skew allowed), and the hub signed it. Cheap checks first.
    /// </summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey, long nowUnixSeconds, int toleranceSeconds = 300)
    {
        ArgumentNullException.ThrowIfNull(signing);
        var network = NetworkOf(hubKey);
        return Audience == network
            && Issuer == network
            && IsInForce(nowUnixSeconds, toleranceSeconds)
            && PositionOf(Nonce, PublicKey) == Id
            && signing.Verify(hubKey, _encoded.AsSpan(0, SignedBytes), Signature);
    }

    /// <summary>Whether the time lies within its life, <paramref name="toleranceSeconds"/> of clock skew allowed; says nothing of its truth.</summary>
    public bool IsInForce(long nowUnixSeconds, int toleranceSeconds = 300) =>
        nowUnixSeconds + toleranceSeconds >= NotBefore && nowUnixSeconds - toleranceSeconds <= NotAfter;

    public bool Equals(NodeCertificate? other) => other is not null && Hash == other.Hash;

    public override bool Equals(object? obj) => Equals(obj as NodeCertificate);

    public override int GetHashCode() => Hash.Value.GetHashCode();

    public override string ToString() => Id.ToString();

    private static RingId ReadId(ReadOnlySpan<byte> source) =>
        RingId.From(((ulong)BinaryPrimitives.ReadUInt16BigEndian(source) << 32) | BinaryPrimitives.ReadUInt32BigEndian(source[2..]));

    private static void WriteId(Span<byte> destination, RingId id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(id.Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], (uint)id.Value);
    }
}
