using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Runtime.Diagnostics;

/// <summary>What came of looking for a node.</summary>
public enum Finding : byte
{
    /// <summary>It answered.</summary>
    Reached,

    /// <summary>It is there, and answers no diagnostics.</summary>
    Declined,

    /// <summary>A neighbour of it declared it dead.</summary>
    Died,

    /// <summary>It said good-bye.</summary>
    Left,

    /// <summary>A neighbour lost its link to it, and nobody knows more.</summary>
    LinkLost,

    /// <summary>Members name it among their neighbours, and no way led there.</summary>
    NotReached,

    /// <summary>Nobody in the network has the id or remembers it.</summary>
    Unknown,
}

/// <summary>Why a node is reached as it is, or is not.</summary>
/// <param name="Target">The node.</param>
/// <param name="Finding">What came of it.</param>
public sealed record Explanation(RingId Target, Finding Finding)
{
    /// <summary>The way there and back; null where nothing came back.</summary>
    public RouteTrace? Route { get; init; }

    /// <summary>This node and the hops of the way, each with its tables and quotas where it told them.</summary>
    public IReadOnlyList<MemberState> Hops { get; init; } = [];

    /// <summary>The target's tables; null where it did not tell them.</summary>
    public State? State { get; init; }

    /// <summary>How a channel to it goes; null where none was tried.</summary>
    public ChannelReport? Channel { get; init; }

    /// <summary>Who is responsible for the target's id, where the target is not there.</summary>
    public RingId? Responsible { get; init; }

    /// <summary>What was told of its end.</summary>
    public DepartureEntry? Departed { get; init; }

    /// <summary>Who told that.</summary>
    public RingId? Witness { get; init; }

    /// <summary>Members that were asked for it.</summary>
    public int Asked { get; init; }

    /// <summary>All of it in plain words, the most important first.</summary>
    public IReadOnlyList<string> Sentences { get; init; } = [];

    /// <summary>The same with a channel that another node of this machine has tried.</summary>
    /// <param name="channel">What came of it.</param>
    /// <param name="self">The node that asked the way.</param>
    public Explanation With(ChannelReport channel, RingId self)
    {
        var found = this with { Channel = channel };
        return found with { Sentences = ExplanationWriter.Write(self, found) };
    }
}

/// <summary>How much an explanation may cost.</summary>
public sealed record ExplainOptions
{
    /// <summary>Whether a channel to the target is tried. Members only.</summary>
    /// <value>Default false.</value>
    public bool WithChannel { get; init; }

    /// <summary>How long the channel has to become direct.</summary>
    /// <value>Default 8 s.</value>
    public TimeSpan ChannelPatience { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Members that are asked at the most for a node that is gone.</summary>
    /// <value>Default 256.</value>
    public int MaxAsked { get; init; } = 256;

    /// <summary>Hops of the way whose quotas are asked for.</summary>
    /// <value>Default 8.</value>
    public int MaxHopsAsked { get; init; } = 8;
}
