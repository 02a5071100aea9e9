namespace Overlay.Messages;

/// <summary>The body of a message, in one of its two forms.</summary>
public abstract class MessageBody
{
    /// <summary>Bytes of the body on the wire.</summary>
    public abstract int EncodedLength { get; }
}

/// <summary>A body as bytes, as a forwarding hop carries it: never decoded, given back to its owner's pool when sent.</summary>
public sealed class EncodedBody : MessageBody
{
    /// <summary>The encoded body: a MessagePack array of 4.</summary>
    public ReadOnlyMemory<byte> Bytes { get; set; }

    public override int EncodedLength => Bytes.Length;

    /// <summary>Room for what few messages have, filled anew with each message that is read into this body.</summary>
    internal SeldomFields? Seldom { get; set; }
}

/// <summary>A body at its source or its destination.</summary>
/// <remarks>
/// Wire: <c>[instance, expiry, signature, payload]</c>. The signature covers ver, kind, the end-to-end flags, both ids, messageId, instance, expiry and the payload's
/// bytes. It may be empty exactly where the message arrives over the link (or hub session) of its source: the link was proved by its owner's key.
/// </remarks>
public sealed class SignedBody : MessageBody
{
    private int _encodedLength;
    private Bytes? _bytes; // Only of what was signed, or read from bytes: what crosses one proved link in a simulator has neither.

    /// <summary>The source's instance.</summary>
    public required long Instance { get; init; }

    /// <summary>After this moment (Unix milliseconds) the message is dropped.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>64 bytes, or empty.</summary>
    public ReadOnlyMemory<byte> Signature
    {
        get => _bytes is null ? default : _bytes.Signature;
        set => ((_bytes ??= new()).Signature, _encodedLength) = (value, 0);
    }

    /// <summary>The content.</summary>
    public required Payload Payload { get; init; }

    /// <summary>The payload's bytes as they arrived (what the signature is over); empty at the source until signed.</summary>
    /// <remarks>Where it arrived, it lies in the memory that the message was read from and is good as long as that.</remarks>
    public ReadOnlyMemory<byte> PayloadBytes
    {
        get => _bytes is null ? default : _bytes.Payload;
        set => ((_bytes ??= new()).Payload, _encodedLength) = (value, 0);
    }

    public override int EncodedLength => _encodedLength > 0 ? _encodedLength : _encodedLength = MessageCodec.MeasureBody(this);

    private sealed class Bytes
    {
        public ReadOnlyMemory<byte> Signature { get; set; }

        public ReadOnlyMemory<byte> Payload { get; set; }
    }
}

/// <summary>The content of a message; one sealed type for each <see cref="MessageKind"/>.</summary>
public abstract record Payload
{
    /// <summary>The kind of message that carries it.</summary>
    public abstract MessageKind Kind { get; }

    /// <summary>Bytes on the wire, exactly what the codec writes: by arithmetic for the kinds that make up most of the traffic, else by measuring.</summary>
    internal virtual int Measure() => MessageCodec.MeasurePayload(this);
}
