using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   a → Data → … → b;  b → Receipt → … → a        or, from the hop where it ends:  hop → Unreachable → a

/// <summary>
/// Application bytes: <c>[bytes, creation context (bin 25) | nil (, certificate)]</c>, sealed as a whole where <see cref="MessageFlags.Sealed"/> is set. Who is no member sends its
/// certificate along: it is known to nobody yet, and would be asked for it the whole way back.
/// </summary>
public sealed record Data(ReadOnlyMemory<byte> Bytes, TraceContext CreationContext) : Payload
{
    /// <summary>The sender's, where it is not a member; never inside a seal.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.Data;

    internal override int Measure() => WireLengths.One + WireLengths.Binary(Bytes.Length)
        + (CreationContext.IsNone ? WireLengths.One : WireLengths.Binary(TraceContext.Bytes)) + (Certificate is null ? 0 : WireLengths.Optional(Certificate));
}

/// <summary>
/// A <see cref="Data"/> or <see cref="PeerBytes"/> as a hop sees it: one bin, or <c>[bin, certificate]</c> from who is no member. Sealed for the destination, with
/// <see cref="MessageFlags.Sealed"/> set in the envelope.
/// </summary>
public sealed record SealedData(ReadOnlyMemory<byte> Bytes, MessageKind Holds = MessageKind.Data) : Payload
{
    /// <summary>The sender's, where it is not a member.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => Holds;
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

/// <summary><c>[nonce]</c>: asks any node for its tables.</summary>
public sealed record GetState(ulong Nonce) : Payload
{
    public override MessageKind Kind => MessageKind.GetState;
}

/// <summary>A finger as <see cref="State"/> reports it: <c>[row, id]</c>.</summary>
public readonly record struct FingerEntry(byte Row, RingId Id);

/// <summary>A link as <see cref="State"/> reports it: <c>[id, phase, purposes, incoming, gauge (bin 10) (, sent)]</c>.</summary>
public readonly record struct LinkEntry(RingId Id, LinkPhase Phase, LinkPurpose Purpose, bool IsIncoming)
{
    /// <summary>What was measured of it.</summary>
    public LinkGauge Gauge { get; init; } = LinkGauge.Unknown;

    /// <summary>Messages that the node sent over it; null: it does not count them.</summary>
    public ulong? Sent { get; init; }
}

/// <summary>
/// <c>[nonce, phase, predecessor | nil, [successor…], [finger…], [link…], [departure…], totals | nil, [quota…]]</c>. On a tree the predecessor is the parent, the successors are the
/// children.
/// </summary>
public sealed record State(
    ulong Nonce,
    NodePhase Phase,
    Descriptor? Predecessor,
    IReadOnlyList<Descriptor> Successors,
    IReadOnlyList<FingerEntry> Fingers,
    IReadOnlyList<LinkEntry> Links) : Payload
{
    /// <summary>The neighbours that were lost within the last ten minutes, the latest last.</summary>
    public IReadOnlyList<DepartureEntry> Departures { get; init; } = [];

    /// <summary>What the node has done; null where its host does not count.</summary>
    public NodeTotals? Totals { get; init; }

    /// <summary>How much of its quotas is used.</summary>
    public IReadOnlyList<QuotaEntry> Quotas { get; init; } = [];

    public override MessageKind Kind => MessageKind.State;
}
