using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Overlay.Identity;

namespace Overlay.Messages;

/// <summary>What a node signs towards a hub: that it holds the key it names, here and now.</summary>
/// <remarks>
/// <para>The challenge is the session's, so no signature can be replayed on another session; the key of who speaks there is inside (the hub's, or that of the member
/// that introduces), so none of them can pass it on to another.</para>
/// <code>
/// admit:    | "overlay admit v1"    | challenge 32 | speaker's key 64 | instance 8 |
/// attach:   | "overlay attach v1"   | challenge 32 | speaker's key 64 | instance 8 | certificate hash 16 | slot 1 … |
/// delegate: | "overlay delegate v1" | challenge 32 | speaker's key 64 | instance 8 | certificate hash 16 | address n |
/// root:     HMAC-SHA-256(secret, "overlay root v1" ‖ challenge 32 ‖ speaker's key 64 ‖ the newcomer's key 64)
/// </code>
/// </remarks>
public static class HubProofs
{
    /// <summary>Bytes of a session's challenge.</summary>
    public const int ChallengeBytes = 32;

    /// <summary>Bytes of <see cref="ProveRoot"/>.</summary>
    public const int RootProofBytes = 32;

    private const int CommonBytes = ChallengeBytes + ISigning.PublicKeyBytes + 8;

    private static ReadOnlySpan<byte> AdmitLabel => "overlay admit v1"u8;

    private static ReadOnlySpan<byte> RootLabel => "overlay root v1"u8;

    private static ReadOnlySpan<byte> AttachLabel => "overlay attach v1"u8;

    private static ReadOnlySpan<byte> DelegateLabel => "overlay delegate v1"u8;

    private static int MaxAttachBytes => AttachLabel.Length + CommonBytes + CertificateHash.Bytes + Attach.SlotCount;

    /// <summary>Whether a hub's greeting has the lengths that the signatures need; to be asked before one is made.</summary>
    public static bool IsWellFormed(HubHello hello) =>
        hello is not null && hello.HubKey.Length == ISigning.PublicKeyBytes && hello.Challenge.Length == ChallengeBytes;

    /// <summary>The request for admission that answers <paramref name="hello"/>; <paramref name="kept"/> is the certificate of an earlier time, if there is one.</summary>
    public static Admit SignAdmit(ISigning signing, HubHello hello, long instance, bool isGuest, string token, NodeCertificate? kept = null)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(hello);
        var signature = new byte[ISigning.SignatureBytes];
        Span<byte> signed = stackalloc byte[AdmitLabel.Length + CommonBytes];
        WriteCommon(AdmitLabel, hello.Challenge.Span, hello.GetSpeakerKey(), instance, signed);
        signing.Sign(signed, signature);
        return new(signing.PublicKey.ToArray(), instance, isGuest, token, signature) { Certificate = kept };
    }

    /// <summary>Shows to this session of this hub, and to no other, that the newcomer knows the root's secret; the secret itself never travels.</summary>
    public static byte[] ProveRoot(string secret, ReadOnlySpan<byte> challenge, ReadOnlySpan<byte> speakerKey, ReadOnlySpan<byte> newcomerKey)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        Span<byte> text = stackalloc byte[RootLabel.Length + ChallengeBytes + ISigning.PublicKeyBytes + ISigning.PublicKeyBytes];
        RootLabel.CopyTo(text);
        challenge[..ChallengeBytes].CopyTo(text[RootLabel.Length..]);
        speakerKey[..ISigning.PublicKeyBytes].CopyTo(text[(RootLabel.Length + ChallengeBytes)..]);
        newcomerKey[..ISigning.PublicKeyBytes].CopyTo(text[(RootLabel.Length + ChallengeBytes + ISigning.PublicKeyBytes)..]);
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), text);
    }

    /// <summary>Whether the holder of the key that <paramref name="admit"/> names signed it for this session of this hub.</summary>
    public static bool VerifyAdmit(ISigning signing, ReadOnlySpan<byte> hubKey, ReadOnlySpan<byte> challenge, Admit admit)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(admit);
        if (admit.PublicKey.Length != ISigning.PublicKeyBytes || admit.Signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[AdmitLabel.Length + CommonBytes];
        WriteCommon(AdmitLabel, challenge, hubKey, admit.Instance, signed);
        return signing.Verify(admit.PublicKey.Span, signed, admit.Signature.Span);
    }

    /// <summary>The claim to gateway slots that answers <paramref name="hello"/>; <paramref name="slots"/> is the whole set wanted, at most 8.</summary>
    public static Attach SignAttach(ISigning signing, HubHello hello, NodeCertificate certificate, long instance, IReadOnlyList<int> slots)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(hello);
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(slots);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slots.Count, Attach.SlotCount);
        var signature = new byte[ISigning.SignatureBytes];
        Span<byte> signed = stackalloc byte[MaxAttachBytes];
        signing.Sign(signed[..WriteAttach(hello.Challenge.Span, hello.GetSpeakerKey(), certificate, instance, slots, signed)], signature);
        return new(certificate, instance, slots, signature);
    }

    /// <summary>Whether the holder of the certificate's key signed <paramref name="attach"/> for this session of this hub. The certificate itself is not judged.</summary>
    public static bool VerifyAttach(ISigning signing, ReadOnlySpan<byte> hubKey, ReadOnlySpan<byte> challenge, Attach attach)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(attach);
        if (attach.Slots.Count > Attach.SlotCount || attach.Signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[MaxAttachBytes];
        var length = WriteAttach(challenge, hubKey, attach.Certificate, attach.Instance, attach.Slots, signed);
        return signing.Verify(attach.Certificate.PublicKey, signed[..length], attach.Signature.Span);
    }

    /// <summary>The request for a delegation that answers <paramref name="hello"/>.</summary>
    public static AskDelegation SignAskDelegation(ISigning signing, HubHello hello, NodeCertificate certificate, long instance, string token, string address)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(hello);
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(address);
        var signature = new byte[ISigning.SignatureBytes];
        signing.Sign(WriteAskDelegation(hello.Challenge.Span, hello.GetSpeakerKey(), certificate, instance, address), signature);
        return new(certificate, instance, token, address, signature);
    }

    /// <summary>Whether the holder of the certificate's key signed <paramref name="ask"/> for this session of this hub. The certificate itself is not judged.</summary>
    public static bool VerifyAskDelegation(ISigning signing, ReadOnlySpan<byte> hubKey, ReadOnlySpan<byte> challenge, AskDelegation ask)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(ask);
        return ask.Signature.Length == ISigning.SignatureBytes
            && signing.Verify(ask.Certificate.PublicKey, WriteAskDelegation(challenge, hubKey, ask.Certificate, ask.Instance, ask.Address), ask.Signature.Span);
    }

    /// <summary>Rare, so it may allocate: the address has no fixed length.</summary>
    private static byte[] WriteAskDelegation(ReadOnlySpan<byte> challenge, ReadOnlySpan<byte> hubKey, NodeCertificate certificate, long instance, string address)
    {
        var text = Encoding.UTF8.GetBytes(address);
        var signed = new byte[DelegateLabel.Length + CommonBytes + CertificateHash.Bytes + text.Length];
        var at = WriteCommon(DelegateLabel, challenge, hubKey, instance, signed);
        certificate.Hash.Write(signed.AsSpan(at));
        text.CopyTo(signed.AsSpan(at + CertificateHash.Bytes));
        return signed;
    }

    private static int WriteCommon(ReadOnlySpan<byte> label, ReadOnlySpan<byte> challenge, ReadOnlySpan<byte> hubKey, long instance, Span<byte> destination)
    {
        label.CopyTo(destination);
        var rest = destination[label.Length..];
        challenge[..ChallengeBytes].CopyTo(rest);
        hubKey[..ISigning.PublicKeyBytes].CopyTo(rest[ChallengeBytes..]);
        BinaryPrimitives.WriteInt64BigEndian(rest[(ChallengeBytes + ISigning.PublicKeyBytes)..], instance);
        return label.Length + CommonBytes;
    }

    private static int WriteAttach(
        ReadOnlySpan<byte> challenge,
        ReadOnlySpan<byte> hubKey,
        NodeCertificate certificate,
        long instance,
        IReadOnlyList<int> slots,
        Span<byte> destination)
    {
        var at = WriteCommon(AttachLabel, challenge, hubKey, instance, destination);
        certificate.Hash.Write(destination[at..]);
        at += CertificateHash.Bytes;
        for (var i = 0; i < slots.Count; i++)
        {
            destination[at++] = unchecked((byte)slots[i]);
        }

        return at;
    }
}
