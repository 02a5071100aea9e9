using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Diagnostics;
using Overlay.WebRtc;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Tests.Diagnostics;

/// <summary>What people are told, word for word where it matters.</summary>
public sealed class ExplanationWriterTests
{
    private static readonly RingId Self = RingId.From(1);
    private static readonly RingId Hop = RingId.From(2);
    private static readonly RingId Target = RingId.From(3);

    [Fact]
    public void A_slow_link_is_named_with_its_round_trip()
    {
        var sentences = Sentences(Reached(Direct(2), Direct(180)));

        Assert.Equal("000000000003 answers 200 ms after it was asked: 2 links there, 2 links back.", sentences[0]);
        Assert.Equal("The longest part of that is spent on the link 000000000002 → 000000000003 (direct, host ↔ srflx, round trip 180 ms).", sentences[1]);
        Assert.Equal(2, sentences.Count);
    }

    [Fact]
    public void A_hop_that_holds_messages_is_named_with_what_waits_in_its_link()
    {
        var sentences = Sentences(Reached(Direct(2), Direct(4) with { QueuedBytes = 70_000 }, held: 150));

        Assert.Contains("The longest part of that is spent inside of 000000000002, which held the message 150 ms (70000 bytes wait in its next link).", sentences);
    }

    [Fact]
    public void A_relayed_link_is_said_to_be_one()
    {
        var sentences = Sentences(Reached(Direct(2), new LinkGauge(LinkWay.Relayed, CandidateType.Unknown, CandidateType.Unknown, TimeSpan.FromMilliseconds(40), 0)));

        Assert.Contains("000000000002 and 000000000003 do not reach each other directly: a third node passes the datagrams of their link on.", sentences);
    }

    [Fact]
    public void A_hop_that_says_nothing_and_a_lost_question_are_told()
    {
        var found = Reached(Direct(2), Direct(4));
        var sentences = Sentences(found with { Route = found.Route! with { TrailOut = [found.Route.TrailOut[0]], Attempt = 1 } });

        Assert.Contains(sentences, sentence => sentence.StartsWith("The first question, or its answer, was lost", StringComparison.Ordinal));
        Assert.Contains("2 of 3 nodes of the way say nothing of themselves.", sentences);
    }

    [Theory]
    [InlineData(PairOutcome.NoAnswer, ChannelPolicy.Auto, "because of 2 pairs of addresses 2 had no answer: a firewall drops UDP")]
    [InlineData(PairOutcome.AnsweredFromElsewhere, ChannelPolicy.Auto, "because of 2 pairs of addresses 2 were answered from another address than was asked.")]
    [InlineData(PairOutcome.Checking, ChannelPolicy.Auto, "because of 2 pairs of addresses 2 are not decided yet.")]
    [InlineData(PairOutcome.NoAnswer, ChannelPolicy.OverlayOnly, "because this node's policy is OverlayOnly.")]
    public void A_channel_that_is_not_direct_has_its_reason(PairOutcome outcome, ChannelPolicy policy, string because)
    {
        var pair = new PairReport(CandidateKind.Host, default, CandidateKind.Host, default, outcome, TimeSpan.Zero);
        var channel = new ChannelReport(Target, LinkWay.Relayed, policy, IceFailure.NoResponse, [pair, pair], TimeSpan.FromMilliseconds(9));

        var sentences = Sentences(Reached(Direct(2), Direct(4)) with { Channel = channel });

        Assert.Contains(sentences, sentence => sentence.StartsWith("A channel to it goes over other members, ", StringComparison.Ordinal) && sentence.Contains(because, StringComparison.Ordinal));
    }

    [Fact]
    public void A_quota_that_is_nearly_used_up_is_told()
    {
        var state = new State(0, NodePhase.Member, null, [], [], []) { Quotas = [new(QuotaKind.Links, 47, 48), new(QuotaKind.SetUps, 1, 4), new(QuotaKind.RelayedBytesPerSecond, 0, 0)] };

        var sentences = Sentences(Reached(Direct(2), Direct(4)) with { State = state });

        Assert.Contains(sentences, sentence => sentence.StartsWith("000000000003 uses 47 of 48 links: it refuses new ones", StringComparison.Ordinal));
        Assert.Contains("000000000003 relays nothing for others (RelayBytesPerSecond is 0).", sentences);
        Assert.DoesNotContain(sentences, sentence => sentence.Contains("set-ups", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(DepartureKind.Died, Finding.Died, "000000000003 is dead: its neighbour 000000000002 declared it so 12 s ago after 3 unanswered probes and 2.4 s of silence.")]
    [InlineData(DepartureKind.Left, Finding.Left, "000000000003 has left: it said good-bye to its neighbour 000000000002 12 s ago.")]
    [InlineData(DepartureKind.LinkLost, Finding.LinkLost, "000000000002 lost its link to 000000000003 12 s ago (Transport), and nobody has declared it dead yet.")]
    public void What_a_neighbour_remembers_is_the_first_sentence(DepartureKind kind, Finding finding, string first)
    {
        var departed = new DepartureEntry(Target, kind, TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(2.4), 3, LinkFailure.Transport);

        var sentences = Sentences(new Explanation(Target, finding) { Departed = departed, Witness = Hop, Responsible = Self });

        Assert.Equal([first, "Responsible for that id is 000000000001 now.", "No answer came back from the way to it."], sentences);
    }

    private static IReadOnlyList<string> Sentences(Explanation found) => ExplanationWriter.Write(Self, found);

    private static LinkGauge Direct(double roundTrip) => new(LinkWay.Direct, CandidateType.Host, CandidateType.ServerReflexive, TimeSpan.FromMilliseconds(roundTrip), 0);

    private static Explanation Reached(LinkGauge first, LinkGauge second, double held = 1)
    {
        var route = new RouteTrace(Target, Target, DropReason.None, TimeSpan.FromMilliseconds(200), 0)
        {
            RouteOut = [Hop, Target],
            RouteBack = [Hop, Self],
            TrailOut =
            [
                new(Self, Hop, RouteDecision.Finger, false, null, first),
                new(Hop, Target, RouteDecision.Successor, false, TimeSpan.FromMilliseconds(held), second),
                new(Target, Target, RouteDecision.Local, false, TimeSpan.Zero, LinkGauge.Unknown),
            ],
        };
        return new Explanation(Target, Finding.Reached) { Route = route };
    }
}
