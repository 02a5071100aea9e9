using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>Bytes ↔ messages: the only place that knows the layout.</summary>
/// <remarks>
/// <para>A hop reads the envelope (<see cref="TryRead"/>) and writes it again; the body passes through as bytes. The destination opens the body
/// (<see cref="TryOpen"/>). Both say no to what is not well-formed and never throw; every list, string and depth is bounded, and elements that a
/// newer version appended to an array are skipped.</para>
/// <para>A message that was read, and what was opened of it, lies in the caller's memory: whoever keeps it longer calls <see cref="Detach"/> first.</para>
/// </remarks>
public static partial class MessageCodec
{
    /// <summary>Head of the array, version, two ids, and nil for the trace.</summary>
    private const int FixedBytes = WireLengths.One + WireLengths.One + WireLengths.Id + WireLengths.Id + WireLengths.One;

    /// <summary>Bytes that <paramref name="message"/> takes on the wire; exactly what <see cref="Write"/> writes.</summary>
    public static int Measure(in Message message)
    {
        var length = FixedBytes + WireLengths.Of(message.MessageId) + (message.Body?.EncodedLength ?? 0)
            + WireLengths.Of((byte)message.Kind) + WireLengths.Of((byte)message.Flags) + WireLengths.Of(message.HopsLeft)
            + WireLengths.Optional(message.HasSourceVia) + WireLengths.Optional(message.HasDestinationVia);
        if (message.Has(MessageFlags.RecordRoute))
        {
            length += WireLengths.Of(message.Route ?? []);
        }

        if (message.HasTrail)
        {
            length += WireLengths.Binary((message.Trail?.Length ?? 0) * HopRecord.Bytes);
        }

        return message.HopContext.IsNone ? length : length + WireLengths.Binary(TraceContext.Bytes) - WireLengths.One;
    }

    /// <summary>Bytes that <paramref name="body"/> takes on the wire.</summary>
    public static int MeasureBody(SignedBody body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return WireLengths.Array(BodyElements) + WireLengths.Of(body.Instance) + WireLengths.Of(body.ExpiresAt) + WireLengths.Binary(body.Signature.Length)
            + (body.PayloadBytes.IsEmpty ? body.Payload.Measure() : body.PayloadBytes.Length);
    }

    /// <summary>Writes <paramref name="message"/>.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">It has no body, or <paramref name="destination"/> is shorter than <see cref="Measure"/> says.</exception>
    public static int Write(in Message message, Span<byte> destination)
    {
        var writer = new MessagePackWriter(destination);
        WriteEnvelope(ref writer, message);
        switch (message.Body)
        {
            case EncodedBody encoded:
                writer.WriteRaw(encoded.Bytes.Span);
                break;
            case SignedBody signed:
                WriteBody(ref writer, signed);
                break;
            default:
                throw new ArgumentException("A message without a body has no form on the wire.", nameof(message));
        }

        WriteRoute(ref writer, message);
        return writer.Failed
            ? throw new ArgumentException($"The message takes {writer.Position} bytes, there are {destination.Length}.", nameof(destination))
            : writer.Position;
    }

    /// <summary>Writes <paramref name="message"/> into an array of its own.</summary>
    public static byte[] Encode(in Message message)
    {
        var bytes = new byte[Measure(message)];
        Write(message, bytes);
        return bytes;
    }

    /// <summary>Reads an envelope; the body stays bytes, a part of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">One whole message.</param>
    /// <param name="reuse">An <see cref="EncodedBody"/> that nobody uses any more, to be filled instead of making one; null makes one.</param>
    /// <param name="message">The message, with its body as <see cref="EncodedBody"/>.</param>
    /// <returns>False where it is malformed, of another version, or larger than <see cref="Message.MaxBytes"/>: drop it as <see cref="DropReason.Malformed"/>.</returns>
    /// <remarks>Kinds that are not known here are read too: only their destination has to understand them.</remarks>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, EncodedBody? reuse, out Message message)
    {
        message = default;
        if (!EnvelopeHeader.TryRead(bytes.Span, out var header))
        {
            return false;
        }

        var body = reuse ?? new EncodedBody();
        body.Bytes = bytes.Slice(header.BodyAt, header.BodyBytes);
        message = Message.Of(header, body, header.HasRoute ? header.RouteOf(bytes.Span) : null);
        if (header.HasTrail)
        {
            message = message with { Trail = header.TrailOf(bytes.Span) };
        }

        return true;
    }

    /// <summary>Opens the body of a message. Where it never was bytes (in a simulator) it is opened already.</summary>
    /// <param name="message">The message.</param>
    /// <param name="body">The body with its payload decoded by kind; its signature is not judged yet.</param>
    /// <param name="why">Where the answer is no: <see cref="DropReason.UnknownKind"/> or <see cref="DropReason.Malformed"/>.</param>
    public static bool TryOpen(in Message message, out SignedBody body, out DropReason why)
    {
        why = DropReason.None;
        switch (message.Body)
        {
            case SignedBody signed:
                body = signed;
                return true;
            case EncodedBody encoded:
                return TryReadBody(encoded.Bytes, message.Kind, message.Flags, out body, out why);
            default:
                body = null!;
                why = DropReason.Malformed;
                return false;
        }
    }

    /// <summary>The same message, free of the memory it was read from: to be parked, or handed to somebody slower.</summary>
    public static Message Detach(in Message message)
    {
        switch (message.Body)
        {
            case EncodedBody encoded:
                return message.Detached() with { Body = new EncodedBody { Bytes = encoded.Bytes.ToArray() } };
            case SignedBody { PayloadBytes.IsEmpty: false } signed:
                var copy = new SignedBody
                {
                    Instance = signed.Instance,
                    ExpiresAt = signed.ExpiresAt,
                    Signature = signed.Signature.ToArray(),
                    Payload = signed.Payload switch
                    {
                        Data data => data with { Bytes = data.Bytes.ToArray() },
                        SealedData data => data with { Bytes = data.Bytes.ToArray() },
                        BroadcastData data => data with { Bytes = data.Bytes.ToArray() },
                        PeerBytes data => data with { Bytes = data.Bytes.ToArray() },
                        _ => signed.Payload, // All other payloads are copies of what they hold.
                    },
                    PayloadBytes = signed.PayloadBytes.ToArray(),
                };
                return message with { Body = copy };
            default:
                return message;
        }
    }

    private static void WriteEnvelope(ref MessagePackWriter writer, in Message message)
    {
        var header = EnvelopeHeader.Of(message);
        header.Write(ref writer);
    }

    private static void WriteRoute(ref MessagePackWriter writer, in Message message)
    {
        if (!message.Has(MessageFlags.RecordRoute))
        {
            return;
        }

        var route = message.Route.AsSpan();
        writer.BeginArray(route.Length);
        foreach (var id in route)
        {
            writer.Write(id);
        }

        if (message.HasTrail)
        {
            InspectionMessagesCodec.WriteTrail(ref writer, message.Trail ?? []);
        }
    }
}
