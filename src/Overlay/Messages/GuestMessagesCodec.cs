using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads between members and the pages at hubs, as pictured at each type.</summary>
internal static class GuestMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case GuestSignal signal:
                writer.BeginArray(4);
                writer.Write(signal.To);
                writer.Write(signal.Nonce);
                writer.WriteOptional(signal.Certificate);
                writer.Write(signal.Json.Span);
                return true;
            case GuestAnswer answer:
                writer.BeginArray(3);
                writer.Write(answer.Nonce);
                writer.Write((byte)answer.Outcome);
                writer.WriteOptional(answer.Certificate);
                return true;
            default:
                return false;
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not (MessageKind.GuestSignal or MessageKind.GuestAnswer))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload payload = kind == MessageKind.GuestSignal
            ? new GuestSignal(reader.ReadRingId(), reader.ReadUInt64(), reader.ReadOptionalCertificate(), reader.ReadBinary(GuestSignal.MaxJsonBytes).ToArray())
            : new GuestAnswer(reader.ReadUInt64(), reader.ReadEnum<GuestOutcome>(), reader.ReadOptionalCertificate());
        reader.EndArray();
        return payload;
    }
}
