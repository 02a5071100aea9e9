namespace Overlay.Simulator.Engine;

/// <summary>What the network between simulated nodes does: delays, lost routed messages, link set-ups that take time and fail.</summary>
/// <remarks>The delay of a pair is a pure function of the pair, with jitter on top; a pair that fails to connect may succeed the next time.</remarks>
public sealed record LinkModel
{
    /// <summary>Shortest one-way delay of a pair.</summary>
    public TimeSpan DelayFrom { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest one-way delay of a pair.</summary>
    public TimeSpan DelayTo { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>Jitter added to each message, at most.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Links that a routed message crosses, at most.</summary>
    public int MaxHops { get; init; } = 5;

    /// <summary>Routed messages that get lost, in a thousand. Links themselves are reliable and ordered.</summary>
    public int RouteLossPerMille { get; init; }

    /// <summary>Link set-ups that fail, in a thousand.</summary>
    public int SetUpFailurePerMille { get; init; }

    /// <summary>Shortest time of a link set-up, beyond its round trips.</summary>
    public TimeSpan SetUpFrom { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest time of a link set-up that succeeds, beyond its round trips.</summary>
    public TimeSpan SetUpTo { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>Draws a network: from quick and faultless to slow with every third set-up failing.</summary>
    public static LinkModel Draw(ref Prng random) => new()
    {
        DelayTo = TimeSpan.FromMilliseconds(20 + random.Next(300)),
        Jitter = TimeSpan.FromMilliseconds(1 + random.Next(60)),
        MaxHops = 2 + random.Next(5),
        RouteLossPerMille = random.Chance(1, 2) ? 0 : random.Next(50),
        SetUpFailurePerMille = random.Chance(1, 3) ? 0 : random.Next(330),
        SetUpTo = TimeSpan.FromMilliseconds(100 + random.Next(3000)),
    };

    /// <summary>The one-way delay of one message between two nodes.</summary>
    public TimeSpan Delay(int from, int to, ref Prng random)
    {
        var pair = new Prng(((ulong)Math.Min(from, to) << 32) | (uint)Math.Max(from, to));
        return pair.Between(DelayFrom, DelayTo) + random.Between(TimeSpan.Zero, Jitter);
    }
}
