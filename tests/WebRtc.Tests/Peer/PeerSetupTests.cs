using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

public sealed class PeerSetupTests
{
    [Fact]
    public void Two_of_our_nodes_open_in_three_round_trips_after_the_offer()
    {
        using var pair = new PeerPair { SignallingLatency = TimeSpan.FromMilliseconds(10) };
        var begun = pair.Now;
        pair.Signal();

        Assert.True(pair.RunUntil(() => pair.AreOpen), pair.ToString());

        // Offer 10, answer 10 with the first check beside it, its answer 20, DTLS 40; SCTP needs nothing.
        Assert.InRange((pair.Now - begun).TotalMilliseconds, 60, 85);
        Assert.Equal(0, pair.Offerer.Connection.Statistics.Retransmits);
    }

    [Fact]
    public void Phases_are_told_in_their_order()
    {
        using var pair = new PeerPair().Connect();

        foreach (var peer in new[] { pair.Offerer, pair.Answerer })
        {
            var phases = peer.Events.Where(e => e.Kind == PeerEventKind.PhaseReached).Select(e => e.Phase);
            Assert.Equal([PeerPhase.Check, PeerPhase.Dtls, PeerPhase.Sctp, PeerPhase.Open], phases);
            var states = peer.Events.Where(e => e.Kind == PeerEventKind.StateChanged).Select(e => e.State);
            Assert.Equal([PeerState.Connecting, PeerState.Connected], states);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void It_opens_whether_or_not_either_side_puts_its_init_into_the_description(bool offererDoes, bool answererDoes)
    {
        using var pair = new PeerPair(
            new PeerOptions { Role = PeerRole.Offerer, ExchangeSctpInit = offererDoes },
            new PeerOptions { Role = PeerRole.Answerer, ExchangeSctpInit = answererDoes });

        pair.Connect();

        var (here, there) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });
        pair.Send(pair.Offerer, here, "ping"u8);
        pair.Send(pair.Answerer, there, "pong"u8);
        Assert.True(pair.RunUntil(() => pair.Offerer.Messages.Count == 1 && pair.Answerer.Messages.Count == 1));
    }

    [Theory]
    [InlineData(DtlsSetup.ActPass, DtlsSetup.Active)]
    [InlineData(DtlsSetup.Active, DtlsSetup.Passive)]
    [InlineData(DtlsSetup.Passive, DtlsSetup.Active)]
    public void The_answerer_is_active_unless_the_offer_takes_that_role(DtlsSetup offered, DtlsSetup answered)
    {
        using var pair = new PeerPair();
        DtlsSetup? seen = null;
        pair.Signal(
            offer => offer with { Setup = offered },
            answer =>
            {
                seen = answer.Setup;
                return answer;
            });

        var opens = pair.RunUntil(() => pair.AreOpen);

        Assert.Equal(answered, seen);
        Assert.True(opens, pair.ToString());
    }

    [Fact]
    public void A_hello_that_comes_before_the_answer_is_kept()
    {
        // The answerer is the DTLS client: its check can be through, and its hello here, long before its answer is.
        using var pair = new PeerPair();
        var (offerer, answerer) = (pair.Offerer.Connection, pair.Answerer.Connection);
        Assert.True(answerer.SetRemoteDescription(pair.Now, offerer.LocalDescription));
        pair.Pump(pair.Answerer);
        pair.RunFor(TimeSpan.FromMilliseconds(40));
        var answer = answerer.LocalDescription;
        Assert.Equal(PeerPhase.Dtls, answerer.Phase);
        Assert.Equal(PeerPhase.Signal, offerer.Phase);
        var answered = pair.Now;

        Assert.True(offerer.SetRemoteDescription(pair.Now, answer));
        pair.Pump(pair.Offerer);

        Assert.True(pair.RunUntil(() => pair.AreOpen), pair.ToString());

        // Check 20, then the hello is answered at once: 30 more to the client's Finished and 10 back.
        Assert.InRange((pair.Now - answered).TotalMilliseconds, 50, 65);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_fifth_of_all_datagrams_lost_only_delays_it(ulong seed)
    {
        using var pair = new PeerPair(seed: seed) { LossPercent = 20 };

        pair.Signal();

        Assert.True(pair.RunUntil(() => pair.AreOpen, seconds: 10), pair.ToString());
    }

    [Fact]
    public void Datagrams_that_come_twice_and_out_of_order_do_no_harm()
    {
        var prng = new Prng(5);
        using var pair = new PeerPair();
        pair.Fate = (_, _) => [pair.Latency + prng.NextDuration(pair.Latency), pair.Latency + prng.NextDuration(pair.Latency)];

        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });
        for (byte i = 0; i < 100; i++)
        {
            pair.Send(pair.Offerer, here, [i]);
        }

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 100));
        Assert.Equal(Enumerable.Range(0, 100), pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
    }

    [Fact]
    public void It_opens_over_sdp_text_in_both_directions()
    {
        using var pair = new PeerPair(PeerOptions.Foreign(PeerRole.Offerer), PeerOptions.Foreign(PeerRole.Answerer));
        PeerDescription? offer = null;

        pair.Signal(
            sent =>
            {
                Assert.True(PeerDescription.TryParseSdp(sent.ToSdp(), out offer, out var error), error);
                return offer;
            },
            sent =>
            {
                Assert.True(PeerDescription.TryParseSdp(sent.ToSdp(offer), out var answer, out var error), error);
                Assert.Equal(sent.Candidates.Select(candidate => candidate.ToString()), answer.Candidates.Select(candidate => candidate.ToString()));
                return answer;
            });

        Assert.True(pair.RunUntil(() => pair.AreOpen), pair.ToString());
    }

    [Fact]
    public void Candidates_may_trickle_in_before_and_after_the_description()
    {
        using var pair = new PeerPair();
        var (offerer, answerer) = (pair.Offerer.Connection, pair.Answerer.Connection);
        var offer = offerer.LocalDescription;
        answerer.AddRemoteCandidate(pair.Now, offer.Candidates[0]);
        Assert.True(answerer.SetRemoteDescription(pair.Now, offer with { Candidates = [] }));
        var answer = answerer.LocalDescription;
        Assert.True(offerer.SetRemoteDescription(pair.Now, answer with { Candidates = [] }));
        offerer.AddRemoteCandidate(pair.Now, answer.Candidates[0]);

        pair.Pump(pair.Offerer);
        pair.Pump(pair.Answerer);

        Assert.True(pair.RunUntil(() => pair.AreOpen), pair.ToString());
    }

    [Fact]
    public void Dtls_from_somebody_who_never_passed_a_check_is_dropped()
    {
        using var pair = new PeerPair().Connect();
        var stranger = TransportAddress.FromIPv4(0x0A0000FF, 9);
        var alert = new byte[] { 21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40 };

        pair.Offerer.Connection.Receive(pair.Now, new PathId(7), stranger, alert);

        Assert.Equal(1, pair.Offerer.Connection.Statistics.DatagramsDropped);
        Assert.True(pair.AreOpen);
    }

    [Fact]
    public void Garbage_of_every_kind_is_dropped_and_counted()
    {
        var prng = new Prng(11);
        using var pair = new PeerPair();
        pair.Signal();
        var noise = new byte[200];
        for (var i = 0; i < 5000; i++)
        {
            prng.Fill(noise);
            noise[0] = (byte)(i % 70);
            noise[1] = 0xFE;
            noise[3] = 1; // Forged DTLS of epoch 0 is the peer's own right to send.
            var length = prng.NextInt32(noise.Length);
            var target = (i & 1) == 0 ? pair.Offerer : pair.Answerer;
            target.Connection.Receive(pair.Now, new PathId(7), pair.Other(target).Address, noise.AsSpan(0, length));
            pair.Pump(target);
            if (i % 50 == 0)
            {
                pair.RunFor(TimeSpan.FromMilliseconds(1));
            }
        }

        Assert.True(pair.RunUntil(() => pair.AreOpen), pair.ToString());
        Assert.True(pair.Offerer.Connection.Statistics.DatagramsDropped > 1000);
    }

    [Fact]
    public void The_fingerprint_of_the_peer_is_known_once_it_is_proved()
    {
        using var pair = new PeerPair();
        Assert.Null(pair.Offerer.Connection.RemoteFingerprint);

        pair.Connect();

        Assert.Equal(PeerPair.AnswererCertificate.Fingerprint, pair.Offerer.Connection.RemoteFingerprint);
        Assert.Equal(PeerPair.OffererCertificate.Fingerprint, pair.Answerer.Connection.RemoteFingerprint);
    }
}
