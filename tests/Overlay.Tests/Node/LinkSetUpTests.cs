using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Signalling;

namespace Overlay.Tests.Node;

/// <summary>Links between members of a ring that had none: each phase can hang, signals can be changed, replayed, and cross each other.</summary>
public sealed class LinkSetUpTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(LinkPhase.Gather, 1)]
    [InlineData(LinkPhase.Check, 5)]
    [InlineData(LinkPhase.Dtls, 5)]
    [InlineData(LinkPhase.Sctp, 3)]
    public void A_phase_that_never_ends_fails_the_link_after_its_own_deadline(LinkPhase phase, int seconds)
    {
        var (network, from, to) = Unlinked();
        network.Swallows = (node, which) => node == from && which == phase;
        var began = network.Now;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.TimedOut, LinkFailure.PhaseTimeout), from.Endings[request]);
        Assert.Contains(from.Observed, effect => effect.Observation == Observation.LinkEnded && effect.LinkPhase == phase && effect.Failure == LinkFailure.PhaseTimeout);
        Assert.InRange((network.Now - began).TotalSeconds, seconds, seconds + 1);
        AssertNothingLeft(network, from, to);
    }

    [Theory]
    [InlineData(MessageKind.Offer)]
    [InlineData(MessageKind.Answer)]
    public void Signals_that_vanish_fail_the_link_in_its_signal_phase(MessageKind kind)
    {
        var (network, from, to) = Unlinked();
        network.Loses = (_, _, message) => message.Kind == kind && Concerns(message, from, to);

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.TimedOut, LinkFailure.PhaseTimeout), from.Endings[request]);
        Assert.Contains(from.Observed, effect => effect.Observation == Observation.LinkEnded && effect.LinkPhase == LinkPhase.Signal);
        network.Run(TimeSpan.FromSeconds(16));
        AssertNothingLeft(network, from, to);
    }

    [Fact]
    public void A_proof_that_never_comes_fails_the_link_in_its_proof_phase()
    {
        var (network, from, to) = Unlinked();
        network.Loses = (sender, _, message) => message.Kind == MessageKind.Proof && sender == to;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.TimedOut, LinkFailure.PhaseTimeout), from.Endings[request]);
        Assert.Contains(from.Observed, effect => effect.Observation == Observation.LinkEnded && effect.LinkPhase == LinkPhase.Proof);
    }

    [Fact]
    public void A_set_up_that_crawls_from_phase_to_phase_fails_as_a_whole()
    {
        var network = new TestNetwork { Options = OverlayOptions.Default with { LinkSetUpTimeout = TimeSpan.FromSeconds(3) } };
        var (from, to) = Grow(network);
        network.Swallows = (node, which) => node == from && which == LinkPhase.Check;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.TimedOut, LinkFailure.SetUpTimeout), from.Endings[request]);
    }

    [Fact]
    public void An_offer_to_nobody_is_unreachable()
    {
        var (network, from, _) = Unlinked();

        var request = from.Connect(RingId.From(99));
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.Unreachable, LinkFailure.Unreachable), from.Endings[request]);
    }

    [Fact]
    public void Two_nodes_that_dial_each_other_at_once_get_exactly_one_link()
    {
        var (network, from, to) = Unlinked();

        var one = from.Connect(to.Id);
        var two = to.Connect(from.Id);
        network.RunUntil(() => from.Endings.ContainsKey(one) && to.Endings.ContainsKey(two), Limit);
        network.Run(TimeSpan.FromSeconds(6));

        Assert.Equal(Outcome.Done, from.Endings[one].Outcome);
        Assert.Equal(Outcome.Done, to.Endings[two].Outcome);
        Assert.Single(from.LinkedTo, id => id == to.Id);
        Assert.Single(to.LinkedTo, id => id == from.Id);
        Assert.Single(from.Ends.Values, end => end.Peer == to.Id);
        Assert.Single(to.Ends.Values, end => end.Peer == from.Id);
        var lower = from.Id.Value < to.Id.Value ? from : to;
        Assert.Contains(lower.Node.Snapshot().Links, link => link.Id == (lower == from ? to : from).Id && !link.IsIncoming);
    }

    [Fact]
    public void A_link_that_nobody_needs_any_more_is_closed_after_a_while()
    {
        var (network, from, to) = Unlinked();
        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        from.Step((node, now, outbox) => node.Disconnect(now, to.Id, outbox));
        network.Run(TimeSpan.FromSeconds(25));
        var isKept = from.Node.IsLinked(to.Id);
        network.Run(TimeSpan.FromSeconds(10));

        Assert.True(isKept);
        Assert.False(from.Node.IsLinked(to.Id));
        Assert.False(to.Node.IsLinked(from.Id));
    }

    [Theory]
    [InlineData("fingerprint")]
    [InlineData("ufrag")]
    [InlineData("password")]
    [InlineData("candidate")]
    [InlineData("nonce")]
    [InlineData("purpose")]
    public void An_offer_that_was_changed_on_its_way_is_refused(string field)
    {
        var (network, from, to) = Unlinked();
        network.Alters = (_, _, message) => message.Kind == MessageKind.Offer && Concerns(message, from, to) ? Altered(message, field) : message;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.NotEqual(Outcome.Done, from.Endings[request].Outcome);
        Assert.Contains(network.Nodes, node => node.Observed.Any(effect => effect.Drop == DropReason.BadSignature && effect.Message.Kind == MessageKind.Offer));
        Assert.False(to.Node.IsLinked(from.Id));
    }

    [Theory]
    [InlineData("fingerprint")]
    [InlineData("ufrag")]
    [InlineData("password")]
    [InlineData("candidate")]
    [InlineData("nonce")]
    public void An_answer_that_was_changed_on_its_way_is_refused(string field)
    {
        var (network, from, to) = Unlinked();
        network.Alters = (_, _, message) => message.Kind == MessageKind.Answer && Concerns(message, from, to) ? Altered(message, field) : message;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.NotEqual(Outcome.Done, from.Endings[request].Outcome);
        Assert.Contains(from.Observed, effect => effect.Drop == DropReason.BadSignature && effect.Message.Kind == MessageKind.Answer);
    }

    [Fact]
    public void Late_candidates_that_were_changed_on_their_way_are_refused()
    {
        var (network, from, to) = Unlinked();
        network.Swallows = (_, phase) => phase == LinkPhase.Check;
        network.Alters = (_, _, message) => message.Kind == MessageKind.Candidates ? Altered(message, "candidate") : message;
        from.Connect(to.Id);
        network.RunUntil(() => to.Ends.Values.Any(end => end.Peer == from.Id), Limit);
        var link = from.Ends.Values.Single(end => end.Peer == to.Id).Link;

        from.Step((node, now, outbox) => node.LinkCandidates(now, link, ["candidate:late"], outbox));
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Contains(to.Observed, effect => effect.Drop == DropReason.BadSignature && effect.Message.Kind == MessageKind.Candidates);
        Assert.Empty(to.LateLines);
    }

    [Fact]
    public void Late_candidates_reach_the_other_side()
    {
        var (network, from, to) = Unlinked();
        network.Swallows = (_, phase) => phase == LinkPhase.Check;
        from.Connect(to.Id);
        network.RunUntil(() => to.Ends.Values.Any(end => end.Peer == from.Id), Limit);
        var link = from.Ends.Values.Single(end => end.Peer == to.Id).Link;

        from.Step((node, now, outbox) => node.LinkCandidates(now, link, ["candidate:late"], outbox));
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(["candidate:late"], to.LateLines);
        Assert.Equal((2, 1), (from.Count(Observation.Signalled), to.Count(Observation.Signalled)));
    }

    [Fact]
    public void A_replayed_offer_changes_nothing()
    {
        var (network, from, to) = Unlinked();
        Message? offer = null;
        TestNode? lastHop = null;
        network.Loses = (sender, receiver, message) =>
        {
            if (message.Kind == MessageKind.Offer && Concerns(message, from, to) && receiver == to)
            {
                (offer, lastHop) = (message, sender);
            }

            return false;
        };
        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);
        var ends = to.Ends.Count;

        for (var i = 0; i < 10; i++)
        {
            network.Inject(lastHop!, offer!.Value with { HopsLeft = 20, HopContext = new TraceContext(1, 2, 3, 4) }, to);
        }

        network.Run(TimeSpan.FromMinutes(6));
        network.Inject(lastHop!, offer!.Value, to);

        Assert.Equal(10, to.Observed.Count(effect => effect.Drop == DropReason.Duplicate && effect.Message.Kind == MessageKind.Offer));
        Assert.Contains(to.Observed, effect => effect.Drop == DropReason.Expired);
        Assert.Equal(ends, to.Ends.Count);
    }

    [Fact]
    public void A_proof_by_another_key_is_refused()
    {
        var (network, from, to) = Unlinked();
        var other = network.Nodes.First(node => node != from && node != to);
        network.Alters = (sender, _, message) => message.Kind == MessageKind.Proof && sender == to && message.Destination == from.Id
            ? message with { Body = network.Body(new Proof(1, other.Node.Self.Certificate, 1, new byte[64])) }
            : message;

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(LinkFailure.ProofFailed, from.Endings[request].Result);
        Assert.False(from.Node.IsLinked(to.Id));
        network.Run(TimeSpan.FromSeconds(1));
        Assert.False(to.Node.IsLinked(from.Id));
    }

    [Fact]
    public void A_reflected_proof_is_refused()
    {
        var (network, from, to) = Unlinked();
        Message? own = null;
        network.Alters = (sender, _, message) =>
        {
            if (message.Kind != MessageKind.Proof || !Concerns(message, from, to))
            {
                return message;
            }

            own = sender == from ? message : own;
            return sender == to && own is { } reflected ? reflected with { Source = to.Id, Destination = from.Id } : message;
        };

        var request = from.Connect(to.Id);
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(LinkFailure.ProofFailed, from.Endings[request].Result);
    }

    [Fact]
    public void Nothing_but_the_proof_is_accepted_over_a_link_that_is_not_proved()
    {
        var (network, from, to) = Unlinked();
        network.Loses = (_, _, message) => message.Kind == MessageKind.Proof && Concerns(message, from, to);
        from.Connect(to.Id);
        network.RunUntil(() => to.Ends.Values.Any(end => end.Peer == from.Id && end.IsOpen), Limit);

        network.Inject(from, new Message { Kind = MessageKind.Data, HopsLeft = 5, Source = from.Id, Destination = to.Id, Body = network.Body(new Data(new byte[3], default)) }, to);
        network.Inject(from, new Message { Kind = MessageKind.LinkStatus, HopsLeft = 1, Source = from.Id, Destination = to.Id, Body = network.Body(new LinkStatus(NodePhase.Member, LinkPurpose.Ring)) }, to);

        Assert.Equal(2, to.Observed.Count(effect => effect.Drop == DropReason.NotProved));
        Assert.Empty(to.Delivered);
    }

    [Fact]
    public void At_most_four_set_ups_are_in_flight()
    {
        var network = RepairTests.Ring(24);
        var from = network.Nodes.MinBy(node => node.LinkedTo.Count())!;
        var others = network.Nodes.Where(node => node != from && !from.Node.IsLinked(node.Id)).ToArray();
        var most = 0;

        var requests = others.Select(other => from.Connect(other.Id)).ToArray();
        network.RunUntil(
            () =>
            {
                most = Math.Max(most, network.Nodes.Max(node => node.Node.SetUpsInFlight));
                return requests.All(from.Endings.ContainsKey);
            },
            Limit);

        Assert.True(others.Length >= 5);
        Assert.InRange(most, 2, network.Options.MaxSetUps);
        Assert.All(requests, request => Assert.Equal(Outcome.Done, from.Endings[request].Outcome));
    }

    [Fact]
    public void A_full_node_refuses_an_application_link_and_names_others()
    {
        var network = new TestNetwork { Options = OverlayOptions.Default with { SuccessorListLength = 4, MaxFingers = 2, MaxLinks = 8 } };
        network.AddMembers(20);
        network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(60));
        network.Run(TimeSpan.FromSeconds(40));
        Refuse? refusal = null;
        network.Loses = (_, _, message) =>
        {
            refusal = MessageCodec.TryOpen(message, out var body, out _) && body.Payload is Refuse { Reason: LinkFailure.Full } refuse ? refuse : refusal;
            return false;
        };

        var to = network.Nodes[0];
        var askers = network.Nodes.Where(node => node != to && !node.Node.IsLinked(to.Id)).ToArray();
        var requests = askers.Select(node => (Node: node, Request: node.Connect(to.Id))).ToArray();
        network.RunUntil(() => requests.All(one => one.Node.Endings.ContainsKey(one.Request)), TimeSpan.FromSeconds(60));

        Assert.Contains(requests, one => one.Node.Endings[one.Request] == new Ending(Outcome.Refused, LinkFailure.Full));
        Assert.NotNull(refusal);
        Assert.NotEmpty(refusal.Alternatives);
        Assert.All(network.Nodes, node => Assert.InRange(node.LinkedTo.Count(), 1, 8));
        Assert.True(network.IsIdealRing());
    }

    [Fact]
    public void Limits_of_phases_add_up_to_more_than_the_whole_so_the_whole_counts_too()
    {
        var sum = PhaseLimits.Gather + PhaseLimits.Signal + PhaseLimits.Check + PhaseLimits.Dtls + PhaseLimits.Sctp + PhaseLimits.Proof;

        Assert.True(sum > OverlayOptions.Default.LinkSetUpTimeout);
        Assert.Equal([1, 5, 5, 5, 3, 2], Enum.GetValues<LinkPhase>().Take(6).Select(phase => (int)PhaseLimits.Of(phase).TotalSeconds));
    }

    private static (TestNetwork Network, TestNode From, TestNode To) Unlinked()
    {
        var network = new TestNetwork();
        var (from, to) = Grow(network);
        return (network, from, to);
    }

    private static (TestNode From, TestNode To) Grow(TestNetwork network)
    {
        network.AddMembers(12);
        network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(60));
        network.Run(TimeSpan.FromSeconds(40));
        var (from, to) = RepairTests.Unlinked(network).First();
        foreach (var node in network.Nodes)
        {
            node.Observed.RemoveAll(effect => effect.Observation is Observation.Dropped or Observation.LinkEnded or Observation.Signalled);
        }

        return (from, to);
    }

    private static void AssertNothingLeft(TestNetwork network, TestNode from, TestNode to)
    {
        network.Run(TimeSpan.FromSeconds(16));
        Assert.False(from.Node.IsLinked(to.Id));
        Assert.Equal(0, from.Node.SetUpsInFlight);
        Assert.Equal(0, to.Node.SetUpsInFlight);
        Assert.DoesNotContain(from.Ends.Values, end => end.Peer == to.Id);
        Assert.DoesNotContain(to.Ends.Values, end => end.Peer == from.Id);
    }

    private static bool Concerns(Message message, TestNode a, TestNode b) =>
        (message.Source == a.Id && message.Destination == b.Id) || (message.Source == b.Id && message.Destination == a.Id);

    /// <summary>The same message with one field of its payload changed, under the old signature.</summary>
    private static Message Altered(Message message, string field)
    {
        Assert.True(MessageCodec.TryOpen(message, out var body, out _));
        Payload payload = body.Payload switch
        {
            Offer offer when field == "nonce" => offer with { Nonce = offer.Nonce + 1 },
            Offer offer when field == "purpose" => offer with { Purpose = LinkPurpose.Ring },
            Offer offer => offer with { Description = Altered(offer.Description, field) },
            Answer answer when field == "nonce" => answer with { Nonce = answer.Nonce + 1 },
            Answer answer => answer with { Description = Altered(answer.Description, field) },
            Candidates candidates => candidates with { Lines = ["candidate:evil"] },
            _ => throw new InvalidOperationException(field),
        };
        return message with { Body = new SignedBody { Instance = body.Instance, ExpiresAt = body.ExpiresAt, Signature = body.Signature.ToArray(), Payload = payload } };
    }

    private static LinkDescription Altered(LinkDescription description, string field) => field switch
    {
        "fingerprint" => description with { Fingerprint = [.. Enumerable.Repeat((byte)0xEE, 32)] },
        "ufrag" => description with { Ufrag = "evil" },
        "password" => description with { Password = "evil" },
        _ => description with { Candidates = ["candidate:evil"] },
    };
}
