namespace Overlay.Exporting.Tests;

/// <summary>What a collector must have of one message.</summary>
internal static class Trail
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(5);

    /// <param name="collector">Who collected.</param>
    /// <param name="from">The sender.</param>
    /// <param name="route">The hops and the receiver.</param>
    /// <param name="speaking">The hops that export, in the order of the route.</param>
    public static void Check(Collector collector, string from, string[] route, string[] speaking)
    {
        var sent = collector.Spans.Last(seen => seen.Name == "send data" && seen.Instance == from && seen.Text("overlay.target.id") == route[^1]);
        var trace = collector.Spans.Where(seen => seen.Trace == sent.Trace).ToArray();
        var hops = trace.Where(seen => seen.Name == "forward data").OrderBy(seen => seen.Whole("overlay.hop.index")).ToArray();
        var told = string.Join("\n", trace.OrderBy(seen => seen.Start).Select(seen => $"{seen.Start:O} {seen.Instance} {seen.Name} → {seen.Text("overlay.next.id")} {seen.Text("overlay.outcome")}"));
        Assert.True(speaking.SequenceEqual(hops.Select(hop => hop.Instance)), $"{from} → {string.Join(" → ", route)}, of which speak {string.Join(", ", speaking)}:\n{told}");
        Assert.Equal(route.Length, sent.Whole("overlay.hop.count"));
        Assert.Equal(0, sent.Parent.Length);
        var last = sent;
        foreach (var hop in hops)
        {
            Assert.Equal(last.Id, hop.Parent);
            Assert.Equal((5, hop.Instance), (hop.Span.Kind, hop.Text("overlay.node.id")));
            Assert.True(hop.Start >= last.Start - ClockTolerance && hop.End >= hop.Start, $"{hop.Instance}: {hop.Start:O} … {hop.End:O} after {last.Start:O}");
            last = hop;
        }

        var delivered = trace.Single(seen => seen.Name == "process data");
        Assert.Equal((sent.Id, route[^1]), (delivered.Parent, delivered.Instance));
        Assert.Equal(last.Id, delivered.Span.Links.Single().SpanId);
        Assert.True(delivered.Start >= last.Start - ClockTolerance && delivered.Start <= sent.End + ClockTolerance, "it was delivered outside of its send");
        string[] everybody = [sent.Instance, .. hops.Select(hop => hop.Instance), delivered.Instance];
        Assert.Equal(everybody.Length, everybody.Distinct().Count());
    }
}
