using Overlay.Wire;

namespace Overlay.Messages;

// body:  [instance, expiry, signature (bin 64 | bin 0), payload]
// The payload is an array that the kind explains, or one bin where it is sealed.
public static partial class MessageCodec
{
    private const int BodyElements = 4;

    /// <summary>The payload's bytes, made once (what is signed is what is sent), with room behind them.</summary>
    internal static byte[] EncodePayload(Payload payload, int room = 0)
    {
        var bytes = new byte[payload.Measure() + room];
        var writer = new MessagePackWriter(bytes.AsSpan(0, bytes.Length - room));
        WritePayload(ref writer, payload);
        return writer.Failed ? throw new InvalidOperationException($"A {payload.GetType().Name} takes {writer.Position} bytes, not {bytes.Length - room}.") : bytes;
    }

    /// <summary>Bytes of a payload, by running its writer.</summary>
    internal static int MeasurePayload(Payload payload)
    {
        var writer = MessagePackWriter.Measuring();
        WritePayload(ref writer, payload);
        return writer.Position;
    }

    /// <summary>Reads a payload from its bytes.</summary>
    internal static bool TryReadPayload(ReadOnlyMemory<byte> bytes, MessageKind kind, bool isSealed, out Payload payload, out DropReason why)
    {
        why = DropReason.UnknownKind;
        payload = null!;
        if (kind == MessageKind.None || !Enum.IsDefined(kind))
        {
            return false;
        }

        why = DropReason.Malformed;
        if (isSealed && kind is not (MessageKind.Data or MessageKind.PeerBytes))
        {
            return false; // Nothing but the application's bytes is ever sealed.
        }

        var reader = new MessagePackReader(bytes.Span);
        var read = isSealed
            ? DataMessagesCodec.ReadSealed(kind, ref reader, bytes)
            : HubMessagesCodec.Read(kind, ref reader)
                ?? RingMessagesCodec.Read(kind, ref reader)
                ?? LinkMessagesCodec.Read(kind, ref reader)
                ?? NameMessagesCodec.Read(kind, ref reader)
                ?? BroadcastMessagesCodec.Read(kind, ref reader, bytes)
                ?? PeerMessagesCodec.Read(kind, ref reader, bytes)
                ?? ConnectionMessagesCodec.Read(kind, ref reader)
                ?? TreeMessagesCodec.Read(kind, ref reader)
                ?? GuestMessagesCodec.Read(kind, ref reader)
                ?? InspectionMessagesCodec.Read(kind, ref reader)
                ?? DataMessagesCodec.Read(kind, ref reader, bytes);
        if (read is null || !reader.IsComplete)
        {
            return false;
        }

        payload = read;
        why = DropReason.None;
        return true;
    }

    private static void WriteBody(ref MessagePackWriter writer, SignedBody body)
    {
        writer.BeginArray(BodyElements);
        writer.Write(body.Instance);
        writer.Write(body.ExpiresAt);
        writer.Write(body.Signature.Span);
        if (body.PayloadBytes.IsEmpty)
        {
            WritePayload(ref writer, body.Payload);
        }
        else
        {
            writer.WriteRaw(body.PayloadBytes.Span);
        }
    }

    private static bool TryReadBody(ReadOnlyMemory<byte> bytes, MessageKind kind, MessageFlags flags, out SignedBody body, out DropReason why)
    {
        body = null!;
        var reader = new MessagePackReader(bytes.Span);
        reader.BeginArray(int.MaxValue);
        var instance = reader.ReadInt64();
        var expiresAt = reader.ReadInt64();
        var signatureLength = reader.ReadBinary(Identity.ISigning.SignatureBytes).Length;
        var signature = bytes.Slice(reader.Position - signatureLength, signatureLength);
        var payloadAt = reader.Position;
        var payloadBytes = bytes.Slice(payloadAt, reader.ReadRaw().Length);
        reader.EndArray();
        if (!reader.IsComplete || signatureLength is not (0 or Identity.ISigning.SignatureBytes))
        {
            why = DropReason.Malformed;
            return false;
        }

        if (!TryReadPayload(payloadBytes, kind, (flags & MessageFlags.Sealed) != 0, out var payload, out why))
        {
            return false;
        }

        body = new()
        {
            Instance = instance,
            ExpiresAt = expiresAt,
            Signature = signature,
            Payload = payload,
            PayloadBytes = payloadBytes,
        };
        return true;
    }

    private static void WritePayload(ref MessagePackWriter writer, Payload payload)
    {
        var isWritten = HubMessagesCodec.TryWrite(ref writer, payload)
            || RingMessagesCodec.TryWrite(ref writer, payload)
            || LinkMessagesCodec.TryWrite(ref writer, payload)
            || NameMessagesCodec.TryWrite(ref writer, payload)
            || BroadcastMessagesCodec.TryWrite(ref writer, payload)
            || PeerMessagesCodec.TryWrite(ref writer, payload)
            || ConnectionMessagesCodec.TryWrite(ref writer, payload)
            || DataMessagesCodec.TryWrite(ref writer, payload)
            || InspectionMessagesCodec.TryWrite(ref writer, payload)
            || TreeMessagesCodec.TryWrite(ref writer, payload)
            || GuestMessagesCodec.TryWrite(ref writer, payload);
        if (!isWritten)
        {
            throw new ArgumentException($"{payload.GetType().Name} has no form on the wire.", nameof(payload));
        }
    }
}
