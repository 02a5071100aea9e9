using System.Buffers.Binary;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>What both ends of a link know of it once it stands, and what each signs to prove that it is who the signals said.</summary>
/// <remarks>
/// <code>
/// | "overlay proof v1" | direction 1 | ver 1 | offerer 6 | answerer 6 | offer nonce 16 | answer nonce 16 |
/// | offerer's fingerprint 32 | answerer's fingerprint 32 | certificate hash 16 | instance 8 |
/// </code>
/// <para>The fingerprints are those of the DTLS session, so a hop that swapped one in a signal ends up with a proof that does not fit; the direction keeps a
/// proof from being reflected, the nonces from being replayed on another link.</para>
/// </remarks>
/// <param name="Offerer">Who offered.</param>
/// <param name="Answerer">Who answered.</param>
/// <param name="OfferNonce">The offer's nonce.</param>
/// <param name="AnswerNonce">The answer's nonce.</param>
/// <param name="OffererFingerprint">SHA-256 of the offerer's DTLS certificate, 32 bytes.</param>
/// <param name="AnswererFingerprint">SHA-256 of the answerer's DTLS certificate, 32 bytes.</param>
public sealed record LinkTranscript(
    RingId Offerer,
    RingId Answerer,
    UInt128 OfferNonce,
    UInt128 AnswerNonce,
    ReadOnlyMemory<byte> OffererFingerprint,
    ReadOnlyMemory<byte> AnswererFingerprint)
{
    private const byte FromOfferer = 1;
    private const byte FromAnswerer = 2;
    private const int FingerprintBytes = 32;
    private const int SignedBytes = 16 + 1 + 1 + (2 * RingId.Bytes) + (2 * 16) + (2 * FingerprintBytes) + CertificateHash.Bytes + 8;

    private static ReadOnlySpan<byte> Label => "overlay proof v1"u8;

    /// <summary>The node's own proof.</summary>
    /// <param name="signing">The node's signing port.</param>
    /// <param name="self">The node; it is the offerer or the answerer.</param>
    /// <exception cref="ArgumentException">A fingerprint does not have 32 bytes: a mistake of this node's own host.</exception>
    public Proof Prove(ISigning signing, in Contact self)
    {
        ArgumentNullException.ThrowIfNull(signing);
        Span<byte> signed = stackalloc byte[SignedBytes];
        if (!TryWrite(self.Id == Offerer, Message.Version, self.Certificate.Hash, self.Instance, signed))
        {
            throw new ArgumentException("A DTLS fingerprint has 32 bytes (SHA-256).", nameof(self));
        }

        var signature = new byte[ISigning.SignatureBytes];
        signing.Sign(signed, signature);
        return new(Message.Version, self.Certificate, self.Instance, signature);
    }

    /// <summary>Whether <paramref name="proof"/> is that of the other end, <paramref name="peer"/>. Its certificate is judged apart.</summary>
    public bool Verify(ISigning signing, RingId peer, Proof proof)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(proof);
        Span<byte> signed = stackalloc byte[SignedBytes];
        return proof.Certificate.Id == peer
            && (peer == Offerer || peer == Answerer)
            && TryWrite(peer == Offerer, proof.Version, proof.Certificate.Hash, proof.Instance, signed)
            && signing.Verify(proof.Certificate.PublicKey, signed, proof.Signature.Span);
    }

    private bool TryWrite(bool isOfferer, byte version, CertificateHash certificate, long instance, Span<byte> destination)
    {
        if (OffererFingerprint.Length != FingerprintBytes || AnswererFingerprint.Length != FingerprintBytes)
        {
            return false;
        }

        Label.CopyTo(destination);
        var rest = destination[Label.Length..];
        rest[0] = isOfferer ? FromOfferer : FromAnswerer;
        rest[1] = version;
        rest = rest[2..];
        PayloadFields.WriteTo(rest, Offerer);
        PayloadFields.WriteTo(rest[RingId.Bytes..], Answerer);
        rest = rest[(2 * RingId.Bytes)..];
        BinaryPrimitives.WriteUInt128BigEndian(rest, OfferNonce);
        BinaryPrimitives.WriteUInt128BigEndian(rest[16..], AnswerNonce);
        rest = rest[32..];
        OffererFingerprint.Span.CopyTo(rest);
        AnswererFingerprint.Span.CopyTo(rest[FingerprintBytes..]);
        rest = rest[(2 * FingerprintBytes)..];
        certificate.Write(rest);
        BinaryPrimitives.WriteInt64BigEndian(rest[CertificateHash.Bytes..], instance);
        return true;
    }
}
