using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Tests.Sctp;

namespace Overlay.WebRtc.Tests.Dcep;

public sealed class DataChannelTableTests
{
    [Fact]
    public void A_channel_opens_on_both_sides_with_what_it_was_asked_to_be()
    {
        var pair = ChannelPair.Connected();
        var parameters = new ChannelParameters { Label = "grüße", Protocol = "p/1", Ordered = false, MaxRetransmits = 3, Priority = 1024 };

        var (ofA, ofZ) = pair.Open(parameters);

        Assert.True(pair.Z.Table.TryGetInfo(ofZ, out var seen));
        Assert.True(seen.IsRemote);
        Assert.Equal(0, seen.StreamId);
        Assert.Equal(parameters with { StreamId = 0 }, seen.Parameters);
        Assert.True(pair.A.Table.TryGetInfo(ofA, out var own));
        Assert.Equal((0, false, ChannelState.Open), (own.StreamId, own.IsRemote, own.State));
    }

    [Fact]
    public void Text_binary_and_empty_messages_keep_their_kind()
    {
        var pair = ChannelPair.Connected();
        var (ofA, _) = pair.Open();
        pair.Z.Story.Clear();

        pair.A.Table.Send(pair.Now, ofA, "hello"u8, isText: true);
        pair.A.Table.Send(pair.Now, ofA, "raw"u8, isText: false);
        pair.A.Table.Send(pair.Now, ofA, default, isText: true);
        pair.A.Table.Send(pair.Now, ofA, default, isText: false);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(["text 0 'hello'", "binary 0 'raw'", "text 0 ''", "binary 0 ''"], pair.Z.Story);
    }

    [Fact]
    public void The_client_takes_even_streams_the_server_odd_ones_and_each_its_lowest_free_one()
    {
        var pair = ChannelPair.Connected();

        var first = StreamOf(pair.A, pair.Create(pair.A));
        var second = StreamOf(pair.A, pair.Create(pair.A));
        var third = StreamOf(pair.Z, pair.Create(pair.Z));
        var fourth = StreamOf(pair.Z, pair.Create(pair.Z));

        Assert.Equal([0, 2, 1, 3], [first, second, third, fourth]);
    }

    [Fact]
    public void A_closed_channel_closes_on_both_sides_and_its_stream_is_reused_at_once()
    {
        var pair = ChannelPair.Connected();
        for (var round = 0; round < 5; round++)
        {
            var (ofA, ofZ) = pair.Open();
            Assert.Equal(0, StreamOf(pair.A, ofA));
            pair.A.Table.Send(pair.Now, ofA, "last words"u8, isText: true);

            pair.A.Table.Close(ofA);
            Assert.True(pair.RunUntil(() => pair.A.Closed.Contains(ofA) && pair.Z.Closed.Contains(ofZ)));

            Assert.Equal(["Opened " + ofZ.Value, $"text {ofZ.Value} 'last words'", "Closed " + ofZ.Value], pair.Z.Story);
            pair.Z.Story.Clear();
        }
    }

    [Fact]
    public void Channels_made_before_the_role_and_the_association_are_known_open_when_they_are()
    {
        var pair = new ChannelPair();
        var first = pair.Create(pair.A, new ChannelParameters { Label = "first" });
        var second = pair.Create(pair.A, new ChannelParameters { Label = "second" });
        Assert.Equal(-1, StreamOf(pair.A, first));
        Assert.Equal(SctpSendOutcome.Closed, pair.A.Table.Send(pair.Now, first, "early"u8, isText: true));

        pair.Start();
        Assert.True(pair.RunUntil(() => pair.Z.Opened.Count == 2));

        Assert.Equal([0, 2], [StreamOf(pair.A, first), StreamOf(pair.A, second)]);
        Assert.Equal(["Connected", "Opened 0", "Opened 1"], pair.A.Story);
        Assert.Equal(["first", "second"], pair.Z.Opened.Select(handle => Info(pair.Z, handle).Parameters.Label));
    }

    [Fact]
    public void A_role_that_becomes_known_after_the_association_opens_the_channels_then()
    {
        var pair = new ChannelPair();
        var channel = pair.Create(pair.A);
        pair.Sctp.A.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => pair.A.Story.Contains("Connected")));
        Assert.DoesNotContain(channel, pair.A.Opened);

        pair.A.Table.AssignRole(pair.Now, isDtlsClient: false);
        pair.A.Table.AssignRole(pair.Now, isDtlsClient: true); // The first word counts.

        Assert.True(pair.RunUntil(() => pair.A.Opened.Contains(channel) && pair.Z.Opened.Count == 1));
        Assert.Equal(1, StreamOf(pair.A, channel));
    }

    [Fact]
    public void Data_may_follow_the_OPEN_before_its_ACK()
    {
        var pair = ChannelPair.Connected();
        var channel = pair.Create(pair.A, new ChannelParameters { Ordered = false });

        Assert.Equal(SctpSendOutcome.Accepted, pair.A.Table.Send(pair.Now, channel, "at once"u8, isText: true));
        Assert.True(pair.RunUntil(() => pair.Z.Story.Count == 2));

        Assert.Equal(["Opened 0", "text 0 'at once'"], pair.Z.Story);
    }

    [Fact]
    public void The_answerer_may_send_before_its_ACK_has_arrived_and_it_counts_as_one()
    {
        var pair = ChannelPair.Connected();
        var channel = pair.Create(pair.A);
        Assert.True(pair.RunUntil(() => pair.Z.Opened.Count == 1));

        pair.Z.Table.Send(pair.Now, pair.Z.Opened[0], "quick"u8, isText: true);
        Assert.True(pair.RunUntil(() => pair.A.Story.Contains($"text {channel.Value} 'quick'")));
    }

    [Fact]
    public void Until_confirmed_an_unordered_channel_keeps_its_order_behind_the_OPEN()
    {
        var pair = ChannelPair.Connected();
        var dropped = 0;
        pair.Sctp.Drop = packet => packet.From == pair.Sctp.A && packet.Has(WebRtc.Sctp.Chunks.ChunkType.Data) && dropped++ == 0;
        var channel = pair.Create(pair.A, new ChannelParameters { Ordered = false });
        pair.RunFor(TimeSpan.FromMilliseconds(1));

        pair.A.Table.Send(pair.Now, channel, "after"u8, isText: true);
        Assert.True(pair.RunUntil(() => pair.Z.Story.Count == 2, TimeSpan.FromSeconds(5)));

        Assert.Equal(["Opened 0", "text 0 'after'"], pair.Z.Story);
        Assert.Equal(0, pair.Z.Table.Dropped);
    }

    [Fact]
    public void A_negotiated_channel_needs_no_announcement()
    {
        var pair = ChannelPair.Connected();
        pair.Sctp.KeepsLog = true;
        var parameters = new ChannelParameters { Label = "agreed", Negotiated = true, StreamId = 100 };

        var ofA = pair.Create(pair.A, parameters);
        var ofZ = pair.Create(pair.Z, parameters);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(pair.Sctp.Log);

        pair.Z.Table.Send(pair.Now, ofZ, "hi"u8, isText: false);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal([$"Opened {ofA.Value}", $"binary {ofA.Value} 'hi'"], pair.A.Story);
    }

    [Fact]
    public void A_stream_that_is_taken_and_a_table_that_is_full_are_refused()
    {
        var pair = ChannelPair.Connected(limits: new DataChannelLimits(MaxChannels: 2));
        pair.Create(pair.A, new ChannelParameters { Negotiated = true, StreamId = 0 });

        Assert.False(pair.A.Table.TryCreate(pair.Now, new ChannelParameters { Negotiated = true, StreamId = 0 }, out _));
        Assert.Equal(2, StreamOf(pair.A, pair.Create(pair.A)));
        Assert.False(pair.A.Table.TryCreate(pair.Now, new ChannelParameters(), out _));
        Assert.Throws<ArgumentException>(() => pair.A.Table.TryCreate(pair.Now, new ChannelParameters { Negotiated = true }, out _));
    }

    [Fact]
    public void One_channel_too_many_from_the_peer_is_closed_at_once()
    {
        var pair = ChannelPair.Connected(limits: new DataChannelLimits(MaxChannels: 3));
        pair.Create(pair.Z);
        pair.Create(pair.Z);
        Assert.True(pair.RunUntil(() => pair.A.Opened.Count == 2 && pair.Z.Opened.Count == 2));
        var mine = pair.Create(pair.A);
        Assert.True(pair.RunUntil(() => pair.Z.Opened.Count == 3));

        var sctp = pair.Sctp.Z.Association;
        Assert.Equal(SctpSendOutcome.Accepted, sctp.Send(pair.Now, 9, 50, DcepOpen.Write(new ChannelParameters { Label = "one more" })));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(3, pair.A.Table.Count);
        Assert.Equal(1, pair.A.Table.Dropped);
        Assert.Contains(mine, pair.A.Opened);
    }

    [Theory]
    [InlineData("a stream of our parity", 8, "03 00 0100 00000000 0000 0000")]
    [InlineData("a label too long", 9, "03 00 0100 00000000 0006 0000 414141414141")]
    [InlineData("a protocol too long", 9, "03 00 0100 00000000 0000 0006 414141414141")]
    [InlineData("an OPEN that cannot be read", 9, "03 07 0100 00000000 0000 0000")]
    [InlineData("a control message nobody knows", 9, "09")]
    [InlineData("an ACK for no channel", 9, "02")]
    public void A_peer_cannot_open_a_channel_with(string what, ushort stream, string hex)
    {
        var pair = ChannelPair.Connected(limits: new DataChannelLimits(MaxLabelBytes: 5));

        pair.Sctp.Z.Association.Send(pair.Now, stream, 50, Tests.Sctp.Chunks.ChunkTests.Hex(hex));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.True(pair.A.Table.Count == 0, what);
        Assert.Equal(1, pair.A.Table.Dropped);
        Assert.Empty(pair.A.Story);
    }

    [Fact]
    public void A_second_OPEN_on_an_open_channel_and_messages_of_unknown_kinds_are_dropped()
    {
        var pair = ChannelPair.Connected();
        var (_, ofZ) = pair.Open();
        var sctp = pair.Sctp.A.Association;
        pair.Z.Story.Clear();

        sctp.Send(pair.Now, 0, 50, DcepOpen.Write(new ChannelParameters { Label = "again" }));
        sctp.Send(pair.Now, 0, 52, [1]);
        sctp.Send(pair.Now, 0, 0, [1]);
        sctp.Send(pair.Now, 30, 51, [1]);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Empty(pair.Z.Story);
        Assert.Equal(4, pair.Z.Table.Dropped);
        Assert.Equal("test", Info(pair.Z, ofZ).Parameters.Label);
    }

    [Fact]
    public void Both_sides_may_close_at_once()
    {
        var pair = ChannelPair.Connected();
        var (ofA, ofZ) = pair.Open();

        pair.A.Table.Close(ofA);
        pair.Z.Table.Close(ofZ);
        pair.A.Table.Close(ofA);
        Assert.True(pair.RunUntil(() => pair.A.Closed.Count == 1 && pair.Z.Closed.Count == 1));
        pair.RunFor(TimeSpan.FromSeconds(2));

        Assert.Equal((1, 1), (pair.A.Closed.Count, pair.Z.Closed.Count));
        Assert.Equal((0, 0), (pair.A.Table.Count, pair.Z.Table.Count));
    }

    [Fact]
    public void A_channel_closed_before_it_was_announced_is_never_seen_by_the_peer()
    {
        var pair = new ChannelPair();
        var channel = pair.Create(pair.A);

        pair.A.Table.Close(channel);
        pair.Start();
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal([$"Closed {channel.Value}", "Connected"], pair.A.Story);
        Assert.Empty(pair.Z.Opened);
        Assert.Equal(SctpSendOutcome.Closed, pair.A.Table.Send(pair.Now, channel, "x"u8, isText: true));
        Assert.Equal(0, pair.A.Table.BufferedAmount(channel));
        Assert.Empty(pair.A.Table.TakeUnacknowledged(channel));
    }

    [Fact]
    public void What_the_closing_side_has_queued_arrives_and_what_the_other_has_does_not()
    {
        var pair = ChannelPair.Connected();
        var (ofA, ofZ) = pair.Open();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(SctpSendOutcome.Accepted, pair.A.Table.Send(pair.Now, ofA, new byte[20_000], isText: false));
            Assert.Equal(SctpSendOutcome.Accepted, pair.Z.Table.Send(pair.Now, ofZ, new byte[20_000], isText: false));
        }

        pair.A.Table.Close(ofA);
        Assert.Equal(SctpSendOutcome.Closed, pair.A.Table.Send(pair.Now, ofA, "late"u8, isText: true));
        Assert.True(pair.RunUntil(() => pair.A.Closed.Count == 1 && pair.Z.Closed.Count == 1));

        Assert.Equal(20, pair.Z.Events.Count(e => e.Kind == ChannelEventKind.Message));
        Assert.Equal(0, pair.Sctp.Z.Association.TotalBufferedAmount);
    }

    [Fact]
    public void The_end_of_the_association_closes_every_channel_first()
    {
        var pair = ChannelPair.Connected();
        pair.Open();
        pair.Open();
        pair.A.Story.Clear();

        pair.Sctp.Z.Association.Abort(pair.Now);
        Assert.True(pair.RunUntil(() => pair.A.Story.Contains("Disconnected")));

        Assert.Equal(["Closed 0", "Closed 1", "Disconnected"], pair.A.Story);
        Assert.Equal(SctpCloseReason.PeerAbort, pair.A.Events[^1].Reason);
        Assert.False(pair.A.Table.TryCreate(pair.Now, new ChannelParameters(), out _));
    }

    [Fact]
    public void A_hundred_channels_opened_and_closed_over_a_lossy_path_reuse_their_streams()
    {
        var pair = ChannelPair.Connected();
        pair.Sctp.Conditions = new PathConditions { Loss = 50, Duplication = 30, Reordering = 100 };
        for (var round = 1; round <= 5; round++)
        {
            var channels = Enumerable.Range(0, 100).Select(_ => pair.Create(pair.A)).ToList();
            Assert.All(channels, channel => Assert.InRange(StreamOf(pair.A, channel), 0, 198));
            foreach (var channel in channels)
            {
                Assert.Equal(SctpSendOutcome.Accepted, pair.A.Table.Send(pair.Now, channel, "x"u8, isText: true));
                pair.A.Table.Close(channel);
            }

            var done = round * 100;
            Assert.True(pair.RunUntil(() => pair.A.Closed.Count == done && pair.Z.Closed.Count == done, TimeSpan.FromMinutes(2)), $"round {round}");
        }

        Assert.Equal(500, pair.Z.Events.Count(e => e.Kind == ChannelEventKind.Message));
        Assert.Equal(0, pair.Z.Table.Dropped);
    }

    /// <summary>The stream comes back in use while the answer to the former channel's reset is still under way.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stream_reused_before_we_know_that_our_reset_is_done_is_a_new_channel(bool closesAgain)
    {
        var pair = ChannelPair.Connected();
        var (ofA, ofZ) = pair.Open();
        var answers = 0;
        pair.Sctp.Drop = packet => packet.From == pair.Sctp.A && IsResponse(packet) && ++answers <= 2; // Z does not hear that it is done.
        pair.A.Table.Close(ofA);
        Assert.True(pair.RunUntil(() => pair.A.Closed.Count == 1));
        Assert.Empty(pair.Z.Closed);

        var next = pair.Create(pair.A, new ChannelParameters { Label = "next" });
        pair.A.Table.Send(pair.Now, next, "new life"u8, isText: true);
        Assert.True(pair.RunUntil(() => pair.Z.Opened.Count == 2));
        var nextOfZ = pair.Z.Opened[1];
        pair.Z.Table.Send(pair.Now, nextOfZ, "answer"u8, isText: true);
        if (closesAgain)
        {
            pair.Z.Table.Close(nextOfZ);
            Assert.True(pair.RunUntil(() => pair.A.Closed.Contains(next) && pair.Z.Closed.Contains(nextOfZ), TimeSpan.FromSeconds(20)));
        }

        pair.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal([ofZ], pair.Z.Closed.Take(1));
        Assert.Contains($"text {nextOfZ.Value} 'new life'", pair.Z.Story);
        Assert.Equal(closesAgain ? 2 : 1, pair.Z.Closed.Count);
        Assert.Equal(0, StreamOfStory(pair, next));
    }

    [Fact]
    public void Unacknowledged_user_messages_are_listed_with_their_kind_and_without_control_messages()
    {
        var pair = ChannelPair.Connected();
        pair.Sctp.Drop = packet => packet.From == pair.Sctp.A;
        var channel = pair.Create(pair.A);
        pair.A.Table.Send(pair.Now, channel, "text"u8, isText: true);
        pair.A.Table.Send(pair.Now, channel, default, isText: false);
        pair.A.Table.Send(pair.Now, channel, new byte[100_000], isText: false);
        pair.RunFor(TimeSpan.FromMilliseconds(100));

        var left = pair.A.Table.TakeUnacknowledged(channel);

        Assert.Equal([(true, 4), (false, 0), (false, 100_000)], left.Select(message => (message.IsText, message.Payload.Length)));
        Assert.True(pair.A.Table.BufferedAmount(channel) > 0);
    }

    [Fact]
    public void An_OPEN_that_finds_no_room_waits_for_it()
    {
        var pair = ChannelPair.Connected(options: new SctpOptions { SendBufferBytes = 10_000 });
        var (ofA, _) = pair.Open();
        Assert.True(pair.RunUntil(() => pair.Sctp.A.Association.IsSendingDone));
        Assert.Equal(SctpSendOutcome.Accepted, pair.A.Table.Send(pair.Now, ofA, new byte[50_000], isText: false));

        var second = pair.Create(pair.A);
        Assert.Equal(ChannelState.Connecting, Info(pair.A, second).State);
        Assert.Equal(SctpSendOutcome.Closed, pair.A.Table.Send(pair.Now, second, "x"u8, isText: true));

        Assert.True(pair.RunUntil(() => pair.A.Opened.Contains(second) && pair.Z.Opened.Count == 2));
    }

    [Fact]
    public void Priorities_become_classes_of_urgency()
    {
        Assert.Equal(SctpPriority.Low, new ChannelParameters { Priority = 128 }.Urgency);
        Assert.Equal(SctpPriority.Normal, new ChannelParameters().Urgency);
        Assert.Equal(SctpPriority.High, new ChannelParameters { Priority = 512 }.Urgency);
    }

    private static bool IsResponse(PacketOnPath packet) =>
        SctpPair.ChunksOf(packet.Bytes).Exists(chunk => chunk[0] == 130 && chunk[5] == 16);

    private static int StreamOfStory(ChannelPair pair, ChannelHandle handle) =>
        pair.A.Table.TryGetInfo(handle, out var info) ? info.StreamId : 0;

    private static ChannelInfo Info(ChannelEnd end, ChannelHandle handle)
    {
        Assert.True(end.Table.TryGetInfo(handle, out var info));
        return info;
    }

    private static int StreamOf(ChannelEnd end, ChannelHandle handle) => Info(end, handle).StreamId;
}
