using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of application messages and inspection, as pictured at each type.</summary>
internal static class DataMessagesCodec
{
    private const int MaxFingers = 48;
    private const int MaxLinks = 256;
    private const byte ArrayOfTwo = 0x92;

    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case Data data:
                writer.BeginArray(data.Certificate is null ? 2 : 3);
                writer.Write(data.Bytes.Span);
                writer.Write(data.CreationContext);
                if (data.Certificate is { } sender)
                {
                    writer.Write(sender);
                }

                return true;
            case SealedData { Certificate: { } stranger } data:
                writer.BeginArray(2);
                writer.Write(data.Bytes.Span);
                writer.Write(stranger);
                return true;
            case SealedData data:
                writer.Write(data.Bytes.Span);
                return true;
            case Receipt receipt:
                Write(ref writer, receipt);
                return true;
            case Unreachable unreachable:
                writer.BeginArray(2);
                writer.Write(unreachable.MessageId);
                writer.Write((byte)unreachable.Reason);
                return true;
            case GetState question:
                writer.BeginArray(1);
                writer.Write(question.Nonce);
                return true;
            case State state:
                Write(ref writer, state);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads a sealed payload; it stays a part of <paramref name="memory"/>.</summary>
    public static Payload ReadSealed(MessageKind kind, ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        if (memory.Span is not [ArrayOfTwo, ..])
        {
            return new SealedData(ReadSlice(ref reader, memory), kind);
        }

        reader.BeginArray(2);
        var payload = new SealedData(ReadSlice(ref reader, memory), kind) { Certificate = reader.ReadCertificate() };
        reader.EndArray();
        return payload;
    }

    /// <summary>Reads a payload from the beginning of <paramref name="memory"/>, of which application bytes stay a part.</summary>
    public static Payload? Read(MessageKind kind, ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.Data => new Data(ReadSlice(ref reader, memory), reader.ReadTraceContext()) { Certificate = reader.ElementsLeft > 0 ? reader.ReadCertificate() : null },
            MessageKind.Receipt => new Receipt(reader.ReadUInt64(), reader.ReadByte(), ReadRoute(ref reader)),
            MessageKind.Unreachable => new Unreachable(reader.ReadUInt64(), reader.ReadEnum<DropReason>()),
            MessageKind.GetState => new GetState(reader.ReadUInt64()),
            MessageKind.State => new State(
                reader.ReadUInt64(),
                reader.ReadEnum<NodePhase>(),
                reader.ReadOptionalDescriptor(),
                reader.ReadDescriptors(),
                ReadFingers(ref reader),
                ReadLinks(ref reader))
            {
                Departures = reader.ElementsLeft > 0 ? InspectionMessagesCodec.ReadDepartures(ref reader) : [],
                Totals = reader.ElementsLeft > 0 ? InspectionMessagesCodec.ReadTotals(ref reader) : null,
                Quotas = reader.ElementsLeft > 0 ? InspectionMessagesCodec.ReadQuotas(ref reader) : [],
            },
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static ReadOnlyMemory<byte> ReadSlice(ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        var length = reader.ReadBinary(Message.MaxBytes).Length;
        return memory.Slice(reader.Position - length, length);
    }

    private static void Write(ref MessagePackWriter writer, Receipt receipt)
    {
        writer.BeginArray(3);
        writer.Write(receipt.MessageId);
        writer.Write(receipt.Hops);
        writer.BeginArray(receipt.Route.Count);
        for (var i = 0; i < receipt.Route.Count; i++)
        {
            writer.Write(receipt.Route[i]);
        }
    }

    private static RingId[] ReadRoute(ref MessagePackReader reader)
    {
        var route = PayloadFields.NewList<RingId>(reader.BeginArray(Message.HopBudget));
        for (var i = 0; i < route.Length; i++)
        {
            route[i] = reader.ReadRingId();
        }

        reader.EndArray();
        return route;
    }

    private static void Write(ref MessagePackWriter writer, State state)
    {
        writer.BeginArray(9);
        writer.Write(state.Nonce);
        writer.Write((byte)state.Phase);
        writer.WriteOptional(state.Predecessor);
        writer.Write(state.Successors);
        writer.BeginArray(state.Fingers.Count);
        for (var i = 0; i < state.Fingers.Count; i++)
        {
            writer.BeginArray(2);
            writer.Write(state.Fingers[i].Row);
            writer.Write(state.Fingers[i].Id);
        }

        Span<byte> gauge = stackalloc byte[LinkGauge.Bytes];
        writer.BeginArray(state.Links.Count);
        for (var i = 0; i < state.Links.Count; i++)
        {
            var link = state.Links[i];
            writer.BeginArray(link.Sent is null ? 5 : 6);
            writer.Write(link.Id);
            writer.Write((byte)link.Phase);
            writer.Write((byte)link.Purpose);
            writer.Write(link.IsIncoming);
            link.Gauge.Write(gauge);
            writer.Write(gauge);
            if (link.Sent is { } sent)
            {
                writer.Write(sent);
            }
        }

        InspectionMessagesCodec.WriteAbout(ref writer, state);
    }

    private static FingerEntry[] ReadFingers(ref MessagePackReader reader)
    {
        var fingers = PayloadFields.NewList<FingerEntry>(reader.BeginArray(MaxFingers));
        for (var i = 0; i < fingers.Length; i++)
        {
            reader.BeginArray(int.MaxValue);
            fingers[i] = new(reader.ReadByte(), reader.ReadRingId());
            reader.EndArray();
        }

        reader.EndArray();
        return fingers;
    }

    private static LinkEntry[] ReadLinks(ref MessagePackReader reader)
    {
        var links = PayloadFields.NewList<LinkEntry>(reader.BeginArray(MaxLinks));
        for (var i = 0; i < links.Length; i++)
        {
            reader.BeginArray(int.MaxValue);
            links[i] = new(reader.ReadRingId(), reader.ReadEnum<LinkPhase>(), reader.ReadPurpose(), reader.ReadBoolean())
            {
                Gauge = reader.ElementsLeft > 0 && reader.TryReadBinary(LinkGauge.Bytes, out var gauge) ? LinkGauge.Read(gauge) : LinkGauge.Unknown,
                Sent = reader.ElementsLeft > 0 ? reader.ReadUInt64() : null,
            };
            reader.EndArray();
        }

        reader.EndArray();
        return links;
    }
}
