using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

public sealed class PeerChannelTests
{
    [Fact]
    public void A_channel_is_announced_with_all_its_options()
    {
        using var pair = new PeerPair().Connect();
        var options = new DataChannelOptions { Label = "lábel", Protocol = "próto", Ordered = false, MaxPacketLifeTime = 1234 };

        var (here, there) = pair.OpenChannel(pair.Offerer, options);

        Assert.True(pair.Answerer.Connection.TryGetChannel(there, out var seen));
        Assert.True(pair.Offerer.Connection.TryGetChannel(here, out var own));
        Assert.Equal(options, seen.Options);
        Assert.True(seen.IsRemote);
        Assert.False(own.IsRemote);
        Assert.Equal(own.StreamId, seen.StreamId);
        Assert.Equal(DataChannelState.Open, seen.State);
    }

    [Fact]
    public void The_dtls_client_takes_even_streams_and_the_server_odd_ones_lowest_first()
    {
        using var pair = new PeerPair().Connect(); // The answerer is the client.
        var streams = new List<int>();
        foreach (var (peer, label) in new[] { (pair.Answerer, "a"), (pair.Offerer, "b"), (pair.Answerer, "c"), (pair.Offerer, "d") })
        {
            var (here, _) = pair.OpenChannel(peer, new DataChannelOptions { Label = label });
            peer.Connection.TryGetChannel(here, out var info);
            streams.Add(info.StreamId);
        }

        Assert.Equal([0, 1, 2, 3], streams);
    }

    [Fact]
    public void Three_hundred_channels_carry_their_own_messages()
    {
        using var pair = new PeerPair();
        var channels = new List<ChannelId>();
        for (var i = 0; i < 300; i++)
        {
            channels.Add(pair.Offerer.Connection.CreateChannel(pair.Now, new DataChannelOptions { Label = $"c{i}" }));
        }

        pair.Connect();
        for (var i = 0; i < 300; i++)
        {
            pair.Send(pair.Offerer, channels[i], BitConverter.GetBytes(i));
        }

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 300), pair.ToString());
        foreach (var (channel, _, payload) in pair.Answerer.Messages)
        {
            pair.Answerer.Connection.TryGetChannel(channel, out var info);
            Assert.Equal($"c{BitConverter.ToInt32(payload)}", info.Options.Label);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_closed_channel_is_closed_on_both_sides_and_its_stream_is_used_again(bool makerCloses)
    {
        using var pair = new PeerPair().Connect();
        var streams = new HashSet<int>();
        for (byte round = 0; round < 5; round++)
        {
            var (here, there) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = $"round {round}" });
            pair.Offerer.Connection.TryGetChannel(here, out var info);
            streams.Add(info.StreamId);
            pair.Send(pair.Offerer, here, [round]);
            var closing = makerCloses ? pair.Offerer : pair.Answerer;
            closing.Connection.CloseChannel(pair.Now, makerCloses ? here : there);
            pair.Pump(closing);

            Assert.True(pair.RunUntil(() => pair.Offerer.HasClosed(here) && pair.Answerer.HasClosed(there)), pair.ToString());
            Assert.Equal(SendOutcome.Closed, pair.Send(pair.Offerer, here, [1]));
        }

        Assert.Single(streams);
        if (makerCloses)
        {
            Assert.Equal([0, 1, 2, 3, 4], pair.Answerer.Messages.Select(message => (int)message.Payload[0]));
        }
    }

    [Fact]
    public void Both_sides_closing_at_once_is_one_close()
    {
        using var pair = new PeerPair().Connect();
        var (here, there) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });

        pair.Offerer.Connection.CloseChannel(pair.Now, here);
        pair.Answerer.Connection.CloseChannel(pair.Now, there);
        pair.Pump(pair.Offerer);
        pair.Pump(pair.Answerer);

        Assert.True(pair.RunUntil(() => pair.Offerer.HasClosed(here) && pair.Answerer.HasClosed(there)), pair.ToString());
        pair.RunFor(TimeSpan.FromSeconds(5));
        Assert.Single(pair.Offerer.Events, e => e.Kind == PeerEventKind.ChannelClosed);
        pair.OpenChannel(pair.Answerer, new DataChannelOptions { Label = "y" });
    }

    [Fact]
    public void Everything_sent_before_the_close_arrives_before_it()
    {
        using var pair = new PeerPair { LossPercent = 5 };
        pair.Connect();
        var (here, there) = pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "x" });
        for (byte i = 0; i < 100; i++)
        {
            pair.Send(pair.Offerer, here, Enumerable.Repeat(i, 2000).ToArray());
        }

        pair.Offerer.Connection.CloseChannel(pair.Now, here);
        pair.Pump(pair.Offerer);

        Assert.True(pair.RunUntil(() => pair.Answerer.HasClosed(there) && pair.Offerer.HasClosed(here)), pair.ToString());
        Assert.Equal(100, pair.Answerer.Messages.Count);
    }

    [Fact]
    public void A_negotiated_channel_needs_no_announcement()
    {
        using var pair = new PeerPair();
        var options = new DataChannelOptions { Label = "n", Negotiated = true, StreamId = 77 };
        var here = pair.Offerer.Connection.CreateChannel(pair.Now, options);
        var there = pair.Answerer.Connection.CreateChannel(pair.Now, options);

        pair.Connect();
        pair.Send(pair.Offerer, here, "hello"u8);

        Assert.True(pair.RunUntil(() => pair.Answerer.Messages.Count == 1));
        Assert.Equal(there, pair.Answerer.Messages[0].Channel);
        Assert.Throws<InvalidOperationException>(() => pair.Offerer.Connection.CreateChannel(pair.Now, options));
    }

    [Fact]
    public void A_channel_too_many_from_the_peer_is_closed_at_once()
    {
        using var pair = new PeerPair(answerer: new PeerOptions { Role = PeerRole.Answerer, MaxChannels = 2 }).Connect();
        pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "1" });
        pair.OpenChannel(pair.Offerer, new DataChannelOptions { Label = "2" });

        var third = pair.Offerer.Connection.CreateChannel(pair.Now, new DataChannelOptions { Label = "3" });
        pair.Pump(pair.Offerer);

        Assert.True(pair.RunUntil(() => pair.Offerer.HasClosed(third)), pair.ToString());
        Assert.Null(pair.Answerer.ChannelOf("3"));
        Assert.Throws<InvalidOperationException>(() => pair.Answerer.Connection.CreateChannel(pair.Now, new DataChannelOptions()));
        Assert.True(pair.AreOpen);
    }

    [Fact]
    public void Options_no_channel_can_have_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DataChannelOptions { MaxRetransmits = 1, MaxPacketLifeTime = 1 }.Validate());
        Assert.Throws<ArgumentException>(() => new DataChannelOptions { Negotiated = true }.Validate());
        Assert.Throws<ArgumentException>(() => new DataChannelOptions { StreamId = 65_535 }.Validate());
        Assert.Throws<ArgumentException>(() => new DataChannelOptions { MaxRetransmits = 65_536 }.Validate());
    }

    [Fact]
    public void A_channel_closed_before_the_connection_opens_never_opens()
    {
        using var pair = new PeerPair();
        var channel = pair.Offerer.Connection.CreateChannel(pair.Now, new DataChannelOptions { Label = "x" });

        pair.Offerer.Connection.CloseChannel(pair.Now, channel);
        pair.Connect();
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.True(pair.Offerer.HasClosed(channel));
        Assert.False(pair.Offerer.HasOpened(channel));
        Assert.Null(pair.Answerer.ChannelOf("x"));
    }
}
