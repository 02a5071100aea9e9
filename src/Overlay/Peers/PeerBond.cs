using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Peers;

/// <summary>A peer: both know of each other, ask each other now and then, and have a stream each way.</summary>
internal sealed class PeerBond(Contact peer, ulong nonce, Instant pingAt)
{
    /// <summary>The peer, with the instance that made the bond.</summary>
    public Contact Peer { get; } = peer;

    /// <summary>The request that it came of. Where both asked at the same time, the larger one, on both sides.</summary>
    public ulong Nonce { get; set; } = nonce;

    /// <summary>When to ask whether it is there.</summary>
    public Instant PingAt { get; set; } = pingAt;

    /// <summary>Questions that it left unanswered.</summary>
    public int Unanswered { get; set; }

    /// <summary>When it was last heard.</summary>
    public Instant HeardAt { get; set; }

    public PeerSender Sender { get; } = new();

    public PeerReceiver Receiver { get; } = new();

    /// <summary>Whether neither side has written anything: nobody would miss the stream.</summary>
    public bool IsIdle => Sender.IsUntouched && Receiver.IsUntouched;

    /// <summary>When something is due.</summary>
    public Instant NextDue => Instant.Min(PingAt, Sender.NextDue);

    /// <summary>Bytes in order that the application has not been given yet.</summary>
    public Queue<ReadOnlyMemory<byte>> Ready { get; } = new(0);
}

/// <summary>A place kept for somebody who asked.</summary>
/// <param name="Peer">Who asked.</param>
/// <param name="Nonce">Its request.</param>
/// <param name="Until">When the place is free again.</param>
/// <param name="MakesRoom">Another has to go when it is taken.</param>
internal readonly record struct PeerPlace(Ring.RingId Peer, ulong Nonce, Instant Until, bool MakesRoom);

/// <summary>A request of this node that may still be offered a place.</summary>
/// <param name="Nonce">Its number.</param>
/// <param name="Until">When nobody will answer any more.</param>
/// <param name="To">Whom the application named; null where anybody will do.</param>
/// <param name="Command">The application's command; default where it is the node's own.</param>
internal readonly record struct PeerQuest(ulong Nonce, Instant Until, Ring.RingId? To, RequestId Command);

/// <summary>A node that is asked in each round whether it is there.</summary>
internal sealed class PeerSeed(Ring.RingId id)
{
    public Ring.RingId Id { get; } = id;

    /// <summary>The question that is out; 0: none.</summary>
    public ulong Nonce { get; set; }

    public Instant AnswerBy { get; set; } = Instant.Never;

    public bool IsLost { get; set; }
}
