using Overlay.Cli.Diagnostics;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Cli.Tests;

/// <summary>What the tables are drawn from.</summary>
public sealed class WaterfallTests
{
    private static readonly RingId Self = RingId.From(1);
    private static readonly RingId Hop = RingId.From(2);
    private static readonly RingId Target = RingId.From(3);

    [Fact]
    public void Parts_that_nobody_measured_share_what_is_left()
    {
        var bars = Waterfall.Of(Trace(milliseconds: 100, hopAnswers: true), Self);

        Assert.Equal([(Self, Hop), (Hop, Hop), (Hop, Target), (Target, Target), (Target, Hop), (Hop, Hop), (Hop, Self)], bars.Select(bar => (bar.From, bar.To)));
        Assert.Equal([39.0, 4, 10, 1, 5, 2, 39], bars.Select(bar => bar.Duration.TotalMilliseconds));
        Assert.Equal([false, true, true, true, true, true, false], bars.Select(bar => bar.IsKnown));
        Assert.Equal(100, (bars[^1].Start + bars[^1].Duration).TotalMilliseconds, 3);
        Assert.Equal([false, false, false, false, true, true, true], bars.Select(bar => bar.IsBack));
    }

    [Fact]
    public void Links_that_were_slower_when_they_were_measured_leave_nothing_to_share()
    {
        var bars = Waterfall.Of(Trace(milliseconds: 3, hopAnswers: true), Self);

        Assert.Equal(TimeSpan.Zero, bars[0].Duration);
        Assert.Equal(22, (bars[^1].Start + bars[^1].Duration).TotalMilliseconds, 3);
    }

    [Fact]
    public void A_hop_that_says_nothing_has_a_part_all_the_same()
    {
        var bars = Waterfall.Of(Trace(milliseconds: 60, hopAnswers: false), Self);

        Assert.Contains(bars, bar => bar.From == Hop && bar.To == Target && !bar.IsKnown && bar.Duration > TimeSpan.Zero);
        Assert.Equal(60, (bars[^1].Start + bars[^1].Duration).TotalMilliseconds, 3);
    }

    [Fact]
    public void Rates_come_of_two_answers_of_a_member_by_its_own_clock()
    {
        var sampler = new TopSampler(TopOrder.Messages);
        sampler.Take([Member(1, 1_000, 10), Member(2, 5_000, 0)], TimeSpan.Zero);

        var table = sampler.Take([Member(1, 3_000, 30), Member(2, 5_500, 40), new(Target, null, Outcome.TimedOut, TimeSpan.Zero)], TimeSpan.FromSeconds(9));

        Assert.Equal([(2UL, 80.0), (1UL, 10.0)], table.Rows.Take(2).Select(row => (row.Id.Value, row.MessagesPerSecond!.Value)));
        Assert.Equal((2, 1, 90.0), (table.Members, table.Unanswered, table.MessagesPerSecond!.Value));
        Assert.Null(table.Rows[2].MessagesPerSecond);
    }

    [Fact]
    public void A_member_that_was_started_anew_has_no_rate_yet()
    {
        var sampler = new TopSampler(TopOrder.Id);
        sampler.Take([Member(1, 60_000, 1000)], TimeSpan.Zero);

        var table = sampler.Take([Member(1, 500, 3)], TimeSpan.Zero);

        Assert.Null(Assert.Single(table.Rows).MessagesPerSecond);
    }

    private static MemberState Member(ulong id, long uptime, long forwarded)
    {
        var state = new State(0, NodePhase.Member, null, Array.Empty<Descriptor>(), [], []) { Totals = new(uptime, forwarded, 0, 0, 0, 0, 0, 0) };
        return new(RingId.From(id), state, Outcome.Done, TimeSpan.Zero);
    }

    private static RouteTrace Trace(double milliseconds, bool hopAnswers)
    {
        HopRecord[] there =
        [
            new(Self, Hop, RouteDecision.Hub, false, null, LinkGauge.Unknown with { Way = LinkWay.Hub }),
            new(Hop, Target, RouteDecision.Finger, false, TimeSpan.FromMilliseconds(4), Link(20)),
            new(Target, Target, RouteDecision.Local, false, TimeSpan.FromMilliseconds(1), LinkGauge.Unknown),
        ];
        return new RouteTrace(Target, Target, DropReason.None, TimeSpan.FromMilliseconds(milliseconds), 0)
        {
            RouteOut = [Hop, Target],
            RouteBack = [Hop, Self],
            TrailOut = hopAnswers ? there : [there[0], there[2]],
            TrailBack =
            [
                new(Target, Hop, RouteDecision.Predecessor, false, null, Link(10)),
                new(Hop, Self, RouteDecision.Hub, false, TimeSpan.FromMilliseconds(2), LinkGauge.Unknown with { Way = LinkWay.Hub }),
                new(Self, Self, RouteDecision.Local, false, null, LinkGauge.Unknown),
            ],
        };
    }

    private static LinkGauge Link(double milliseconds) => new(LinkWay.Direct, CandidateType.Host, CandidateType.Host, TimeSpan.FromMilliseconds(milliseconds), 0);
}
