using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceNominationTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);
    private static readonly TransportAddress Slow = TransportAddress.Parse("10.0.0.2:2000");
    private static readonly TransportAddress Fast = TransportAddress.Parse("[2001:db8::2]:2000");

    [Fact]
    public void Regular_nomination_puts_USE_CANDIDATE_into_one_check_only()
    {
        var nominations = 0;
        var pair = TwoWays();
        pair.OnSent = (_, _, bytes) => nominations += Wire.HasUseCandidate(bytes) ? 1 : 0;
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        pair.Drive(TimeSpan.FromSeconds(60));

        Assert.Equal(1, nominations);
    }

    [Fact]
    public void A_better_pair_that_answers_within_a_round_trip_is_waited_for()
    {
        // The first datagram over IPv6 is lost on the way; the triggered check of the other side brings it forward.
        var lost = 0;
        var pair = TwoWays();
        pair.Latency = TimeSpan.FromMilliseconds(30);
        pair.IsBlocked = (side, _, to) => side.Name == "left" && to.IsIPv6 && lost++ == 0;
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));

        Assert.Equal(Fast, pair.Left.Agent.SelectedPair!.Value.Remote);
    }

    [Fact]
    public void A_pair_works_for_data_before_it_is_nominated()
    {
        var pair = TwoWays();
        pair.Exchange();

        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Connected, FiveSeconds));

        Assert.False(pair.Left.Agent.SelectedPair!.Value.IsNominated);
    }

    [Fact]
    public void Events_tell_the_states_and_the_pair_in_order()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));

        var told = pair.Left.Events.Select(e => (e.Kind, e.State, e.Pair?.IsNominated));
        Assert.Equal(
            [
                (IceEventKind.StateChanged, IceState.Checking, null),
                (IceEventKind.SelectedPairChanged, IceState.Checking, false),
                (IceEventKind.StateChanged, IceState.Connected, false),
                (IceEventKind.SelectedPairChanged, IceState.Connected, true),
                (IceEventKind.StateChanged, IceState.Completed, true),
            ],
            told);
    }

    [Fact]
    public void An_aggressive_peer_that_nominates_every_pair_gets_the_one_of_highest_priority()
    {
        var peer = new AggressivePeer();
        peer.CheckFrom(Slow);
        Assert.Equal(IceState.Completed, peer.Agent.State);
        Assert.Equal(Slow, peer.Agent.SelectedPair!.Value.Remote);

        peer.CheckFrom(Fast);

        Assert.Equal(Fast, peer.Agent.SelectedPair!.Value.Remote);
        Assert.True(peer.Agent.SelectedPair!.Value.IsNominated);
        peer.CheckFrom(Slow);
        Assert.Equal(Fast, peer.Agent.SelectedPair!.Value.Remote);
    }

    [Fact]
    public void A_nomination_that_comes_before_our_own_check_has_succeeded_is_kept()
    {
        var peer = new AggressivePeer();

        peer.CheckFrom(Slow, answerTriggered: false);
        Assert.Equal(IceState.Checking, peer.Agent.State);
        peer.AnswerAll();

        Assert.Equal(IceState.Completed, peer.Agent.State);
    }

    [Fact]
    public void The_controlling_side_does_not_let_itself_be_nominated()
    {
        var pair = TwoWays();
        pair.Exchange();
        var check = Wire.Check(pair.Left.Agent.LocalCredentials, pair.Right.Agent.LocalCredentials.Ufrag, controlling: false, useCandidate: true);

        pair.Inject(pair.Left, Slow, check);

        Assert.Equal(IceState.Checking, pair.Left.Agent.State);
    }

    [Fact]
    public void After_the_nomination_the_controlling_side_checks_no_more()
    {
        var pair = TwoWays();
        pair.IsBlocked = (_, from, _) => from.IsIPv6;
        pair.Exchange();
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        var sent = 0;
        pair.OnSent = (side, _, _) => sent += side.Name == "left" ? 1 : 0;

        pair.Drive(TimeSpan.FromSeconds(3));

        Assert.Equal(0, sent);
    }

    private static IcePair TwoWays()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind(Slow.ToString());
        pair.Right.Bind(Fast.ToString());
        return pair;
    }

    /// <summary>A controlling peer played by hand, with USE-CANDIDATE in every check as Chromium does it.</summary>
    private sealed class AggressivePeer
    {
        private readonly IceCredentials _own = IceCredentials.Create(new SeededSecrets(77));
        private readonly byte[] _buffer = new byte[600];
        private readonly List<(Transmit To, byte[] Bytes)> _pending = [];
        private Instant _now = Instant.Zero;
        private ulong _id = 100;

        public AggressivePeer()
        {
            Agent = new IceAgent(new IceOptions(), IceRole.Controlled, new SeededSecrets(1));
            Agent.AddLocalCandidate(new PathId(0), TransportAddress.Parse("10.0.0.1:1000"));
            Agent.AddLocalCandidate(new PathId(0), TransportAddress.Parse("[2001:db8::1]:1000"));
            Agent.SetRemoteCredentials(_now, _own);
        }

        public IceAgent Agent { get; }

        public void CheckFrom(TransportAddress from, bool answerTriggered = true)
        {
            _now += TimeSpan.FromMilliseconds(50);
            Agent.Receive(_now, new PathId(0), from, Wire.Check(Agent.LocalCredentials, _own.Ufrag, useCandidate: true, id: _id++));
            Drain();
            if (answerTriggered)
            {
                AnswerAll();
            }
        }

        public void AnswerAll()
        {
            foreach (var (to, bytes) in _pending)
            {
                if (Wire.AnswerTo(bytes, TransportAddress.Parse("10.0.0.1:1000"), _own.Password) is { } answer)
                {
                    Agent.Receive(_now, to.Path, to.Remote, answer);
                }
            }

            _pending.Clear();
            Drain();
        }

        private void Drain()
        {
            while (Agent.TryGetDatagram(_now, _buffer, out var transmit))
            {
                _pending.Add((transmit, _buffer[..transmit.Length]));
            }
        }
    }
}
