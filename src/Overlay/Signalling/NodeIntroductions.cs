using Overlay.Identity;

namespace Overlay.Signalling;

/// <summary>What a node remembers of members that introduce, and how it introduces itself.</summary>
/// <remarks>The host numbers what it can dial: the hubs first, then the seeds, then this node's own endpoint.</remarks>
public sealed record NodeIntroductions
{
    /// <summary>Nothing is remembered, and nobody introduced.</summary>
    public static readonly NodeIntroductions None = new();

    /// <summary>Addresses remembered from an earlier time, where a hub or a member introduced: tried after the hubs.</summary>
    /// <value>Default 0.</value>
    public int Seeds { get; init; }

    /// <summary>The certificate of an earlier time: whoever introduces now leaves the node its id.</summary>
    public NodeCertificate? Certificate { get; init; }

    /// <summary>Whether the host opens an endpoint for this node, at which others are admitted.</summary>
    public bool Introduces { get; init; }

    /// <summary>Where others reach that endpoint, to be told to them; empty where nobody is to be told.</summary>
    public string Address { get; init; } = "";

    /// <summary>What a hub granted at an earlier time.</summary>
    public Delegation? Delegation { get; init; }

    /// <summary>Whether all of it is the default.</summary>
    internal bool IsNone => this == None;
}
