using Overlay.Ring;

namespace Overlay.Runtime.Diagnostics;

/// <summary>How a network is walked through (<see cref="OverlayHost.CrawlAsync"/>).</summary>
public sealed record CrawlOptions
{
    /// <summary>Questions in a second, at the most.</summary>
    /// <value>Default 50. 1 … 200: each crosses several nodes of others.</value>
    public int MaxPerSecond { get; init; } = 50;

    /// <summary>Questions that may be without an answer at the same time; nodes that are gone take seconds each.</summary>
    /// <value>Default 32. 1 … 256.</value>
    public int MaxInFlight { get; init; } = 32;

    /// <summary>Nodes that are asked, those that do not answer included.</summary>
    /// <value>Default 4,096. 1 … 100,000. What is found beyond is left out.</value>
    public int MaxMembers { get; init; } = 4096;

    /// <summary>Where to begin: members of an earlier walk, so that one that was cut in two is walked on both sides. This node's own neighbours are asked in any case.</summary>
    public IReadOnlyCollection<RingId> Seeds { get; init; } = [];

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Check(MaxPerSecond, 200, nameof(MaxPerSecond));
        Check(MaxInFlight, 256, nameof(MaxInFlight));
        Check(MaxMembers, 100_000, nameof(MaxMembers));
    }

    private static void Check(int value, int most, string name)
    {
        if (value < 1 || value > most)
        {
            throw new ArgumentException($"{name}: {value} is not in 1 … {most}.");
        }
    }
}
