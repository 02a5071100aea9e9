using Overlay.Effects;
using Overlay.Identity;
using Overlay.Signalling;

namespace Overlay;

/// <summary>What the host lends a node for its life.</summary>
/// <param name="Signing">The node's own key, and the judge of others' signatures.</param>
/// <param name="Sealing">Seals application bodies end to end; without it they travel signed and readable (the fast simulator).</param>
/// <param name="Secrets">Nonces and challenges.</param>
public sealed record NodePorts(ISigning Signing, ISealing? Sealing, ISecrets Secrets)
{
    /// <summary>What other nodes of the same thread have found out about certificates; without it the node finds out everything by itself.</summary>
    public CertificatePool? Certificates { get; init; }

    /// <summary>What the host measures, for who diagnoses the network; without it the node says that it does not know.</summary>
    public IGauges? Gauges { get; init; }
}

/// <summary>What distinguishes one start of a node from another.</summary>
/// <param name="Seed">Decides every schedule of the node; nothing secret comes of it.</param>
/// <param name="Instance">Grows with each start: max(stored + 1, Unix milliseconds).</param>
/// <param name="HubCount">Hubs that the host can dial, numbered from 0. At least 1.</param>
/// <param name="RememberedHubKey">The hub's key of an earlier start; a hub with another is refused. Null: whoever answers first.</param>
/// <param name="Token">A join token, empty where none is needed.</param>
/// <param name="IsGuest">Sends through the hub and a gateway and wants no place in the ring.</param>
public sealed record NodeStart(ulong Seed, long Instance, int HubCount, byte[]? RememberedHubKey, string Token, bool IsGuest)
{
    /// <summary>The secret of the hub's tree, by which this node becomes its root; empty: it does not.</summary>
    public string RootSecret { get; init; } = "";

    /// <summary>Where members introduce, and whether this one is to.</summary>
    public NodeIntroductions Introductions { get; init; } = NodeIntroductions.None;

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(NodeStart);
}
