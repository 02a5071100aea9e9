using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

public sealed class PeerMessageTests
{
    private static readonly DataChannelOptions Plain = new() { Label = "plain" };

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(1160, false)]
    [InlineData(65_535, true)]
    [InlineData(65_536, false)]
    [InlineData(262_144, false)]
    [InlineData(262_144, true)]
    public void A_message_arrives_as_it_was_sent(int size, bool isText)
    {
        using var pair = new PeerPair().Connect();
        var (here, there) = pair.OpenChannel(pair.Answerer, Plain);
        var payload = Bytes(size);

        Assert.Equal(SendOutcome.Accepted, pair.Send(pair.Answerer, here, payload, isText));

        Assert.True(pair.RunUntil(() => pair.Offerer.Messages.Count == 1), pair.ToString());
        var (channel, wasText, received) = pair.Offerer.Messages[0];
        Assert.Equal(there, channel);
        Assert.Equal(isText, wasText);
        Assert.Equal(payload, received);
    }

    [Fact]
    public void A_message_longer_than_the_peer_accepts_is_refused_at_the_door()
    {
        using var pair = new PeerPair(answerer: new PeerOptions { Role = PeerRole.Answerer, MaxMessageSize = 10_000 }).Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);

        Assert.Equal(SendOutcome.TooLarge, pair.Send(pair.Offerer, here, new byte[10_001]));
        Assert.Equal(SendOutcome.Accepted, pair.Send(pair.Offerer, here, new byte[10_000]));
    }

    [Fact]
    public void What_is_sent_before_the_connection_opens_arrives_in_order_when_it_does()
    {
        using var pair = new PeerPair();
        var channel = pair.Offerer.Connection.CreateChannel(pair.Now, Plain);
        for (byte i = 0; i < 50; i++)
        {
            Assert.Equal(SendOutcome.Accepted, pair.Send(pair.Offerer, channel, [i]));
        }

        Assert.Equal(50, pair.Offerer.Connection.BufferedAmount(channel));
        pair.Connect();

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 50));
        Assert.Equal(Enumerable.Range(0, 50), pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
        Assert.Equal(0, pair.Offerer.Connection.BufferedAmount(channel));
    }

    [Fact]
    public void A_full_send_buffer_says_so_and_takes_more_when_it_has_drained()
    {
        using var pair = new PeerPair(new PeerOptions { Role = PeerRole.Offerer, MaxBufferedBytes = 100_000 }).Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        var accepted = 0;
        while (pair.Offerer.Connection.Send(pair.Now, here, new byte[10_000], isText: false) == SendOutcome.Accepted)
        {
            accepted++;
        }

        Assert.InRange(accepted, 5, 10);
        pair.Pump(pair.Offerer);
        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == accepted));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(SendOutcome.Accepted, pair.Send(pair.Offerer, here, new byte[10_000]));
    }

    [Fact]
    public void A_reader_that_does_not_read_stops_the_writer_and_loses_nothing()
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        pair.Answerer.ReadsMessages = false;
        var sent = 0;
        for (var i = 0; i < 400; i++)
        {
            if (pair.Send(pair.Offerer, here, BitConverter.GetBytes(sent).Concat(new byte[19_996]).ToArray()) == SendOutcome.Accepted)
            {
                sent++;
            }

            pair.RunFor(TimeSpan.FromMilliseconds(20));
        }

        Assert.InRange(sent, 50, 200);
        Assert.Empty(pair.Answerer.Messages);
        pair.Answerer.ReadsMessages = true;
        pair.Pump(pair.Answerer);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == sent), pair.ToString());
        Assert.Equal(Enumerable.Range(0, sent), pair.Answerer.Messages.Select(message => BitConverter.ToInt32(message.Payload)));
    }

    [Fact]
    public void Unordered_messages_do_not_wait_for_a_lost_one()
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain with { Ordered = false });
        pair.RunFor(TimeSpan.FromSeconds(1));
        var normal = pair.Fate;
        pair.Fate = (_, _) => [];
        pair.Send(pair.Offerer, here, [1]);
        pair.Fate = normal;

        pair.Send(pair.Offerer, here, [2]);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 2));
        Assert.Equal([2, 1], pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_unreliable_message_that_is_lost_is_given_up(bool byCount)
    {
        using var pair = new PeerPair().Connect();
        var options = byCount ? Plain with { MaxRetransmits = 0 } : Plain with { MaxPacketLifeTime = 50 };
        var (here, _) = pair.OpenChannel(pair.Offerer, options);
        pair.RunFor(TimeSpan.FromSeconds(1));
        var normal = pair.Fate;
        pair.Fate = (_, _) => [];
        pair.Send(pair.Offerer, here, [1]);
        pair.RunFor(TimeSpan.FromMilliseconds(100));
        pair.Fate = normal;

        pair.Send(pair.Offerer, here, [2]);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        pair.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(2, Assert.Single(pair.Answerer.Messages).Payload[0]);
        Assert.Empty(pair.Offerer.Connection.TakeUnacknowledged(here));
    }

    [Fact]
    public void Unacknowledged_messages_are_handed_back_when_a_link_falls_under_suspicion()
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        pair.Send(pair.Offerer, here, "arrives"u8);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(pair.Offerer.Connection.TakeUnacknowledged(here));
        pair.Fate = (_, _) => [];

        pair.Send(pair.Offerer, here, "does not"u8);
        pair.Send(pair.Offerer, here, [], isText: true);
        pair.RunFor(TimeSpan.FromSeconds(2));

        var handedBack = pair.Offerer.Connection.TakeUnacknowledged(here);
        Assert.Equal(2, handedBack.Count);
        Assert.Equal("does not"u8.ToArray(), handedBack[0]);
        Assert.Empty(handedBack[1]);
    }

    [Fact]
    public void After_an_outage_of_four_seconds_everything_still_arrives_in_order()
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        var normal = pair.Fate;
        pair.Fate = (_, _) => [];
        for (byte i = 0; i < 50; i++)
        {
            pair.Send(pair.Offerer, here, [i]);
        }

        pair.RunFor(TimeSpan.FromSeconds(4));
        pair.Fate = normal;
        var healed = pair.Now;

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 50), pair.ToString());
        Assert.Equal(Enumerable.Range(0, 50), pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
        Assert.InRange((pair.Now - healed).TotalSeconds, 0, 3.1);
    }

    [Fact]
    public void Ten_megabytes_need_no_more_time_than_the_window_and_the_round_trip_allow()
    {
        using var pair = new PeerPair { Latency = TimeSpan.FromMilliseconds(5) };
        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        var begun = pair.Now;
        var message = Bytes(65_536);
        var sent = 0;
        Assert.True(pair.RunUntil(
            () =>
            {
                while (sent < 160 && pair.Send(pair.Offerer, here, message) == SendOutcome.Accepted)
                {
                    sent++;
                }

                return pair.Answerer.Messages.Count == 160;
            },
            seconds: 20));

        var megabytesPerSecond = 160 * 65_536 / (pair.Now - begun).TotalSeconds / 1e6;
        Assert.InRange(megabytesPerSecond, 20, 200);
        Assert.Equal(0, pair.Offerer.Connection.Statistics.Retransmits);
        Assert.All(pair.Answerer.Messages, received => Assert.Equal(message, received.Payload));
    }

    [Fact]
    public void Five_per_cent_of_loss_on_a_path_of_50_ms_leave_at_least_60_kilobytes_a_second()
    {
        using var pair = new PeerPair(seed: 9) { Latency = TimeSpan.FromMilliseconds(25), LossPercent = 5 };
        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        var begun = pair.Now;
        var message = Bytes(16_384);
        var sent = 0;
        Assert.True(pair.RunUntil(
            () =>
            {
                while (sent < 64 && pair.Send(pair.Offerer, here, message) == SendOutcome.Accepted)
                {
                    sent++;
                }

                return pair.Answerer.Messages.Count == 64;
            },
            seconds: 60), pair.ToString());

        Assert.True(64 * 16_384 / (pair.Now - begun).TotalSeconds > 60_000, $"{(pair.Now - begun).TotalSeconds} s");
    }

    [Fact]
    public void Nothing_leaves_that_is_longer_than_the_path_carries()
    {
        using var pair = new PeerPair(packetSize: 700) { LargestDatagram = 700 };

        pair.Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        pair.Send(pair.Offerer, here, Bytes(200_000));

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1), pair.ToString());
    }

    [Fact]
    public void The_counters_count()
    {
        using var pair = new PeerPair().Connect();
        var (here, _) = pair.OpenChannel(pair.Offerer, Plain);
        pair.Send(pair.Offerer, here, Bytes(100_000));
        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        pair.RunFor(TimeSpan.FromSeconds(1));

        var (sender, receiver) = (pair.Offerer.Connection.Statistics, pair.Answerer.Connection.Statistics);
        Assert.InRange(sender.BytesSent, 100_000, 115_000);
        Assert.Equal(sender.BytesSent, receiver.BytesReceived);
        Assert.Equal(sender.DatagramsSent, receiver.DatagramsReceived);
        Assert.InRange(sender.RoundTripTime.TotalMilliseconds, 19, 60);
        Assert.True(sender.HasSelectedPair);
        Assert.Equal(pair.Offerer.Address, sender.SelectedLocal);
        Assert.Equal(pair.Answerer.Address, sender.SelectedRemote);
        Assert.Equal(new PathId(7), sender.SelectedPath);
    }

    private static byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        new Prng((ulong)size).Fill(bytes);
        return bytes;
    }
}
