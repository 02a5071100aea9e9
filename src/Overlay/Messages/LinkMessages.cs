using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

// How two nodes get a link. Offer and answer are routed (or pass hub and gateway), signed and short-lived:
//   a → Offer → b;  b → Answer | Refuse → a;  either → Candidates → other;  then over the new link  a ⇄ Proof ⇄ b;  a ⇄ LinkStatus ⇄ b

/// <summary>What a link is wanted for; decides who is dropped when there is no room.</summary>
[Flags]
public enum LinkPurpose : byte
{
    None = 0,

    /// <summary>Successor, predecessor, founding mesh; on a tree, parent and children: pre-empts fingers and spares.</summary>
    Ring = 1,

    /// <summary>A finger.</summary>
    Finger = 2,

    /// <summary>The application asked for it.</summary>
    Application = 4,

    /// <summary>A joiner's first links; on a tree, spares. Pre-empts fingers, and gives way to <see cref="Ring"/>.</summary>
    Join = 8,
}

/// <summary><c>[nonce (bin 16), purpose, description, [certificate]]</c>.</summary>
public sealed record Offer(UInt128 Nonce, LinkPurpose Purpose, LinkDescription Description, NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.Offer;
}

/// <summary><c>[nonce of the offer, own nonce, description, certificate]</c>.</summary>
public sealed record Answer(UInt128 OfferNonce, UInt128 Nonce, LinkDescription Description, NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.Answer;
}

/// <summary><c>[nonce of the offer, [candidate…]]</c>: late candidates of either side, batched.</summary>
public sealed record Candidates(UInt128 OfferNonce, IReadOnlyList<string> Lines) : Payload
{
    public override MessageKind Kind => MessageKind.Candidates;
}

/// <summary><c>[nonce of the offer, reason, [alternative…]]</c>.</summary>
public sealed record Refuse(UInt128 OfferNonce, LinkFailure Reason, IReadOnlyList<Descriptor> Alternatives) : Payload
{
    public override MessageKind Kind => MessageKind.Refuse;
}

/// <summary>
/// <c>[version, certificate, instance, signature]</c>: the first message over a new link, from both sides. The signature covers a label, the direction, both ids,
/// both nonces and both DTLS fingerprints, so neither an altered signal nor a reflected proof passes. Nothing else is accepted before it.
/// </summary>
public sealed record Proof(byte Version, NodeCertificate Certificate, long Instance, ReadOnlyMemory<byte> Signature) : Payload
{
    public override MessageKind Kind => MessageKind.Proof;
}

/// <summary><c>[phase, purpose]</c>: whether the sender forwards for others (only a member does) and what it needs the link for now; for nothing: it may close.</summary>
public sealed record LinkStatus(NodePhase Phase, LinkPurpose Purpose) : Payload
{
    public override MessageKind Kind => MessageKind.LinkStatus;

    internal override int Measure() => WireLengths.One + WireLengths.Of((byte)Phase) + WireLengths.Of((byte)Purpose);
}

/// <summary><c>[nonce, replyTo | nil]</c>.</summary>
/// <param name="Nonce">Repeated by the <see cref="Pong"/>; drawn anew for each suspicion, so that no old pong clears anybody.</param>
/// <param name="ReplyTo">
/// The asker, where a helper probes for somebody else: the pong goes to it and leaves by the helper's way, because the way between the two is what is in doubt.
/// </param>
public sealed record Ping(ulong Nonce, RingId? ReplyTo = null) : Payload
{
    public override MessageKind Kind => MessageKind.Ping;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.Optional(ReplyTo.HasValue);
}

/// <summary><c>[nonce, phase]</c>; signed wherever it is routed, so that only the suspect itself can clear itself.</summary>
public sealed record Pong(ulong Nonce, NodePhase Phase) : Payload
{
    public override MessageKind Kind => MessageKind.Pong;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.Of((byte)Phase);
}

/// <summary><c>[nonce, suspect]</c>: asks a helper to let the suspect answer the asker. The helper forwards a <see cref="Ping"/> whose pong goes to the asker.</summary>
public sealed record ProbeFor(ulong Nonce, RingId Suspect) : Payload
{
    public override MessageKind Kind => MessageKind.ProbeFor;
}

/// <summary><c>[nonce, [hash…]]</c>.</summary>
public sealed record GetCertificates(ulong Nonce, IReadOnlyList<CertificateHash> Hashes) : Payload
{
    /// <summary>Hashes in a question, certificates in its answer.</summary>
    public const int MaxHashes = 64;

    public override MessageKind Kind => MessageKind.GetCertificates;
}

/// <summary><c>[nonce, [certificate…]]</c>.</summary>
public sealed record Certificates(ulong Nonce, IReadOnlyList<NodeCertificate> Items) : Payload
{
    public override MessageKind Kind => MessageKind.Certificates;
}
