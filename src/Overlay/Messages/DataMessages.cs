using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   a → Data → … → b;  b → Receipt → … → a        or, from the hop where it ends:  hop → Unreachable → a

/// <summary>Application bytes: <c>[bytes, creation context (bin 25) | nil]</c>, sealed as a whole where <see cref="MessageFlags.Sealed"/> is set.</summary>
public sealed record Data(ReadOnlyMemory<byte> Bytes, TraceContext CreationContext) : Payload
{
    public override MessageKind Kind => MessageKind.Data;

    internal override int Measure() => WireLengths.One + WireLengths.Binary(Bytes.Length) + (CreationContext.IsNone ? WireLengths.One : WireLengths.Binary(TraceContext.Bytes));
}

/// <summary>A <see cref="Data"/> as a hop sees it, one bin: sealed for the destination, with <see cref="MessageFlags.Sealed"/> set in the envelope.</summary>
public sealed record SealedData(ReadOnlyMemory<byte> Bytes) : Payload
{
    public override MessageKind Kind => MessageKind.Data;
}

/// <summary><c>[messageId, hops, [route…]]</c>: signed by the destination, so no hop can claim a delivery.</summary>
public sealed record Receipt(ulong MessageId, byte Hops, IReadOnlyList<RingId> Route) : Payload
{
    public override MessageKind Kind => MessageKind.Receipt;

    internal override int Measure() => WireLengths.One + WireLengths.Of(MessageId) + WireLengths.Of(Hops) + WireLengths.Of(Route);
}

/// <summary><c>[messageId, reason]</c>: from the node where the message ended.</summary>
public sealed record Unreachable(ulong MessageId, DropReason Reason) : Payload
{
    public override MessageKind Kind => MessageKind.Unreachable;
}

/// <summary>An owner-signed record of a name, kept by the member responsible for SHA-256(name): <c>[name, certificate, instance, sequence, expiry, signature]</c>.</summary>
/// <param name="Name">1 … 63 characters: letters, digits, '-', '_' and '.'.</param>
/// <param name="Owner">The owner's certificate: the record proves itself.</param>
/// <param name="Instance">The owner's instance.</param>
/// <param name="Sequence">Grows with each refresh.</param>
/// <param name="ExpiresAt">Unix milliseconds; a record that is not refreshed lapses.</param>
/// <param name="Signature">By the owner over all of the above.</param>
public sealed record NameRecord(string Name, NodeCertificate Owner, long Instance, long Sequence, long ExpiresAt, ReadOnlyMemory<byte> Signature)
{
    /// <summary>Characters of a name.</summary>
    public const int MaxNameLength = 63;
}

/// <summary><c>[nonce, record]</c>.</summary>
public sealed record PutRecord(ulong Nonce, NameRecord Record) : Payload
{
    public override MessageKind Kind => MessageKind.PutRecord;
}

/// <summary><c>[nonce, outcome]</c>: <see cref="Outcome.Done"/>, <see cref="Outcome.NameTaken"/> or <see cref="Outcome.Refused"/>.</summary>
public sealed record RecordStored(ulong Nonce, Outcome Outcome) : Payload
{
    public override MessageKind Kind => MessageKind.RecordStored;
}

/// <summary><c>[nonce, name]</c>.</summary>
public sealed record GetRecord(ulong Nonce, string Name) : Payload
{
    public override MessageKind Kind => MessageKind.GetRecord;
}

/// <summary><c>[nonce, record | nil]</c>.</summary>
public sealed record RecordAnswer(ulong Nonce, NameRecord? Record) : Payload
{
    public override MessageKind Kind => MessageKind.Record;
}

/// <summary><c>[nonce]</c>: asks any node for its tables.</summary>
public sealed record GetState(ulong Nonce) : Payload
{
    public override MessageKind Kind => MessageKind.GetState;
}

/// <summary>A finger as <see cref="State"/> reports it: <c>[row, id]</c>.</summary>
public readonly record struct FingerEntry(byte Row, RingId Id);

/// <summary>A link as <see cref="State"/> reports it: <c>[id, phase, purposes, incoming]</c>.</summary>
public readonly record struct LinkEntry(RingId Id, LinkPhase Phase, LinkPurpose Purpose, bool IsIncoming);

/// <summary><c>[nonce, phase, predecessor | nil, [successor…], [finger…], [link…]]</c>.</summary>
public sealed record State(
    ulong Nonce,
    NodePhase Phase,
    Descriptor? Predecessor,
    IReadOnlyList<Descriptor> Successors,
    IReadOnlyList<FingerEntry> Fingers,
    IReadOnlyList<LinkEntry> Links) : Payload
{
    public override MessageKind Kind => MessageKind.State;
}
