using System.Globalization;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Spectre.Console;

namespace Overlay.Cli.Diagnostics;

/// <summary>A way through the network for people and for programs.</summary>
internal static class WayView
{
    /// <summary>Characters of the longest bar.</summary>
    private const int BarWidth = 32;

    /// <summary>The way as JSON.</summary>
    public static object Json(RouteTrace trace, RingId self) => new
    {
        reached = trace.IsReached,
        endedAt = trace.EndedAt,
        reason = trace.IsReached ? null : (DropReason?)trace.Reason,
        ms = Rounded(trace.RoundTrip),
        lostQuestions = trace.Attempt,
        linksOut = trace.RouteOut.Count,
        linksBack = trace.RouteBack.Count,
        unknownHops = trace.Out(self).Count(static hop => hop.Record is null),
        @out = trace.Out(self).Select(Json),
        back = trace.Back().Select(Json),
    };

    /// <summary>The hops as a table: what each decided, how long it held the message, and how its link fares.</summary>
    public static Table Hops(RouteTrace trace, RingId self)
    {
        var table = Columns("", "hop", "decision", "held ms", "link to", "kind of link", "rtt ms");
        Add(table, "→", trace.Out(self));
        Add(table, "←", trace.Back());
        return table;
    }

    /// <summary>The waterfall: one bar for each hop and each link, there and back.</summary>
    public static Table Bars(IReadOnlyList<Bar> bars)
    {
        var whole = bars.Count == 0 ? TimeSpan.Zero : bars[^1].Start + bars[^1].Duration;
        var table = Columns("", "where", "ms", $"0 … {Text(whole)} ms");
        foreach (var bar in bars)
        {
            var where = bar.IsHeld ? bar.From.ToString() : $"{bar.From} → {bar.To}";
            table.AddRow(bar.IsBack ? "←" : "→", where, $"{Text(bar.Duration)}{(bar.IsKnown ? "" : " ?")}", Draw(bar, whole));
        }

        return table;
    }

    /// <summary>A table whose columns are never broken.</summary>
    public static Table Columns(params IEnumerable<string> names)
    {
        var table = new Table().Border(TableBorder.Horizontal);
        foreach (var name in names)
        {
            table.AddColumn(new TableColumn(Markup.Escape(name)).NoWrap().PadLeft(0));
        }

        return table;
    }

    /// <summary>Milliseconds as people read them.</summary>
    public static string Text(TimeSpan? time) => time is { } known ? known.TotalMilliseconds.ToString(known.TotalMilliseconds < 100 ? "F2" : "F0", CultureInfo.InvariantCulture) : "?";

    /// <summary>Milliseconds as programs read them.</summary>
    public static double Rounded(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static void Add(Table table, string way, IReadOnlyList<TracedHop> hops)
    {
        foreach (var hop in hops)
        {
            if (hop.Record is not { } record)
            {
                table.AddRow(way, hop.Id.ToString(), "unknown", "", "", "", "");
            }
            else if (record.Next == record.Hop)
            {
                table.AddRow(way, hop.Id.ToString(), Word(record.Decision), Held(record), "", "", "");
            }
            else
            {
                var link = record.Link;
                table.AddRow(
                    way,
                    hop.Id.ToString(),
                    Word(record.Decision) + (record.IsRerouted ? ", again" : ""),
                    Held(record),
                    record.Next == default ? "the hub" : record.Next.ToString(),
                    $"{Word(link.Way)} {Pair(link)}{(link.QueuedBytes > 0 ? $", {link.QueuedBytes} B wait" : "")}",
                    Text(link.RoundTrip));
            }
        }
    }

    private static string Held(in HopRecord record) => record.Held is { } held ? Text(held) : "";

    private static object Json(TracedHop hop) => hop.Record is not { } record
        ? new { id = hop.Id, unknown = true }
        : new
        {
            id = hop.Id,
            decision = record.Decision,
            heldMs = record.Held is { } held ? Rounded(held) : (double?)null,
            next = record.Next == record.Hop || record.Next == default ? (RingId?)null : record.Next,
            link = record.Next == record.Hop ? null : Json(record.Link),
            rerouted = record.IsRerouted ? true : (bool?)null,
        };

    /// <summary>A link's gauge as JSON.</summary>
    public static object Json(in LinkGauge link) => new
    {
        way = link.Way,
        pair = Pair(link),
        rttMs = link.RoundTrip is { } roundTrip ? Rounded(roundTrip) : (double?)null,
        queuedBytes = link.QueuedBytes,
    };

    /// <summary>The types of a link's candidate pair; null where it has none.</summary>
    public static string? Pair(in LinkGauge link) => link.Local == CandidateType.Unknown ? null : $"{Word(link.Local)}/{Word(link.Remote)}";

    /// <summary>A word of the protocol, small.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static string Draw(in Bar bar, TimeSpan whole)
    {
        if (whole <= TimeSpan.Zero)
        {
            return "";
        }

        var start = (int)(BarWidth * (bar.Start / whole));
        var length = Math.Max(1, (int)Math.Round(BarWidth * (bar.Duration / whole)));
        return new string(' ', Math.Min(start, BarWidth - 1)) + new string(bar.IsHeld ? '█' : bar.IsKnown ? '▒' : '░', length);
    }
}
