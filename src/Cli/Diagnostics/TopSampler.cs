using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Cli.Diagnostics;

/// <summary>What a table of members can be sorted by.</summary>
internal enum TopOrder
{
    Id,
    Links,
    Messages,
    Bytes,
    Relayed,
    Drops,
    Rtt,
    Uptime,
}

/// <summary>A member in the table; rates are null until it was seen twice.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Outcome"><see cref="Outcome.Done"/>: it answered.</param>
internal sealed record TopRow(RingId Id, Outcome Outcome)
{
    public NodePhase? Phase { get; init; }

    /// <summary>The predecessor on a ring, the parent on a tree.</summary>
    public RingId? Before { get; init; }

    public int Links { get; init; }

    public int RelayedLinks { get; init; }

    /// <summary>The median of its links; null where none is measured.</summary>
    public TimeSpan? RoundTrip { get; init; }

    public double? MessagesPerSecond { get; init; }

    public double? BytesPerSecond { get; init; }

    public double? RelayedBytesPerSecond { get; init; }

    public double? DropsPerSecond { get; init; }

    public TimeSpan? Uptime { get; init; }
}

/// <summary>A walk through the network as a table.</summary>
/// <param name="Rows">The members, sorted.</param>
/// <param name="Took">How long the walk took.</param>
internal sealed record TopTable(IReadOnlyList<TopRow> Rows, TimeSpan Took)
{
    public int Members => Rows.Count(static row => row.Outcome == Outcome.Done);

    public int Unanswered => Rows.Count - Members;

    /// <summary>Links of the members that answered; each is counted at both of its ends.</summary>
    public int LinkEnds => Rows.Sum(static row => row.Links);

    public int RelayedLinkEnds => Rows.Sum(static row => row.RelayedLinks);

    /// <summary>Messages passed on in a second, by all of them; null until they were seen twice.</summary>
    public double? MessagesPerSecond => Rows.Any(static row => row.MessagesPerSecond is not null) ? Rows.Sum(static row => row.MessagesPerSecond ?? 0) : null;
}

/// <summary>Makes tables of walks; rates come of what a member itself counted between two of its answers, by its own clock.</summary>
internal sealed class TopSampler(TopOrder order)
{
    private Dictionary<RingId, NodeTotals> _before = [];

    /// <summary>The members that answered last, to begin the next walk with.</summary>
    public IReadOnlyCollection<RingId> Known => _before.Keys;

    public TopTable Take(IReadOnlyList<MemberState> walk, TimeSpan took)
    {
        var now = new Dictionary<RingId, NodeTotals>(walk.Count);
        var rows = new List<TopRow>(walk.Count);
        foreach (var member in walk)
        {
            rows.Add(member.State is { } state ? RowOf(member.Id, state) : new TopRow(member.Id, member.Outcome));
            if (member.State?.Totals is { } totals)
            {
                now[member.Id] = totals;
            }
        }

        _before = now;
        return new TopTable([.. Sorted(rows)], took);
    }

    private TopRow RowOf(RingId id, State state)
    {
        var open = state.Links.Where(static link => link.Phase == LinkPhase.Open).ToList();
        var trips = open.Select(static link => link.Gauge.RoundTrip).OfType<TimeSpan>().Order().ToList();
        var row = new TopRow(id, Outcome.Done)
        {
            Phase = state.Phase,
            Before = state.Predecessor?.Id,
            Links = open.Count,
            RelayedLinks = open.Count(static link => link.Gauge.Way == LinkWay.Relayed),
            RoundTrip = trips.Count > 0 ? trips[trips.Count / 2] : null,
            Uptime = state.Totals is { } totals ? TimeSpan.FromMilliseconds(totals.UptimeMilliseconds) : null,
        };
        return state.Totals is { } after && _before.TryGetValue(id, out var before) && after.UptimeMilliseconds > before.UptimeMilliseconds ? WithRates(row, before, after) : row;
    }

    private static TopRow WithRates(TopRow row, NodeTotals before, NodeTotals after)
    {
        var seconds = (after.UptimeMilliseconds - before.UptimeMilliseconds) / 1000.0;
        return row with
        {
            MessagesPerSecond = (after.Forwarded - before.Forwarded) / seconds,
            BytesPerSecond = (after.ForwardedBytes + after.OwnBytes - before.ForwardedBytes - before.OwnBytes) / seconds,
            RelayedBytesPerSecond = (after.RelayedBytes - before.RelayedBytes) / seconds,
            DropsPerSecond = (after.Dropped + after.RelayDropped - before.Dropped - before.RelayDropped) / seconds,
        };
    }

    private IEnumerable<TopRow> Sorted(List<TopRow> rows)
    {
        var byId = rows.OrderBy(static row => row.Id.Value);
        return order switch
        {
            TopOrder.Links => byId.OrderByDescending(static row => row.Links),
            TopOrder.Messages => byId.OrderByDescending(static row => row.MessagesPerSecond),
            TopOrder.Bytes => byId.OrderByDescending(static row => row.BytesPerSecond),
            TopOrder.Relayed => byId.OrderByDescending(static row => row.RelayedBytesPerSecond),
            TopOrder.Drops => byId.OrderByDescending(static row => row.DropsPerSecond),
            TopOrder.Rtt => byId.OrderByDescending(static row => row.RoundTrip),
            TopOrder.Uptime => byId.OrderByDescending(static row => row.Uptime),
            _ => byId,
        };
    }
}
