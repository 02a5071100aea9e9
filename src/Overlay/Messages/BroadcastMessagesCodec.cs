using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of broadcasts, as pictured at each type.</summary>
internal static class BroadcastMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case BroadcastData broadcast:
                writer.BeginArray(8);
                writer.Write(broadcast.Origin);
                writer.Write(broadcast.Instance);
                writer.Write(broadcast.Number);
                writer.Write(broadcast.ExpiresAt);
                writer.Write(broadcast.Signature.Span);
                writer.Write(broadcast.Depth);
                writer.Write(broadcast.Limit);
                writer.Write(broadcast.Bytes.Span);
                return true;
            case BroadcastDone done:
                writer.BeginArray(6);
                Write(ref writer, done.Key);
                writer.Write(done.Limit);
                writer.Write((byte)done.Outcome);
                writer.Write((long)done.Reached);
                return true;
            case BroadcastAsk question:
                writer.BeginArray(4);
                Write(ref writer, question.Key);
                writer.Write(question.Limit);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads a payload from the beginning of <paramref name="memory"/>, of which application bytes stay a part.</summary>
    public static Payload? Read(MessageKind kind, ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        if (kind is < MessageKind.Broadcast or > MessageKind.BroadcastAsk)
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload payload = kind switch
        {
            MessageKind.Broadcast => new BroadcastData(
                reader.ReadCertificate(),
                reader.ReadInt64(),
                reader.ReadUInt64(),
                reader.ReadInt64(),
                reader.ReadSignature(),
                reader.ReadByte(),
                reader.ReadRingId(),
                ReadSlice(ref reader, memory)),
            MessageKind.BroadcastDone => new BroadcastDone(ReadKey(ref reader), reader.ReadRingId(), reader.ReadEnum<Outcome>(), reader.ReadInt32()),
            _ => new BroadcastAsk(ReadKey(ref reader), reader.ReadRingId()),
        };
        reader.EndArray();
        return payload;
    }

    private static void Write(ref MessagePackWriter writer, in BroadcastKey key)
    {
        writer.Write(key.Origin);
        writer.Write(key.Instance);
        writer.Write(key.Number);
    }

    private static BroadcastKey ReadKey(ref MessagePackReader reader) => new(reader.ReadRingId(), reader.ReadInt64(), reader.ReadUInt64());

    private static ReadOnlyMemory<byte> ReadSlice(ref MessagePackReader reader, ReadOnlyMemory<byte> memory)
    {
        var length = reader.ReadBinary(Message.MaxBytes).Length;
        return memory.Slice(reader.Position - length, length);
    }
}
