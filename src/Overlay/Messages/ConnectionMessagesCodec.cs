using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads that set connections up, as pictured at each type.</summary>
internal static class ConnectionMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case ConnectionOffer offer:
                writer.BeginArray(4);
                writer.Write(offer.Nonce);
                writer.Write(offer.Generation);
                LinkMessagesCodec.WriteDescription(ref writer, offer.Description);
                writer.Write(offer.Certificate);
                return true;
            case ConnectionAnswer answer:
                writer.BeginArray(4);
                writer.Write(answer.Nonce);
                writer.Write(answer.Generation);
                LinkMessagesCodec.WriteDescription(ref writer, answer.Description);
                writer.Write(answer.Certificate);
                return true;
            case ConnectionCandidates candidates:
                writer.BeginArray(2);
                writer.Write(candidates.Nonce);
                writer.Write(candidates.Lines);
                return true;
            case ConnectionRefuse refuse:
                writer.BeginArray(2);
                writer.Write(refuse.Nonce);
                writer.Write((byte)refuse.Reason);
                return true;
            default:
                return false;
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is < MessageKind.ConnectionOffer or > MessageKind.ConnectionRefuse)
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload payload = kind switch
        {
            MessageKind.ConnectionOffer => new ConnectionOffer(
                reader.ReadNonce(), reader.ReadByte(), LinkMessagesCodec.ReadDescription(ref reader), reader.ReadCertificate()),
            MessageKind.ConnectionAnswer => new ConnectionAnswer(
                reader.ReadNonce(), reader.ReadByte(), LinkMessagesCodec.ReadDescription(ref reader), reader.ReadCertificate()),
            MessageKind.ConnectionCandidates => new ConnectionCandidates(
                reader.ReadNonce(), reader.ReadStrings(LinkDescription.MaxCandidates, LinkDescription.MaxCandidateLength)),
            _ => new ConnectionRefuse(reader.ReadNonce(), reader.ReadEnum<LinkFailure>()),
        };
        reader.EndArray();
        return payload;
    }
}
