using System.Buffers.Binary;

namespace Overlay.Identity;

/// <summary>What a hub says of a member that introduces newcomers: until then, this key may sign that many certificates of that length for my network.</summary>
/// <remarks>
/// <para>Fixed binary form of 161 bytes, big-endian, times in Unix seconds:</para>
/// <code>
/// | version 1 | key 64 | audience 8 | notBefore 8 | notAfter 8 | admissions 4 | life 4 | signature 64 |
/// </code>
/// <para>The signature is the hub's over a label and all before it. A delegation that another delegate signed is none: the chain hub → delegate → member ends there
/// (mechanisms §5). What it grants is checked by everybody, certificate by certificate (<see cref="NodeCertificate.IsValid"/>); so a delegate that is no longer
/// trusted harms nobody after <see cref="NotAfter"/>.</para>
/// <para>Immutable; says nothing of its truth until <see cref="IsValid"/> was asked.</para>
/// </remarks>
public sealed class Delegation : IEquatable<Delegation>
{
    /// <summary>The format's version.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Bytes of the encoded form.</summary>
    public const int EncodedBytes = SignedBytes + ISigning.SignatureBytes;

    private const int SignedBytes = LifeAt + 4;
    private const int KeyAt = 1;
    private const int AudienceAt = KeyAt + ISigning.PublicKeyBytes;
    private const int NotBeforeAt = AudienceAt + NetworkId.Bytes;
    private const int NotAfterAt = NotBeforeAt + 8;
    private const int AdmissionsAt = NotAfterAt + 8;
    private const int LifeAt = AdmissionsAt + 4;

    private readonly byte[] _bytes;

    private Delegation(byte[] bytes) => _bytes = bytes;

    private static ReadOnlySpan<byte> Label => "overlay delegation v1"u8;

    /// <summary>The delegate's public key, 64 bytes.</summary>
    public ReadOnlySpan<byte> Key => _bytes.AsSpan(KeyAt, ISigning.PublicKeyBytes);

    /// <summary>The network that the delegate may admit to.</summary>
    public NetworkId Audience => new(BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(AudienceAt)));

    /// <summary>Certificates of the delegate begin no earlier, in Unix seconds.</summary>
    public long NotBefore => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(NotBeforeAt));

    /// <summary>Certificates of the delegate end no later, in Unix seconds.</summary>
    public long NotAfter => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(NotAfterAt));

    /// <summary>How many certificates the delegate may number.</summary>
    public uint Admissions => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(AdmissionsAt));

    /// <summary>How long each of them may last at the most, in seconds.</summary>
    public uint Life => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(LifeAt));

    /// <summary>The encoded form, 161 bytes.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes;

    /// <summary>Signs a delegation with the hub's key.</summary>
    /// <param name="hub">The hub's signing port.</param>
    /// <param name="key">The delegate's key, 64 bytes.</param>
    /// <param name="notBefore">Unix seconds.</param>
    /// <param name="notAfter">Unix seconds.</param>
    /// <param name="admissions">Certificates that the delegate may number.</param>
    /// <param name="life">Seconds that each may last.</param>
    public static Delegation Issue(ISigning hub, ReadOnlySpan<byte> key, long notBefore, long notAfter, uint admissions, uint life)
    {
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, ISigning.PublicKeyBytes);
        var bytes = new byte[EncodedBytes];
        bytes[0] = FormatVersion;
        key.CopyTo(bytes.AsSpan(KeyAt));
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(AudienceAt), NodeCertificate.NetworkOf(hub.PublicKey).Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(NotBeforeAt), notBefore);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(NotAfterAt), notAfter);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(AdmissionsAt), admissions);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(LifeAt), life);
        Span<byte> signed = stackalloc byte[Label.Length + SignedBytes];
        WriteSigned(bytes, signed);
        hub.Sign(signed, bytes.AsSpan(SignedBytes));
        return new(bytes);
    }

    /// <summary>Reads a delegation's form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out Delegation delegation)
    {
        delegation = null!;
        if (encoded.Length != EncodedBytes || encoded[0] != FormatVersion)
        {
            return false;
        }

        delegation = new(encoded.ToArray());
        return true;
    }

    /// <summary>Whether the hub with this key signed it, for its own network.</summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey)
    {
        ArgumentNullException.ThrowIfNull(signing);
        if (Audience != NodeCertificate.NetworkOf(hubKey))
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[Label.Length + SignedBytes];
        WriteSigned(_bytes, signed);
        return signing.Verify(hubKey, signed, _bytes.AsSpan(SignedBytes));
    }

    /// <summary>Whether the delegate may issue now; clock skew is allowed where certificates are judged, not here.</summary>
    public bool IsInForce(long nowUnixSeconds) => nowUnixSeconds >= NotBefore && nowUnixSeconds < NotAfter;

    /// <summary>Whether half of its life is over, so that another is asked for.</summary>
    public bool IsOld(long nowUnixSeconds) => nowUnixSeconds >= NotBefore + ((NotAfter - NotBefore) / 2);

    /// <summary>Whether a certificate with this number and this life lies within what is granted.</summary>
    public bool Covers(uint number, long notBefore, long notAfter) =>
        number < Admissions && notBefore >= NotBefore && notAfter <= NotAfter && notAfter >= notBefore && (ulong)(notAfter - notBefore) <= Life;

    public bool Equals(Delegation? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    public override bool Equals(object? obj) => Equals(obj as Delegation);

    public override int GetHashCode() => BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(SignedBytes));

    public override string ToString() => $"{Admissions} admissions until {NotAfter}";

    private static void WriteSigned(ReadOnlySpan<byte> bytes, Span<byte> signed)
    {
        Label.CopyTo(signed);
        bytes[..SignedBytes].CopyTo(signed[Label.Length..]);
    }
}
