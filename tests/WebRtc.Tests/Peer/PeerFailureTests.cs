using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

/// <summary>Each phase black-holed in turn: the connection ends in time, and says what was missing.</summary>
public sealed class PeerFailureTests
{
    private const byte Alert = 21;
    private const byte ApplicationData = 23;

    [Fact]
    public void No_check_is_answered()
    {
        using var pair = new PeerPair();
        pair.Fate = (_, datagram) => PeerDemux.KindOf(datagram) == DatagramKind.Stun ? [] : [pair.Latency];

        AssertBothFail(pair, PeerPhase.Check, PeerFailure.CheckTimeout, seconds: 5);
    }

    [Fact]
    public void There_is_no_candidate_to_check()
    {
        using var pair = new PeerPair();
        var begun = pair.Now;

        pair.Signal(offer => offer with { Candidates = [] }, answer => answer with { Candidates = [] });

        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed && pair.Answerer.Connection.State == PeerState.Failed));
        Assert.Equal(PeerFailure.CheckTimeout, pair.Offerer.Connection.Failure);
        Assert.InRange((pair.Now - begun).TotalSeconds, 5, 5.1);
    }

    [Fact]
    public void The_handshake_of_dtls_does_not_get_through()
    {
        using var pair = new PeerPair();
        pair.Fate = (_, datagram) => PeerDemux.KindOf(datagram) == DatagramKind.Dtls ? [] : [pair.Latency];

        AssertBothFail(pair, PeerPhase.Dtls, PeerFailure.DtlsTimeout, seconds: 5);
    }

    [Fact]
    public void The_handshake_of_sctp_does_not_get_through()
    {
        using var pair = new PeerPair(
            new PeerOptions { Role = PeerRole.Offerer, ExchangeSctpInit = false },
            new PeerOptions { Role = PeerRole.Answerer, ExchangeSctpInit = false });
        pair.Fate = (_, datagram) => datagram[0] is ApplicationData or Alert ? [] : [pair.Latency];

        AssertBothFail(pair, PeerPhase.Sctp, PeerFailure.SctpTimeout, seconds: 3);
    }

    [Fact]
    public void An_open_connection_that_falls_silent_is_disconnected_first_and_fails_when_consent_is_gone()
    {
        using var pair = new PeerPair().Connect();
        pair.RunFor(TimeSpan.FromSeconds(3));
        pair.Fate = (_, _) => [];
        var silentSince = pair.Now;

        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Disconnected));
        Assert.InRange((pair.Now - silentSince).TotalSeconds, 4, 18);
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed));

        Assert.Equal(PeerFailure.ConsentExpired, pair.Offerer.Connection.Failure);
        Assert.InRange((pair.Now - silentSince).TotalSeconds, 24, 31);
    }

    [Fact]
    public void An_idle_connection_stays_open()
    {
        using var pair = new PeerPair().Connect();
        var before = pair.DatagramCount;

        pair.RunFor(TimeSpan.FromMinutes(5));

        Assert.True(pair.AreOpen, pair.ToString());
        Assert.InRange(pair.DatagramCount - before, 100, 400);
    }

    [Fact]
    public void A_short_silence_is_forgiven()
    {
        using var pair = new PeerPair().Connect();
        var normal = pair.Fate;
        pair.Fate = (_, _) => [];
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Disconnected));

        pair.Fate = normal;

        Assert.True(pair.RunUntil(() => pair.AreOpen, seconds: 10), pair.ToString());
    }

    [Fact]
    public void A_certificate_other_than_the_promised_one_is_refused()
    {
        using var stranger = Dtls.DtlsPair.Certificate();
        using var pair = new PeerPair();

        pair.Signal(changeAnswer: answer => answer with { Fingerprint = stranger.Fingerprint });

        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed && pair.Answerer.Connection.State == PeerState.Failed));
        Assert.Equal(PeerFailure.FingerprintMismatch, pair.Offerer.Connection.Failure);
        Assert.Equal(PeerFailure.DtlsAlert, pair.Answerer.Connection.Failure);
        Assert.Null(pair.Offerer.Connection.RemoteFingerprint);
        Assert.Contains(pair.Offerer.Events, e => e is { State: PeerState.Failed, Phase: PeerPhase.Dtls, Failure: PeerFailure.FingerprintMismatch });
    }

    [Fact]
    public void A_description_that_cannot_be_used_changes_nothing()
    {
        using var pair = new PeerPair();
        var answer = pair.Answerer.Connection.LocalDescription;

        Assert.False(pair.Offerer.Connection.SetRemoteDescription(pair.Now, answer with { Password = "short" }));
        Assert.Equal(PeerState.New, pair.Offerer.Connection.State);
        Assert.False(PeerDescription.TryParseSdp("v=0\r\n", out _, out var error));
        Assert.NotEqual("", error);
    }

    [Fact]
    public void Channels_of_a_failed_connection_are_closed_and_nothing_more_is_accepted()
    {
        using var pair = new PeerPair();
        var channel = pair.Offerer.Connection.CreateChannel(pair.Now, new DataChannelOptions { Label = "x" });
        pair.Fate = (_, _) => [];
        pair.Signal();

        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed));

        Assert.True(pair.Offerer.HasClosed(channel));
        Assert.Equal(SendOutcome.Closed, pair.Send(pair.Offerer, channel, "late"u8));
        Assert.Equal(Instant.Never, pair.Offerer.Connection.WakeAt);
        Assert.Throws<InvalidOperationException>(() => pair.Offerer.Connection.CreateChannel(pair.Now, new DataChannelOptions()));
    }

    private static void AssertBothFail(PeerPair pair, PeerPhase phase, PeerFailure reason, double seconds)
    {
        pair.Signal();
        foreach (var peer in new[] { pair.Offerer, pair.Answerer })
        {
            Assert.True(pair.RunUntil(() => peer.Events.Exists(e => e.Kind == PeerEventKind.PhaseReached && e.Phase == phase)), pair.ToString());
        }

        var entered = pair.Now;
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed && pair.Answerer.Connection.State == PeerState.Failed));

        Assert.InRange((pair.Now - entered).TotalSeconds, seconds - 0.3, seconds + 0.3);
        foreach (var peer in new[] { pair.Offerer, pair.Answerer })
        {
            Assert.Equal(reason, peer.Connection.Failure);
            Assert.Contains(peer.Events, e => e.State == PeerState.Failed && e.Phase == phase && e.Failure == reason);
        }
    }
}
