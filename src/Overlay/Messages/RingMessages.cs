using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

// How a newcomer finds its place, and a member its fingers:
//   asker → FindOwner(key) → … → owner;  owner → Owner → asker   (delivery mode: responsible)
// How the ring keeps itself (corrected Chord):
//   t → GetNeighbours → s;  s → Neighbours → t;  t → Notify → s

/// <summary>What a look-up is for; the owner answers all of them alike.</summary>
public enum LookupPurpose : byte
{
    Join,
    Finger,
    GatewaySlot,
    Application,
}

/// <summary><c>[nonce, purpose, certificate | nil]</c>, sent to whoever is responsible for the envelope's destination.</summary>
public sealed record FindOwner(ulong Nonce, LookupPurpose Purpose) : Payload
{
    /// <summary>The asker's certificate, where the owner is likely a stranger: saves it the round trip of asking for it.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.FindOwner;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.One + WireLengths.Optional(Certificate);
}

/// <summary><c>[nonce, phase, self, predecessor | nil, [successor…], [founding member…], retryAfterMs, hops, certificate | nil]</c>: the answer to <see cref="FindOwner"/>.</summary>
/// <param name="Nonce">The question's.</param>
/// <param name="Phase">The owner's phase; a founding owner lists the set's living members.</param>
/// <param name="Self">The owner.</param>
/// <param name="Predecessor">The owner's predecessor.</param>
/// <param name="Successors">The owner's successor list; empty for a finger.</param>
/// <param name="Founding">The living members of the founding set, empty on a ring.</param>
/// <param name="RetryAfterMilliseconds">Not 0: come again later, the network is not ready for a newcomer.</param>
public sealed record Owner(
    ulong Nonce,
    NodePhase Phase,
    Descriptor Self,
    Descriptor? Predecessor,
    IReadOnlyList<Descriptor> Successors,
    IReadOnlyList<Descriptor> Founding,
    int RetryAfterMilliseconds) : Payload
{
    /// <summary>Links that the question crossed, the last one included.</summary>
    public byte Hops { get; init; }

    /// <summary>The owner's certificate, where the question carried the asker's.</summary>
    public NodeCertificate? Certificate { get; init; }

    /// <summary>Entries that a list of descriptors in a message may have.</summary>
    public const int MaxDescriptors = 64;

    public override MessageKind Kind => MessageKind.Owner;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.One
        + WireLengths.Of(Self) + WireLengths.Optional(Predecessor) + WireLengths.Of(Successors) + WireLengths.Of(Founding)
        + WireLengths.Of((long)RetryAfterMilliseconds) + WireLengths.Of(Hops) + WireLengths.Optional(Certificate);
}

/// <summary><c>[nonce (, expected)]</c>: asks a member for its neighbours; one atomic query of Join or Stabilize.</summary>
public sealed record GetNeighbours(ulong Nonce) : Payload
{
    /// <summary>Digest of the list that the asker takes the answerer's to be (<c>SuccessorList.DigestOf</c>); 0: it wants to be told.</summary>
    public uint Expected { get; init; }

    public override MessageKind Kind => MessageKind.GetNeighbours;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + (Expected == 0 ? 0 : WireLengths.Of((ulong)Expected));
}

/// <summary>
/// <c>[nonce, epoch, arcAfter | nil]</c>: a member's answer where <see cref="Neighbours"/> would say nothing new: "you are my predecessor, and my list is what you take it to be".
/// </summary>
/// <param name="Nonce">The question's.</param>
/// <param name="Epoch">As in <see cref="Neighbours"/>.</param>
/// <param name="ArcAfter">As in <see cref="Neighbours"/>.</param>
public sealed record SameNeighbours(ulong Nonce, int Epoch, RingId? ArcAfter) : Payload
{
    public override MessageKind Kind => MessageKind.SameNeighbours;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.Of((long)Epoch) + WireLengths.Optional(ArcAfter.HasValue);
}

/// <summary><c>[nonce, phase, epoch, self, predecessor | nil, [successor…], arcAfter | nil]</c>. Nonce 0: unasked, a change on its way to the predecessor.</summary>
/// <param name="Nonce">The question's, or 0.</param>
/// <param name="Phase">The sender's phase.</param>
/// <param name="Epoch">The epoch of the founding that the sender's ring came from.</param>
/// <param name="Self">The sender.</param>
/// <param name="Predecessor">Its predecessor, unless that one's death is confirmed.</param>
/// <param name="Successors">Its successor list.</param>
/// <param name="ArcAfter">Where its own arc begins, so that a predecessor without one knows whether it can be granted; nil while it owns nothing.</param>
public sealed record Neighbours(
    ulong Nonce,
    NodePhase Phase,
    int Epoch,
    Descriptor Self,
    Descriptor? Predecessor,
    IReadOnlyList<Descriptor> Successors,
    RingId? ArcAfter) : Payload
{
    public override MessageKind Kind => MessageKind.Neighbours;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.One
        + WireLengths.Of((long)Epoch) + WireLengths.Of(Self) + WireLengths.Optional(Predecessor) + WireLengths.Of(Successors) + WireLengths.Optional(ArcAfter.HasValue);
}

/// <summary><c>[self, arcAfter | nil]</c>: "I think that I am your predecessor" (notify; starts Rectify at the receiver).</summary>
/// <param name="Self">The sender.</param>
/// <param name="ArcAfter">Where the sender's own arc begins, so that its successor knows what to take over when it dies; nil while it owns nothing.</param>
public sealed record Notify(Descriptor Self, RingId? ArcAfter) : Payload
{
    public override MessageKind Kind => MessageKind.Notify;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Self) + WireLengths.Optional(ArcAfter.HasValue);
}

/// <summary><c>[predecessor | nil, [successor…]]</c>: a graceful good-bye that introduces predecessor and successor to each other.</summary>
public sealed record Leaving(Descriptor? Predecessor, IReadOnlyList<Descriptor> Successors) : Payload
{
    public override MessageKind Kind => MessageKind.Leaving;
}

/// <summary><c>[epoch, after, upTo, more, [entry…]]</c>: hands the arc (after, upTo] with its records to the receiver.</summary>
/// <param name="Epoch">Grows with each message of this granter; <see cref="Granted"/> repeats it.</param>
/// <param name="After">Where the arc begins.</param>
/// <param name="UpTo">Where it ends.</param>
/// <param name="More">Records only, more to come: the arc itself moves with the last message of the hand-over.</param>
/// <param name="Records">At most <see cref="MaxRecords"/>.</param>
public sealed record Grant(long Epoch, RingId After, RingId UpTo, bool More, IReadOnlyList<NameEntry> Records) : Payload
{
    /// <summary>Records of one grant; with the longest names they stay below <see cref="Message.MaxBytes"/>.</summary>
    public const int MaxRecords = 90;

    public override MessageKind Kind => MessageKind.Grant;
}

/// <summary><c>[epoch]</c>: the grant arrived.</summary>
public sealed record Granted(long Epoch) : Payload
{
    public override MessageKind Kind => MessageKind.Granted;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Epoch);
}

/// <summary>The state of one entry of the founding set; a later state wins within an instance.</summary>
public enum FoundingMark : byte
{
    Alive,
    Left,
    Evicted,
}

/// <summary><c>[descriptor…, mark]</c>, an entry of the founding set.</summary>
public readonly record struct FoundingEntry(Descriptor Node, FoundingMark Mark);

/// <summary><c>[epoch, phase, setHash, [entry…]]</c>: the founding set as the sender holds it (mechanisms §4).</summary>
/// <param name="Epoch">Grows by one with each return from ring to founding.</param>
/// <param name="Phase"><see cref="NodePhase.Founding"/>; <see cref="NodePhase.Member"/> once the sender runs Chord; <see cref="NodePhase.Joining"/>: a newcomer's proposal.</param>
/// <param name="SetHash">A hash of the living entries in order of their ids; equal hashes mean equal successor lists.</param>
/// <param name="Entries">At most <see cref="MaxEntries"/>, the newest marks.</param>
public sealed record FoundingState(int Epoch, NodePhase Phase, ulong SetHash, IReadOnlyList<FoundingEntry> Entries) : Payload
{
    /// <summary>Entries of a founding set, the departed included.</summary>
    public const int MaxEntries = 64;

    public override MessageKind Kind => MessageKind.FoundingState;
}

// How two rings become one (T. Shafaat, A. Ghodsi, S. Haridi, P2P 2007; docs/protocol.md §10):
//   p → MergeLookup(q) → … along p's ring → n;   n → TryMerge(n, n.succ) → q     and the same for p on q's ring

/// <summary><c>[certificate, instance, via | nil, gossip, stepsLeft, isNews]</c>: where on the receiver's ring does this member of another ring belong?</summary>
/// <param name="Certificate">The member that was detected.</param>
/// <param name="Instance">Its instance.</param>
/// <param name="Via">The member of the receiver's ring through which it is reached; nil: the anchor of this message's source, or routing.</param>
/// <param name="Gossip">How many more members begin a look-up of their own, F in the paper; at most <see cref="MaxGossip"/>.</param>
/// <param name="StepsLeft">Steps along the ring that the look-up may still take.</param>
/// <param name="IsNews">Not a look-up to be passed on, but a detection: the receiver begins its own.</param>
public sealed record MergeLookup(NodeCertificate Certificate, long Instance, RingId? Via, byte Gossip, byte StepsLeft, bool IsNews) : Payload
{
    /// <summary>The largest F that is obeyed: each more costs three to four times the messages and saves a tenth of the time.</summary>
    public const byte MaxGossip = 2;

    /// <summary>Steps of a new look-up.</summary>
    public const byte MaxSteps = 64;

    public override MessageKind Kind => MessageKind.MergeLookup;
}

/// <summary><c>[certificate, instance, certificate, instance]</c>: between these two, neighbours on the sender's ring, the receiver belongs.</summary>
public sealed record TryMerge(NodeCertificate Predecessor, long PredecessorInstance, NodeCertificate Successor, long SuccessorInstance) : Payload
{
    public override MessageKind Kind => MessageKind.TryMerge;
}
