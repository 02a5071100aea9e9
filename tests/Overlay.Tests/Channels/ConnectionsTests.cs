using Overlay.Channels;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Channels;

/// <summary>The signalling of connections, between two machines on virtual time.</summary>
public sealed class ConnectionsTests
{
    private static readonly LinkDescription Description = new(new byte[32], "abcd", "0123456789012345678901", [], []);

    private readonly Side _low = new(1);
    private readonly Side _high = new(2);
    private Instant _now = new(TimeSpan.TicksPerSecond, 1_767_225_600_000);

    public ConnectionsTests()
    {
        if (_low.Id.Value > _high.Id.Value)
        {
            (_low, _high) = (_high, _low);
        }
    }

    [Fact]
    public void An_offer_is_answered_and_both_sides_know_the_same_connection()
    {
        Assert.True(_low.Connections.Open(_now, _high.Id));
        Run();

        var (offered, answered) = (Assert.Single(_low.Events, IsBegin), Assert.Single(_high.Events, IsBegin));
        Assert.Equal(offered.Connection, answered.Connection);
        Assert.Null(offered.Description);
        Assert.NotNull(answered.Description);
        Assert.Contains(_low.Events, e => e.Kind == ConnectionEventKind.Answered);
        Assert.Equal(Instant.Never, _low.Connections.NextDue);
    }

    [Fact]
    public void A_second_wish_for_the_same_peer_is_the_same_connection()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        Assert.True(_low.Connections.Open(_now, _high.Id));
        Run();

        Assert.Single(_low.Events, IsBegin);
    }

    [Fact]
    public void A_lost_offer_is_sent_again()
    {
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        _low.Port.Sent.Clear();

        Advance(TimeSpan.FromSeconds(1.1));
        Run();

        Assert.Contains(_low.Events, e => e.Kind == ConnectionEventKind.Answered);
    }

    [Fact]
    public void A_lost_answer_is_sent_again_and_nothing_is_begun_twice()
    {
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        Exchange(_low, _high);
        Describe(_high);
        _high.Port.Sent.Clear();

        Advance(TimeSpan.FromSeconds(1.1));
        Run();

        Assert.Contains(_low.Events, e => e.Kind == ConnectionEventKind.Answered);
        Assert.Single(_high.Events, IsBegin);
    }

    [Fact]
    public void Nobody_answers_and_it_ends_as_timed_out()
    {
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        for (var i = 0; i < 20; i++)
        {
            Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(LinkFailure.PhaseTimeout, Assert.Single(_low.Events, e => e.Kind == ConnectionEventKind.Ended).Why);
        Assert.InRange(_low.Port.Sent.Count, 2, 5);
        Assert.Equal(0, _low.Connections.Count);
    }

    [Fact]
    public void Unreachable_is_tried_once_more_and_then_believed()
    {
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        Assert.True(_low.Connections.SignalUnreachable(_now, _low.Port.LastId));
        Assert.DoesNotContain(_low.Events, e => e.Kind == ConnectionEventKind.Ended);

        Advance(TimeSpan.FromSeconds(0.6));
        Assert.True(_low.Connections.SignalUnreachable(_now, _low.Port.LastId));
        _low.TakeEvents();

        Assert.Equal(LinkFailure.Unreachable, Assert.Single(_low.Events, e => e.Kind == ConnectionEventKind.Ended).Why);
        Assert.False(_low.Connections.SignalUnreachable(_now, _low.Port.LastId));
    }

    [Fact]
    public void Where_both_offer_the_lower_ids_offer_stands()
    {
        _low.Connections.Open(_now, _high.Id);
        _high.Connections.Open(_now, _low.Id);
        Describe(_low);
        Describe(_high);
        Run();

        Assert.Equal(LinkFailure.Duplicate, Assert.Single(_high.Events, e => e.Kind == ConnectionEventKind.Ended).Why);
        Assert.DoesNotContain(_low.Events, e => e.Kind == ConnectionEventKind.Ended);
        Assert.Contains(_low.Events, e => e.Kind == ConnectionEventKind.Answered);
        Assert.Equal((1, 1), (_low.Connections.Count, _high.Connections.Count));
    }

    [Fact]
    public void An_offer_that_crossed_ours_and_comes_after_the_answer_ends_nothing()
    {
        _low.Connections.Open(_now, _high.Id);
        _high.Connections.Open(_now, _low.Id);
        Describe(_high);
        var late = Assert.Single(_high.Port.Sent).Payload;
        _high.Port.Sent.Clear();
        Describe(_low);
        Run();

        _low.Connections.Receive(_now, _high.Self, late);
        Run();

        Assert.DoesNotContain(_low.Events, e => e.Kind == ConnectionEventKind.Ended);
        Assert.Equal((1, 1), (_low.Connections.Count, _high.Connections.Count));
    }

    [Fact]
    public void Whoever_lost_a_young_connection_begins_anew_with_the_second_offer()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        _high.Connections.Ended(_high.Events.First(IsBegin).Connection);
        _high.Connections.Open(_now, _low.Id);
        Run();
        Assert.DoesNotContain(_low.Events, e => e.Kind == ConnectionEventKind.Ended);

        Advance(TimeSpan.FromSeconds(1));
        Run();

        Assert.Equal(LinkFailure.Superseded, Assert.Single(_low.Events, e => e.Kind == ConnectionEventKind.Ended).Why);
        Assert.Equal((1, 1), (_low.Connections.Count, _high.Connections.Count));
    }

    [Fact]
    public void A_peer_that_begins_anew_supersedes_the_connection_there_was()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        _low.Connections.Ended(_low.Events.First(IsBegin).Connection);
        _low.Connections.Open(_now, _high.Id);
        Run();

        Assert.Equal(LinkFailure.Superseded, Assert.Single(_high.Events, e => e.Kind == ConnectionEventKind.Ended).Why);
        Assert.Equal(1, _high.Connections.Count);
    }

    [Fact]
    public void An_offer_of_a_connection_that_has_ended_begins_nothing()
    {
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        var offer = _low.Port.Sent[0].Payload;
        Run();
        _high.Connections.Ended(_high.Events.First(IsBegin).Connection);

        _high.Connections.Receive(_now, _low.Self, offer);
        _high.TakeEvents();

        Assert.Single(_high.Events, IsBegin);
    }

    [Fact]
    public void Ice_restarts_with_the_next_generation_and_the_connection_stays()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        var connection = _low.Events.First(IsBegin).Connection;

        Assert.True(_low.Connections.Restart(_now, connection, Description));
        Run();

        Assert.Single(_high.Events, e => e.Kind == ConnectionEventKind.Restarted);
        Assert.Equal(2, _low.Events.Count(e => e.Kind == ConnectionEventKind.Answered));
        Assert.DoesNotContain(_high.Events, e => e.Kind == ConnectionEventKind.Ended);
    }

    [Fact]
    public void A_restart_that_nobody_answers_leaves_the_connection_as_it_was()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        _low.Connections.Restart(_now, _low.Events.First(IsBegin).Connection, Description);
        for (var i = 0; i < 20; i++)
        {
            Advance(TimeSpan.FromSeconds(1));
        }

        Assert.DoesNotContain(_low.Events, e => e.Kind == ConnectionEventKind.Ended);
        Assert.Equal(1, _low.Connections.Count);
    }

    [Fact]
    public void Somebody_else_cannot_answer_end_or_add_to_a_connection()
    {
        var stranger = new Side(3);
        _low.Connections.Open(_now, _high.Id);
        Describe(_low);
        var nonce = ((ConnectionOffer)_low.Port.Sent[0].Payload).Nonce;

        _low.Connections.Receive(_now, stranger.Self, new ConnectionAnswer(nonce, 0, Description, stranger.Self.Certificate));
        _low.Connections.Receive(_now, stranger.Self, new ConnectionRefuse(nonce, LinkFailure.Full));
        _low.Connections.Receive(_now, stranger.Self, new ConnectionCandidates(nonce, ["x"]));
        _low.TakeEvents();

        Assert.Single(_low.Events);
    }

    [Fact]
    public void A_flood_of_offers_is_refused_after_thirty_a_minute_and_holds_one_connection()
    {
        for (var i = 0; i < 200; i++)
        {
            _high.Connections.Receive(_now, _low.Self, new ConnectionOffer((UInt128)(i + 1), 0, Description, _low.Self.Certificate));
        }

        _high.TakeEvents();
        Assert.Equal(30, _high.Events.Count(IsBegin));
        Assert.Equal(1, _high.Connections.Count);
        Assert.All(_high.Port.Sent, sent => Assert.IsType<ConnectionRefuse>(sent.Payload));
    }

    [Fact]
    public void More_connections_than_allowed_are_refused()
    {
        var full = new Side(4, maxConnections: 1);
        full.Connections.Receive(_now, _low.Self, new ConnectionOffer(1, 0, Description, _low.Self.Certificate));
        full.Connections.Receive(_now, _high.Self, new ConnectionOffer(2, 0, Description, _high.Self.Certificate));

        Assert.Equal(1, full.Connections.Count);
        Assert.Equal(LinkFailure.Full, Assert.IsType<ConnectionRefuse>(Assert.Single(full.Port.Sent).Payload).Reason);
        Assert.False(full.Connections.Open(_now, RingId.From(77)));
    }

    [Fact]
    public void More_candidates_than_a_description_may_have_are_dropped()
    {
        _low.Connections.Open(_now, _high.Id);
        Run();
        var nonce = _low.Port.FirstNonce;
        string[] lines = ["candidate:3 1 udp 7 192.0.2.7 50007 typ host"];
        for (var i = 0; i < 100; i++)
        {
            _high.Connections.Receive(_now, _low.Self, new ConnectionCandidates(nonce, lines));
        }

        _high.TakeEvents();
        Assert.Equal(LinkDescription.MaxCandidates, _high.Events.Count(e => e.Kind == ConnectionEventKind.Candidates));
    }

    private static bool IsBegin(ConnectionEvent happened) => happened.Kind == ConnectionEventKind.Begin;

    private void Describe(Side side)
    {
        foreach (var happened in side.TakeEvents())
        {
            if (happened.Kind is ConnectionEventKind.Begin or ConnectionEventKind.Restarted)
            {
                side.Connections.Described(_now, happened.Connection, Description);
            }
        }
    }

    private void Exchange(Side from, Side to)
    {
        foreach (var (_, payload) in from.Port.Sent.ToArray())
        {
            to.Connections.Receive(_now, from.Self, payload);
        }

        from.Port.Sent.Clear();
    }

    private void Run()
    {
        do
        {
            Exchange(_low, _high);
            Exchange(_high, _low);
            Describe(_low);
            Describe(_high);
        }
        while (_low.Port.Sent.Count + _high.Port.Sent.Count > 0);
    }

    private void Advance(TimeSpan time)
    {
        _now += time;
        _low.Connections.Advance(_now);
        _high.Connections.Advance(_now);
        Describe(_low);
        Describe(_high);
    }

    private sealed class Side
    {
        private int _seen;

        public Side(int number, int maxConnections = 16)
        {
            Self = new World().Contact((ulong)number);
            Port = new Recorder(Self);
            Connections = new Connections(Port, maxConnections);
        }

        public Contact Self { get; }

        public RingId Id => Self.Id;

        public Recorder Port { get; }

        public Connections Connections { get; }

        public List<ConnectionEvent> Events { get; } = [];

        /// <summary>What happened since the last call; written down too.</summary>
        public List<ConnectionEvent> TakeEvents()
        {
            while (Connections.TryTakeEvent(out var happened))
            {
                Events.Add(happened);
            }

            var fresh = Events[_seen..];
            _seen = Events.Count;
            return fresh;
        }
    }

    private sealed class Recorder(Contact self) : IConnectionPort
    {
        private ulong _last = self.Id.Value;

        public Contact Self => self;

        public ulong LastId => _last;

        public UInt128 FirstNonce { get; private set; }

        public List<(RingId To, Payload Payload)> Sent { get; } = [];

        public UInt128 NextConnectionNonce() => ((UInt128)self.Id.Value << 64) | ++_last;

        public ulong SendSigned(Instant now, RingId to, Payload payload)
        {
            if (payload is ConnectionOffer offer && FirstNonce == 0)
            {
                FirstNonce = offer.Nonce;
            }

            Sent.Add((to, payload));
            return ++_last;
        }
    }
}
