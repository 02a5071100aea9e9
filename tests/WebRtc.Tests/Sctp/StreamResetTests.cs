using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Streams that start again (RFC 6525).</summary>
public sealed class StreamResetTests
{
    [Fact]
    public void A_reset_is_seen_on_both_sides_after_the_last_message()
    {
        var pair = SctpPair.Connected();
        pair.Send(pair.A, 5, TransferTests.Payload(20_000));

        Assert.True(pair.A.Association.ResetStreams([5]));
        Assert.Equal(SctpSendOutcome.Closed, pair.Send(pair.A, 5, [1]));
        Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == 1));

        Assert.Equal(["message 5", "IncomingStreamReset 5"], pair.Z.Story);
        Assert.Equal(5, pair.A.Events.Single().StreamId);
    }

    [Fact]
    public void A_stream_can_be_used_again_at_once_and_counts_from_zero()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        for (var life = 0; life < 4; life++)
        {
            for (byte i = 0; i < 3; i++)
            {
                Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 5, [i]));
            }

            pair.A.Association.ResetStreams([5]);
            Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == life + 1));
        }

        Assert.Equal(12, pair.Z.Messages.Count);
        var numbers = pair.Log.SelectMany(packet => SctpPair.ChunksOf(packet.Bytes)).Where(chunk => chunk[0] == 0).Select(chunk => (int)chunk[11]);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => i % 3), numbers);
    }

    [Fact]
    public void Messages_sent_between_request_and_answer_belong_to_the_next_life()
    {
        var pair = SctpPair.Connected();
        pair.Send(pair.A, 5, [1]);
        pair.A.Association.ResetStreams([5]);
        pair.Pump();
        pair.Pump();

        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 5, [2]));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));

        Assert.Equal(["message 5", "IncomingStreamReset 5", "message 5"], pair.Z.Story);
    }

    [Fact]
    public void A_reset_that_overtakes_its_data_waits_for_it()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        var count = 0;
        pair.Drop = packet => packet.From == pair.A && packet.Has(ChunkType.Data) && count++ < 2;

        pair.Send(pair.A, 5, [1]);
        pair.Pump();
        pair.A.Association.ResetStreams([5]);
        Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == 1, TimeSpan.FromSeconds(10)));

        var first = pair.Log.First(packet => packet.From == pair.Z && packet.Has(ChunkType.Reconfig));
        Assert.Equal((byte)ReconfigResult.InProgress, SctpPair.ChunksOf(first.Bytes).Find(chunk => chunk[0] == (byte)ChunkType.Reconfig)![15]);
        Assert.Equal(["message 5", "IncomingStreamReset 5"], pair.Z.Story);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lost_request_or_answer_is_made_good_and_the_reset_happens_once(bool request)
    {
        var pair = SctpPair.Connected();
        var left = 3;
        pair.Drop = packet => packet.Has(ChunkType.Reconfig) && packet.From == (request ? pair.A : pair.Z) && left-- > 0;

        pair.A.Association.ResetStreams([5]);
        Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == 1, TimeSpan.FromSeconds(20)));

        Assert.Equal(1, pair.Z.Received(SctpEventKind.IncomingStreamReset));
    }

    [Fact]
    public void Hundreds_of_streams_are_reset_in_as_many_requests_as_it_takes_both_ways_at_once()
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Loss = 50 });
        var streams = Enumerable.Range(0, 300).Select(i => (ushort)i).ToArray();
        foreach (var stream in streams)
        {
            pair.Send(pair.A, stream, [1]);
        }

        Assert.True(pair.A.Association.ResetStreams(streams));
        Assert.True(pair.Z.Association.ResetStreams(streams));

        Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == 300 && pair.Z.Received(SctpEventKind.OutgoingStreamReset) == 300));
        Assert.Equal((300, 300), (pair.A.Received(SctpEventKind.IncomingStreamReset), pair.Z.Received(SctpEventKind.IncomingStreamReset)));
        Assert.Equal(300, pair.Z.Messages.Count);
    }

    [Fact]
    public void What_is_queued_can_be_thrown_away_by_the_reset()
    {
        var pair = SctpPair.Connected();
        for (var i = 0; i < 10; i++)
        {
            pair.Send(pair.A, 5, TransferTests.Payload(20_000, i));
        }

        pair.Pump();
        pair.A.Association.ResetStreams([5], discardQueued: true);
        Assert.True(pair.RunUntil(() => pair.A.Received(SctpEventKind.OutgoingStreamReset) == 1));

        Assert.Single(pair.Z.Messages); // The one already begun.
        Assert.Equal(0, pair.A.Association.TotalBufferedAmount);
        Assert.True(pair.A.Association.IsSendingDone);
    }

    [Fact]
    public void A_stream_being_reset_is_not_reset_twice()
    {
        var pair = SctpPair.Connected();

        pair.A.Association.ResetStreams([5, 5]);
        pair.A.Association.ResetStreams([5]);
        pair.RunFor(TimeSpan.FromSeconds(5));

        Assert.Equal((1, 1), (pair.A.Received(SctpEventKind.OutgoingStreamReset), pair.Z.Received(SctpEventKind.IncomingStreamReset)));
    }

    [Fact]
    public void A_request_of_the_peer_is_answered_by_its_number()
    {
        var pair = SctpPair.Connected();
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var ofA));
        var first = ofA.InitialTsn.Value;

        Assert.Equal(ReconfigResult.BadSequenceNumber, Ask(pair, first + 7, 3));
        Assert.Equal(ReconfigResult.Performed, Ask(pair, first, 3));
        Assert.Equal(ReconfigResult.Performed, Ask(pair, first, 3)); // Asked again: answered again, not done again.
        Assert.Equal(ReconfigResult.WrongSsn, Ask(pair, first + 1, 65_535));
        Assert.Equal(ReconfigResult.Performed, Ask(pair, first + 2));
        Assert.Equal(1, pair.Z.Received(SctpEventKind.IncomingStreamReset));
    }

    [Fact]
    public void A_request_that_names_no_stream_is_for_all_known_ones()
    {
        var pair = SctpPair.Connected();
        pair.Send(pair.A, 1, [1]);
        pair.Send(pair.A, 9, [1]);
        pair.Send(pair.Z, 4, [1]);
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone && pair.Z.Association.IsSendingDone));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var ofA));

        Assert.Equal(ReconfigResult.Performed, Ask(pair, ofA.InitialTsn.Value));

        Assert.Equal([1, 4, 9], pair.Z.Events.Select(e => (int)e.StreamId));
    }

    [Theory]
    [InlineData("82000010 000E000C SSSSSSSS 00010002")]
    [InlineData("8200000C 000F0008 SSSSSSSS")]
    [InlineData("82000010 0011000C SSSSSSSS 00100000")]
    [InlineData("82000010 0012000C SSSSSSSS 00100000")]
    public void Requests_without_a_use_for_data_channels_are_denied(string hex)
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var ofA));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var ofZ));
        var chunk = ChunkTests.Hex(hex.Replace("SSSSSSSS", $"{ofA.InitialTsn.Value:X8}", StringComparison.Ordinal));

        pair.Inject(pair.Z, SctpPair.Packet(ofZ.InitiateTag, chunk));
        pair.Inject(pair.Z, SctpPair.Packet(ofZ.InitiateTag, chunk));

        var answers = pair.Log.SelectMany(packet => SctpPair.ChunksOf(packet.Bytes)).ToList();
        Assert.Equal(2, answers.Count);
        Assert.All(answers, answer => Assert.Equal((byte)ReconfigResult.Denied, answer[15]));
    }

    [Fact]
    public void A_refused_reset_is_told_and_the_stream_goes_on_as_before()
    {
        var pair = SctpPair.Connected();
        pair.Drop = packet => packet.From == pair.A && packet.Has(ChunkType.Reconfig);
        pair.Send(pair.A, 5, [1]);
        pair.A.Association.ResetStreams([5]);
        pair.Pump();
        pair.Send(pair.A, 5, [2]);
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var ofA));
        var denial = new byte[ReconfigResponse.ChunkLength];
        new ReconfigResponse(new ReconfigSequence(ofA.InitialTsn.Value), ReconfigResult.Denied).Write(denial);

        pair.Inject(pair.A, SctpPair.Packet(ofA.InitiateTag, denial));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 2));

        Assert.Equal(1, pair.A.Received(SctpEventKind.StreamResetRefused));
        Assert.Equal(["message 5", "message 5"], pair.Z.Story);
    }

    [Fact]
    public void Without_the_extension_there_is_no_reset()
    {
        var pair = new SctpPair();
        var init = new InitChunk { InitiateTag = 9, ReceiverWindow = 65_536, OutboundStreams = 10, InboundStreams = 10, InitialTsn = new Tsn(1) };
        var bytes = new byte[init.Length];
        init.Write(bytes, ChunkType.Init);
        Assert.True(pair.A.Association.StartFromExchanged(pair.Now, bytes));

        Assert.False(pair.A.Association.SupportsStreamReset);
        Assert.False(pair.A.Association.ResetStreams([1]));
        Assert.False(pair.A.Association.SupportsPartialReliability);
    }

    private static ReconfigResult Ask(SctpPair pair, uint sequence, params ushort[] streams)
    {
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var ofZ));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var ofA));
        var bytes = new byte[OutgoingResetRequest.ChunkLengthFor(streams.Length)];
        OutgoingResetRequest.Write(bytes, new ReconfigSequence(sequence), new ReconfigSequence(0), ofA.InitialTsn.Previous, streams);
        pair.KeepsLog = true;
        pair.Log.Clear();

        pair.Inject(pair.Z, SctpPair.Packet(ofZ.InitiateTag, bytes));

        return (ReconfigResult)SctpPair.ChunksOf(pair.Log.Single(packet => packet.Has(ChunkType.Reconfig)).Bytes)[0][15];
    }
}
