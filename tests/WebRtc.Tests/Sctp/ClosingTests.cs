using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>How associations end: SHUTDOWN, ABORT, and silence.</summary>
public sealed class ClosingTests
{
    [Fact]
    public void Three_packets_end_an_association_gracefully()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;

        pair.A.Association.Shutdown(pair.Now);
        Assert.True(pair.RunUntil(() => BothClosed(pair)));

        // A → SHUTDOWN → Z, Z → SHUTDOWN ACK → A, A → SHUTDOWN COMPLETE → Z
        Assert.Equal(
            ["A Shutdown", "Z ShutdownAck", "A ShutdownComplete"],
            pair.Log.Select(packet => $"{packet.From.Name} {string.Join(' ', packet.Chunks)}"));
        AssertClosed(pair, SctpCloseReason.Shutdown, SctpCloseReason.Shutdown);
        Assert.Equal(Instant.Never, pair.A.Association.WakeAt);
    }

    [Fact]
    public void Everything_accepted_before_the_shutdown_is_delivered()
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Loss = 100 });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 0, TransferTests.Payload(10_000, i)));
            Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.Z, 0, TransferTests.Payload(10_000, i)));
        }

        pair.A.Association.Shutdown(pair.Now);

        Assert.Equal(SctpSendOutcome.Closed, pair.Send(pair.A, 0, [1]));
        Assert.True(pair.RunUntil(() => BothClosed(pair)));
        AssertClosed(pair, SctpCloseReason.Shutdown, SctpCloseReason.Shutdown);
        Assert.Equal((20, 20), (pair.A.Messages.Count, pair.Z.Messages.Count));
    }

    [Fact]
    public void Both_sides_may_shut_down_at_once()
    {
        var pair = SctpPair.Connected();

        pair.A.Association.Shutdown(pair.Now);
        pair.Z.Association.Shutdown(pair.Now);

        Assert.True(pair.RunUntil(() => BothClosed(pair), TimeSpan.FromSeconds(10)));
        AssertClosed(pair, SctpCloseReason.Shutdown, SctpCloseReason.Shutdown);
    }

    [Theory]
    [InlineData(nameof(ChunkType.Shutdown))]
    [InlineData(nameof(ChunkType.ShutdownAck))]
    [InlineData(nameof(ChunkType.ShutdownComplete))]
    public void The_sequence_outlives_the_loss_of_each_of_its_packets(string name)
    {
        var lost = Enum.Parse<ChunkType>(name);
        var pair = SctpPair.Connected();
        var left = 2;
        pair.Drop = packet => packet.Has(lost) && left-- > 0;

        pair.A.Association.Shutdown(pair.Now);

        Assert.True(pair.RunUntil(() => BothClosed(pair), TimeSpan.FromSeconds(20)));
        AssertClosed(pair, SctpCloseReason.Shutdown, SctpCloseReason.Shutdown);
    }

    [Fact]
    public void A_shutdown_nobody_answers_ends_after_the_guard_time()
    {
        var pair = SctpPair.Connected();
        pair.Drop = _ => true;
        var start = pair.Now;

        pair.A.Association.Shutdown(pair.Now);
        Assert.True(pair.RunUntil(() => pair.A.Association.State == AssociationState.Closed));

        Assert.Equal(SctpCloseReason.PathFailed, pair.A.Association.CloseReason);
        Assert.InRange((pair.Now - start).TotalSeconds, 5, 16);
    }

    [Fact]
    public void Data_still_coming_after_our_SHUTDOWN_is_acknowledged_with_another_SHUTDOWN()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.Z, 0, TransferTests.Payload(100_000)));
        pair.Pump();

        pair.A.Association.Shutdown(pair.Now);
        Assert.True(pair.RunUntil(() => BothClosed(pair)));

        Assert.Contains(pair.Log, packet => packet.From == pair.A && packet.Has(ChunkType.Sack) && packet.Has(ChunkType.Shutdown));
        Assert.Single(pair.A.Messages);
        AssertClosed(pair, SctpCloseReason.Shutdown, SctpCloseReason.Shutdown);
    }

    [Fact]
    public void An_abort_ends_both_sides_at_once_and_says_why()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        pair.Send(pair.A, 0, TransferTests.Payload(50_000));

        pair.A.Association.Abort(pair.Now, "Enough");
        Assert.True(pair.RunUntil(() => BothClosed(pair), TimeSpan.FromSeconds(1)));

        AssertClosed(pair, SctpCloseReason.LocalAbort, SctpCloseReason.PeerAbort);
        Assert.Equal(SctpErrorCause.UserInitiatedAbort, pair.Z.Events.Single().Cause);
        var abort = SctpPair.ChunksOf(pair.Log.Single(packet => packet.Has(ChunkType.Abort)).Bytes)[0];
        Assert.Equal("Enough"u8.ToArray(), abort[8..]);
        Assert.Equal(SctpSendOutcome.Closed, pair.Send(pair.A, 0, [1]));
    }

    [Fact]
    public void An_abort_before_the_handshake_is_done_closes_quietly()
    {
        var pair = new SctpPair();
        pair.A.Association.Connect(pair.Now);

        pair.A.Association.Shutdown(pair.Now);
        pair.Pump();

        Assert.Equal(SctpCloseReason.LocalAbort, pair.A.Association.CloseReason);
        Assert.Equal(Instant.Never, pair.A.Association.WakeAt);
    }

    [Fact]
    public void A_side_that_missed_the_abort_is_told_again_when_it_speaks()
    {
        var pair = SctpPair.Connected();
        pair.Drop = packet => packet.Has(ChunkType.Abort) && (packet.Bytes[13] & 1) == 0;
        pair.A.Association.Abort(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(AssociationState.Established, pair.Z.Association.State);

        pair.Send(pair.Z, 0, [1]);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(SctpCloseReason.PeerAbort, pair.Z.Association.CloseReason);
    }

    [Fact]
    public void A_closed_association_stays_closed_and_does_not_answer_aborts()
    {
        var pair = SctpPair.Connected();
        pair.A.Association.Abort(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(1));
        pair.KeepsLog = true;
        var abort = new byte[CauseChunk.LengthFor(default)];
        CauseChunk.Write(abort, ChunkType.Abort, 0, SctpErrorCause.UserInitiatedAbort, default);
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.A.Association.LocalInit), out var init));

        pair.Inject(pair.A, SctpPair.Packet(init.InitiateTag, abort));
        pair.A.Association.Connect(pair.Now);
        pair.A.Association.Shutdown(pair.Now);
        pair.A.Association.Abort(pair.Now);
        pair.Pump();

        Assert.Empty(pair.Log);
        Assert.Equal(AssociationState.Closed, pair.A.Association.State);
        Assert.Equal(1, pair.A.Received(SctpEventKind.Closed));
    }

    [Fact]
    public void A_newcomer_to_a_closed_association_is_turned_away()
    {
        var pair = SctpPair.Connected();
        pair.Z.Association.Abort(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(1));
        pair.A.Association = new Association(new SctpOptions(), new SeededSecrets(5));

        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(SctpCloseReason.PeerAbort, pair.A.Association.CloseReason);
    }

    [Fact]
    public void An_abort_with_the_tag_of_neither_side_is_ignored()
    {
        var pair = SctpPair.Connected();
        var abort = new byte[CauseChunk.LengthFor(default)];

        foreach (byte flags in new byte[] { 0, CauseChunk.ReflectedTag })
        {
            CauseChunk.Write(abort, ChunkType.Abort, flags, SctpErrorCause.UserInitiatedAbort, default);
            pair.Inject(pair.Z, SctpPair.Packet(12345, abort));
            pair.Inject(pair.Z, SctpPair.Packet(0, abort));
        }

        Assert.Equal(AssociationState.Established, pair.Z.Association.State);
    }

    [Fact]
    public void An_empty_DATA_chunk_ends_the_association()
    {
        var pair = SctpPair.Connected();
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var init));

        pair.Inject(pair.Z, SctpPair.Packet(init.InitiateTag, ChunkTests.Hex("00030010 00000001 00000000 00000035")));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal((SctpCloseReason.ProtocolViolation, SctpCloseReason.PeerAbort), (pair.Z.Association.CloseReason, pair.A.Association.CloseReason));
        Assert.Equal(SctpErrorCause.NoUserData, pair.A.Events.Single().Cause);
    }

    [Fact]
    public void An_idle_path_is_probed_every_half_minute_and_costs_nothing_else()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;

        pair.RunFor(TimeSpan.FromMinutes(10));

        Assert.InRange(pair.Log.Count(packet => packet.From == pair.A && packet.Has(ChunkType.Heartbeat)), 18, 20);
        Assert.Equal(pair.Log.Count(packet => packet.Has(ChunkType.Heartbeat)), pair.Log.Count(packet => packet.Has(ChunkType.HeartbeatAck)));
        Assert.All(pair.Log, packet => Assert.True(packet.Has(ChunkType.Heartbeat) || packet.Has(ChunkType.HeartbeatAck)));
        Assert.Equal(TimeSpan.FromMilliseconds(10), pair.A.Association.RoundTrip);
    }

    [Fact]
    public void A_dead_idle_path_is_found_by_unanswered_heartbeats()
    {
        var pair = SctpPair.Connected(new SctpOptions { HeartbeatInterval = TimeSpan.FromSeconds(1), MaxRetransmits = 3 });
        pair.Drop = _ => true;

        Assert.True(pair.RunUntil(() => BothClosed(pair), TimeSpan.FromMinutes(1)));

        AssertClosed(pair, SctpCloseReason.PathFailed, SctpCloseReason.PathFailed);
    }

    [Fact]
    public void A_few_lost_heartbeats_are_forgiven()
    {
        var pair = SctpPair.Connected(new SctpOptions { HeartbeatInterval = TimeSpan.FromSeconds(1), MaxRetransmits = 3 });
        var counts = new Dictionary<SctpEnd, int> { [pair.A] = 0, [pair.Z] = 0 };
        pair.Drop = packet => packet.Has(ChunkType.Heartbeat) && counts[packet.From]++ % 3 != 0;

        pair.RunFor(TimeSpan.FromMinutes(5));

        Assert.Equal(AssociationState.Established, pair.A.Association.State);
        Assert.Equal(AssociationState.Established, pair.Z.Association.State);
    }

    [Fact]
    public void A_dead_path_with_data_under_way_is_found_by_timeouts()
    {
        var pair = SctpPair.Connected();
        pair.Drop = _ => true;
        var start = pair.Now;
        pair.Send(pair.A, 0, [1]);

        Assert.True(pair.RunUntil(() => pair.A.Association.State == AssociationState.Closed));

        Assert.Equal(SctpCloseReason.PathFailed, pair.A.Association.CloseReason);
        Assert.InRange((pair.Now - start).TotalSeconds, 20, 35);
    }

    [Fact]
    public void A_heartbeat_answer_that_is_not_ours_is_ignored()
    {
        var pair = SctpPair.Connected();
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var init));
        var answer = new byte[HeartbeatInfo.ChunkLength];
        new HeartbeatInfo(pair.Now - TimeSpan.FromHours(1), 7).Write(answer);
        answer[0] = (byte)ChunkType.HeartbeatAck;
        var before = pair.Z.Association.RoundTrip;

        pair.Inject(pair.Z, SctpPair.Packet(init.InitiateTag, answer));

        Assert.Equal(before, pair.Z.Association.RoundTrip);
    }

    private static bool BothClosed(SctpPair pair) =>
        pair.A.Association.State == AssociationState.Closed && pair.Z.Association.State == AssociationState.Closed;

    private static void AssertClosed(SctpPair pair, SctpCloseReason ofA, SctpCloseReason ofZ)
    {
        pair.Pump();
        Assert.Equal((ofA, ofZ), (pair.A.Association.CloseReason, pair.Z.Association.CloseReason));
        Assert.Equal(ofA, pair.A.Events.Single(e => e.Kind == SctpEventKind.Closed).Reason);
        Assert.Equal(ofZ, pair.Z.Events.Single(e => e.Kind == SctpEventKind.Closed).Reason);
    }
}
