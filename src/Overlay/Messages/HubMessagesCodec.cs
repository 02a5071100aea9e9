using Overlay.Identity;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of a hub session, as pictured at each type.</summary>
internal static class HubMessagesCodec
{
    private const int MaxTokenBytes = 1024;
    private const int MaxTextBytes = 1024;
    private const int MaxIceServers = 16;
    private const int MaxUrlBytes = 512;

    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case HubHello hello:
                Write(ref writer, hello);
                return true;
            case Admit admit:
                Write(ref writer, admit);
                return true;
            case Admitted admitted:
                Write(ref writer, admitted);
                return true;
            case AdmitRefused refused:
                writer.BeginArray(2);
                writer.Write((byte)refused.Reason);
                writer.Write(refused.Text);
                return true;
            case Attach attach:
                writer.BeginArray(4);
                writer.Write(attach.Certificate);
                writer.Write(attach.Instance);
                WriteSlots(ref writer, attach.Slots);
                writer.Write(attach.Signature.Span);
                return true;
            case Attached attached:
                writer.BeginArray(2);
                WriteSlots(ref writer, attached.Slots);
                WriteIceServers(ref writer, attached.IceServers);
                return true;
            case OtherGateway other:
                writer.BeginArray(2);
                writer.Write(other.Certificate);
                writer.Write(other.Instance);
                return true;
            case NetworkEnded:
                writer.BeginArray(0);
                return true;
            case AskDelegation ask:
                Write(ref writer, ask);
                return true;
            case Delegated delegated:
                writer.BeginArray(2);
                writer.Write(delegated.Delegation.Encoded);
                writer.Write(delegated.Seeds);
                return true;
            case KnownHubs known:
                Write(ref writer, known);
                return true;
            default:
                return TryWriteRenewal(ref writer, payload);
        }
    }

    private static void Write(ref MessagePackWriter writer, HubHello hello)
    {
        writer.BeginArray(hello.Delegation is null ? 5 : 6);
        writer.Write(hello.Version);
        writer.Write(hello.HubKey.Span);
        writer.Write(hello.HubNumber);
        writer.Write(hello.Challenge.Span);
        writer.Write(hello.Founded);
        if (hello.Delegation is { } delegation)
        {
            writer.Write(delegation.Encoded);
        }
    }

    private static void Write(ref MessagePackWriter writer, Admit admit)
    {
        writer.BeginArray(!admit.RootProof.IsEmpty ? 7 : admit.Certificate is null ? 5 : 6);
        writer.Write(admit.PublicKey.Span);
        writer.Write(admit.Instance);
        writer.Write(admit.IsGuest);
        writer.Write(admit.Token);
        writer.Write(admit.Signature.Span);
        if (admit.Certificate is not null || !admit.RootProof.IsEmpty)
        {
            writer.WriteOptional(admit.Certificate);
        }

        if (!admit.RootProof.IsEmpty)
        {
            writer.Write(admit.RootProof.Span);
        }
    }

    private static void Write(ref MessagePackWriter writer, Admitted admitted)
    {
        writer.BeginArray(admitted.Appointment is not null ? 7 : admitted.Seeds.Count == 0 ? 5 : 6);
        writer.Write(admitted.Certificate);
        writer.Write((byte)admitted.Mode);
        writer.Write(admitted.RetryAfterMilliseconds);
        writer.WriteOptional(admitted.Gateway);
        WriteIceServers(ref writer, admitted.IceServers);
        if (admitted.Seeds.Count > 0 || admitted.Appointment is not null)
        {
            writer.Write(admitted.Seeds);
        }

        if (admitted.Appointment is { } appointment)
        {
            writer.Write(appointment.Encoded);
        }
    }

    private static void Write(ref MessagePackWriter writer, AskDelegation ask)
    {
        writer.BeginArray(5);
        writer.Write(ask.Certificate);
        writer.Write(ask.Instance);
        writer.Write(ask.Token);
        writer.Write(ask.Address);
        writer.Write(ask.Signature.Span);
    }

    private static void Write(ref MessagePackWriter writer, KnownHubs known)
    {
        writer.BeginArray(1);
        writer.BeginArray(known.Places.Count);
        for (var i = 0; i < known.Places.Count; i++)
        {
            writer.Write(known.Places[i].Encoded);
        }
    }

    private static bool TryWriteRenewal(ref MessagePackWriter writer, Payload payload)
    {
        NodeCertificate? certificate = payload switch
        {
            Renew renew => renew.Certificate,
            Renewed renewed => renewed.Certificate,
            _ => null,
        };
        if (certificate is null)
        {
            return false;
        }

        writer.BeginArray(1);
        writer.Write(certificate);
        return true;
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not ((>= MessageKind.HubHello and <= MessageKind.OtherGateway) or MessageKind.Renew or MessageKind.Renewed
            or MessageKind.AskDelegation or MessageKind.Delegated or MessageKind.KnownHubs
            or MessageKind.NetworkEnded))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.HubHello => new HubHello(
                reader.ReadByte(), reader.ReadBytes(ISigning.PublicKeyBytes), reader.ReadInt32(), reader.ReadBytes(HubProofs.ChallengeBytes), reader.ReadBoolean())
            {
                Delegation = reader.ElementsLeft > 0 ? ReadDelegation(ref reader) : null,
            },
            MessageKind.Admit => new Admit(
                reader.ReadBytes(ISigning.PublicKeyBytes), reader.ReadInt64(), reader.ReadBoolean(), reader.ReadString(MaxTokenBytes), reader.ReadSignature())
            {
                Certificate = reader.ElementsLeft > 0 ? reader.ReadOptionalCertificate() : null,
                RootProof = reader.ElementsLeft > 0 ? reader.ReadBytes(HubProofs.RootProofBytes) : default,
            },
            MessageKind.Admitted => new Admitted(
                reader.ReadCertificate(), reader.ReadEnum<AdmitMode>(), reader.ReadInt32(), reader.ReadOptionalDescriptor(), ReadIceServers(ref reader))
            {
                Seeds = reader.ElementsLeft > 0 ? ReadSeeds(ref reader) : [],
                Appointment = reader.ElementsLeft > 0 ? reader.ReadAppointment() : null,
            },
            MessageKind.AdmitRefused => new AdmitRefused(reader.ReadEnum<AdmitRefusal>(), reader.ReadString(MaxTextBytes)),
            MessageKind.Attach => new Attach(reader.ReadCertificate(), reader.ReadInt64(), ReadSlots(ref reader), reader.ReadSignature()),
            MessageKind.Attached => new Attached(ReadSlots(ref reader), ReadIceServers(ref reader)),
            MessageKind.OtherGateway => new OtherGateway(reader.ReadCertificate(), reader.ReadInt64()),
            MessageKind.Renew => new Renew(reader.ReadCertificate()),
            MessageKind.Renewed => new Renewed(reader.ReadCertificate()),
            MessageKind.AskDelegation => new AskDelegation(
                reader.ReadCertificate(), reader.ReadInt64(), reader.ReadString(MaxTokenBytes), reader.ReadString(Admitted.MaxSeedLength), reader.ReadSignature()),
            MessageKind.Delegated => new Delegated(ReadDelegation(ref reader), ReadSeeds(ref reader)),
            MessageKind.NetworkEnded => new NetworkEnded(),
            MessageKind.KnownHubs => new KnownHubs(ReadPlaces(ref reader)),
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static Delegation ReadDelegation(ref MessagePackReader reader)
    {
        if (!Delegation.TryRead(reader.ReadBinary(Delegation.EncodedBytes), out var delegation))
        {
            reader.Fail();
        }

        return delegation;
    }

    private static HubPlace[] ReadPlaces(ref MessagePackReader reader)
    {
        var places = PayloadFields.NewList<HubPlace>(reader.BeginArray(KnownHubs.MaxPlaces));
        for (var i = 0; i < places.Length; i++)
        {
            if (!HubPlace.TryRead(reader.ReadBinary(HubPlace.MaxEncodedBytes), out places[i]))
            {
                reader.Fail();
            }
        }

        reader.EndArray();
        return places;
    }

    private static string[] ReadSeeds(ref MessagePackReader reader) => reader.ReadStrings(Admitted.MaxSeeds, Admitted.MaxSeedLength);

    private static void WriteSlots(ref MessagePackWriter writer, IReadOnlyList<int> slots)
    {
        writer.BeginArray(slots.Count);
        for (var i = 0; i < slots.Count; i++)
        {
            writer.Write(slots[i]);
        }
    }

    private static int[] ReadSlots(ref MessagePackReader reader)
    {
        var slots = PayloadFields.NewList<int>(reader.BeginArray(Attach.SlotCount));
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = reader.ReadByte();
            if (slots[i] >= Attach.SlotCount)
            {
                reader.Fail();
            }
        }

        reader.EndArray();
        return slots;
    }

    private static void WriteIceServers(ref MessagePackWriter writer, IReadOnlyList<IceServer> servers)
    {
        writer.BeginArray(servers.Count);
        for (var i = 0; i < servers.Count; i++)
        {
            writer.BeginArray(3);
            writer.Write(servers[i].Url);
            writer.Write(servers[i].User);
            writer.Write(servers[i].Credential);
        }
    }

    private static IceServer[] ReadIceServers(ref MessagePackReader reader)
    {
        var servers = PayloadFields.NewList<IceServer>(reader.BeginArray(MaxIceServers));
        for (var i = 0; i < servers.Length; i++)
        {
            reader.BeginArray(int.MaxValue);
            servers[i] = new(reader.ReadString(MaxUrlBytes), reader.ReadString(MaxUrlBytes), reader.ReadString(MaxUrlBytes));
            reader.EndArray();
        }

        reader.EndArray();
        return servers;
    }
}
