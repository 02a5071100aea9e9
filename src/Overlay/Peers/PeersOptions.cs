using Overlay.Ring;

namespace Overlay.Peers;

/// <summary>How a node looks for peers.</summary>
public sealed record PeersOptions
{
    /// <summary>The defaults.</summary>
    public static readonly PeersOptions Default = new();

    /// <summary>With fewer peers the node asks for more, and takes everybody who asks.</summary>
    /// <value>Default 3; 1 … <see cref="MaxPeers"/>.</value>
    public int MinPeers { get; init; } = 3;

    /// <summary>The node never has more peers than this, offers that are under way included.</summary>
    /// <value>Default 5; 1 … 64.</value>
    public int MaxPeers { get; init; } = 5;

    /// <summary>Nodes to ask for peers, and whose silence means that the network is split.</summary>
    /// <value>Default empty: members at random are asked, and a split is not noticed. At most 16.</value>
    public IReadOnlyList<RingId> Seeds { get; init; } = [];

    /// <summary>Time between two rounds, in which too few peers are made more and the seeds are asked whether they are there.</summary>
    /// <value>Default 10 s; 1 s … 1 h.</value>
    public TimeSpan RoundPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence of a peer after which it is asked whether it is there.</summary>
    /// <value>Default 5 s; 100 ms … 1 h.</value>
    public TimeSpan PingPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a peer or a seed may take to answer. A peer that leaves two questions unanswered is gone.</summary>
    /// <value>Default 3 s; 100 ms … 1 min.</value>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Every reason why these options cannot work, each naming the key, what was found and what would be right; empty where they can.</summary>
    public IEnumerable<string> Errors()
    {
        if (MaxPeers is < 1 or > 64)
        {
            yield return $"MaxPeers: {MaxPeers} is not in 1 … 64.";
        }

        if (MinPeers < 1 || MinPeers > MaxPeers)
        {
            yield return $"MinPeers: {MinPeers} is not in 1 … {MaxPeers}, which is MaxPeers.";
        }

        if (Seeds.Count > 16)
        {
            yield return $"Seeds: {Seeds.Count} are more than 16.";
        }

        foreach (var (name, value, least, most) in new[]
        {
            (nameof(RoundPeriod), RoundPeriod, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            (nameof(PingPeriod), PingPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            (nameof(PingTimeout), PingTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
        })
        {
            if (value < least || value > most)
            {
                yield return $"{name}: {value} is not in {least} … {most}.";
            }
        }
    }
}
