using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>What a hub, or a member that it delegated this to, says of a node: this key sits at this position of this network, for this time.</summary>
/// <remarks>
/// <para>Fixed binary form, big-endian: 183 bytes where a hub issued it, 348 where a delegate did.</para>
/// <code>
/// | version 1 | id 6 | key 64 | nonce 16 | audience 8 | notBefore 8 | notAfter 8 | issuer 8 | signature 64 |
/// | version 2 | id 6 | key 64 | nonce 16 | audience 8 | notBefore 8 | notAfter 8 | issuer 8 | number 4 | delegation 161 | signature 64 |
/// </code>
/// <para>The id is the first 48 bits of SHA-256(nonce ‖ key), so nobody chooses a position (mechanisms §5). The signature is the issuer's over all before it: the
/// hub's, or that of the key in the delegation, which the hub signed.</para>
/// <para>The bytes are kept, or made anew on demand where they follow from a number (<see cref="ICertificateForms"/>).</para>
/// <para>Immutable and compared by hash. Invariant of every table: a certificate in it was verified.</para>
/// </remarks>
public sealed class NodeCertificate : IEquatable<NodeCertificate>
{
    /// <summary>The format's version.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Bytes of the nonce.</summary>
    public const int NonceBytes = 16;

    /// <summary>The version of a certificate that a delegate issued.</summary>
    public const byte DelegatedVersion = 2;

    /// <summary>Bytes of the encoded certificate of a hub.</summary>
    public const int EncodedBytes = SignedBytes + ISigning.SignatureBytes;

    /// <summary>Bytes of the encoded certificate of a delegate.</summary>
    public const int DelegatedBytes = DelegatedSignedBytes + ISigning.SignatureBytes;

    /// <summary>Bytes that the signature of a hub covers.</summary>
    public const int SignedBytes = KeyAt + ISigning.PublicKeyBytes + NonceBytes + NetworkId.Bytes + 8 + 8 + 8;

    private const int DelegatedSignedBytes = DelegationAt + Delegation.EncodedBytes;
    private const int DelegationAt = NumberAt + 4;
    private const int NumberAt = SignedBytes;

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

    /// <summary>The encoded form.</summary>
    public ReadOnlySpan<byte> Encoded => Bytes;

    /// <summary>Bytes of the encoded form.</summary>
    public int EncodedLength => _form is byte[] encoded ? encoded.Length : EncodedBytes;

    /// <summary>Whether a delegate issued it.</summary>
    public bool IsDelegated => EncodedLength == DelegatedBytes;

    /// <summary>The delegation under which it was issued, read anew on each call; null where a hub issued it.</summary>
    public Delegation? Delegation => IsDelegated && Delegation.TryRead(Bytes.Slice(DelegationAt, Delegation.EncodedBytes), out var delegation) ? delegation : null;

    /// <summary>Its number among the certificates of its delegate; 0 where a hub issued it.</summary>
    public uint Number => IsDelegated ? BinaryPrimitives.ReadUInt32BigEndian(Bytes[NumberAt..]) : 0;

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

    /// <summary>Issues a certificate under a delegation: <paramref name="issuer"/> holds the key that the delegation names.</summary>
    /// <param name="issuer">The delegate's signing port.</param>
    /// <param name="delegation">What the hub granted.</param>
    /// <param name="number">The certificate's number, below the delegation's <see cref="Delegation.Admissions"/>.</param>
    /// <param name="publicKey">The node's key, 64 bytes.</param>
    /// <param name="nonce">The delegate's nonce for it, 16 bytes.</param>
    /// <param name="notBefore">Unix seconds.</param>
    /// <param name="notAfter">Unix seconds.</param>
    public static NodeCertificate IssueDelegated(
        ISigning issuer, Delegation delegation, uint number, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> nonce, long notBefore, long notAfter)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(delegation);
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, ISigning.PublicKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceBytes);
        var encoded = new byte[DelegatedBytes];
        WriteCommon(encoded, DelegatedVersion, PositionOf(nonce, publicKey), publicKey, nonce, delegation.Audience, notBefore, notAfter, NetworkOf(issuer.PublicKey));
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(NumberAt), number);
        delegation.Encoded.CopyTo(encoded.AsSpan(DelegationAt));
        issuer.Sign(encoded.AsSpan(0, DelegatedSignedBytes), encoded.AsSpan(DelegatedSignedBytes));
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
        var network = NetworkOf(issuer.PublicKey);
        WriteCommon(encoded, FormatVersion, position, publicKey, nonce, network, notBefore, notAfter, network);
        issuer.Sign(encoded.AsSpan(0, SignedBytes), encoded.AsSpan(SignedBytes));
        return encoded;
    }

    /// <summary>Reads a certificate's form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out NodeCertificate certificate)
    {
        certificate = null!;
        if (encoded.Length is not (EncodedBytes or DelegatedBytes) || encoded[0] != (encoded.Length == EncodedBytes ? FormatVersion : DelegatedVersion))
        {
            return false;
        }

        var kept = encoded.ToArray();
        certificate = new(kept, kept, 0);
        return true;
    }

    /// <summary>
    /// Whether the certificate is true for this network now: it is <paramref name="hubKey"/>'s, the position follows from nonce and key, the time lies within its
    /// life (<paramref name="toleranceSeconds"/> of clock skew allowed), and the hub signed it, or a delegate within what the hub granted it. Cheap checks first.
    /// </summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey, long nowUnixSeconds, int toleranceSeconds = 300)
    {
        ArgumentNullException.ThrowIfNull(signing);
        var network = NetworkOf(hubKey);
        if (Audience != network || !IsInForce(nowUnixSeconds, toleranceSeconds) || PositionOf(Nonce, PublicKey) != Id)
        {
            return false;
        }

        var bytes = Bytes;
        return IsDelegated
            ? IsWithinDelegation(signing, hubKey, bytes)
            : Issuer == network && signing.Verify(hubKey, bytes[..SignedBytes], bytes[SignedBytes..]);
    }

    /// <summary>The chain hub → delegate → member, which has no third link: what signed the certificate must itself be signed by the hub.</summary>
    private bool IsWithinDelegation(ISigning signing, ReadOnlySpan<byte> hubKey, ReadOnlySpan<byte> bytes) =>
        Delegation is { } delegation
        && Issuer == NetworkOf(delegation.Key)
        && delegation.Covers(Number, NotBefore, NotAfter)
        && !GuestIds.IsReserved(Id) // A hub never draws such a place; a delegate could be a liar.
        && signing.Verify(delegation.Key, bytes[..DelegatedSignedBytes], bytes[DelegatedSignedBytes..])
        && delegation.IsValid(signing, hubKey);

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

    private static void WriteCommon(
        Span<byte> encoded,
        byte version,
        RingId position,
        ReadOnlySpan<byte> publicKey,
        ReadOnlySpan<byte> nonce,
        NetworkId audience,
        long notBefore,
        long notAfter,
        NetworkId issuer)
    {
        encoded[0] = version;
        WriteId(encoded[1..], position);
        publicKey.CopyTo(encoded[KeyAt..]);
        nonce.CopyTo(encoded[NonceAt..]);
        BinaryPrimitives.WriteUInt64BigEndian(encoded[AudienceAt..], audience.Value);
        BinaryPrimitives.WriteInt64BigEndian(encoded[NotBeforeAt..], notBefore);
        BinaryPrimitives.WriteInt64BigEndian(encoded[NotAfterAt..], notAfter);
        BinaryPrimitives.WriteUInt64BigEndian(encoded[IssuerAt..], issuer.Value);
    }

    private static RingId ReadId(ReadOnlySpan<byte> source) =>
        RingId.From(((ulong)BinaryPrimitives.ReadUInt16BigEndian(source) << 32) | BinaryPrimitives.ReadUInt32BigEndian(source[2..]));

    private static void WriteId(Span<byte> destination, RingId id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(id.Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], (uint)id.Value);
    }
}
