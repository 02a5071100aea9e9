using Overlay.Identity;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads that set up, prove and watch links, and those that carry certificates, as pictured at each type.</summary>
internal static class LinkMessagesCodec
{
    private const int FingerprintBytes = 32;
    private const int MaxCredentialBytes = 256; // RFC 8839 §5.4: ice-ufrag and ice-pwd have at most 256 characters.

    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case Offer or Answer or Candidates or Refuse:
                WriteSetUp(ref writer, payload);
                return true;
            case Proof proof:
                writer.BeginArray(4);
                writer.Write(proof.Version);
                writer.Write(proof.Certificate);
                writer.Write(proof.Instance);
                writer.Write(proof.Signature.Span);
                return true;
            case LinkStatus status:
                writer.BeginArray(2);
                writer.Write((byte)status.Phase);
                writer.Write((byte)status.Purpose);
                return true;
            case Ping ping:
                writer.BeginArray(2);
                writer.Write(ping.Nonce);
                writer.WriteOptional(ping.ReplyTo.HasValue, ping.ReplyTo.GetValueOrDefault());
                return true;
            case Pong pong:
                writer.BeginArray(2);
                writer.Write(pong.Nonce);
                writer.Write((byte)pong.Phase);
                return true;
            case ProbeFor probe:
                writer.BeginArray(2);
                writer.Write(probe.Nonce);
                writer.Write(probe.Suspect);
                return true;
            case GetCertificates or Certificates:
                WriteIdentity(ref writer, payload);
                return true;
            default:
                return false;
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not (MessageKind.Proof or MessageKind.LinkStatus
            or (>= MessageKind.Ping and <= MessageKind.ProbeFor)
            or MessageKind.GetCertificates or MessageKind.Certificates
            or (>= MessageKind.Offer and <= MessageKind.Refuse)))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.Proof => new Proof(reader.ReadByte(), reader.ReadCertificate(), reader.ReadInt64(), reader.ReadSignature()),
            MessageKind.LinkStatus => new LinkStatus(reader.ReadEnum<NodePhase>(), reader.ReadPurpose()),
            MessageKind.Ping => new Ping(reader.ReadUInt64(), reader.TryReadOptionalRingId(out var replyTo) ? replyTo : null),
            MessageKind.Pong => new Pong(reader.ReadUInt64(), reader.ReadEnum<NodePhase>()),
            MessageKind.ProbeFor => new ProbeFor(reader.ReadUInt64(), reader.ReadRingId()),
            MessageKind.GetCertificates => new GetCertificates(reader.ReadUInt64(), ReadHashes(ref reader)),
            MessageKind.Certificates => new Certificates(reader.ReadUInt64(), ReadCertificates(ref reader)),
            MessageKind.Offer => new Offer(reader.ReadNonce(), reader.ReadPurpose(), ReadDescription(ref reader), reader.ReadCertificate()),
            MessageKind.Answer => new Answer(reader.ReadNonce(), reader.ReadNonce(), ReadDescription(ref reader), reader.ReadCertificate()),
            MessageKind.Candidates => new Candidates(
                reader.ReadNonce(), reader.ReadStrings(LinkDescription.MaxCandidates, LinkDescription.MaxCandidateLength)),
            MessageKind.Refuse => new Refuse(reader.ReadNonce(), reader.ReadEnum<LinkFailure>(), reader.ReadDescriptors()),
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static void WriteSetUp(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case Offer offer:
                writer.BeginArray(4);
                writer.Write(offer.Nonce);
                writer.Write((byte)offer.Purpose);
                WriteDescription(ref writer, offer.Description);
                writer.Write(offer.Certificate);
                break;
            case Answer answer:
                writer.BeginArray(4);
                writer.Write(answer.OfferNonce);
                writer.Write(answer.Nonce);
                WriteDescription(ref writer, answer.Description);
                writer.Write(answer.Certificate);
                break;
            case Candidates candidates:
                writer.BeginArray(2);
                writer.Write(candidates.OfferNonce);
                writer.Write(candidates.Lines);
                break;
            case Refuse refuse:
                writer.BeginArray(3);
                writer.Write(refuse.OfferNonce);
                writer.Write((byte)refuse.Reason);
                writer.Write(refuse.Alternatives);
                break;
        }
    }

    internal static void WriteDescription(ref MessagePackWriter writer, LinkDescription description)
    {
        writer.BeginArray(5);
        writer.Write(description.Fingerprint.AsSpan());
        writer.Write(description.Ufrag);
        writer.Write(description.Password);
        writer.Write(description.Candidates);
        writer.Write(description.SctpInit.AsSpan());
    }

    internal static LinkDescription ReadDescription(ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var description = new LinkDescription(
            reader.ReadBytes(FingerprintBytes),
            reader.ReadString(MaxCredentialBytes),
            reader.ReadString(MaxCredentialBytes),
            reader.ReadStrings(LinkDescription.MaxCandidates, LinkDescription.MaxCandidateLength),
            reader.ReadBinary(LinkDescription.MaxSctpInitBytes).ToArray());
        reader.EndArray();
        return description;
    }

    private static void WriteIdentity(ref MessagePackWriter writer, Payload payload)
    {
        writer.BeginArray(2);
        switch (payload)
        {
            case GetCertificates question:
                writer.Write(question.Nonce);
                writer.BeginArray(question.Hashes.Count);
                for (var i = 0; i < question.Hashes.Count; i++)
                {
                    writer.Write(question.Hashes[i]);
                }

                break;
            case Certificates certificates:
                writer.Write(certificates.Nonce);
                writer.BeginArray(certificates.Items.Count);
                for (var i = 0; i < certificates.Items.Count; i++)
                {
                    writer.Write(certificates.Items[i]);
                }

                break;
        }
    }

    private static CertificateHash[] ReadHashes(ref MessagePackReader reader)
    {
        var hashes = PayloadFields.NewList<CertificateHash>(reader.BeginArray(GetCertificates.MaxHashes));
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = reader.ReadCertificateHash();
        }

        reader.EndArray();
        return hashes;
    }

    private static NodeCertificate[] ReadCertificates(ref MessagePackReader reader)
    {
        var certificates = PayloadFields.NewList<NodeCertificate>(reader.BeginArray(GetCertificates.MaxHashes));
        for (var i = 0; i < certificates.Length && !reader.Failed; i++)
        {
            certificates[i] = reader.ReadCertificate();
        }

        reader.EndArray();
        return certificates;
    }
}
