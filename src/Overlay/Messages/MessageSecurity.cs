using System.Buffers;
using System.Buffers.Binary;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Messages;

/// <summary>Signing, verifying, sealing and opening of bodies, from end to end.</summary>
/// <remarks>
/// <code>
/// signed:      | "overlay body v1" | ver 1 | kind 1 | flags 1 | srcId 6 | dstId 6 | messageId 8 | instance 8 | expiry 8 | payload n |
/// associated:  | "overlay seal v1" | ver 1 | kind 1 | flags 1 | srcId 6 | dstId 6 | messageId 8 |
/// </code>
/// <para>Flags without those that hops change. Vias, hopsLeft, hopContext and route are the hops' and stand outside (mechanisms §1). Big-endian.</para>
/// </remarks>
public static class MessageSecurity
{
    /// <summary>Flags that hops may change, and that no signature covers.</summary>
    public const MessageFlags HopFlags = MessageFlags.Final | MessageFlags.Around | MessageFlags.Rerouted;

    private const int LabelBytes = 15;
    private const int EnvelopeBytes = 1 + 1 + 1 + RingId.Bytes + RingId.Bytes + 8;
    private const int SignedHeadBytes = LabelBytes + EnvelopeBytes + 8 + 8;
    private const int StackBytes = 512;

    private static ReadOnlySpan<byte> BodyLabel => "overlay body v1"u8;

    private static ReadOnlySpan<byte> SealLabel => "overlay seal v1"u8;

    /// <summary>Signs <paramref name="body"/>, which travels in <paramref name="message"/>, with the node's own key. The payload is encoded once, here.</summary>
    /// <remarks>Kind, ids, end-to-end flags and message id of <paramref name="message"/> must not change afterwards.</remarks>
    public static void Sign(in Message message, SignedBody body, ISigning signing)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(signing);
        Memory<byte> signature;
        if (body.PayloadBytes.IsEmpty)
        {
            var bytes = MessageCodec.EncodePayload(body.Payload, room: ISigning.SignatureBytes).AsMemory();
            (body.PayloadBytes, signature) = (bytes[..^ISigning.SignatureBytes], bytes[^ISigning.SignatureBytes..]);
        }
        else
        {
            signature = new byte[ISigning.SignatureBytes];
        }

        var length = SignedHeadBytes + body.PayloadBytes.Length;
        var rented = length <= StackBytes ? null : ArrayPool<byte>.Shared.Rent(length);
        var signed = rented is null ? stackalloc byte[StackBytes] : rented;
        signed = signed[..length];
        WriteSigned(message, body, signed);
        signing.Sign(signed, signature.Span);
        Return(rented);
        body.Signature = signature;
    }

    /// <summary>Whether <paramref name="source"/>, a certificate that was verified, is the message's source and its key signed the body.</summary>
    public static bool Verify(in Message message, SignedBody body, NodeCertificate source, ISigning signing)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Id == message.Source && Verify(message, body, source.PublicKey, signing);
    }

    /// <summary>Whether <paramref name="key"/> signed the body, for whomever the message is from: a hub signs for its guests.</summary>
    public static bool Verify(in Message message, SignedBody body, ReadOnlySpan<byte> key, ISigning signing)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(signing);
        if (body.Signature.Length != ISigning.SignatureBytes || body.PayloadBytes.IsEmpty)
        {
            return false;
        }

        var length = SignedHeadBytes + body.PayloadBytes.Length;
        var rented = length <= StackBytes ? null : ArrayPool<byte>.Shared.Rent(length);
        var signed = rented is null ? stackalloc byte[StackBytes] : rented;
        signed = signed[..length];
        WriteSigned(message, body, signed);
        var isTrue = signing.Verify(key, signed, body.Signature.Span);
        Return(rented);
        return isTrue;
    }

    /// <summary>Whether the time of <paramref name="body"/> is over, <paramref name="tolerance"/> of clock skew allowed.</summary>
    public static bool IsExpired(SignedBody body, Instant now, TimeSpan tolerance)
    {
        ArgumentNullException.ThrowIfNull(body);
        return now.UnixMilliseconds - body.ExpiresAt > tolerance.Ticks / TimeSpan.TicksPerMillisecond;
    }

    /// <summary>The first moment at which <see cref="IsExpired"/> says so.</summary>
    public static Instant EndOfLife(SignedBody body, Instant now, TimeSpan tolerance)
    {
        ArgumentNullException.ThrowIfNull(body);
        return now + TimeSpan.FromMilliseconds(body.ExpiresAt - now.UnixMilliseconds + 1) + tolerance;
    }

    /// <summary>Seals application bytes for the holder of <paramref name="recipient"/>; the envelope they travel in is bound to them.</summary>
    /// <param name="message">The envelope, with <see cref="MessageFlags.Sealed"/> set.</param>
    /// <param name="data">What only the destination may read: of the envelope's kind.</param>
    /// <param name="recipient">The destination's verified certificate.</param>
    /// <param name="sealing">The sealing port.</param>
    public static SealedData Seal(in Message message, Payload data, NodeCertificate recipient, ISealing sealing)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(recipient);
        ArgumentNullException.ThrowIfNull(sealing);
        ArgumentOutOfRangeException.ThrowIfNotEqual(message.Has(MessageFlags.Sealed), true, nameof(message));
        Span<byte> associated = stackalloc byte[LabelBytes + EnvelopeBytes];
        WriteEnvelope(SealLabel, message, associated);
        return new(sealing.Seal(recipient.PublicKey, associated, MessageCodec.EncodePayload(data)), message.Kind);
    }

    /// <summary>Opens what was sealed for this node. False where it was altered, meant for another, or holds no application bytes.</summary>
    public static bool TryUnseal(in Message message, SealedData data, ISealing sealing, out Payload opened)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(sealing);
        Span<byte> associated = stackalloc byte[LabelBytes + EnvelopeBytes];
        WriteEnvelope(SealLabel, message, associated);
        opened = null!;
        return sealing.TryOpen(associated, data.Bytes.Span, out var plaintext)
            && MessageCodec.TryReadPayload(plaintext, message.Kind, isSealed: false, out opened, out _);
    }

    private static void WriteSigned(in Message message, SignedBody body, Span<byte> destination)
    {
        WriteEnvelope(BodyLabel, message, destination);
        var rest = destination[(LabelBytes + EnvelopeBytes)..];
        BinaryPrimitives.WriteInt64BigEndian(rest, body.Instance);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], body.ExpiresAt);
        body.PayloadBytes.Span.CopyTo(rest[16..]);
    }

    private static void WriteEnvelope(ReadOnlySpan<byte> label, in Message message, Span<byte> destination)
    {
        label.CopyTo(destination);
        var rest = destination[LabelBytes..];
        rest[0] = Message.Version;
        rest[1] = (byte)message.Kind;
        rest[2] = (byte)(message.Flags & ~HopFlags);
        PayloadFields.WriteTo(rest[3..], message.Source);
        PayloadFields.WriteTo(rest[(3 + RingId.Bytes)..], message.Destination);
        BinaryPrimitives.WriteUInt64BigEndian(rest[(3 + RingId.Bytes + RingId.Bytes)..], message.MessageId);
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
