using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Routing;

/// <summary>The way to a node and back, as one message went it.</summary>
/// <param name="Target">The node that was looked for.</param>
/// <param name="EndedAt">Where the way out ended: the target, or whoever could not pass it on. The zero id: at the hub.</param>
/// <param name="Reason"><see cref="DropReason.None"/>: it was reached. Else why not.</param>
/// <param name="RoundTrip">From the question to its answer, on this node's clock.</param>
/// <param name="Attempt">0, or 1 where only the second question was answered.</param>
public sealed record RouteTrace(RingId Target, RingId EndedAt, DropReason Reason, TimeSpan RoundTrip, int Attempt)
{
    /// <summary>The hops on the way out, the last one included; those that say nothing of themselves too. Empty where the end answers no diagnostics.</summary>
    public IReadOnlyList<RingId> RouteOut { get; init; } = [];

    /// <summary>What this node and the hops said on the way out.</summary>
    public IReadOnlyList<HopRecord> TrailOut { get; init; } = [];

    /// <summary>The hops on the way back, this node included.</summary>
    public IReadOnlyList<RingId> RouteBack { get; init; } = [];

    /// <summary>What they said; this node's own word is the last.</summary>
    public IReadOnlyList<HopRecord> TrailBack { get; init; } = [];

    /// <summary>The context of the last hop back: of the trace that the hops' spans are in, which is not the question's where a hop had no reason to believe that.</summary>
    public TraceContext Context { get; init; }

    /// <summary>What the node at the end remembers of the target.</summary>
    public DepartureEntry? Departed { get; init; }

    /// <summary>Whether the target answered.</summary>
    public bool IsReached => Reason == DropReason.None;

    /// <summary>The way out, one entry a node, this node first.</summary>
    public IReadOnlyList<TracedHop> Out(RingId self) => Joined([self, .. RouteOut], TrailOut);

    /// <summary>The way back, one entry a node, the one at the end first.</summary>
    public IReadOnlyList<TracedHop> Back() => Joined([EndedAt, .. RouteBack], TrailBack);

    /// <summary>
    /// The ids of a route, each with what it said of itself. A route has each hop's id in the order in which it was passed; a record that does not fit into that order was made up
    /// by somebody, and is left out.
    /// </summary>
    private static TracedHop[] Joined(IReadOnlyList<RingId> route, IReadOnlyList<HopRecord> trail)
    {
        var hops = new TracedHop[route.Count];
        var at = 0;
        for (var i = 0; i < hops.Length; i++)
        {
            hops[i] = new(route[i], null);
            for (var ahead = at; ahead < trail.Count; ahead++)
            {
                if (trail[ahead].Hop == route[i])
                {
                    (hops[i], at) = (new(route[i], trail[ahead]), ahead + 1);
                    break;
                }
            }
        }

        return hops;
    }
}

/// <summary>A node on a way.</summary>
/// <param name="Id">Who.</param>
/// <param name="Record">What it said of itself; null: it answers no diagnostics, or not so many.</param>
public readonly record struct TracedHop(RingId Id, HopRecord? Record);
