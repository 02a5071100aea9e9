using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using static Overlay.Tests.World;

namespace Overlay.Tests.Links;

/// <summary>On a tree a helper's way to a neighbour leads over the very link that is in doubt: the asker asks itself, by ways that do not.</summary>
public sealed class FailureDetectorOnTreeTests
{
    private static readonly RingId S = RingId.From(100);
    private static readonly RingId Other = RingId.From(110);
    private static readonly RingId Uncle = RingId.From(200);
    private static readonly RingId Nephew = RingId.From(300);

    private readonly RecordingPort _port = new(new World().Contact(1)) { Ways = { Uncle, Nephew } };
    private readonly LinkTable _links = new(25, 4);
    private readonly FailureDetector _detector;

    public FailureDetectorOnTreeTests() => _detector = new(OverlayOptions.Default with { Topology = Topology.Tree }, _port, _links, new Prng(1));

    [Theory]
    [InlineData(LinkWatch.Neighbour, 1)]
    [InlineData(LinkWatch.Ring, 15)]
    public void Half_a_period_before_it_is_suspected_a_neighbour_is_asked_by_other_ways_and_then_once_more(LinkWatch watch, int seconds)
    {
        // a → Ping → s;  half a period later a → Ping → uncle → … → s, and by a nephew; half a period later again: suspected
        Link(S, watch);

        AdvanceTo(seconds + 0.499);
        Assert.Equal([(S, S)], Pings());
        AdvanceTo(seconds + 0.5);
        Assert.Equal([(S, S), (Uncle, S), (Nephew, S)], Pings());
        Assert.Empty(Events());

        AdvanceTo(seconds + 1);

        Assert.Equal([(S, S), (Uncle, S), (Nephew, S), (Uncle, S), (Nephew, S)], Pings());
        Assert.Equal([new(LivenessEventKind.Suspected, S)], Events());
        AdvanceTo(seconds + 2);
        Assert.Equal([new(LivenessEventKind.Dead, S)], Events());
    }

    [Theory]
    [InlineData(1.7)]
    [InlineData(2.9)]
    public void Who_answers_by_another_way_has_lost_its_link_and_not_its_life(double seconds)
    {
        Link(S, LinkWatch.Neighbour);
        AdvanceTo(seconds);
        _detector.OnPong(At(seconds), S, new Pong(((Ping)_port.Sent[^1].Payload).Nonce, NodePhase.Member));

        AdvanceTo(3);

        Assert.Equal([new(LivenessEventKind.Suspected, S), new(LivenessEventKind.PathLost, S)], Events());
    }

    [Fact]
    public void Whose_link_needs_no_confirmation_is_not_asked_by_other_ways()
    {
        Link(S, LinkWatch.Idle);

        AdvanceTo(16);

        Assert.DoesNotContain((Uncle, S), Pings());
        Assert.Contains(new(LivenessEventKind.Silent, S), Events());
    }

    [Fact]
    public void Where_there_is_no_other_way_helpers_are_asked_as_on_the_ring()
    {
        _port.Ways.Clear();
        Link(Other, LinkWatch.Idle);
        Link(S, LinkWatch.Neighbour);

        AdvanceTo(2);

        Assert.Equal([(S, S, nameof(Ping)), (Other, Other, nameof(ProbeFor))], _port.Sent.Select(static one => (one.Via, one.To, one.Payload.GetType().Name)));
    }

    private List<(RingId Way, RingId To)> Pings() => [.. _port.Sent.Where(static one => one.Payload is Ping && one.To == S).Select(static one => (one.Via, one.To))];

    private void Link(RingId peer, LinkWatch watch)
    {
        _links.TryOpen(At(0), new LinkSetUp(new LinkId((int)peer.Value), peer, isIncoming: false), out _);
        _detector.Track(At(0), _links.FindOpen(peer)!.Value, watch);
    }

    private void AdvanceTo(double seconds)
    {
        while (_detector.NextDue <= At(seconds))
        {
            _detector.Advance(_detector.NextDue);
        }
    }

    /// <summary>The findings without their circumstances.</summary>
    private List<LivenessEvent> Events()
    {
        var events = new List<LivenessEvent>();
        while (_detector.TryTakeEvent(out var finding))
        {
            events.Add(new(finding.Kind, finding.Peer));
        }

        return events;
    }
}
