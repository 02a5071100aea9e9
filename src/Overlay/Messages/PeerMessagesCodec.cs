using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of peers and their streams, as pictured at each type.</summary>
internal static class PeerMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case PeerRequest request:
                writer.BeginArray(4);
                writer.Write(request.Nonce);
                writer.Write(request.Requester);
                writer.Write(request.Steps);
                writer.Write(request.IsDirect);
                return true;
            case PeerOffer offer:
                writer.BeginArray(2);
                writer.Write(offer.Nonce);
                writer.Write(offer.MakesRoom);
                return true;
            case PeerAnswer answer:
                writer.BeginArray(2);
                writer.Write(answer.Nonce);
                writer.Write(answer.IsAccepted);
                return true;
            case PeerPing ping:
                WriteTwo(ref writer, ping.Bond, ping.Nonce);
                return true;
            case PeerPong pong:
                WriteTwo(ref writer, pong.Bond, pong.Nonce);
                return true;
            case PeerClose close:
                writer.BeginArray(3);
                writer.Write(close.Bond);
                writer.Write((byte)close.Why);
                writer.Write(close.Instead);
                return true;
            case PeerBytes bytes:
                writer.BeginArray(4);
                writer.Write(bytes.Bond);
                writer.Write(bytes.Offset);
                writer.Write(bytes.IsLast);
                writer.Write(bytes.Bytes.Span);
                return true;
            case PeerReceived received:
                writer.BeginArray(3);
                writer.Write(received.Bond);
                writer.Write(received.Offset);
                writer.Write((long)received.Window);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads a payload from the beginning of <paramref name="memory"/>, of which application bytes stay a part.</summary>
    public static Payload? Read(MessageKind kind, ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        if (kind is < MessageKind.PeerRequest or > MessageKind.PeerReceived)
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload payload = kind switch
        {
            MessageKind.PeerRequest => new PeerRequest(reader.ReadUInt64(), reader.ReadRingId(), reader.ReadByte(), reader.ReadBoolean()),
            MessageKind.PeerOffer => new PeerOffer(reader.ReadUInt64(), reader.ReadBoolean()),
            MessageKind.PeerAnswer => new PeerAnswer(reader.ReadUInt64(), reader.ReadBoolean()),
            MessageKind.PeerPing => new PeerPing(reader.ReadUInt64(), reader.ReadUInt64()),
            MessageKind.PeerPong => new PeerPong(reader.ReadUInt64(), reader.ReadUInt64()),
            MessageKind.PeerClose => new PeerClose(reader.ReadUInt64(), reader.ReadEnum<PeerEnd>(), reader.ReadRingId()),
            MessageKind.PeerBytes => new PeerBytes(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadBoolean(), ReadSlice(ref reader, memory)),
            _ => new PeerReceived(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt32()),
        };
        reader.EndArray();
        return payload;
    }

    private static void WriteTwo(ref MessagePackWriter writer, ulong first, ulong second)
    {
        writer.BeginArray(2);
        writer.Write(first);
        writer.Write(second);
    }

    private static ReadOnlyMemory<byte> ReadSlice(ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        var length = reader.ReadBinary(PeerBytes.MaxBytes).Length;
        return memory.Slice(reader.Position - length, length);
    }
}
