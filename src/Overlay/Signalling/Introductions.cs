using Overlay.Identity;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>Where else than at hubs a node is admitted, and how it introduces others itself. Most members never make one of these.</summary>
/// <param name="hubs">Hubs of the host's list.</param>
/// <param name="start">What the host remembers and wants.</param>
internal sealed class Introductions(int hubs, NodeIntroductions start)
{
    private readonly bool[] _isIntroducer = new bool[hubs + start.Seeds + 1];

    /// <summary>Hubs of the host's list; the remembered seeds follow.</summary>
    public int Hubs { get; } = hubs;

    /// <summary>What the host remembers and wants.</summary>
    public NodeIntroductions Start { get; } = start;

    /// <summary>The number of the node's own endpoint: the one after hubs and seeds.</summary>
    public int OwnHub { get; } = hubs + start.Seeds;

    /// <summary>Whether the host has opened the node's own endpoint.</summary>
    public bool IsOpen { get; set; }

    /// <summary>What a hub has granted; kept by the host across restarts.</summary>
    public Delegation? Delegation { get; set; } = start.Delegation;

    /// <summary>When to see a hub about the delegation.</summary>
    public Moment AskAt { get; set; } = Instant.Never;

    /// <summary>When to see one of the members that introduce: it may be on another ring.</summary>
    public Moment MeetAt { get; set; } = Instant.Never;

    /// <summary>Whether a member was met that introduces at a place of the list.</summary>
    public bool HasIntroducer { get; private set; }

    /// <summary>The hub that is asked next.</summary>
    public int AskHub { get; set; }

    /// <summary>Whether a member introduces at this number, as far as is known.</summary>
    public bool IsIntroducer(int number) => _isIntroducer[number];

    /// <summary>A member introduces there: its slots are its own.</summary>
    public void NoteIntroducer(int number, bool isIntroducer)
    {
        _isIntroducer[number] = isIntroducer;
        HasIntroducer |= isIntroducer && number < Hubs;
    }
}
