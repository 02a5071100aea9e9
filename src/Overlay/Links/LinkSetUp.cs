using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>How the sender of a message is reached.</summary>
/// <param name="Via">Its anchor, if it named one.</param>
/// <param name="Link">The link over which the message came in; default where unknown.</param>
public readonly record struct ReturnPath(RingId? Via, LinkId Link);

/// <summary>A link before it is open: one connection to another node, from the wish for it to both proofs. Forgotten when the link is open.</summary>
public sealed class LinkSetUp(LinkId id, RingId peerId, bool isIncoming)
{
    /// <summary>Its name towards the host.</summary>
    public LinkId Id { get; } = id;

    /// <summary>The other end's position.</summary>
    public RingId PeerId { get; } = peerId;

    /// <summary>Whether the other side offered.</summary>
    public bool IsIncoming { get; } = isIncoming;

    /// <summary>The other end; without a certificate until its answer came.</summary>
    public Contact Peer { get; set; }

    /// <summary>How far it is; never <see cref="LinkPhase.Open"/>.</summary>
    public LinkPhase Phase { get; set; }

    /// <summary>What this side wants it for; none: only the other side does.</summary>
    public LinkPurpose Purpose { get; set; }

    /// <summary>What the other side needs it for, from its offer. An answerer that has said nothing yet may need it for the ring.</summary>
    public LinkPurpose PeerPurpose { get; set; } = LinkPurpose.Ring;

    /// <summary>The phase that the other side declared.</summary>
    public NodePhase PeerPhase { get; set; }

    /// <summary>When the phase must have ended.</summary>
    public Instant PhaseDue { get; set; } = Instant.Never;

    /// <summary>When the whole set-up must have ended.</summary>
    public Instant Due { get; init; } = Instant.Never;

    /// <summary>The offerer's nonce: names the set-up in all its messages.</summary>
    public UInt128 OfferNonce { get; set; }

    /// <summary>The answerer's nonce.</summary>
    public UInt128 AnswerNonce { get; set; }

    /// <summary>This side, as described by the host.</summary>
    public LinkDescription? Local { get; set; }

    /// <summary>The other side, from its signed offer or answer.</summary>
    public LinkDescription? Remote { get; set; }

    /// <summary>The way by which the other side's signals came; this side's go back by it.</summary>
    public ReturnPath PeerPath { get; set; }

    /// <summary>The neighbour through which this side's offer goes, after routing failed: it is the anchor for the answer too.</summary>
    public RingId? Through { get; set; }

    /// <summary>Whether this side sent its proof.</summary>
    public bool HasProved { get; set; }

    /// <summary>The message that carried the offer, 0 before it left; an <see cref="Unreachable"/> names it.</summary>
    public ulong OfferMessage { get; set; }

    /// <summary>Candidates of the other side that came before its answer; bounded by <see cref="LinkDescription.MaxCandidates"/>.</summary>
    public IReadOnlyList<string>? EarlyCandidates { get; set; }

    /// <summary>Late candidate lines sent and taken so far, each bounded by <see cref="LinkDescription.MaxCandidates"/>.</summary>
    public int LinesSent { get; set; }

    /// <inheritdoc cref="LinesSent"/>
    public int LinesTaken { get; set; }

    public override string ToString() => $"{Id} to {PeerId}, {Phase}";
}
