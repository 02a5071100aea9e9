using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using static Overlay.Tests.World;

namespace Overlay.Tests.Links;

public sealed class FailureDetectorTests
{
    private static readonly RingId S = RingId.From(100);
    private static readonly RingId Near = RingId.From(110);
    private static readonly RingId Far = RingId.From(5000);
    private static readonly RingId Farther = RingId.From(90_000_000);

    private readonly RecordingPort _port = new(new World().Contact(1));
    private readonly FailureDetector _detector;
    private readonly LinkTable _links = new(48, 4);

    public FailureDetectorTests() => _detector = new(OverlayOptions.Default, _port, _links, new Prng(1));

    [Theory]
    [InlineData(LinkWatch.Neighbour, 1)]
    [InlineData(LinkWatch.Ring, 15)]
    [InlineData(LinkWatch.Idle, 15)]
    public void A_silent_link_is_asked_after_its_period(LinkWatch watch, int seconds)
    {
        Link(At(0), S, watch);

        AdvanceTo(seconds - 0.001);
        Assert.Empty(_port.Sent);
        AdvanceTo(seconds);

        Assert.Equal((S, nameof(Ping)), Asked(_port.Sent.Single()));
    }

    [Fact]
    public void Any_traffic_is_life_enough()
    {
        Link(At(0), S, LinkWatch.Neighbour);

        for (var time = 0.0; time < 60; time += 0.9)
        {
            AdvanceTo(time);
            _detector.Heard(At(time), _links.FindOpen(S)!.Value);
        }

        Assert.Empty(_port.Sent);
        Assert.Empty(Events());
    }

    [Fact]
    public void An_answered_ping_is_the_end_of_it()
    {
        Link(At(0), S, LinkWatch.Neighbour);
        AdvanceTo(1.5);
        _detector.Heard(At(1.5), _links.FindOpen(S)!.Value);

        AdvanceTo(2.4);

        Assert.Empty(Events());
        Assert.Single(_port.Sent);
    }

    [Fact]
    public void The_death_of_a_neighbour_is_confirmed_by_the_two_helpers_nearest_to_it()
    {
        // a → Ping → s;  a → ProbeFor(s) → near, far;  nothing comes
        Link(S, LinkWatch.Neighbour);
        Link(Farther, LinkWatch.Idle);
        Link(Near, LinkWatch.Ring);
        Link(Far, LinkWatch.Idle);

        AdvanceTo(2);
        Assert.Equal([new(LivenessEventKind.Suspected, S)], Events());
        Assert.True(_detector.IsSuspect(S));
        Assert.Equal([(S, nameof(Ping)), (Near, nameof(ProbeFor)), (Far, nameof(ProbeFor))], _port.Sent.Select(Asked));
        AdvanceTo(2.999);
        Assert.Empty(Events());

        AdvanceTo(3);

        Assert.Equal([new(LivenessEventKind.Dead, S)], Events());
        Assert.False(_detector.IsSuspect(S));
    }

    [Theory]
    [InlineData(LinkWatch.Neighbour, LivenessEventKind.Suspected)]
    [InlineData(LinkWatch.Ring, LivenessEventKind.Suspected)]
    [InlineData(LinkWatch.Idle, LivenessEventKind.Silent)]
    public void What_the_host_could_not_bring_to_a_peer_is_worth_an_unanswered_question(LinkWatch watch, LivenessEventKind expected)
    {
        Link(S, watch);
        Link(Near, LinkWatch.Ring);

        _detector.Unanswered(At(0.5), S);
        _detector.Unanswered(At(0.5), Farther);

        Assert.Equal([new(expected, S)], Events());
    }

    [Fact]
    public void A_suspect_that_answers_others_lost_its_path_and_not_its_life()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Ring);
        AdvanceTo(2);
        Assert.Equal(LivenessEventKind.Suspected, Events().Single().Kind);

        _detector.OnPong(At(2.3), S, new Pong(LastNonce(), NodePhase.Member));
        AdvanceTo(3);

        Assert.Equal([new(LivenessEventKind.PathLost, S)], Events());
    }

    [Fact]
    public void A_suspect_whose_link_speaks_again_is_cleared()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Ring);
        AdvanceTo(2);
        Events();

        _detector.OnPong(At(2.3), S, new Pong(LastNonce(), NodePhase.Member));
        _detector.Heard(At(2.4), _links.FindOpen(S)!.Value);
        AdvanceTo(3.3);

        Assert.Equal([new(LivenessEventKind.Cleared, S)], Events());
    }

    [Fact]
    public void A_pong_of_an_earlier_question_clears_nobody()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Ring);
        AdvanceTo(1);
        var old = ((Ping)_port.Sent[^1].Payload).Nonce;
        AdvanceTo(2);

        _detector.OnPong(At(2.1), S, new Pong(old, NodePhase.Member));
        AdvanceTo(3);

        Assert.Equal([LivenessEventKind.Suspected, LivenessEventKind.Dead], Events().Select(one => one.Kind));
    }

    [Fact]
    public void A_verdict_says_how_long_the_peer_was_silent_and_how_many_probes_it_left_unanswered()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Ring);
        AdvanceTo(3);

        Assert.True(_detector.TryTakeEvent(out var suspected));
        Assert.True(_detector.TryTakeEvent(out var verdict));

        Assert.Equal((LivenessEventKind.Suspected, 0), (suspected.Kind, suspected.Probes));
        Assert.Equal(new LivenessEvent(LivenessEventKind.Dead, S) { Silence = TimeSpan.FromSeconds(3), Probes = 2 }, verdict); // Its own and the helper's.
    }

    [Fact]
    public void Alone_with_the_suspect_a_node_waits_ten_seconds_and_goes_on_asking()
    {
        Link(S, LinkWatch.Neighbour);

        AdvanceTo(11.999);
        Assert.Equal([new(LivenessEventKind.Suspected, S)], Events());
        Assert.Equal(11, _port.Sent.Count);

        AdvanceTo(12);
        Assert.Equal([new(LivenessEventKind.Dead, S)], Events());
    }

    [Fact]
    public void A_helper_that_comes_later_is_asked_too()
    {
        Link(S, LinkWatch.Neighbour);
        AdvanceTo(5);

        Link(At(5), Near, LinkWatch.Idle);
        AdvanceTo(6);
        Assert.Equal((Near, nameof(ProbeFor)), Asked(_port.Sent[^1]));
        AdvanceTo(7);

        Assert.Equal([LivenessEventKind.Suspected, LivenessEventKind.Dead], Events().Select(one => one.Kind));
    }

    [Fact]
    public void Where_all_links_fall_silent_at_once_nobody_is_declared_dead_in_a_hurry()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Neighbour);

        AdvanceTo(11);

        Assert.Equal([LivenessEventKind.Suspected, LivenessEventKind.Suspected], Events().Select(one => one.Kind));
    }

    [Fact]
    public void A_silent_finger_is_dropped_without_asking_anybody()
    {
        Link(S, LinkWatch.Idle);
        Link(At(10), Near, LinkWatch.Ring);

        AdvanceTo(16);

        Assert.Equal([new(LivenessEventKind.Silent, S)], Events());
        Assert.DoesNotContain(_port.Sent, sent => sent.Payload is ProbeFor);
    }

    [Fact]
    public void A_link_that_becomes_a_neighbours_is_watched_closer_at_once()
    {
        Link(S, LinkWatch.Idle);
        AdvanceTo(5);

        Link(At(5), S, LinkWatch.Neighbour);
        AdvanceTo(5);

        Assert.Single(_port.Sent);
    }

    [Fact]
    public void An_unlinked_suspect_is_asked_by_routed_pings_for_ten_seconds()
    {
        _detector.Suspect(At(0), S);
        _detector.Suspect(At(1), S);

        AdvanceTo(9.999);
        Assert.Equal(5, _port.Sent.Count);
        Assert.True(_detector.IsSuspect(S));
        AdvanceTo(10);

        Assert.Equal([new(LivenessEventKind.Dead, S)], Events());
        Assert.Equal(Instant.Never, _detector.NextDue);
    }

    [Fact]
    public void An_unlinked_suspect_that_answers_or_gets_a_link_is_cleared()
    {
        _detector.Suspect(At(0), S);
        _detector.Suspect(At(0), Near);

        _detector.OnPong(At(1), S, new Pong(((Ping)_port.Sent[0].Payload).Nonce, NodePhase.Member));
        Link(At(2), Near, LinkWatch.Neighbour);

        Assert.Equal([new(LivenessEventKind.Cleared, S), new(LivenessEventKind.Cleared, Near)], Events());
    }

    [Fact]
    public void A_linked_peer_that_failed_a_step_is_asked_before_its_time()
    {
        Link(S, LinkWatch.Idle);

        _detector.Suspect(At(1), S);
        AdvanceTo(2);

        Assert.Equal([new(LivenessEventKind.Silent, S)], Events());
    }

    [Fact]
    public void Suspects_without_a_link_are_bounded()
    {
        for (var i = 0UL; i < 200; i++)
        {
            _detector.Suspect(At(0), RingId.From(i));
        }

        Assert.Equal(FailureDetector.MaxUnlinked, _port.Sent.Count);
        AdvanceTo(10);
        Assert.Equal(FailureDetector.MaxUnlinked, Events().Count);
        _detector.Suspect(At(10), S);
        Assert.True(_detector.IsSuspect(S));
    }

    [Fact]
    public void A_forgotten_peer_is_watched_no_more()
    {
        Link(S, LinkWatch.Neighbour);
        _detector.Forget(S);
        _detector.Forget(S);

        AdvanceTo(60);

        Assert.Empty(_port.Sent);
        Assert.Empty(Events());
    }

    [Fact]
    public void A_node_whose_loop_paused_fences_itself_and_blames_nobody()
    {
        Link(S, LinkWatch.Neighbour);
        Link(Near, LinkWatch.Neighbour);
        _detector.Suspect(At(0), Far);
        AdvanceTo(2); // S and Near are suspected now.
        Events();
        Assert.Equal(TimeSpan.FromSeconds(1.25), _detector.FencePause);

        _detector.Advance(At(30));

        Assert.Equal(
            [new(LivenessEventKind.Fenced, _port.Self.Id), new(LivenessEventKind.Cleared, S), new(LivenessEventKind.Cleared, Near)],
            Events());
        Assert.Equal(At(31), _detector.NextDue);
        AdvanceTo(39.9);
        Assert.True(_detector.IsSuspect(Far));
    }

    [Fact]
    public void A_little_lateness_is_no_pause()
    {
        Link(S, LinkWatch.Neighbour);

        _detector.Advance(At(2.25));

        Assert.Empty(Events());
        Assert.Single(_port.Sent);
    }

    [Fact]
    public void A_ping_is_answered_to_its_sender_and_a_helpers_to_the_asker_by_the_helpers_way()
    {
        _detector.OnPing(At(0), S, new Ping(7));
        _detector.OnPing(At(0), S, new Ping(8, Far));

        Assert.Equal([(At(0), S, S, new Pong(7, NodePhase.Member)), (At(0), S, Far, new Pong(8, NodePhase.Member))], _port.Sent);
    }

    [Fact]
    public void A_helper_asks_the_suspect_on_behalf_of_the_asker()
    {
        _detector.OnProbeFor(At(0), Far, new ProbeFor(9, S));
        _detector.OnProbeFor(At(0), Far, new ProbeFor(9, _port.Self.Id));

        Assert.Equal([(At(0), S, S, new Ping(9, Far)), (At(0), Far, Far, new Pong(9, NodePhase.Member))], _port.Sent);
    }

    [Fact]
    public void Half_of_the_crashes_of_a_neighbour_are_confirmed_within_three_seconds()
    {
        var prng = new Prng(5);
        var durations = new List<double>();

        for (var run = 0; run < 400; run++)
        {
            var port = new RecordingPort(_port.Self);
            var links = new LinkTable(48, 4);
            var detector = new FailureDetector(OverlayOptions.Default, port, links, prng.Split());
            Link(detector, links, At(0), S, LinkWatch.Neighbour);
            Link(detector, links, At(0), Near, LinkWatch.Ring);
            var crash = 5 + (prng.Next(3_000_000) / 1e6);
            durations.Add(EvictionAfter(detector, links, port, crash, roundTrip: 0.15));
        }

        durations.Sort();
        Assert.InRange(durations[200], 1.5, 3.0);
        Assert.InRange(durations[^1], 2.0, 3.5);
    }

    private static double EvictionAfter(FailureDetector detector, LinkTable links, RecordingPort port, double crash, double roundTrip)
    {
        var answers = new SortedSet<double>();
        var seen = 0;
        while (true)
        {
            var due = detector.NextDue;
            if (answers.Count > 0 && At(answers.Min) <= due)
            {
                detector.Heard(At(answers.Min), links.FindOpen(S)!.Value);
                answers.Remove(answers.Min);
            }
            else
            {
                detector.Advance(due);
            }

            for (; seen < port.Sent.Count; seen++)
            {
                var at = (port.Sent[seen].At - At(0)).TotalSeconds + roundTrip;
                if (port.Sent[seen].To == S && at - (roundTrip / 2) < crash)
                {
                    answers.Add(at);
                }
            }

            while (detector.TryTakeEvent(out var finding))
            {
                if (finding.Kind == LivenessEventKind.Dead)
                {
                    Assert.Equal(S, finding.Peer);
                    return (due - At(crash)).TotalSeconds;
                }
            }
        }
    }

    private static (RingId To, string Kind) Asked((Instant At, RingId Via, RingId To, Payload Payload) sent) => (sent.To, sent.Payload.GetType().Name);

    private ulong LastNonce() => ((ProbeFor)_port.Sent[^1].Payload).Nonce;

    private void Link(RingId peer, LinkWatch watch) => Link(At(0), peer, watch);

    private void Link(Instant now, RingId peer, LinkWatch watch) => Link(_detector, _links, now, peer, watch);

    private static void Link(FailureDetector detector, LinkTable links, Instant now, RingId peer, LinkWatch watch)
    {
        links.TryOpen(now, new LinkSetUp(new LinkId((int)peer.Value), peer, isIncoming: false), out _);
        detector.Track(now, links.FindOpen(peer)!.Value, watch);
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
