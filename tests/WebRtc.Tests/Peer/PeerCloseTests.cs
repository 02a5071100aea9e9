using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

public sealed class PeerCloseTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Closing_one_side_closes_the_other_within_one_latency(bool offererCloses)
    {
        using var pair = new PeerPair().Connect();
        var (here, there) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });
        var (closing, other) = offererCloses ? (pair.Offerer, pair.Answerer) : (pair.Answerer, pair.Offerer);
        var begun = pair.Now;

        closing.Connection.Close(pair.Now);
        pair.Pump(closing);

        Assert.Equal(PeerState.Closed, closing.Connection.State);
        Assert.True(pair.RunUntil(() => other.Connection.State == PeerState.Closed), pair.ToString());
        Assert.Equal(pair.Latency, pair.Now - begun);
        Assert.True(pair.Offerer.HasClosed(here) && pair.Answerer.HasClosed(there));
        Assert.Equal(Instant.Never, pair.Offerer.Connection.WakeAt);
    }

    [Fact]
    public void Closing_says_abort_and_then_close_notify()
    {
        using var pair = new PeerPair().Connect();
        var sent = new List<byte>();
        pair.Fate = (_, datagram) =>
        {
            sent.Add(datagram[0]);
            return [];
        };

        pair.Offerer.Connection.Close(pair.Now);
        pair.Pump(pair.Offerer);

        Assert.Equal([23, 21], sent); // Application data with the ABORT, alert.
    }

    [Fact]
    public void Where_the_abort_is_lost_the_close_notify_still_closes()
    {
        using var pair = new PeerPair().Connect();
        pair.Fate = (_, datagram) => datagram[0] == 23 ? [] : [pair.Latency];

        pair.Offerer.Connection.Close(pair.Now);
        pair.Pump(pair.Offerer);

        Assert.True(pair.RunUntil(() => pair.Answerer.Connection.State == PeerState.Closed, seconds: 1), pair.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(25)]
    [InlineData(45)]
    [InlineData(65)]
    public void Closing_in_the_middle_of_the_set_up_is_calm(int milliseconds)
    {
        using var pair = new PeerPair();
        pair.Signal();
        pair.RunFor(TimeSpan.FromMilliseconds(milliseconds));

        pair.Offerer.Connection.Close(pair.Now);
        pair.Pump(pair.Offerer);

        Assert.Equal(PeerState.Closed, pair.Offerer.Connection.State);
        pair.Answerer.Connection.Close(pair.Now);
        pair.Pump(pair.Answerer);
        pair.Answerer.Connection.Close(pair.Now);
        Assert.False(pair.Answerer.Connection.SetRemoteDescription(pair.Now, pair.Offerer.Connection.LocalDescription));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_ice_restart_keeps_channels_and_messages(bool offererRestarts)
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });
        var (one, two) = offererRestarts ? (pair.Offerer, pair.Answerer) : (pair.Answerer, pair.Offerer);
        var before = one.Connection.LocalUfrag;

        Assert.True(one.Connection.RestartIce(pair.Now));
        pair.Pump(one);
        Assert.False(one.Connection.RestartIce(pair.Now));
        pair.Send(pair.Offerer, here, "meanwhile"u8);
        pair.At(pair.Now + pair.SignallingLatency, () =>
        {
            Assert.True(two.Connection.SetRemoteDescription(pair.Now, one.Connection.LocalDescription));
            pair.Pump(two);
            pair.At(pair.Now + pair.SignallingLatency, () =>
            {
                Assert.True(one.Connection.SetRemoteDescription(pair.Now, two.Connection.LocalDescription));
                pair.Pump(one);
            });
        });
        pair.RunFor(TimeSpan.FromSeconds(1));
        pair.Send(pair.Offerer, here, "afterwards"u8);
        pair.RunFor(TimeSpan.FromMinutes(2));

        Assert.NotEqual(before, one.Connection.LocalUfrag);
        Assert.True(pair.AreOpen, pair.ToString());
        Assert.Equal(["meanwhile", "afterwards"], pair.Answerer.Messages.Select(m => System.Text.Encoding.UTF8.GetString(m.Payload)));
        Assert.DoesNotContain(pair.Offerer.Events, e => e.Kind == PeerEventKind.ChannelClosed);
    }

    [Fact]
    public void Data_that_a_peer_still_sends_over_the_former_pair_after_a_restart_is_read()
    {
        // A controlled Chromium moves to the new pair only when data has come over it.
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Answerer, new DataChannelOptions { Label = "x" });
        var former = pair.Answerer.Address;
        pair.MoveTo(pair.Answerer, TransportAddress.FromIPv4(0x0A000003, 5000));
        Assert.True(pair.Answerer.Connection.RestartIce(pair.Now));
        Assert.True(pair.Offerer.Connection.SetRemoteDescription(pair.Now, pair.Answerer.Connection.LocalDescription));
        Assert.True(pair.Answerer.Connection.SetRemoteDescription(pair.Now, pair.Offerer.Connection.LocalDescription));
        pair.Pump(pair.Offerer);
        pair.Pump(pair.Answerer);
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.Statistics.SelectedRemote == pair.Answerer.Address), pair.ToString());
        pair.RunFor(TimeSpan.FromSeconds(1));
        byte[] late = [];
        pair.Fate = (_, datagram) =>
        {
            late = datagram.ToArray();
            return [];
        };
        pair.Send(pair.Answerer, here, "late"u8);

        pair.Offerer.Connection.Receive(pair.Now, new PathId(7), former, late);
        pair.Pump(pair.Offerer);

        Assert.Equal("late"u8.ToArray(), Assert.Single(pair.Offerer.Messages).Payload);
    }

    [Fact]
    public void A_restart_may_not_change_the_certificate()
    {
        using var pair = new PeerPair().Connect();
        using var stranger = Dtls.DtlsPair.Certificate();

        Assert.False(pair.Offerer.Connection.SetRemoteDescription(
            pair.Now, pair.Answerer.Connection.LocalDescription with { Fingerprint = stranger.Fingerprint }));
        Assert.True(pair.AreOpen);
    }

    [Fact]
    public void A_first_check_names_the_connection_it_is_for()
    {
        using var pair = new PeerPair();
        var named = new List<string>();
        pair.Fate = (from, datagram) =>
        {
            if (from == pair.Answerer && PeerDemux.TryGetLocalUfrag(datagram, out var ufrag))
            {
                named.Add(ufrag);
            }

            return [pair.Latency];
        };

        pair.Connect();

        Assert.NotEmpty(named);
        Assert.All(named, ufrag => Assert.Equal(pair.Offerer.Connection.LocalUfrag, ufrag));
        Assert.False(PeerDemux.TryGetLocalUfrag("not a check at all, but long enough to be one"u8, out _));
    }
}
