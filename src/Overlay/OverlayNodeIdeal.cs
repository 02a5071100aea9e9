using Overlay.Chord;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay;

/// <summary>One link of a node that begins in a settled network.</summary>
/// <param name="Peer">The other end.</param>
/// <param name="Purpose">What this node needs it for.</param>
/// <param name="PeerPurpose">What the other end needs it for.</param>
/// <param name="IsIncoming">The other end asked for it.</param>
public readonly record struct IdealLink(Contact Peer, LinkPurpose Purpose, LinkPurpose PeerPurpose, bool IsIncoming);

/// <summary>What a node knows in a settled ring, so that it can begin there: a simulator cannot afford to let a million nodes join one after the other.</summary>
/// <remarks>The host vouches for all of it: that the certificates are true, that both ends of each link agree, and that the lists are those of a perfect ring.</remarks>
public readonly ref struct IdealPlace
{
    /// <summary>The node itself, with its certificate.</summary>
    public required Contact Self { get; init; }

    /// <summary>The key of the hub that issued all certificates, 64 bytes.</summary>
    public required byte[] HubKey { get; init; }

    /// <summary>The hubs' gateway slots, shared by all nodes of the host; null: the node finds them out itself.</summary>
    public Signalling.HubSlots? HubSlots { get; init; }

    /// <summary>The member before it.</summary>
    public Contact Predecessor { get; init; }

    /// <summary>The member before that one: there the predecessor's arc begins.</summary>
    public Ring.RingId BeforePredecessor { get; init; }

    /// <summary>The next members, nearest first; as many as the successor list holds.</summary>
    public ReadOnlySpan<Contact> Successors { get; init; }

    /// <summary>The fingers, from the highest row down; rows that the successor owns are not among them.</summary>
    public ReadOnlySpan<IdealFinger> Fingers { get; init; }

    /// <summary>The place in a tree, where the network is one; then nothing of the ring is looked at.</summary>
    public Tree.IdealTree? Tree { get; init; }

    /// <summary>The open links.</summary>
    public required ReadOnlySpan<IdealLink> Links { get; init; }
}
