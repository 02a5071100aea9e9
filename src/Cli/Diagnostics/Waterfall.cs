using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Cli.Diagnostics;

/// <summary>A part of a message's time: a hop that holds it, or a link that it crosses.</summary>
/// <param name="IsBack">On the way back.</param>
/// <param name="From">The hop, or the link's near end.</param>
/// <param name="To">The link's far end; the hop itself where it is held.</param>
/// <param name="Start">Since the message was sent.</param>
/// <param name="Duration">How long.</param>
/// <param name="IsKnown">False: nobody measured it; it has its share of what is left.</param>
internal readonly record struct Bar(bool IsBack, RingId From, RingId To, TimeSpan Start, TimeSpan Duration, bool IsKnown)
{
    /// <summary>Whether a hop holds the message, other than a link that carries it.</summary>
    public bool IsHeld => From == To;
}

/// <summary>Where the time of a round trip went. No two clocks are compared: a link's part is half of its round trip, a hop's is what the hop itself has measured.</summary>
internal static class Waterfall
{
    /// <summary>The parts in their order. They add up to the round trip, or to more where links have become faster since they were measured.</summary>
    public static IReadOnlyList<Bar> Of(RouteTrace trace, RingId self)
    {
        var parts = new List<(bool IsBack, RingId From, RingId To, TimeSpan? Duration)>();
        AddWay(parts, trace.Out(self), isBack: false);
        AddWay(parts, trace.Back(), isBack: true);
        var known = parts.Aggregate(TimeSpan.Zero, static (sum, part) => sum + (part.Duration ?? TimeSpan.Zero));
        var unknown = parts.Count(static part => part.Duration is null);
        var left = trace.RoundTrip > known ? trace.RoundTrip - known : TimeSpan.Zero;
        var share = unknown == 0 ? TimeSpan.Zero : left / unknown;
        var (bars, at) = (new List<Bar>(parts.Count), TimeSpan.Zero);
        foreach (var part in parts)
        {
            var duration = part.Duration ?? share;
            bars.Add(new(part.IsBack, part.From, part.To, at, duration, part.Duration is not null));
            at += duration;
        }

        return bars;
    }

    private static void AddWay(List<(bool IsBack, RingId From, RingId To, TimeSpan? Duration)> parts, IReadOnlyList<TracedHop> hops, bool isBack)
    {
        for (var i = 0; i < hops.Count; i++)
        {
            var (hop, record) = (hops[i].Id, hops[i].Record);
            if (record?.Held is { } held)
            {
                parts.Add((isBack, hop, hop, held));
            }

            if (i + 1 < hops.Count)
            {
                parts.Add((isBack, hop, hops[i + 1].Id, record is { Link.RoundTrip: { } roundTrip } said && said.Next == hops[i + 1].Id ? roundTrip / 2 : null));
            }
        }
    }
}
