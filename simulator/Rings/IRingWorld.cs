using Overlay.Checks;

namespace Overlay.Simulator.Rings;

/// <summary>A world of nodes on a ring that a schedule can drive and look at, whatever its nodes are made of.</summary>
public interface IRingWorld
{
    /// <summary>Virtual time since the beginning.</summary>
    TimeSpan Elapsed { get; }

    /// <summary>Events performed.</summary>
    long EventCount { get; }

    /// <summary>Events after which the world stands still: what never ends is found out instead of waited for.</summary>
    long EventLimit { get; set; }

    /// <summary>A hash of all that happened.</summary>
    ulong Hash { get; }

    /// <summary>Times that a node lost its whole successor list.</summary>
    int AssumptionsBroken { get; }

    /// <summary>The living nodes, by number.</summary>
    IReadOnlyList<int> Living { get; }

    /// <summary>Called after each step in which a node's ring state changed.</summary>
    Action? RingChanged { get; set; }

    /// <summary>Starts a node: the first founds the network, the others join it.</summary>
    int Start();

    /// <summary>Whether the node has a place on the ring.</summary>
    bool IsMember(int node);

    /// <summary>The node disappears without a word.</summary>
    void Crash(int node);

    /// <summary>The node leaves as it should.</summary>
    void Leave(int node);

    /// <summary>Lets virtual time pass.</summary>
    void RunFor(TimeSpan duration);

    /// <summary>The ring as it is now. Valid until the next step.</summary>
    RingSnapshot Snapshot();

    /// <summary>Lists that are on their way to be adopted.</summary>
    IReadOnlyList<PendingList> Pending();

    /// <summary>The last events, oldest first, for whoever has to find out what went wrong.</summary>
    IReadOnlyList<string> LastEvents();
}
