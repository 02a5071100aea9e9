using System.Diagnostics;
using Overlay.Runtime.Telemetry;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>What a message over several hops leaves in its trace.</summary>
public sealed class HopSpansTests
{
    private const int MaxTries = 10;

    /// <summary>For a question that is asked again within a second: every hop is seen each time.</summary>
    private static readonly TelemetryOptions Generous = new() { RemoteSpansPerSecond = 100_000, RemoteSpansPerNeighbour = 100_000 };

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(5);

    [Fact]
    public async Task A_message_over_six_links_is_one_trace_with_a_span_of_every_node_on_its_way()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network);
        var (from, to) = await TreeOfNodes.FarthestAsync(nodes);
        using var spans = new Spans();

        var report = await from.SendAsync(to.Id, "traced"u8.ToArray(), new() { RecordRoute = true }, Cancelled);

        var sent = await EndedAsync(network, spans, "send data", from);
        var way = await WayAsync(network, spans, sent, report.Hops - 1);
        Assert.True(report.Hops >= 5, $"{report.Hops} links only");
        Assert.Equal(report.Hops - 1, way.Count);
        Assert.Equal(report.Route.Select(id => id.ToString()), [.. way.Select(NodeOf), to.Id.ToString()]);
        var last = sent;
        foreach (var (hop, index) in way.Select((hop, index) => (hop, index)))
        {
            Assert.Equal((last.SpanId, ActivityKind.Consumer), (hop.ParentSpanId, hop.Kind));
            Assert.Equal((index + 1, "direct", "sent"), (hop.GetTagItem("overlay.hop.index"), hop.GetTagItem("overlay.link.kind"), hop.GetTagItem("overlay.outcome")));
            Assert.Equal((from.Id.ToString(), to.Id.ToString()), (Spans.Tag(hop, "overlay.source.id"), Spans.Tag(hop, "overlay.target.id")));
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
        var (from, to) = await TreeOfNodes.FarthestAsync(nodes);
        HashSet<string> speaking = [];
        using var spans = new Spans(node => speaking.Contains(node));
        string[] route;
        string[] taken;
        do
        {
            speaking = [];
            route = await RouteAsync(from, to);
            speaking = [.. route.Where((_, index) => index % 2 == 1), from.Id.ToString(), to.Id.ToString()];
            taken = await RouteAsync(from, to);
        }
        while (!route.SequenceEqual(taken)); // A young tree may still move.

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
        var (from, to) = await TreeOfNodes.FarthestAsync(nodes);
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
        OverlayHost to;
        Activity[] questions, answers;
        var tries = 0;
        do
        {
            // A question asked again on a timer belongs to no trace, and in a young tree those farthest apart may just have moved together.
            (var from, to) = await TreeOfNodes.FarthestAsync(nodes);
            using var spans = new Spans();
            await from.InspectAsync(to.Id, Cancelled);
            var all = spans.Of((await EndedAsync(network, spans, "inspect", from)).TraceId);
            questions = [.. all.Where(span => span.OperationName == "forward get_state")];
            answers = [.. all.Where(span => span.OperationName == "answer state")];
        }
        while (++tries < MaxTries && (answers.Length == 0 || questions.Length < 4));

        var answer = Assert.Single(answers);
        Assert.InRange(questions.Length, 4, 12);
        Assert.Equal((to.Id.ToString(), ActivityKind.Server), (NodeOf(answer), answer.Kind));
        Assert.Contains(answer.ParentSpanId, questions.Select(question => question.SpanId));
    }

    [Fact]
    public async Task What_others_ask_for_beyond_the_budget_is_passed_on_without_a_span()
    {
        await using var network = new TestNetwork();
        var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Telemetry = new TelemetryOptions { RemoteSpansPerSecond = 0 } });
        var (from, to) = await TreeOfNodes.FarthestAsync(nodes);
        using var spans = new Spans();

        var report = await from.SendAsync(to.Id, "traced"u8.ToArray(), default, Cancelled);

        var sent = await EndedAsync(network, spans, "send data", from);
        Assert.True(report.Hops >= 5);
        Assert.Equal(["send data"], spans.Of(sent.TraceId).Select(span => span.OperationName));
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
