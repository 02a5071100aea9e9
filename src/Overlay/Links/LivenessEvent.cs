using Overlay.Ring;

namespace Overlay.Links;

/// <summary>How closely a link is watched.</summary>
public enum LinkWatch : byte
{
    /// <summary>Not at all: a last finding was made about it, or nobody asked for one yet.</summary>
    None,

    /// <summary>Fingers and the application's links: probed when idle for long, dropped after silence without asking anybody.</summary>
    Idle,

    /// <summary>Links of the ring beside the first: probed when idle for long; death is confirmed before it counts.</summary>
    Ring,

    /// <summary>The first successor and the predecessor: probed each second; death is confirmed before it counts.</summary>
    Neighbour,
}

/// <summary>What the failure detector found out.</summary>
public enum LivenessEventKind : byte
{
    None,

    /// <summary>A linked peer did not answer: messages on their way to it should be taken back. A <see cref="Cleared"/> or a verdict follows.</summary>
    Suspected,

    /// <summary>The suspect lives.</summary>
    Cleared,

    /// <summary>The suspect answered others, and its link to here is dead: it lost a path, not its life.</summary>
    PathLost,

    /// <summary>The suspect's death is confirmed as far as it can be.</summary>
    Dead,

    /// <summary>A link that needs no confirmation is silent: drop it.</summary>
    Silent,

    /// <summary>This node itself was paused for so long that others may have declared it dead: it owns nothing until its neighbours say so.</summary>
    Fenced,
}

/// <summary>One finding about one peer.</summary>
/// <param name="Kind">The finding.</param>
/// <param name="Peer">The peer; the node itself where it is <see cref="LivenessEventKind.Fenced"/>.</param>
public readonly record struct LivenessEvent(LivenessEventKind Kind, RingId Peer)
{
    /// <summary>With a verdict: how long nothing had been heard of the peer; zero where it had no link.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>With a verdict: the probes that it left unanswered, those of others included.</summary>
    public byte Probes { get; init; }
}
