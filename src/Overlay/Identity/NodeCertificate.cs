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
/// <para>The bytes are kept, or made anew on demand where they follow from a number (<see cref="ICertificateForms"/>).</para>
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

    private readonly object _form; // The encoded bytes, or who can make them anew.
    private readonly ulong _number;
    private readonly ulong _hashHigh;
    private readonly ulong _hashLow;

    private NodeCertificate(ReadOnlySpan<byte> encoded, object form, ulong number)
    {
        (_form, _number) = (form, number);
        Id = ReadId(encoded[1..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(encoded, digest);
        _hashHigh = BinaryPrimitives.ReadUInt64BigEndian(digest);
        _hashLow = BinaryPrimitives.ReadUInt64BigEndian(digest[8..]);
    }

    /// <summary>The node's position.</summary>
    public RingId Id { get; }

    /// <summary>The certificate's short name.</summary>
    public CertificateHash Hash => new(new UInt128(_hashHigh, _hashLow));

    /// <summary>The node's public key, 64 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _form is ICertificateForms forms ? forms.PublicKeyOf(_number) : Bytes.Slice(KeyAt, ISigning.PublicKeyBytes);

    /// <summary>The hub's nonce, 16 bytes.</summary>
    public ReadOnlySpan<byte> Nonce => Bytes.Slice(NonceAt, NonceBytes);

    /// <summary>The network it is good for.</summary>
    public NetworkId Audience => new(BinaryPrimitives.ReadUInt64BigEndian(Bytes[AudienceAt..]));

    /// <summary>Valid from, in Unix seconds.</summary>
    public long NotBefore => Life.NotBefore;

    /// <summary>Valid until, in Unix seconds.</summary>
    public long NotAfter => Life.NotAfter;

    /// <summary>Names the issuer's key: the network id of that key.</summary>
    public NetworkId Issuer => new(BinaryPrimitives.ReadUInt64BigEndian(Bytes[IssuerAt..]));

    /// <summary>The encoded form, 183 bytes.</summary>
    public ReadOnlySpan<byte> Encoded => Bytes;

    private ReadOnlySpan<byte> Bytes => _form is byte[] encoded ? encoded : ((ICertificateForms)_form).EncodedOf(_number);

    private (long NotBefore, long NotAfter) Life => _form is byte[] encoded
        ? (BinaryPrimitives.ReadInt64BigEndian(encoded.AsSpan(NotBeforeAt)), BinaryPrimitives.ReadInt64BigEndian(encoded.AsSpan(NotAfterAt)))
        : ((ICertificateForms)_form).LifeOf(_number);

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
        var encoded = Encode(issuer, PositionOf(nonce, publicKey), publicKey, nonce, notBefore, notAfter);
        return new(encoded, encoded, 0);
    }

    /// <summary>A certificate whose encoded form is not kept: <paramref name="forms"/> makes it anew, the same bytes each time, whenever it is asked for.</summary>
    /// <param name="forms">Whoever can.</param>
    /// <param name="number">Its number there.</param>
    public static NodeCertificate Of(ICertificateForms forms, ulong number)
    {
        ArgumentNullException.ThrowIfNull(forms);
        return new(forms.EncodedOf(number), forms, number);
    }

    /// <summary>The encoded form of a certificate that <paramref name="issuer"/> signs; <paramref name="position"/> must follow from nonce and key.</summary>
    public static byte[] Encode(ISigning issuer, RingId position, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> nonce, long notBefore, long notAfter)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, ISigning.PublicKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceBytes);
        var encoded = new byte[EncodedBytes];
        var network = NetworkOf(issuer.PublicKey).Value;
        encoded[0] = FormatVersion;
        WriteId(encoded.AsSpan(1), position);
        publicKey.CopyTo(encoded.AsSpan(KeyAt));
        nonce.CopyTo(encoded.AsSpan(NonceAt));
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(AudienceAt), network);
        BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(NotBeforeAt), notBefore);
        BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(NotAfterAt), notAfter);
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(IssuerAt), network);
        issuer.Sign(encoded.AsSpan(0, SignedBytes), encoded.AsSpan(SignedBytes));
        return encoded;
    }

    /// <summary>Reads a certificate's form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out NodeCertificate certificate)
    {
        certificate = null!;
        if (encoded.Length != EncodedBytes || encoded[0] != FormatVersion)
        {
            return false;
        }

        var kept = encoded.ToArray();
        certificate = new(kept, kept, 0);
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
        var bytes = Bytes;
        return Audience == network
            && Issuer == network
            && IsInForce(nowUnixSeconds, toleranceSeconds)
            && PositionOf(Nonce, PublicKey) == Id
            && signing.Verify(hubKey, bytes[..SignedBytes], bytes[SignedBytes..]);
    }

    /// <summary>Whether the time lies within its life, <paramref name="toleranceSeconds"/> of clock skew allowed; says nothing of its truth.</summary>
    public bool IsInForce(long nowUnixSeconds, int toleranceSeconds = 300)
    {
        var (notBefore, notAfter) = Life;
        return nowUnixSeconds + toleranceSeconds >= notBefore && nowUnixSeconds - toleranceSeconds <= notAfter;
    }

    public bool Equals(NodeCertificate? other) => other is not null && (ReferenceEquals(this, other) || Hash == other.Hash);

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
