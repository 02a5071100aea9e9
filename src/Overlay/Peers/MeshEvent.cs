using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Peers;

/// <summary>What happened among the peers.</summary>
public enum MeshEventKind : byte
{
    /// <summary>A peer more.</summary>
    Added,

    /// <summary>A peer less, for <see cref="MeshEvent.Why"/>.</summary>
    Removed,

    /// <summary>The first peer is here.</summary>
    Connected,

    /// <summary>The last peer is gone.</summary>
    Disconnected,

    /// <summary>A seed does not answer: the network is split, or the seed is gone.</summary>
    Netsplit,

    /// <summary>All seeds answer again.</summary>
    NetsplitResolved,

    /// <summary>Bytes of the peer's stream, in order. Tell the node with <c>ReadFromPeer</c> when they were read.</summary>
    Bytes,

    /// <summary>The peer's stream has ended.</summary>
    StreamEnded,
}

/// <summary>Something that happened among the peers.</summary>
/// <param name="Kind">What.</param>
/// <param name="Peer">With whom; not of <see cref="MeshEventKind.Connected"/> and those that concern all.</param>
/// <param name="Why">Of <see cref="MeshEventKind.Removed"/>.</param>
/// <param name="Bytes">Of <see cref="MeshEventKind.Bytes"/>: good until the step's effects are performed.</param>
public sealed record MeshEvent(MeshEventKind Kind, RingId Peer = default, PeerEnd Why = default, ReadOnlyMemory<byte> Bytes = default);

/// <summary>The end of a command that concerns peers.</summary>
/// <param name="Request">The command.</param>
/// <param name="Outcome">How it ended.</param>
public readonly record struct PeerResult(RequestId Request, Outcome Outcome);
