using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   o → TraceRoute → … → t;  t → TracedRoute → … → o        each hop that answers diagnostics appends a HopRecord to the envelope's trail, out and back
//   or, from the hop where it ends:  hop → TracedRoute → … → o

/// <summary><c>[nonce, certificate | nil]</c>: asks the way to a node, or to whoever is responsible for a key. Its envelope has a route and a trail.</summary>
public sealed record TraceRoute(ulong Nonce) : Payload
{
    /// <summary>The asker's certificate: who has to ask for it first, answers later than the way takes.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.TraceRoute;
}

/// <summary>
/// <c>[nonce, reason, route (bin 6 × n), trail (bin 28 × n), departure | nil, certificate | nil]</c>: from where a <see cref="TraceRoute"/> ended, signed by that node. Its own envelope has the route and the trail
/// of the way back.
/// </summary>
/// <param name="Nonce">The question's.</param>
/// <param name="Reason"><see cref="DropReason.None"/>: it reached the target. Else why it ended at the sender of this.</param>
/// <param name="Route">The ids of all hops on the way out, those that answer no diagnostics too.</param>
/// <param name="Trail">What the hops said on the way out, the last one included.</param>
/// <param name="Departed">What the sender remembers of the target, where that was its neighbour.</param>
public sealed record TracedRoute(ulong Nonce, DropReason Reason, IReadOnlyList<RingId> Route, IReadOnlyList<HopRecord> Trail, DepartureEntry? Departed) : Payload
{
    /// <summary>The answerer's certificate, where the question carried the asker's.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.TracedRoute;
}

/// <summary>How a neighbour was lost.</summary>
public enum DepartureKind : byte
{
    /// <summary>It said good-bye.</summary>
    Left,

    /// <summary>It was declared dead: it answered neither this node's probes nor those of others.</summary>
    Died,

    /// <summary>The link to it ended; nobody knows whether it lives.</summary>
    LinkLost,
}

/// <summary>A neighbour that was lost lately: <c>[id, kind, agoMs, silentMs, probes, failure]</c>.</summary>
/// <param name="Id">The neighbour.</param>
/// <param name="Kind">How it was lost.</param>
/// <param name="Ago">How long ago.</param>
/// <param name="Silence">How long nothing had been heard of it then; zero where it was not silent.</param>
/// <param name="Probes">Probes that it left unanswered, those that others were asked to send included.</param>
/// <param name="Failure">With <see cref="DepartureKind.LinkLost"/>: why.</param>
public readonly record struct DepartureEntry(RingId Id, DepartureKind Kind, TimeSpan Ago, TimeSpan Silence, byte Probes, LinkFailure Failure);

/// <summary>What a quota is of.</summary>
public enum QuotaKind : byte
{
    /// <summary>Open links.</summary>
    Links,

    /// <summary>Link set-ups under way.</summary>
    SetUps,

    /// <summary>Commands of the node's own application that wait.</summary>
    Commands,

    /// <summary>Connections for the application's channels.</summary>
    Connections,

    /// <summary>Names kept for others.</summary>
    Records,

    /// <summary>Bytes of others' channels passed on for the neighbour that wanted most within the last second.</summary>
    RelayedBytesPerSecond,
}

/// <summary>How much of a quota is used: <c>[kind, used, allowed]</c>.</summary>
public readonly record struct QuotaEntry(QuotaKind Kind, long Used, long Allowed);

/// <summary>What a node has done since its start: <c>[uptimeMs, forwarded, forwardedBytes, delivered, dropped, relayedBytes, relayDropped, ownBytes]</c>.</summary>
/// <param name="UptimeMilliseconds">Since when.</param>
/// <param name="Forwarded">Messages passed on for others.</param>
/// <param name="ForwardedBytes">Their bytes.</param>
/// <param name="Delivered">Messages given to the application.</param>
/// <param name="Dropped">Messages that ended there for a reason.</param>
/// <param name="RelayedBytes">Bytes of others' channels passed on.</param>
/// <param name="RelayDropped">Datagrams of channels that ended there: no way on, a full queue, a quota.</param>
/// <param name="OwnBytes">Bytes of the node's own messages.</param>
public sealed record NodeTotals(
    long UptimeMilliseconds, long Forwarded, long ForwardedBytes, long Delivered, long Dropped, long RelayedBytes, long RelayDropped, long OwnBytes);
