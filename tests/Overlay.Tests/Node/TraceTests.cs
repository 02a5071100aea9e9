using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Node;

/// <summary>The ways of messages, told by the nodes that they pass; and what became of neighbours.</summary>
public sealed class TraceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void On_a_ring_every_hop_out_and_back_says_what_it_did()
    {
        var network = new TestNetwork().Settle(14);
        foreach (var from in network.Nodes)
        {
            foreach (var to in network.Nodes.Where(to => to != from))
            {
                var trace = TraceOf(network, from, to.Id);

                Assert.True(trace.IsReached);
                Assert.Equal((to.Id, to.Id, 0), (trace.EndedAt, trace.RouteOut[^1], trace.Attempt));
                AssertChain(trace.Out(from.Id), from.Id, to.Id, network.Latency);
                AssertChain(trace.Back(), to.Id, from.Id, network.Latency, isBack: true);
                Assert.Equal(network.Latency * (trace.RouteOut.Count + trace.RouteBack.Count), trace.RoundTrip);
            }
        }
    }

    [Fact]
    public void On_a_tree_it_goes_up_and_then_down()
    {
        var network = TreeTests.Whole(14);
        foreach (var to in network.Nodes.Skip(1))
        {
            var trace = TraceOf(network, network.Nodes[0], to.Id);

            Assert.True(trace.IsReached);
            AssertChain(trace.Out(network.Nodes[0].Id), network.Nodes[0].Id, to.Id, network.Latency);
            var decisions = trace.TrailOut.Select(record => record.Decision).SkipLast(1).ToArray();
            Assert.All(decisions, decision => Assert.Contains(decision, (RouteDecision[])[RouteDecision.Parent, RouteDecision.Child, RouteDecision.Shortcut]));
            Assert.Equal(decisions.OrderBy(decision => decision), decisions); // Parent comes before Child, and a shortcut ends it.
        }
    }

    [Fact]
    public void A_guest_sees_the_hub_and_its_gateway()
    {
        var network = new TestNetwork().Settle(9);
        var guest = network.Add(isGuest: true);
        network.RunUntil(() => guest.Node.Phase == NodePhase.Guest, Limit);

        foreach (var to in network.Nodes.Where(node => node != guest))
        {
            var trace = TraceOf(network, guest, to.Id);

            Assert.True(trace.IsReached);
            Assert.Equal(RouteDecision.Hub, trace.Out(guest.Id)[0].Record!.Value.Decision);
            Assert.Equal((RouteDecision.Hub, guest.Id), (trace.TrailBack[^2].Decision, trace.TrailBack[^2].Next));
        }
    }

    [Fact]
    public void A_trace_of_the_node_itself_ends_at_once()
    {
        var network = new TestNetwork().Settle(3);

        var trace = TraceOf(network, network.Nodes[0], network.Nodes[0].Id);

        Assert.Equal((true, TimeSpan.Zero), (trace.IsReached, trace.RoundTrip));
    }

    [Fact]
    public void A_hop_that_answers_no_diagnostics_is_on_the_route_and_says_nothing()
    {
        var network = new TestNetwork { OptionsOf = (options, index) => options with { AnswersDiagnostics = index % 3 != 2 } }.Settle(14);
        var silent = network.Nodes.Where(node => node.Index % 3 == 2).Select(node => node.Id).ToHashSet();
        var seen = 0;
        foreach (var (from, to) in from a in network.Nodes from b in network.Nodes where a != b && !silent.Contains(b.Id) && !silent.Contains(a.Id) select (a, b))
        {
            var hops = TraceOf(network, from, to.Id).Out(from.Id);

            Assert.Equal((from.Id, to.Id), (hops[0].Id, hops[^1].Id));
            Assert.All(hops, hop => Assert.Equal(silent.Contains(hop.Id), hop.Record is null));
            seen += hops.Count(hop => hop.Record is null);
        }

        Assert.NotEqual(0, seen);
    }

    [Fact]
    public void A_node_that_answers_no_diagnostics_says_so()
    {
        var network = new TestNetwork { OptionsOf = (options, index) => options with { AnswersDiagnostics = index != 2 } }.Settle(5);
        var (from, to) = (network.Nodes[0], network.Nodes[2]);

        var trace = TraceOf(network, from, to.Id);
        var inspected = from.Step((node, now, outbox) => node.Inspect(now, to.Id, outbox));
        network.RunUntil(() => from.Endings.ContainsKey(inspected), Limit);

        Assert.Equal((to.Id, DropReason.Declined), (trace.EndedAt, trace.Reason));
        Assert.Equal(new Ending(Outcome.Refused, DropReason.Declined), from.Endings[inspected]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_node_that_died_its_neighbours_tell_when_and_after_how_many_probes(bool onTree)
    {
        var network = onTree ? TreeTests.Whole(12) : new TestNetwork().Settle(12);
        var (victim, before) = (network.Nodes[5], network.Now);

        network.Kill(victim);
        network.Run(TimeSpan.FromSeconds(30));

        var departures = DeparturesOf(network, victim.Id);
        Assert.Contains(departures, entry => entry.Kind == DepartureKind.Died && entry.Probes > 0);
        Assert.All(departures, entry => Assert.InRange(entry.Ago, TimeSpan.FromSeconds(10), network.Now - before));
        Assert.All(departures, entry => Assert.NotEqual(DepartureKind.Left, entry.Kind));
        var trace = TraceOf(network, network.Nodes[0], victim.Id);
        Assert.NotEqual(DropReason.None, trace.Reason);
        if (!onTree)
        {
            Assert.Equal(DepartureKind.Died, trace.Departed?.Kind); // On a ring the way ends where its neighbours are.
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_node_that_left_they_tell_that_it_said_so(bool onTree)
    {
        var network = onTree ? TreeTests.Whole(12) : new TestNetwork().Settle(12);
        var leaver = network.Nodes[5];

        leaver.Leave();
        network.RunUntil(() => leaver.Node.Phase == NodePhase.Left, Limit);
        leaver.IsAlive = false;
        network.Run(TimeSpan.FromSeconds(30));

        var departures = DeparturesOf(network, leaver.Id);
        Assert.NotEmpty(departures);
        Assert.All(departures, entry => Assert.Equal(DepartureKind.Left, entry.Kind));
    }

    [Fact]
    public void Who_comes_back_has_not_departed()
    {
        var network = new TestNetwork().Settle(9);
        var (a, b) = (network.Nodes[0], network.Nodes.First(node => network.Nodes[0].Node.IsLinked(node.Id)));
        b.IsPaused = true;
        network.Run(TimeSpan.FromSeconds(20));
        Assert.NotEmpty(DeparturesOf(network, b.Id));

        b.IsPaused = false;
        network.WakeLater(b);
        foreach (var input in b.Waiting.ToArray())
        {
            b.Step(input);
        }

        b.Waiting.Clear();
        network.RunUntil(() => a.Node.IsLinked(b.Id), TimeSpan.FromMinutes(5));

        Assert.DoesNotContain(a.Node.Snapshot().Departures, entry => entry.Id == b.Id);
    }

    [Fact]
    public void A_hop_that_changes_an_answer_is_not_believed()
    {
        var network = new TestNetwork().Settle(14);
        var (from, to) = FarApart(network);
        var forged = 0;
        network.Alters = (sender, _, message) => message.Kind == MessageKind.TracedRoute && sender != to && forged++ == 0
            ? message with { Body = Forged(message, answer => answer with { Reason = DropReason.NoRoute }) }
            : message;

        var trace = TraceOf(network, from, to.Id);

        Assert.NotEqual(0, forged);
        Assert.Equal((true, 1), (trace.IsReached, trace.Attempt));
    }

    [Fact]
    public void An_answer_of_somebody_else_is_none()
    {
        var network = new TestNetwork().Settle(9);
        var (from, to) = (network.Nodes[0], network.Nodes.First(node => network.Nodes[0].Node.IsLinked(node.Id)));
        var liar = network.Nodes.First(node => node != to && from.Node.IsLinked(node.Id));
        network.Loses = (sender, _, message) => message.Kind == MessageKind.TraceRoute && Lie(sender, message);

        var request = from.Step((node, now, outbox) => node.Trace(now, to.Id, default, outbox));
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(Outcome.TimedOut, from.Endings[request].Outcome);

        bool Lie(TestNode sender, Message question)
        {
            var nonce = ((TraceRoute)((SignedBody)question.Body!).Payload).Nonce;
            var link = liar.Ends.Values.First(end => end.Peer == from.Id).Link;
            var answer = new TracedRoute(nonce, DropReason.None, [to.Id], [], null);
            network.Send(liar, link, Unsigned(network, liar, from, answer));
            network.Send(liar, link, Unsigned(network, liar, from, answer with { Nonce = nonce + 7, Reason = DropReason.NoRoute }));
            return sender == from;
        }
    }

    [Fact]
    public void Records_that_somebody_made_up_are_left_out_and_no_trail_grows_beyond_its_bound()
    {
        var network = new TestNetwork().Settle(14);
        var (from, to) = FarApart(network);
        var loop = Enumerable.Repeat(new HopRecord(from.Id, from.Id, RouteDecision.Finger, false, null, LinkGauge.Unknown), HopRecord.MaxRecords).ToArray();
        var longest = 0;
        network.Sending = (_, _, message) => longest = Math.Max(longest, message.Trail?.Length ?? 0);
        network.Alters = (sender, _, message) => message.Kind == MessageKind.TraceRoute && sender == from ? message with { Trail = loop } : message;

        var trace = TraceOf(network, from, to.Id);

        Assert.True(trace.IsReached);
        Assert.Equal(HopRecord.MaxRecords, longest);
        var hops = trace.Out(from.Id);
        Assert.Equal([from.Id, .. trace.RouteOut], hops.Select(hop => hop.Id));
        Assert.All(hops.Skip(1), hop => Assert.Null(hop.Record)); // There was no room for the true ones.
    }

    [Fact]
    public void A_hop_speaks_to_each_origin_so_often_and_no_more()
    {
        var network = new TestNetwork().Settle(14);
        var (from, to) = FarApart(network);
        var answers = 0;
        network.Sending = (node, _, message) => answers += message.Kind == MessageKind.TracedRoute && node == to ? 1 : 0;

        var requests = Enumerable.Range(0, 200).Select(_ => from.Step((node, now, outbox) => node.Trace(now, to.Id, default, outbox))).ToArray();
        network.Run(TimeSpan.FromSeconds(1));
        var inOneSecond = answers;
        network.RunUntil(() => requests.All(from.Endings.ContainsKey), Limit);

        Assert.InRange(inOneSecond, 1, RouteTracing.PerSecond);
        Assert.Equal(answers, Reached(from, requests));
    }

    [Fact]
    public void A_trace_costs_others_no_more_than_its_own_way()
    {
        var network = new TestNetwork().Settle(14);
        var (from, to) = FarApart(network);
        var (messages, bytes) = (0, 0);
        network.Sending = (_, _, message) =>
        {
            if (message.HasTrail)
            {
                (messages, bytes) = (messages + 1, Math.Max(bytes, MessageCodec.Measure(message)));
            }
        };

        var trace = TraceOf(network, from, to.Id);

        Assert.Equal(trace.RouteOut.Count + trace.RouteBack.Count, messages);
        Assert.InRange(bytes, 1, 1024);
    }

    private static int Reached(TestNode from, RequestId[] requests) => requests.Count(request => from.Endings[request].Outcome == Outcome.Done);

    private static DepartureEntry[] DeparturesOf(TestNetwork network, RingId id) =>
        [.. network.Living.SelectMany(node => node.Node.Snapshot().Departures).Where(entry => entry.Id == id)];

    private static RouteTrace TraceOf(TestNetwork network, TestNode from, RingId to)
    {
        network.Run(TimeSpan.FromMilliseconds(200)); // Each node speaks to each origin so often only.
        var request = from.Step((node, now, outbox) => node.Trace(now, to, default, outbox));
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);
        Assert.Equal(Outcome.Done, from.Endings[request].Outcome);
        return Assert.IsType<RouteTrace>(from.Endings[request].Result);
    }

    private static void AssertChain(IEnumerable<TracedHop> way, RingId first, RingId last, TimeSpan latency, bool isBack = false)
    {
        var hops = way.ToArray();
        Assert.Equal(first, hops[0].Id);
        for (var i = 0; i < hops.Length; i++)
        {
            var record = Assert.NotNull(hops[i].Record);
            Assert.NotEqual(RouteDecision.Unknown, record.Decision);
            Assert.Equal(hops[i].Id == first || (hops[i].Id == last && isBack) ? null : TestGauges.Held, record.Held);
            if (i + 1 < hops.Length)
            {
                Assert.Equal((hops[i + 1].Id, LinkWay.Direct, latency * 2), (record.Next, record.Link.Way, record.Link.RoundTrip));
            }
        }

        Assert.Equal((last, RouteDecision.Local), (hops[^1].Id, hops[^1].Record!.Value.Decision));
    }

    private static (TestNode From, TestNode To) FarApart(TestNetwork network) =>
        (from a in network.Nodes from b in network.Nodes where a != b && !a.Node.IsLinked(b.Id) select (a, b)).First();

    private static SignedBody Forged(Message message, Func<TracedRoute, TracedRoute> forge)
    {
        Assert.True(MessageCodec.TryOpen(message, out var body, out _));
        return new SignedBody { Instance = body.Instance, ExpiresAt = body.ExpiresAt, Signature = body.Signature, Payload = forge((TracedRoute)body.Payload) };
    }

    private static Message Unsigned(TestNetwork network, TestNode from, TestNode to, Payload payload) => new()
    {
        Kind = payload.Kind,
        HopsLeft = 1,
        Source = from.Id,
        Destination = to.Id,
        MessageId = 1_000_000 + (ulong)((TracedRoute)payload).Reason,
        Body = new SignedBody { Instance = from.Node.Self.Instance, ExpiresAt = network.Now.UnixMilliseconds + 1000, Payload = payload },
    };
}
