using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Signalling;

/// <summary>What happened to a link, for the other parts of the node.</summary>
public enum LinkEventKind : byte
{
    /// <summary>A proved link is open.</summary>
    Up,

    /// <summary>An open link ended.</summary>
    Down,

    /// <summary>A set-up that this node wanted failed; it will be tried again while it is wanted.</summary>
    Failed,
}

/// <summary>One event of a link.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Link">The link.</param>
/// <param name="Peer">The other end; without a certificate where none is known yet.</param>
/// <param name="Purpose">What this node wanted it for.</param>
/// <param name="Failure">Why it failed or ended.</param>
/// <param name="Alternatives">Whom a full node named instead.</param>
public readonly record struct LinkEvent(
    LinkEventKind Kind,
    LinkId Link,
    Contact Peer,
    LinkPurpose Purpose,
    LinkFailure Failure,
    IReadOnlyList<Descriptor> Alternatives);
