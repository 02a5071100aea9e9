using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Diagnostics;
using Overlay.Runtime.Tests.Telemetry;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Tests.Diagnostics;

/// <summary>Ways, channels and ends, in real networks.</summary>
public sealed class ExplainTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_way_has_the_links_as_they_are_measured()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);

        var way = await nodes[0].TraceAsync(nodes[1].Id, asTrace: true, Cancelled);

        Assert.True(way.Route.IsReached);
        Assert.Matches("^[0-9a-f]{32}$", way.TraceId!);
        var hops = way.Route.Out(nodes[0].Id);
        Assert.Equal([nodes[0].Id, nodes[1].Id], hops.Select(hop => hop.Id));
        var link = hops[0].Record!.Value.Link;
        Assert.Equal((LinkWay.Direct, CandidateType.Host, CandidateType.Host), (link.Way, link.Local, link.Remote));
        Assert.InRange(link.RoundTrip!.Value, TimeSpan.FromTicks(1), Patience.Long);
        Assert.InRange(hops[1].Record!.Value.Held!.Value, TimeSpan.Zero, way.Route.RoundTrip);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_trace_id_is_that_under_which_the_hops_have_their_spans(bool isGuest)
    {
        await using var network = new TestNetwork();
        var members = await network.StartAsync(3);
        var asker = isGuest ? await network.StartAsync(network.Options with { IsGuest = true }) : members[0];
        var target = members[1];
        using var spans = new Spans(node => node != asker.Id.ToString() && members.Any(member => member.Id.ToString() == node)); // As at 'overlay trace': who asks exports nothing.

        var way = await asker.TraceAsync(target.Id, asTrace: true, Cancelled);

        await network.Changed.UntilAsync(() => spans.All.Any(span => span.OperationName == "answer traced_route"));
        var answer = spans.All.First(span => span.OperationName == "answer traced_route");
        Assert.Equal((target.Id.ToString(), way.TraceId), (Spans.NodeOf(answer.Source), answer.TraceId.ToHexString()));
    }

    [Fact]
    public async Task A_channel_is_direct_and_says_over_which_pair()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);

        var found = await nodes[0].ExplainAsync(nodes[1].Id, new ExplainOptions { WithChannel = true, ChannelPatience = Patience.Long }, Cancelled);

        Assert.Equal((Finding.Reached, LinkWay.Direct), (found.Finding, found.Channel!.Way));
        Assert.Contains(found.Channel.Pairs, pair => pair is { Outcome: PairOutcome.Selected, LocalKind: CandidateKind.Host });
        Assert.NotNull(found.Channel.DirectAfter);
        Assert.Contains(found.State!.Quotas, quota => quota.Kind == QuotaKind.RelayedBytesPerSecond);
        Assert.True(found.State.Totals!.UptimeMilliseconds > 0);
    }

    [Fact]
    public async Task A_channel_that_may_not_be_direct_says_why()
    {
        await using var network = new TestNetwork();
        var shy = await network.StartAsync(network.Options with { Channels = new PeerChannelOptions { Policy = ChannelPolicy.OverlayOnly } });
        var other = await network.StartAsync();
        await network.UntilFullMeshAsync(shy, other);

        var found = await shy.ExplainAsync(other.Id, new ExplainOptions { WithChannel = true, ChannelPatience = Patience.Long }, Cancelled);

        Assert.Equal((LinkWay.Relayed, ChannelPolicy.OverlayOnly), (found.Channel!.Way, found.Channel.Policy));
        Assert.Contains(found.Sentences, sentence => sentence.Contains("policy is OverlayOnly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_node_that_was_killed_and_one_that_left_the_end_is_told()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(5);

        await nodes[1].LeaveAsync(Cancelled);
        await nodes[2].KillAsync();
        await network.Changed.UntilAsync(async () => (await nodes[0].SnapshotAsync(Cancelled)).Departures.Any(entry => entry.Id == nodes[2].Id && entry.Kind == DepartureKind.Died));
        var left = await nodes[0].ExplainAsync(nodes[1].Id, cancellationToken: Cancelled);
        var died = await nodes[0].ExplainAsync(nodes[2].Id, cancellationToken: Cancelled);
        var nobody = await nodes[0].ExplainAsync(RingId.From(12345), cancellationToken: Cancelled);

        Assert.Equal((Finding.Left, Finding.Died, Finding.Unknown), (left.Finding, died.Finding, nobody.Finding));
        Assert.Contains(died.Witness!.Value, nodes.Select(node => node.Id));
        Assert.InRange(died.Departed!.Value.Probes, 1, 255);
        Assert.NotNull(nobody.Responsible);
    }

    [Fact]
    public async Task A_node_that_answers_no_diagnostics_is_said_to_be_there()
    {
        await using var network = new TestNetwork();
        var asker = await network.StartAsync();
        var silent = await network.StartAsync(network.Options with { Protocol = OverlayOptions.Default with { AnswersDiagnostics = false } });
        await network.UntilFullMeshAsync(asker, silent);

        var found = await asker.ExplainAsync(silent.Id, cancellationToken: Cancelled);

        Assert.Equal(Finding.Declined, found.Finding);
        var failed = await Assert.ThrowsAsync<OverlayException>(() => asker.InspectAsync(silent.Id, Cancelled));
        Assert.Equal((Outcome.Refused, DropReason.Declined), (failed.Outcome, failed.Drop));
    }
}
