using System.Buffers.Binary;
using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

/// <summary>A connection whose first pair is the overlay: it works before ICE does, moves to a direct way, and back.</summary>
public sealed class PeerOverlayTests
{
    [Fact]
    public void Without_any_direct_way_channels_open_and_carry_messages()
    {
        using var pair = PeerPair.WithOverlay();
        pair.IsDirectCut = true;

        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new() { Label = "80" });
        pair.Send(pair.Offerer, here, [1, 2, 3]);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        Assert.True(pair.Offerer.Connection.IsOverOverlay && pair.Answerer.Connection.IsOverOverlay);
    }

    [Fact]
    public void The_first_byte_is_there_two_and_a_half_round_trips_after_the_offer_left()
    {
        using var pair = PeerPair.WithOverlay();
        pair.IsDirectCut = true;
        pair.SignallingLatency = pair.OverlayLatency;
        var channel = pair.Offerer.Connection.CreateChannel(pair.Now, new() { Label = "80" });
        var left = pair.Now;
        pair.Signal();
        pair.Send(pair.Offerer, channel, "first"u8);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        Assert.InRange(pair.Now - left, TimeSpan.Zero, pair.OverlayLatency * 5);
    }

    [Fact]
    public void After_the_byte_that_accepts_a_port_the_first_byte_is_there_within_four_and_a_half_round_trips()
    {
        using var pair = PeerPair.WithOverlay();
        pair.IsDirectCut = true;
        pair.SignallingLatency = pair.OverlayLatency;
        var channel = pair.Offerer.Connection.CreateChannel(pair.Now, new() { Label = "80" });
        var left = pair.Now;
        pair.Signal();

        Assert.True(pair.RunUntil(() => pair.Answerer.ChannelOf("80") is not null));
        pair.Send(pair.Answerer, pair.Answerer.ChannelOf("80")!.Value, [0]);
        Assert.True(pair.RunUntil(() => pair.Offerer.Messages.Count == 1));
        pair.Send(pair.Offerer, channel, "first"u8);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        Assert.InRange(pair.Now - left, TimeSpan.Zero, pair.OverlayLatency * 9);
    }

    [Fact]
    public void A_direct_way_takes_over_when_there_is_one()
    {
        using var pair = PeerPair.WithOverlay();
        pair.Latency = TimeSpan.FromMilliseconds(400); // Later than the overlay.

        pair.Connect();
        Assert.True(pair.Offerer.Connection.IsOverOverlay);

        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay && !pair.Answerer.Connection.IsOverOverlay));
    }

    [Fact]
    public void A_direct_way_that_dies_under_load_is_left_after_one_timeout_of_retransmission()
    {
        using var pair = PeerPair.WithOverlay();
        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new() { Label = "80" });
        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay));
        pair.RunFor(TimeSpan.FromSeconds(2));

        pair.IsDirectCut = true;
        var cut = pair.Now;
        pair.Send(pair.Offerer, here, [7]);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        Assert.InRange(pair.Now - cut, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.True(pair.Offerer.Connection.IsOverOverlay);
        Assert.Equal(PeerState.Connected, pair.Offerer.Connection.State);
    }

    [Fact]
    public void It_goes_back_to_the_direct_way_when_that_answers_again()
    {
        using var pair = PeerPair.WithOverlay();
        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new() { Label = "80" });
        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay));
        pair.IsDirectCut = true;
        pair.Send(pair.Offerer, here, [7]);
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.IsOverOverlay));

        pair.IsDirectCut = false;

        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay && !pair.Answerer.Connection.IsOverOverlay, seconds: 20));
        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
    }

    /// <summary>A link between two nodes that nobody else has a link to both of: its overlay carries nothing. One late acknowledgement must not be the end of it.</summary>
    [Fact]
    public void A_direct_way_that_was_silent_for_a_moment_is_used_on_where_the_overlay_carries_nothing()
    {
        using var pair = PeerPair.WithOverlay();
        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, new() { Label = "80" });
        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay));
        pair.IsOverlayCut = true;

        for (byte number = 0; number < 20; number++)
        {
            pair.IsDirectCut = number == 0;
            pair.Send(pair.Offerer, here, [number]);
            pair.RunFor(TimeSpan.FromMilliseconds(300));
            pair.IsDirectCut = false;
            pair.RunFor(TimeSpan.FromMilliseconds(1200));
        }

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 20));
        Assert.Equal(Enumerable.Range(0, 20), pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
        Assert.False(pair.Offerer.Connection.IsOverOverlay);
    }

    [Fact]
    public void With_both_ways_dead_it_ends_for_want_of_consent()
    {
        using var pair = PeerPair.WithOverlay();
        pair.Connect();
        pair.IsDirectCut = pair.IsOverlayCut = true;

        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.State == PeerState.Failed && pair.Answerer.Connection.State == PeerState.Failed, seconds: 90));
        Assert.Equal(PeerFailure.ConsentExpired, pair.Offerer.Connection.Failure);
    }

    [Fact]
    public void An_idle_connection_over_the_overlay_lives_on()
    {
        using var pair = PeerPair.WithOverlay();
        pair.IsDirectCut = true;
        pair.Connect();

        pair.RunFor(TimeSpan.FromMinutes(10));

        Assert.True(pair.AreOpen);
    }

    [Fact]
    public void After_ice_has_given_up_a_restart_finds_the_way_that_has_opened()
    {
        using var pair = PeerPair.WithOverlay();
        pair.IsDirectCut = true;
        pair.Connect();
        Assert.True(pair.RunUntil(() => pair.Offerer.Connection.IsIceOver && pair.Answerer.Connection.IsIceOver, seconds: 120));

        pair.IsDirectCut = false;
        Assert.True(pair.Offerer.Connection.RestartIce(pair.Now));
        pair.Signal();

        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay && !pair.Answerer.Connection.IsOverOverlay));
        Assert.True(pair.AreOpen);
    }

    /// <summary>Both sides write as fast as they may, while the direct way comes and goes and both ways lose packets.</summary>
    [Fact]
    public void Ten_thousand_switches_under_load_lose_double_and_reorder_nothing()
    {
        const int times = 10_000;
        using var pair = PeerPair.WithOverlay();
        (pair.LossPercent, pair.OverlayLossPercent) = (1, 1);
        pair.Connect();
        var (here, there) = pair.OpenChannel(pair.Offerer, new() { Label = "80" });
        Assert.True(pair.RunUntil(() => !pair.Offerer.Connection.IsOverOverlay));
        var (sent, received, back, backReceived, switches, wasOver) = (0, 0, 0, 0, 0, false);
        var message = new byte[700];

        while (switches < times)
        {
            for (var i = 0; i < 4; i++)
            {
                sent += Write(pair, pair.Offerer, here, message, sent);
                back += Write(pair, pair.Answerer, there, message, back);
            }

            pair.RunFor(TimeSpan.FromMilliseconds(20));
            received += TakeInOrder(pair.Answerer, received);
            backReceived += TakeInOrder(pair.Offerer, backReceived);
            if (pair.Offerer.Connection.IsOverOverlay != wasOver)
            {
                wasOver = !wasOver;
                switches++;
            }

            pair.IsDirectCut = !wasOver; // Cut while it is used, whole again as soon as it is left.
        }

        pair.IsDirectCut = false;
        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == sent - received && pair.Offerer.Messages.Count == back - backReceived), pair.ToString());
        received += TakeInOrder(pair.Answerer, received);
        backReceived += TakeInOrder(pair.Offerer, backReceived);
        Assert.Equal((sent, back), (received, backReceived));
        Assert.True(sent > times);
    }

    private static int Write(PeerPair pair, TestPeer from, ChannelId channel, byte[] message, int number)
    {
        BinaryPrimitives.WriteInt32BigEndian(message, number);
        return pair.Send(from, channel, message) == SendOutcome.Accepted ? 1 : 0;
    }

    private static int TakeInOrder(TestPeer peer, int next)
    {
        var count = peer.Messages.Count;
        foreach (var (_, _, payload) in peer.Messages)
        {
            Assert.Equal(next++, BinaryPrimitives.ReadInt32BigEndian(payload));
        }

        peer.Messages.Clear();
        return count;
    }
}
