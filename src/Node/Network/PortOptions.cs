namespace Overlay.Nodes.Network;

/// <summary>Whom a port takes.</summary>
public sealed record PortOptions
{
    /// <summary>Whether only nodes are taken that have proved their id with their own key. Pages are refused then: they have none, and their hub speaks for them.</summary>
    /// <value>Default false.</value>
    /// <remarks>What is refused is logged with the reason; the page itself hears the same as where nobody listens.</remarks>
    public bool VerifiedOnly { get; init; }
}
