using System.Diagnostics;
using Overlay.Routing;
using Overlay.Runtime.Telemetry;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>What a message over several hops leaves in its trace.</summary>
public sealed class HopSpansTests
{
    /// <summary>For what is asked again within a second: every hop is seen each time.</summary>
    private static readonly TelemetryOptions Generous = new() { RemoteSpansPerSecond = 100_000, RemoteSpansPerNeighbour = 100_000 };

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(5);

    [Fact]
    public async Task A_message_over_six_links_is_one_trace_with_a_span_of_every_node_on_its_way()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Telemetry = Generous });

        var (from, to, report, spans) = await SendFarAsync(nodes);

        using var listening = spans;
        var sent = await EndedAsync(network, spans, "send data", from);
        var way = await WayAsync(network, spans, sent, report.Hops - 1);
        Assert.Equal(report.Hops - 1, way.Count);
        Assert.Equal(report.Route.Select(id => id.ToString()), [.. way.Select(NodeOf), to.Id.ToString()]);
        var last = sent;
        foreach (var (hop, index) in way.Select((hop, index) => (hop, index)))
        {
            Assert.Equal((last.SpanId, ActivityKind.Consumer), (hop.ParentSpanId, hop.Kind));
            Assert.Equal((index + 1, "direct", "sent"), (hop.GetTagItem("overlay.hop.index"), hop.GetTagItem("overlay.link.kind"), hop.GetTagItem("overlay.outcome")));
            Assert.Equal((from.Id.ToString(), report.Route[index + 1].ToString()), (Spans.Tag(hop, "overlay.source.id"), Spans.Tag(hop, "overlay.next.id")));
            Assert.InRange((double)hop.GetTagItem("overlay.queue.duration")!, 0, 60);
            Assert.True(hop.StartTimeUtc >= last.StartTimeUtc - ClockTolerance, $"hop {index} began before the one that sent to it");
            last = hop;
        }

        var delivered = spans.Of(sent.TraceId).Single(span => span.OperationName == "process data");
        Assert.Equal((sent.SpanId, to.Id.ToString()), (delivered.ParentSpanId, NodeOf(delivered)));
        Assert.Equal(way[^1].SpanId, delivered.Links.Single().Context.SpanId);
        Assert.True(delivered.StartTimeUtc >= last.StartTimeUtc - ClockTolerance);
        Assert.True(sent.Duration >= delivered.StartTimeUtc - sent.StartTimeUtc, "the receipt came before the message");
    }

    [Fact]
    public async Task Sender_and_receiver_are_joined_where_every_other_hop_tells_nothing()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network);
        HashSet<string> speaking = [];
        using var spans = new Spans(node => speaking.Contains(node));
        OverlayHost from;
        string[] route, taken;
        do
        {
            speaking = [];
            (from, var to) = await TreeOfNodes.FarApartAsync(nodes);
            route = await RouteAsync(from, to);
            speaking = [.. route.Where((_, index) => index % 2 == 1), from.Id.ToString(), to.Id.ToString()];
            taken = await RouteAsync(from, to);
        }
        while (taken.Length < TreeOfNodes.LongWay || !route.SequenceEqual(taken)); // A young tree may still move.

        var sent = await EndedAsync(network, spans, "send data", from);
        var way = await WayAsync(network, spans, sent, (route.Length - 1) / 2);
        Assert.Equal(route[..^1].Where((_, index) => index % 2 == 1), way.Select(NodeOf));
        var delivered = spans.Of(sent.TraceId).Single(span => span.OperationName == "process data");
        Assert.Equal(sent.SpanId, delivered.ParentSpanId);
        Assert.Equal(way[^1].SpanId, delivered.Links.Single().Context.SpanId);
    }

    [Fact]
    public async Task A_network_without_hop_contexts_joins_sender_and_receiver_all_the_same()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Telemetry = new TelemetryOptions { HopContext = false } });
        var (from, to) = await TreeOfNodes.FarApartAsync(nodes);
        using var spans = new Spans();

        await from.SendAsync(to.Id, "traced"u8.ToArray(), default, Cancelled);

        var sent = await EndedAsync(network, spans, "send data", from);
        var all = spans.Of(sent.TraceId);
        Assert.Equal(["process data", "send data"], all.Select(span => span.OperationName).Order());
        Assert.Empty(all.Single(span => span.OperationName == "process data").Links);
    }

    [Fact]
    public async Task A_lookup_shows_the_hops_of_its_question_and_who_answered()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Telemetry = Generous });
        using var spans = new Spans();
        Activity inspected, answer;
        List<Activity> questions;
        var begun = TimeProvider.System.GetTimestamp();
        do
        {
            Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.Zero, Patience.Long);
            // Asked until one went a long way, and all of its spans are there. What is asked again on a timer belongs to no trace.
            var (from, to) = await TreeOfNodes.FarApartAsync(nodes);
            await from.InspectAsync(to.Id, Cancelled);
        }
        while (!TryFindAnswer(spans, out inspected, out answer, out questions));

        Assert.InRange(questions.Count, TreeOfNodes.LongWay - 1, 12);
        Assert.Equal((Spans.Tag(inspected, "overlay.target.id"), ActivityKind.Server), (NodeOf(answer), answer.Kind));
    }

    [Fact]
    public async Task What_others_ask_for_beyond_the_budget_is_passed_on_without_a_span()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Telemetry = new TelemetryOptions { RemoteSpansPerSecond = 0 } });

        var (from, _, _, spans) = await SendFarAsync(nodes);

        using var listening = spans;
        var sent = await EndedAsync(network, spans, "send data", from);
        Assert.Equal(["send data"], spans.Of(sent.TraceId).Select(span => span.OperationName));
    }

    /// <summary>Sends a message between members far apart, until one goes a long way: a young tree may move between the look and the message.</summary>
    /// <returns>Between whom, what became of it, and its spans.</returns>
    private static async Task<(OverlayHost From, OverlayHost To, DeliveryReport Report, Spans Spans)> SendFarAsync(OverlayHost[] nodes)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.Zero, Patience.Long);
            var (from, to) = await TreeOfNodes.FarApartAsync(nodes);
            var spans = new Spans();
            var report = await from.SendAsync(to.Id, "traced"u8.ToArray(), new() { RecordRoute = true }, Cancelled);
            if (report.Hops >= TreeOfNodes.LongWay)
            {
                return (from, to, report, spans);
            }

            spans.Dispose();
        }
    }

    /// <summary>Finds an answer whose question went a long way, with the spans of all of its hops from the asker on.</summary>
    private static bool TryFindAnswer(Spans spans, out Activity inspected, out Activity answer, out List<Activity> questions)
    {
        foreach (var asked in spans.All.Where(span => span.OperationName == "inspect"))
        {
            var all = spans.Of(asked.TraceId).ToDictionary(span => span.SpanId);
            (inspected, answer, questions) = (asked, all.Values.SingleOrDefault(span => span.OperationName == "answer state")!, []);
            for (var hop = answer; hop is not null && all.TryGetValue(hop.ParentSpanId, out hop) && hop.OperationName == "forward get_state";)
            {
                questions.Add(hop);
            }

            if (questions.Count >= TreeOfNodes.LongWay - 1 && questions[^1].ParentSpanId == asked.SpanId)
            {
                return true;
            }
        }

        (inspected, answer, questions) = (null!, null!, []);
        return false;
    }

    private static async Task<string[]> RouteAsync(OverlayHost from, OverlayHost to)
    {
        var report = await from.SendAsync(to.Id, "which way?"u8.ToArray(), new() { RecordRoute = true }, Cancelled);
        return [.. report.Route.Select(id => id.ToString())];
    }

    private static string NodeOf(Activity span) => Spans.Tag(span, OverlayTelemetry.NodeId);

    private static async Task<Activity> EndedAsync(TestNetwork network, Spans spans, string name, OverlayHost node)
    {
        Activity? Find() => spans.All.LastOrDefault(span => span.OperationName == name && NodeOf(span) == node.Id.ToString());
        await network.Changed.UntilAsync(() => Task.FromResult(Find() is not null));
        return Find()!;
    }

    /// <summary>The spans of the message's own hops, in the order of their contexts.</summary>
    private static async Task<List<Activity>> WayAsync(TestNetwork network, Spans spans, Activity sent, int count)
    {
        Activity[] Hops() => [.. spans.Of(sent.TraceId).Where(span => span.OperationName == "forward data")];
        await network.Changed.UntilAsync(() => Task.FromResult(Hops().Length >= count));
        return [.. Hops().OrderBy(span => (int)span.GetTagItem("overlay.hop.index")!)];
    }
}
