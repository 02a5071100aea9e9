using Overlay.Ring;

namespace Overlay.Messages;

//   a → PeerRequest → seed, or the member responsible for a random key → PeerRequest → … ;   whoever wants to → PeerOffer → a;   a → PeerAnswer → that one: both are peers
//   a → PeerPing → b;  b → PeerPong → a        a → PeerClose → b: no longer
//   a → PeerBytes → b;  b → PeerReceived → a   an ordered, complete stream each way

/// <summary><c>[nonce, requester, steps, direct]</c>: somebody looks for peers.</summary>
/// <param name="Nonce">The request's, and the bond's that comes of it.</param>
/// <param name="Requester">Who looks for peers: others pass its request on.</param>
/// <param name="Steps">How many times more it may be passed on.</param>
/// <param name="IsDirect">Meant for its receiver only, which takes it unless full.</param>
public sealed record PeerRequest(ulong Nonce, RingId Requester, byte Steps, bool IsDirect) : Payload
{
    /// <summary>Times that a request is passed on at the most.</summary>
    public const byte MaxSteps = 8;

    public override MessageKind Kind => MessageKind.PeerRequest;
}

/// <summary><c>[nonce, makesRoom]</c>: a place is kept for the requester, for a while.</summary>
/// <param name="Nonce">The request's.</param>
/// <param name="MakesRoom">Another would have to go: for those who have too few only.</param>
public sealed record PeerOffer(ulong Nonce, bool MakesRoom) : Payload
{
    public override MessageKind Kind => MessageKind.PeerOffer;
}

/// <summary><c>[nonce, accepted]</c>: the requester takes the place, or does not need it any more.</summary>
public sealed record PeerAnswer(ulong Nonce, bool IsAccepted) : Payload
{
    public override MessageKind Kind => MessageKind.PeerAnswer;
}

/// <summary><c>[bond, nonce]</c>: still there? Bond 0 asks a seed that is no peer.</summary>
public sealed record PeerPing(ulong Bond, ulong Nonce) : Payload
{
    public override MessageKind Kind => MessageKind.PeerPing;
}

/// <summary><c>[bond, nonce]</c>: the answer to <see cref="PeerPing"/>.</summary>
public sealed record PeerPong(ulong Bond, ulong Nonce) : Payload
{
    public override MessageKind Kind => MessageKind.PeerPong;
}

/// <summary>Why somebody is no peer, or no longer.</summary>
public enum PeerEnd : byte
{
    /// <summary>It stopped, or does not want peers.</summary>
    Stopped,

    /// <summary>It has as many as it may have.</summary>
    Full,

    /// <summary>It does not know of the bond.</summary>
    Unknown,

    /// <summary>It did not answer any more. Never sent.</summary>
    Silent,

    /// <summary>What was written was not taken for too long. Never sent.</summary>
    Stuck,

    /// <summary>The application closed it.</summary>
    Closed,

    /// <summary>It made room for somebody who had too few; that one may be asked instead.</summary>
    MadeRoom,
}

/// <summary><c>[bond, why, instead]</c>: no peer, or no longer.</summary>
/// <param name="Bond">Of the bond, or of the request that is refused.</param>
/// <param name="Why">The reason.</param>
/// <param name="Instead">Whom to ask instead, after <see cref="PeerEnd.MadeRoom"/>; else 0.</param>
public sealed record PeerClose(ulong Bond, PeerEnd Why, RingId Instead = default) : Payload
{
    public override MessageKind Kind => MessageKind.PeerClose;
}

/// <summary><c>[bond, offset, last, bytes]</c>: a piece of the stream to a peer; sealed as a whole where <see cref="MessageFlags.Sealed"/> is set.</summary>
/// <param name="Bond">The bond whose stream it is.</param>
/// <param name="Offset">Bytes of the stream before it.</param>
/// <param name="IsLast">The stream ends with it.</param>
/// <param name="Bytes">The application's.</param>
public sealed record PeerBytes(ulong Bond, ulong Offset, bool IsLast, ReadOnlyMemory<byte> Bytes) : Payload
{
    /// <summary>Bytes of one piece.</summary>
    public const int MaxBytes = 8192;

    public override MessageKind Kind => MessageKind.PeerBytes;
}

/// <summary><c>[bond, offset, window]</c>: everything before <paramref name="Offset"/> is here, and room for so many bytes behind it.</summary>
public sealed record PeerReceived(ulong Bond, ulong Offset, int Window) : Payload
{
    public override MessageKind Kind => MessageKind.PeerReceived;
}
