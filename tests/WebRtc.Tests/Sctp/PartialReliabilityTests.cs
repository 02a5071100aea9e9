using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Messages that may be given up (RFC 3758, RFC 7496), ordered and not.</summary>
public sealed class PartialReliabilityTests
{
    private static readonly SctpSendOptions OnceUnordered = new(Unordered: true, MaxRetransmits: 0);
    private static readonly SctpSendOptions OnceOrdered = new(MaxRetransmits: 0);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_sent_once_and_lost_is_skipped_and_later_ones_arrive(bool unordered)
    {
        var pair = SctpPair.Connected();
        DropNthData(pair, 1);

        for (byte i = 0; i < 6; i++)
        {
            pair.Send(pair.A, 1, [i, .. TransferTests.Payload(1_100)], new SctpSendOptions(unordered, MaxRetransmits: 0));
        }

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 5, TimeSpan.FromSeconds(2)));
        Assert.Equal([1, 2, 3, 4, 5], pair.Z.Messages.Select(message => (int)message.Payload[0]));
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone, TimeSpan.FromSeconds(2)));
        Assert.Equal((1, 0), (pair.A.Association.Statistics.MessagesAbandoned, pair.A.Association.Statistics.Retransmissions));
    }

    [Fact]
    public void A_lost_last_message_is_given_up_by_the_timer_and_the_stream_goes_on()
    {
        var pair = SctpPair.Connected();
        DropNthData(pair, 1);
        pair.Send(pair.A, 1, [1], OnceOrdered);
        pair.RunFor(TimeSpan.FromSeconds(2));
        Assert.True(pair.A.Association.IsSendingDone);

        pair.Send(pair.A, 1, [2], OnceOrdered);
        pair.Send(pair.A, 1, [3]);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal([2, 3], pair.Z.Messages.Select(message => (int)message.Payload[0]));
    }

    [Fact]
    public void Two_retransmissions_are_made_where_two_are_allowed_and_no_third()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Drop = packet => packet.Has(ChunkType.Data);

        pair.Send(pair.A, 1, [1], new SctpSendOptions(MaxRetransmits: 2));
        pair.RunFor(TimeSpan.FromSeconds(20));

        Assert.Equal(3, pair.Log.Count(packet => packet.Has(ChunkType.Data)));
        Assert.True(pair.A.Association.IsSendingDone);
        Assert.Equal(AssociationState.Established, pair.A.Association.State);
    }

    [Fact]
    public void A_message_is_no_longer_retransmitted_after_its_lifetime()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Drop = packet => packet.Has(ChunkType.Data);

        pair.Send(pair.A, 1, [1], new SctpSendOptions(MaxLifeTime: TimeSpan.FromMilliseconds(1_500)));
        pair.RunFor(TimeSpan.FromSeconds(20));

        var sent = pair.Log.Where(packet => packet.Has(ChunkType.Data)).Select(packet => (packet.At - pair.Log[0].At).TotalMilliseconds).ToList();
        Assert.InRange(sent.Count, 2, 4);
        Assert.InRange(sent[^1], 0, 1_500);
        Assert.True(pair.A.Association.IsSendingDone);
    }

    [Fact]
    public void A_message_whose_time_is_over_before_its_turn_is_never_sent_and_leaves_no_hole()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Send(pair.A, 0, TransferTests.Payload(100_000));
        pair.Send(pair.A, 1, [1], new SctpSendOptions(MaxLifeTime: TimeSpan.FromMilliseconds(5)));
        pair.A.Association.SetPriority(1, SctpPriority.Low);
        pair.Send(pair.A, 1, [2]);

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));

        Assert.Equal([0, 1], pair.Z.Messages.Select(message => (int)message.StreamId));
        Assert.Equal([2], pair.Z.Messages[1].Payload);
        Assert.DoesNotContain(pair.Log, packet => packet.Has(ChunkType.ForwardTsn));
        Assert.Equal(1, pair.A.Association.Statistics.MessagesAbandoned);
    }

    /// <summary>Large messages given up half way: some fragments are acknowledged, some lost, some never sent.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_given_up_half_way_does_not_disturb_those_before_and_after(bool unordered)
    {
        for (var lost = 1; lost <= 12; lost++)
        {
            var pair = SctpPair.Connected();
            DropNthData(pair, lost);
            pair.Send(pair.A, 1, [1], new SctpSendOptions(unordered));
            pair.Send(pair.A, 1, TransferTests.Payload(50_000), new SctpSendOptions(unordered, MaxRetransmits: 0));
            pair.Send(pair.A, 1, [3], new SctpSendOptions(unordered));
            pair.Send(pair.A, 2, [4]);

            Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone, TimeSpan.FromSeconds(20)), $"packet {lost}");
            pair.Send(pair.A, 1, [5], new SctpSendOptions(unordered));
            Assert.True(pair.RunUntil(() => pair.Z.Messages.Exists(message => message.Payload is [5]), TimeSpan.FromSeconds(5)), $"packet {lost}");

            Assert.DoesNotContain(pair.Z.Messages, message => message.Payload.Length > 1 && message.Payload.Length != 50_000);
            foreach (var expected in new byte[] { 1, 3, 4, 5 })
            {
                Assert.Single(pair.Z.Messages, message => message.Payload.Length == 1 && message.Payload[0] == expected);
            }
        }
    }

    [Fact]
    public void A_message_that_expires_while_all_its_sent_fragments_are_acknowledged_is_still_skipped()
    {
        var pair = SctpPair.Connected();
        pair.Z.IsReading = false;
        pair.Send(pair.A, 1, TransferTests.Payload(200_000), new SctpSendOptions(MaxLifeTime: TimeSpan.FromMilliseconds(25)));
        pair.Send(pair.A, 1, [2]);
        pair.KeepsLog = true;

        pair.RunFor(TimeSpan.FromSeconds(2));
        pair.Z.IsReading = true;
        pair.Pump();

        Assert.Contains(pair.Log, packet => packet.Has(ChunkType.ForwardTsn));
        Assert.Equal([2], pair.Z.Messages.Single().Payload);
        Assert.True(pair.A.Association.IsSendingDone);
        Assert.Equal(0, pair.A.Association.TotalBufferedAmount);
    }

    [Fact]
    public void A_lost_FORWARD_TSN_is_repeated()
    {
        var pair = SctpPair.Connected();
        DropNthData(pair, 1);
        var dropData = pair.Drop!;
        var left = 3;
        pair.Drop = packet => dropData(packet) || (packet.Has(ChunkType.ForwardTsn) && left-- > 0);

        pair.Send(pair.A, 1, [1], OnceOrdered);
        pair.Send(pair.A, 1, [2]);
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1, TimeSpan.FromSeconds(20)));

        Assert.Equal([2], pair.Z.Messages[0].Payload);
    }

    [Fact]
    public void Several_streams_are_skipped_at_once_each_by_its_own_number()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        var drop = true;
        pair.Drop = packet => drop && packet.From == pair.A && packet.Has(ChunkType.Data);
        for (var i = 0; i < 60; i++)
        {
            pair.Send(pair.A, (ushort)(i % 5), TransferTests.Payload(500, i), OnceOrdered);
        }

        Assert.True(pair.RunUntil(() => pair.Log.Exists(packet => packet.Has(ChunkType.ForwardTsn)), TimeSpan.FromSeconds(10)));
        drop = false;
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));
        for (ushort stream = 0; stream < 5; stream++)
        {
            pair.Send(pair.A, stream, [(byte)stream]);
        }

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count(message => message.Payload.Length == 1) == 5, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void More_streams_than_one_FORWARD_TSN_names_are_skipped_by_several()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        var drop = true;
        pair.Drop = packet => drop && packet.From == pair.A && packet.Has(ChunkType.Data);
        for (var i = 0; i < 200; i++)
        {
            pair.Send(pair.A, (ushort)i, [1], OnceOrdered);
        }

        pair.RunFor(TimeSpan.FromMilliseconds(500));
        drop = false;
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone, TimeSpan.FromSeconds(30)));
        for (ushort stream = 0; stream < 200; stream++)
        {
            pair.Send(pair.A, stream, [2]);
        }

        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count(message => message.Payload is [2]) == 200, TimeSpan.FromSeconds(10)));
        Assert.True(pair.Log.Count(packet => packet.Has(ChunkType.ForwardTsn)) > 1);
    }

    /// <summary>500 messages sent once, each echoed once, as with other stacks: 0.95 × 0.95 of them come back.</summary>
    [Fact]
    public void Of_messages_sent_once_over_a_lossy_path_those_not_lost_arrive()
    {
        var conditions = new PathConditions { Latency = TimeSpan.FromMilliseconds(25), Loss = 50, Reordering = 50 };
        var pair = SctpPair.Connected(conditions: conditions, seed: 3);
        var echoed = 0;

        for (var i = 0; i < 500; i++)
        {
            pair.Send(pair.A, 0, TransferTests.Payload(100, i), OnceUnordered);
            pair.RunFor(TimeSpan.FromMilliseconds(10));
            for (; echoed < pair.Z.Messages.Count; echoed++)
            {
                pair.Send(pair.Z, 0, pair.Z.Messages[echoed].Payload, OnceUnordered);
            }
        }

        pair.RunFor(TimeSpan.FromSeconds(5));
        Assert.InRange(pair.Z.Messages.Count, 455, 495);
        Assert.InRange(pair.A.Messages.Count, 415, 475);
        Assert.True(pair.A.Association.IsSendingDone && pair.Z.Association.IsSendingDone);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void Reliable_and_unreliable_messages_mixed_over_a_bad_path_keep_their_promises(ulong seed)
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Loss = 150, Duplication = 50, Reordering = 100 }, seed: seed);
        var prng = new Prng(seed);
        var reliable = 0;
        for (var i = 0; i < 400; i++)
        {
            var isReliable = prng.NextChance(1, 2);
            var options = isReliable ? default : new SctpSendOptions(prng.NextChance(1, 2), MaxRetransmits: prng.NextInt32(2));
            byte[] payload = [(byte)(isReliable ? 1 : 0), (byte)reliable, .. TransferTests.Payload(prng.NextInt32(4_000), i)];
            pair.Send(pair.A, (ushort)prng.NextInt32(3), payload, options);
            reliable += isReliable ? 1 : 0;
            pair.RunFor(TimeSpan.FromMilliseconds(prng.NextInt32(10)));
        }

        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone, TimeSpan.FromMinutes(5)));
        Assert.Equal(reliable, pair.Z.Messages.Count(message => message.Payload[0] == 1));
        for (ushort stream = 0; stream < 3; stream++)
        {
            var order = pair.Z.Messages.Where(m => m.StreamId == stream && m.Payload[0] == 1).Select(m => (int)m.Payload[1]).ToList();
            Assert.Equal(order.Order(), order);
        }
    }

    private static void DropNthData(SctpPair pair, int number)
    {
        var count = 0;
        pair.Drop = packet => packet.From == pair.A && packet.Has(ChunkType.Data) && ++count == number;
    }
}
