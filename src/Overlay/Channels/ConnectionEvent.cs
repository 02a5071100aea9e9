using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Channels;

/// <summary>What the host of the connections has to do.</summary>
public enum ConnectionEventKind : byte
{
    /// <summary>Make a connection and describe it: as the offerer, or, with <see cref="ConnectionEvent.Description"/>, as the answerer.</summary>
    Begin,

    /// <summary>The answer is here; also the answer to a restart of ICE.</summary>
    Answered,

    /// <summary>The other side restarts ICE: take <see cref="ConnectionEvent.Description"/>, and describe the connection anew.</summary>
    Restarted,

    /// <summary>Late candidates of the other side.</summary>
    Candidates,

    /// <summary>The connection is over, or never came about, for <see cref="ConnectionEvent.Why"/>.</summary>
    Ended,
}

/// <summary>Something that happened to a connection between this node and another.</summary>
/// <param name="Kind">What.</param>
/// <param name="Connection">Its number: the low 64 bits of its nonce, as in <see cref="RelayHeader.Connection"/>.</param>
/// <param name="Peer">The other end.</param>
/// <param name="Description">The other side's.</param>
/// <param name="Lines">Of <see cref="ConnectionEventKind.Candidates"/>.</param>
/// <param name="Why">Of <see cref="ConnectionEventKind.Ended"/>.</param>
public sealed record ConnectionEvent(
    ConnectionEventKind Kind, ulong Connection, RingId Peer, LinkDescription? Description = null, IReadOnlyList<string>? Lines = null, LinkFailure Why = LinkFailure.None);
