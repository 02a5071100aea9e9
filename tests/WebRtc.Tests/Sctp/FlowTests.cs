using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Acknowledgement, retransmission, windows and turns, seen from outside.</summary>
public sealed class FlowTests
{
    private static readonly SctpOptions SmallWindow = new() { ReceiveBufferBytes = 64 * 1024, MaxMessageBytes = 16 * 1024 };

    [Fact]
    public void A_single_packet_is_acknowledged_after_a_fifth_of_a_second_and_two_at_once()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        var start = pair.Now;

        pair.Send(pair.A, 0, [1]);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(205), pair.Log.Single(packet => packet.Has(ChunkType.Sack)).At - start);

        pair.Log.Clear();
        start = pair.Now;
        pair.Send(pair.A, 0, TransferTests.Payload(2_000));
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.InRange((pair.Log.Single(packet => packet.Has(ChunkType.Sack)).At - start).TotalMilliseconds, 5, 6);
    }

    [Fact]
    public void An_acknowledgement_rides_along_with_data_going_the_other_way()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Send(pair.A, 0, [1]);
        pair.RunFor(TimeSpan.FromMilliseconds(50));

        pair.Send(pair.Z, 0, [2]);
        pair.Pump();

        Assert.Equal([ChunkType.Sack, ChunkType.Data], pair.Log[^1].Chunks);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, pair.A.Association.Statistics.Retransmissions);
    }

    [Fact]
    public void Small_messages_share_packets()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;

        for (var i = 0; i < 30; i++)
        {
            pair.Send(pair.A, (ushort)i, TransferTests.Payload(20, i));
        }

        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(30, pair.Z.Messages.Count);
        Assert.Equal(1, pair.Log.Count(packet => packet.Has(ChunkType.Data)));
        Assert.All(pair.Log, packet => Assert.InRange(packet.Bytes.Length, 12, 1172));
    }

    /// <summary>Whether the peer answers each packet or, having drained its socket, all of them by one SACK.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(0)]
    public void A_lost_packet_is_sent_again_before_its_timer_runs_out(int spacingMicroseconds)
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Spacing = TimeSpan.FromMicroseconds(spacingMicroseconds) });
        var data = 0;
        pair.Drop = packet => packet.Has(ChunkType.Data) && ++data == 2;
        var start = pair.Now;

        pair.Send(pair.A, 0, TransferTests.Payload(8_000));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        Assert.InRange((pair.Now - start).TotalMilliseconds, 15, 16); // There, SACKs back, again there, and nothing more.
        var statistics = pair.A.Association.Statistics;
        Assert.Equal((1, 1, 0), (statistics.FastRetransmits, statistics.Retransmissions, statistics.RetransmissionTimeouts));
    }

    [Fact]
    public void A_retransmission_that_is_lost_too_is_found_by_what_was_sent_after_it()
    {
        var pair = SctpPair.Connected();
        var first = 0;
        var dropped = 0;
        byte[]? tsn = null;
        pair.Drop = packet =>
        {
            var chunk = SctpPair.ChunksOf(packet.Bytes).Find(c => c[0] == 0);
            if (chunk is null || packet.From != pair.A || ++first < 3)
            {
                return false;
            }

            tsn ??= chunk[4..8];
            return chunk.AsSpan(4, 4).SequenceEqual(tsn) && dropped++ < 3;
        };

        pair.Send(pair.A, 0, TransferTests.Payload(200_000));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        Assert.Equal(0, pair.A.Association.Statistics.RetransmissionTimeouts);
        Assert.Equal(3, pair.A.Association.Statistics.Retransmissions);
    }

    [Fact]
    public void A_lost_last_packet_waits_for_the_timer()
    {
        var pair = SctpPair.Connected();
        var count = 0;
        pair.Drop = packet => packet.Has(ChunkType.Data) && count++ == 0;
        var start = pair.Now;

        pair.Send(pair.A, 0, [1]);
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        Assert.InRange((pair.Now - start).TotalMilliseconds, 300, 510);
        Assert.Equal(1, pair.A.Association.Statistics.RetransmissionTimeouts);
    }

    [Fact]
    public void Lost_acknowledgements_cost_nothing_while_later_ones_arrive()
    {
        var pair = SctpPair.Connected();
        var count = 0;
        pair.Drop = packet => packet.Has(ChunkType.Sack) && count++ % 2 == 0;

        pair.Send(pair.A, 0, TransferTests.Payload(200_000));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        Assert.Equal(0, pair.A.Association.Statistics.Retransmissions);
    }

    [Fact]
    public void Duplicated_packets_are_reported_and_delivered_once()
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Duplication = 1000 });
        pair.KeepsLog = true;

        for (var i = 0; i < 10; i++)
        {
            pair.Send(pair.A, 0, TransferTests.Payload(1_000, i));
            pair.RunFor(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(10, pair.Z.Messages.Count);
        Assert.True(pair.Z.Association.Statistics.DuplicateTsns >= 10);
        Assert.Contains(pair.Log, packet => SctpPair.ChunksOf(packet.Bytes)
            .Exists(chunk => chunk[0] == (byte)ChunkType.Sack && SackChunk.TryRead(new RawChunk(chunk), out var sack) && sack.DuplicateCount > 0));
    }

    [Fact]
    public void A_stream_does_not_wait_for_another_ones_loss()
    {
        var pair = SctpPair.Connected();
        var count = 0;
        pair.Drop = packet => packet.Has(ChunkType.Data) && count++ == 0;

        pair.Send(pair.A, 1, TransferTests.Payload(1_100));
        pair.Send(pair.A, 2, TransferTests.Payload(1_100));
        pair.Send(pair.A, 1, TransferTests.Payload(1_100));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 3));

        Assert.Equal([2, 1, 1], pair.Z.Messages.Select(message => (int)message.StreamId));
    }

    [Fact]
    public void An_unordered_message_does_not_wait_for_an_earlier_one_of_its_stream()
    {
        var pair = SctpPair.Connected();
        var count = 0;
        pair.Drop = packet => packet.Has(ChunkType.Data) && count++ == 0;

        pair.Send(pair.A, 1, [1, .. TransferTests.Payload(1_100)], new SctpSendOptions(Unordered: true));
        pair.Send(pair.A, 1, [2, .. TransferTests.Payload(5_000)], new SctpSendOptions(Unordered: true));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));

        Assert.Equal([2, 1], pair.Z.Messages.Select(message => (int)message.Payload[0]));
    }

    [Fact]
    public void A_reader_that_stops_stops_the_sender_and_starting_again_starts_it()
    {
        var pair = SctpPair.Connected(SmallWindow);
        pair.Z.IsReading = false;
        var sent = 0;
        while (pair.Send(pair.A, 0, TransferTests.Payload(8_000, sent)) == SctpSendOutcome.Accepted && sent < 60)
        {
            sent++;
        }

        pair.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(AssociationState.Established, pair.A.Association.State);
        Assert.True(pair.A.Association.TotalBufferedAmount > 300_000);

        pair.Z.IsReading = true;
        pair.Pump();
        var resumed = pair.Now;
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == sent));

        Assert.InRange((pair.Now - resumed).TotalMilliseconds, 10, 2_000); // The window update starts it, not a probe of the timer.
        for (var i = 0; i < sent; i++)
        {
            Assert.Equal(TransferTests.Payload(8_000, i), pair.Z.Messages[i].Payload);
        }
    }

    [Fact]
    public void A_closed_window_is_probed_even_when_its_opening_is_announced_in_vain()
    {
        var pair = SctpPair.Connected(SmallWindow);
        pair.Z.IsReading = false;
        for (var i = 0; i < 20; i++)
        {
            pair.Send(pair.A, 0, TransferTests.Payload(8_000, i));
        }

        pair.RunFor(TimeSpan.FromSeconds(30));
        var left = 3;
        pair.Drop = packet => packet.From == pair.Z && packet.Has(ChunkType.Sack) && left-- > 0;
        pair.Z.IsReading = true;

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 20, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void The_receiver_holds_no_more_than_its_buffer_whatever_the_order_of_arrival()
    {
        var pair = SctpPair.Connected(SmallWindow, new PathConditions { Loss = 200, Reordering = 300 }, seed: 4);
        pair.Z.IsReading = false;
        for (var i = 0; i < 40; i++)
        {
            pair.Send(pair.A, (ushort)(i % 4), TransferTests.Payload(9_000, i));
        }

        pair.RunFor(TimeSpan.FromSeconds(60));
        var held = 0;
        pair.Z.IsReading = true;
        while (pair.Z.Association.TryReceive(out var message))
        {
            held += message.Payload.Length;
        }

        Assert.InRange(held, 20_000, SmallWindow.ReceiveBufferBytes);
    }

    [Fact]
    public void The_largest_messages_pass_a_window_of_only_twice_their_size_over_a_bad_path()
    {
        var options = new SctpOptions { ReceiveBufferBytes = 32_768, MaxMessageBytes = 16_384 };
        var pair = SctpPair.Connected(options, new PathConditions { Loss = 100, Reordering = 200 }, seed: 9);
        for (var i = 0; i < 30; i++)
        {
            pair.Send(pair.A, (ushort)(i % 3), TransferTests.Payload(16_384, i));
        }

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 30));
    }

    [Fact]
    public void A_full_send_buffer_says_so_and_drains()
    {
        var pair = SctpPair.Connected(new SctpOptions { SendBufferBytes = 10_000 });

        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 0, TransferTests.Payload(100_000)));
        Assert.Equal(SctpSendOutcome.BufferFull, pair.Send(pair.A, 0, [1]));
        Assert.Equal(100_000, pair.A.Association.BufferedAmount(0));
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));

        Assert.Equal(0, pair.A.Association.BufferedAmount(0));
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 0, TransferTests.Payload(9_000)));
        Assert.Equal(SctpSendOutcome.BufferFull, pair.Send(pair.A, 0, TransferTests.Payload(1_000)));
    }

    [Fact]
    public void A_message_longer_than_the_peer_takes_is_refused()
    {
        var pair = SctpPair.Connected();
        pair.A.Association.MaxSendMessageBytes = 1_000;

        Assert.Equal(SctpSendOutcome.TooLarge, pair.Send(pair.A, 0, TransferTests.Payload(1_001)));
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 0, TransferTests.Payload(1_000)));
    }

    [Fact]
    public void A_message_longer_than_we_take_ends_the_association()
    {
        var pair = SctpPair.Connected(
            new SctpOptions(), optionsOfZ: new SctpOptions { MaxMessageBytes = 10_000, ReceiveBufferBytes = 100_000 });

        pair.Send(pair.A, 0, TransferTests.Payload(10_001));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal((SctpCloseReason.ProtocolViolation, SctpCloseReason.PeerAbort), (pair.Z.Association.CloseReason, pair.A.Association.CloseReason));
    }

    [Fact]
    public void Buffered_amounts_are_counted_by_stream_until_first_sent()
    {
        var pair = SctpPair.Connected();

        pair.Send(pair.A, 1, TransferTests.Payload(30_000));
        pair.Send(pair.A, 2, TransferTests.Payload(500));
        Assert.Equal((30_000, 500, 30_500), (pair.A.Association.BufferedAmount(1), pair.A.Association.BufferedAmount(2), pair.A.Association.TotalBufferedAmount));

        pair.Pump();
        Assert.InRange(pair.A.Association.BufferedAmount(1), 15_000, 20_000); // Ten packets are under way.
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));
        Assert.Equal(0, pair.A.Association.TotalBufferedAmount);
    }

    [Fact]
    public void Streams_take_turns_and_an_urgent_one_goes_first()
    {
        var pair = SctpPair.Connected();
        for (var i = 0; i < 20; i++)
        {
            pair.Send(pair.A, 1, TransferTests.Payload(10_000));
            pair.Send(pair.A, 2, TransferTests.Payload(10_000));
        }

        pair.RunFor(TimeSpan.FromMilliseconds(12));
        var before = pair.Z.Messages.Count;
        pair.A.Association.SetPriority(3, SctpPriority.High);
        pair.Send(pair.A, 3, [7]);
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 41));

        var order = pair.Z.Messages.Select(message => (int)message.StreamId).ToList();
        Assert.InRange(order.IndexOf(3), before, before + 6);
        order.Remove(3);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => 1 + (i % 2)), order);
    }

    [Fact]
    public void Unacknowledged_messages_are_copied_in_order_queued_ones_included()
    {
        var pair = SctpPair.Connected();
        pair.Send(pair.A, 1, [1]);
        pair.Send(pair.A, 2, [99]);
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));
        Assert.Empty(pair.A.Association.TakeUnacknowledged(1));

        pair.Drop = packet => packet.From == pair.A;
        byte[][] payloads = [TransferTests.Payload(3_000, 2), TransferTests.Payload(100_000, 3), TransferTests.Payload(10, 4)];
        foreach (var payload in payloads)
        {
            pair.Send(pair.A, 1, payload, ppid: 51);
            pair.Send(pair.A, 2, [98]);
        }

        pair.RunFor(TimeSpan.FromSeconds(1));
        var left = pair.A.Association.TakeUnacknowledged(1);

        Assert.Equal(payloads, left.Select(message => message.Payload));
        Assert.All(left, message => Assert.Equal(51u, message.Ppid));
        Assert.Equal(3, pair.A.Association.TakeUnacknowledged(2).Count);

        pair.Drop = null;
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count(message => message.StreamId == 1) == 4));
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));
        Assert.Empty(pair.A.Association.TakeUnacknowledged(1));
    }

    [Fact]
    public void What_has_arrived_behind_a_gap_still_counts_as_unacknowledged()
    {
        var pair = SctpPair.Connected();
        var count = 0;
        pair.Drop = packet => packet.Has(ChunkType.Data) && packet.From == pair.A && count++ == 0;
        for (var i = 0; i < 3; i++)
        {
            pair.Send(pair.A, (ushort)i, TransferTests.Payload(1_100, i));
        }

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));
        pair.RunFor(TimeSpan.FromMilliseconds(4));

        Assert.Single(pair.A.Association.TakeUnacknowledged(2));
    }

    [Fact]
    public void The_packet_size_can_change_under_way()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Send(pair.A, 0, TransferTests.Payload(200_000, 1));
        pair.RunFor(TimeSpan.FromMilliseconds(20));
        pair.A.Association.MaxPacketBytes = 600;
        pair.Log.Clear();

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        Assert.All(pair.Log, packet => Assert.InRange(packet.Bytes.Length, 12, 600));
        pair.A.Association.MaxPacketBytes = 8_000;
        pair.Send(pair.A, 0, TransferTests.Payload(200_000, 2));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));
        Assert.Contains(pair.Log, packet => packet.Bytes.Length > 7_900);
    }

    [Fact]
    public void Chunks_cut_for_a_wider_path_are_still_retransmitted_on_a_narrower_one()
    {
        var pair = SctpPair.Connected();
        pair.Drop = _ => true;
        pair.Send(pair.A, 0, TransferTests.Payload(5_000, 1));
        pair.Pump();
        pair.A.Association.MaxPacketBytes = 600;
        pair.Drop = null;

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));
        Assert.Equal(TransferTests.Payload(5_000, 1), pair.Z.Messages[0].Payload);
    }

    [Fact]
    public void Data_on_a_stream_that_was_not_agreed_is_acknowledged_reported_and_thrown_away()
    {
        var pair = SctpPair.Connected(optionsOfZ: new SctpOptions { MaxStreams = 4 });
        pair.KeepsLog = true;
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var init));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var initOfA));
        var bytes = new byte[DataChunk.HeaderLength + 1];
        new DataChunk { Tsn = initOfA.InitialTsn, Flags = DataFlags.Beginning | DataFlags.Ending, StreamId = 4, Ssn = default, Ppid = 53, Payload = [1] }.Write(bytes);

        pair.Inject(pair.Z, SctpPair.Packet(init.InitiateTag, bytes));
        pair.RunFor(TimeSpan.FromMilliseconds(300));

        Assert.Empty(pair.Z.Messages);
        var error = pair.Log.Single(packet => packet.Has(ChunkType.Error));
        Assert.Equal(SctpErrorCause.InvalidStreamIdentifier, CauseChunk.FirstCause(ChunkTests.Raw(SctpPair.ChunksOf(error.Bytes)[0])));
        Assert.Contains(pair.Log, packet => packet.From == pair.Z && packet.Has(ChunkType.Sack));
    }

    [Fact]
    public void After_an_outage_of_four_seconds_queued_messages_are_back_within_two_more()
    {
        var pair = SctpPair.Connected();
        pair.Drop = _ => true;
        var start = pair.Now;
        for (var i = 0; i < 50; i++)
        {
            pair.Send(pair.A, 0, TransferTests.Payload(1_000, i));
        }

        pair.RunFor(TimeSpan.FromSeconds(4));
        pair.Drop = null;
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 50));

        Assert.InRange((pair.Now - start).TotalSeconds, 4, 7);
    }
}
