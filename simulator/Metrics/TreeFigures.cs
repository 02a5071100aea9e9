namespace Overlay.Simulator.Metrics;

/// <summary>The shape of a tree at one moment, what its root bore in a time, and how long it was not whole.</summary>
public sealed record TreeFigures
{
    /// <summary>Nodes with a place.</summary>
    public int Members { get; init; }

    /// <summary>Roots among them.</summary>
    public int Roots { get; init; }

    /// <summary>The share of all living nodes from which the way up leads to the root of the latest reign, 0 … 1.</summary>
    public double Attached { get; init; }

    /// <summary>Children that stay with a foster parent until they have a place.</summary>
    public int Fosters { get; init; }

    /// <summary>Links from the root to the deepest leaf, if every node but the lowest had all its children.</summary>
    public int OptimalDepth { get; init; }

    /// <summary>Links from the root to the deepest leaf as it is.</summary>
    public int Depth { get; init; }

    /// <summary>The share of attached nodes no deeper than <see cref="OptimalDepth"/>, 0 … 1.</summary>
    public double AtOptimalDepth { get; init; }

    /// <summary>The share of attached nodes no deeper than one more, 0 … 1.</summary>
    public double WithinOneOfOptimal { get; init; }

    /// <summary>The longest way between two attached nodes, in parts of the longest one in the best tree.</summary>
    public double LongestPath { get; init; }

    /// <summary>Nodes that the root knows the way to.</summary>
    public int RootTable { get; init; }

    /// <summary>Messages that the root passed on for others, for each second.</summary>
    public double RootForwardsPerSecond { get; init; }

    /// <summary>Messages that a node passed on for others, for each second, in the mean.</summary>
    public double MeanForwardsPerSecond { get; init; }

    /// <summary>Bytes of messages that the root sent, for each second.</summary>
    public double RootBytesPerSecond { get; init; }

    /// <summary>The longest time in which it was not one tree of all, as the samples saw it.</summary>
    public TimeSpan BrokenFor { get; init; }

    /// <summary>Times that a member took another parent, in the phase so far.</summary>
    public long Reattachments { get; init; }

    /// <summary>Members that looked for a parent at one moment, at the most: so many re-attachments were under way at the same time.</summary>
    public int MostOrphans { get; init; }

    /// <summary>Whether all living nodes are in one tree.</summary>
    public bool IsWhole => Roots == 1 && Attached == 1;
}
