using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>How associations begin. A and Z as in the RFC's drawings.</summary>
public sealed class HandshakeTests
{
    [Fact]
    public void Four_packets_make_an_association()
    {
        var pair = new SctpPair { KeepsLog = true };

        pair.A.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established)));

        // A → INIT → Z, Z → INIT ACK → A, A → COOKIE ECHO → Z, Z → COOKIE ACK → A
        Assert.Equal(
            ["A Init", "Z InitAck", "A CookieEcho", "Z CookieAck"],
            pair.Log.Select(packet => $"{packet.From.Name} {string.Join(' ', packet.Chunks)}"));
        Assert.Equal(1, pair.A.Received(SctpEventKind.Connected));
        Assert.Equal(1, pair.Z.Received(SctpEventKind.Connected));
        Assert.True(pair.A.Association.SupportsStreamReset && pair.A.Association.SupportsPartialReliability);
        Assert.Equal((65_535, 65_535), (pair.A.Association.OutboundStreams, pair.A.Association.InboundStreams));
    }

    [Fact]
    public void The_INIT_looks_like_a_browsers()
    {
        var association = new Association(new SctpOptions(), new SeededSecrets(1));

        Assert.True(InitChunk.TryRead(ChunkTests.Raw(association.LocalInit), out var init));

        Assert.Equal(5_242_880u, init.ReceiverWindow);
        Assert.Equal((ushort.MaxValue, ushort.MaxValue), (init.OutboundStreams, init.InboundStreams));
        Assert.True(init.ForwardTsnSupported && init.ReconfigSupported);
        Assert.NotEqual(0u, init.InitiateTag);
    }

    [Fact]
    public void Two_INITs_at_once_make_one_association()
    {
        var pair = new SctpPair();

        pair.A.Association.Connect(pair.Now);
        pair.Z.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established)));
        pair.RunFor(TimeSpan.FromSeconds(5));

        Assert.Equal((1, 1), (pair.A.Received(SctpEventKind.Connected), pair.Z.Received(SctpEventKind.Connected)));
        AssertCarries(pair);
    }

    /// <summary>The collision with every combination of one lost packet in the first eight and a head start of one side.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(12)]
    public void A_collision_succeeds_whichever_packet_is_lost_and_however_the_INITs_cross(int headStartMilliseconds)
    {
        for (var lost = 0; lost < 10; lost++)
        {
            var pair = new SctpPair();
            var count = 0;
            pair.Drop = _ => count++ == lost;

            pair.A.Association.Connect(pair.Now);
            pair.RunFor(TimeSpan.FromMilliseconds(headStartMilliseconds));
            pair.Z.Association.Connect(pair.Now);
            Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established), TimeSpan.FromSeconds(10)), $"packet {lost} lost");

            AssertCarries(pair);
        }
    }

    [Theory]
    [InlineData(nameof(ChunkType.Init))]
    [InlineData(nameof(ChunkType.InitAck))]
    [InlineData(nameof(ChunkType.CookieEcho))]
    [InlineData(nameof(ChunkType.CookieAck))]
    public void A_handshake_outlives_the_loss_of_each_packet_three_times_in_a_row(string name)
    {
        var lost = Enum.Parse<ChunkType>(name);
        var pair = new SctpPair();
        var left = 3;
        pair.Drop = packet => packet.Has(lost) && left-- > 0;

        pair.A.Association.Connect(pair.Now);

        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established), TimeSpan.FromSeconds(20)));
        AssertCarries(pair);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    public void Handshakes_succeed_on_a_path_that_loses_a_third_and_repeats_and_reorders(ulong seed)
    {
        var pair = new SctpPair(conditions: new PathConditions { Loss = 333, Duplication = 200, Reordering = 200 }, seed: seed);

        pair.A.Association.Connect(pair.Now);
        pair.Z.Association.Connect(pair.Now);

        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established), TimeSpan.FromMinutes(1)));
        Assert.Equal((1, 1), (pair.A.Received(SctpEventKind.Connected), pair.Z.Received(SctpEventKind.Connected)));
    }

    [Fact]
    public void Without_an_answer_the_attempt_ends_after_the_retransmissions_it_may_make()
    {
        var pair = new SctpPair(new SctpOptions { MaxInitRetransmits = 4 }) { KeepsLog = true, Drop = _ => true };

        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromMinutes(1));

        Assert.Equal(5, pair.Log.Count);
        Assert.Equal((AssociationState.Closed, SctpCloseReason.HandshakeTimedOut), (pair.A.Association.State, pair.A.Association.CloseReason));
        Assert.Equal(SctpCloseReason.HandshakeTimedOut, pair.A.Events.Single().Reason);
        Assert.Equal(Instant.Never, pair.A.Association.WakeAt);
    }

    [Fact]
    public void INITs_are_retransmitted_at_doubling_intervals()
    {
        var pair = new SctpPair { KeepsLog = true, Drop = _ => true };

        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(8));

        var gaps = pair.Log.Zip(pair.Log.Skip(1), (a, b) => (b.At - a.At).TotalMilliseconds);
        Assert.Equal([500, 1000, 2000, 3000], gaps.Take(4));
    }

    [Fact]
    public void A_cookie_with_a_changed_bit_is_not_accepted()
    {
        var pair = new SctpPair();
        byte[]? echo = null;
        pair.Drop = packet =>
        {
            echo ??= packet.Has(ChunkType.CookieEcho) ? packet.Bytes : null;
            return packet.Has(ChunkType.CookieEcho);
        };
        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.NotNull(echo);

        for (var position = SctpHeader.Length + 4; position < echo.Length; position++)
        {
            var changed = echo.ToArray();
            changed[position] ^= 0x10;
            Crc32c.Seal(changed);
            pair.Inject(pair.Z, changed);
            Assert.Equal(AssociationState.New, pair.Z.Association.State);
        }

        pair.Inject(pair.Z, echo);
        Assert.Equal(AssociationState.Established, pair.Z.Association.State);
    }

    [Fact]
    public void A_cookie_of_another_host_is_not_accepted()
    {
        var pair = new SctpPair();
        byte[]? echo = null;
        pair.Drop = packet =>
        {
            echo ??= packet.Has(ChunkType.CookieEcho) ? packet.Bytes : null;
            return packet.Has(ChunkType.CookieEcho);
        };
        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromMilliseconds(50));
        var stranger = new Association(new SctpOptions(), new SeededSecrets(99));

        stranger.Receive(pair.Now, echo);

        Assert.Equal(AssociationState.New, stranger.State);
    }

    [Fact]
    public void A_cookie_that_comes_back_too_late_is_refused_and_a_fresh_one_is_fetched()
    {
        var options = new SctpOptions { CookieLifetime = TimeSpan.FromSeconds(1) };
        var pair = new SctpPair(options) { KeepsLog = true };
        pair.Drop = packet => packet.Has(ChunkType.CookieEcho) && pair.Now < new Instant(TimeSpan.TicksPerSecond * 3);

        pair.A.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established), TimeSpan.FromSeconds(20)));

        // Z → ERROR (stale cookie) → A, A → INIT → Z, …
        var error = pair.Log.First(packet => packet.Has(ChunkType.Error));
        Assert.Equal(SctpErrorCause.StaleCookie, CauseChunk.FirstCause(ChunkTests.Raw(SctpPair.ChunksOf(error.Bytes)[0])));
        Assert.Equal(2, pair.Log.Count(packet => packet.Has(ChunkType.InitAck)));
        AssertCarries(pair);
    }

    [Fact]
    public void A_repeated_COOKIE_ECHO_is_acknowledged_again_and_changes_nothing()
    {
        var pair = new SctpPair { KeepsLog = true };
        pair.A.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => BothAre(pair, AssociationState.Established)));
        var echo = pair.Log.First(packet => packet.Has(ChunkType.CookieEcho)).Bytes;

        pair.Inject(pair.Z, echo);

        Assert.True(pair.Log[^1].Has(ChunkType.CookieAck));
        Assert.Equal(1, pair.Z.Received(SctpEventKind.Connected));
        AssertCarries(pair);
    }

    [Fact]
    public void A_late_INIT_to_an_established_association_leads_nowhere()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;

        pair.Inject(pair.Z, SctpPair.Packet(0, pair.A.Association.LocalInit));
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(["Z InitAck"], pair.Log.Select(packet => $"{packet.From.Name} {string.Join(' ', packet.Chunks)}"));
        AssertCarries(pair);
    }

    [Fact]
    public void An_INIT_of_somebody_else_to_an_established_association_is_answered_with_another_tag()
    {
        var pair = SctpPair.Connected();
        pair.KeepsLog = true;
        var stranger = new Association(new SctpOptions(), new SeededSecrets(50));

        pair.Inject(pair.Z, SctpPair.Packet(0, stranger.LocalInit));

        var answer = pair.Log.Single(packet => packet.Has(ChunkType.InitAck));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(SctpPair.ChunksOf(answer.Bytes)[0]), out var initAck));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var own));
        Assert.NotEqual(own.InitiateTag, initAck.InitiateTag);
        AssertCarries(pair);
    }

    [Fact]
    public void A_peer_that_starts_anew_ends_the_association()
    {
        var pair = SctpPair.Connected();
        pair.A.Association = new Association(new SctpOptions(), new SeededSecrets(77));

        pair.A.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(SctpCloseReason.PeerRestarted, pair.Z.Association.CloseReason);
        Assert.Equal(SctpCloseReason.PeerAbort, pair.A.Association.CloseReason);
    }

    [Fact]
    public void INITs_exchanged_in_signalling_save_the_handshake()
    {
        var pair = new SctpPair { KeepsLog = true };

        Assert.True(pair.A.Association.StartFromExchanged(pair.Now, pair.Z.Association.LocalInit));
        Assert.True(pair.Z.Association.StartFromExchanged(pair.Now, pair.A.Association.LocalInit));
        pair.Pump();

        Assert.True(BothAre(pair, AssociationState.Established));
        Assert.Empty(pair.Log);
        AssertCarries(pair);
    }

    [Fact]
    public void A_side_that_missed_the_exchange_gets_in_by_handshake()
    {
        var pair = new SctpPair();
        Assert.True(pair.A.Association.StartFromExchanged(pair.Now, pair.Z.Association.LocalInit));
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 0, [9]));
        pair.RunFor(TimeSpan.FromMilliseconds(100)); // What A sends meanwhile is nothing to Z …

        pair.Z.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1, TimeSpan.FromSeconds(5))); // … and comes again.

        Assert.Equal(1, pair.A.Received(SctpEventKind.Connected));
        AssertCarries(pair);
    }

    [Fact]
    public void INITs_that_cannot_be_used_leave_everything_as_it_was()
    {
        var pair = new SctpPair();

        Assert.False(pair.Z.Association.StartFromExchanged(pair.Now, "nonsense"u8));
        Assert.False(pair.Z.Association.StartFromExchanged(pair.Now, default));
        Assert.False(pair.Z.Association.StartFromExchanged(pair.Now, pair.A.Association.LocalInit.AsSpan(0, 19)));
        Assert.Equal(AssociationState.New, pair.Z.Association.State);

        Assert.True(pair.Z.Association.StartFromExchanged(pair.Now, pair.A.Association.LocalInit));
        Assert.False(pair.Z.Association.StartFromExchanged(pair.Now, pair.A.Association.LocalInit));
    }

    [Theory]
    [InlineData(0, 1, 1, 65_536)]
    [InlineData(1, 0, 1, 65_536)]
    [InlineData(1, 1, 0, 65_536)]
    [InlineData(1, 1, 1, 1_499)]
    public void An_INIT_that_cannot_be_is_refused(uint tag, ushort outbound, ushort inbound, uint window)
    {
        var pair = new SctpPair { KeepsLog = true };
        var init = new InitChunk
        {
            InitiateTag = tag,
            OutboundStreams = outbound,
            InboundStreams = inbound,
            ReceiverWindow = window,
            InitialTsn = new Tsn(1),
        };
        var bytes = new byte[init.Length];
        init.Write(bytes, ChunkType.Init);

        pair.Inject(pair.Z, SctpPair.Packet(0, bytes));

        Assert.DoesNotContain(pair.Log, packet => packet.Has(ChunkType.InitAck));
        Assert.Equal(tag == 0 ? 0 : 1, pair.Log.Count(packet => packet.Has(ChunkType.Abort)));
        Assert.Equal(AssociationState.New, pair.Z.Association.State);
        Assert.False(pair.A.Association.StartFromExchanged(pair.Now, bytes));
    }

    [Fact]
    public void Stream_counts_are_the_lower_of_what_both_sides_say()
    {
        var pair = SctpPair.Connected(new SctpOptions { MaxStreams = 1_024 }, optionsOfZ: new SctpOptions { MaxStreams = 16 });

        Assert.Equal((16, 16), (pair.A.Association.OutboundStreams, pair.Z.Association.OutboundStreams));
        Assert.Equal(SctpSendOutcome.InvalidStream, pair.Send(pair.A, 16, [1]));
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 15, [1]));
    }

    [Fact]
    public void Unknown_parameters_of_an_INIT_come_back_in_the_INIT_ACK()
    {
        var pair = new SctpPair { KeepsLog = true };
        var bytes = ChunkTests.Hex("0100001C 00000001 00010000 00010001 00000001 C0F00008 AABBCCDD");

        pair.Inject(pair.Z, SctpPair.Packet(0, bytes));

        var answer = SctpPair.ChunksOf(pair.Log.Single().Bytes)[0];
        Assert.Equal((byte)ChunkType.InitAck, answer[0]);
        Assert.Equal(ChunkTests.Hex("0008000C C0F00008 AABBCCDD"), answer[^12..]);
    }

    [Fact]
    public void Packets_for_another_tag_or_port_or_with_a_wrong_checksum_are_dropped()
    {
        var pair = SctpPair.Connected();
        var shutdown = new byte[ShutdownChunk.Length];
        new ShutdownChunk(new Tsn(0)).Write(shutdown);
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var init));
        var right = SctpPair.Packet(init.InitiateTag, shutdown);
        var otherPort = right.ToArray();
        otherPort[1] ^= 1;
        Crc32c.Seal(otherPort);
        var dropped = pair.Z.Association.Statistics.PacketsDropped;

        pair.Inject(pair.Z, SctpPair.Packet(init.InitiateTag ^ 1, shutdown));
        pair.Inject(pair.Z, SctpPair.Packet(0, shutdown));
        pair.Inject(pair.Z, otherPort);
        pair.Inject(pair.Z, [.. right[..^1], (byte)(right[^1] ^ 1)]);
        pair.Inject(pair.Z, right.AsSpan(0, 11));
        pair.Inject(pair.Z, right.AsSpan(0, 12));
        pair.Inject(pair.Z, SctpPair.Packet(0, pair.A.Association.LocalInit, shutdown));

        Assert.Equal(dropped + 7, pair.Z.Association.Statistics.PacketsDropped);
        Assert.Equal(AssociationState.Established, pair.Z.Association.State);
        pair.Inject(pair.Z, right);
        Assert.NotEqual(AssociationState.Established, pair.Z.Association.State);
    }

    [Fact]
    public void An_unknown_chunk_is_reported_skipped_or_ends_the_packet_as_its_type_says()
    {
        var pair = SctpPair.Connected();
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(pair.Z.Association.LocalInit), out var init));
        var heartbeat = new byte[HeartbeatInfo.ChunkLength];
        new HeartbeatInfo(pair.Now, 1).Write(heartbeat);
        var tag = init.InitiateTag;

        Assert.Equal(["HeartbeatAck"], AnswersTo(0xBF));
        Assert.Equal(["Error", "HeartbeatAck"], AnswersTo(0xFF));
        Assert.Equal(["Error"], AnswersTo(0x7F));
        Assert.Empty(AnswersTo(0x3F));

        List<string> AnswersTo(byte type)
        {
            pair.Log.Clear();
            pair.KeepsLog = true;
            pair.Inject(pair.Z, SctpPair.Packet(tag, [type, 0, 0, 4], heartbeat));
            return [.. pair.Log.SelectMany(packet => packet.Chunks).Select(chunk => chunk.ToString())];
        }
    }

    [Fact]
    public void Nothing_can_be_sent_before_the_association_is_open_and_no_command_fails()
    {
        var pair = new SctpPair();

        Assert.Equal(SctpSendOutcome.Closed, pair.Send(pair.A, 0, [1]));
        Assert.False(pair.A.Association.ResetStreams([0]));
        Assert.Empty(pair.A.Association.TakeUnacknowledged(0));
        Assert.Equal(0, pair.A.Association.BufferedAmount(0));
        Assert.Throws<ArgumentException>(() => pair.Send(pair.A, 0, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.A.Association.TryGetPacket(pair.Now, new byte[100], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.A.Association.MaxPacketBytes = 1);
    }

    private static bool BothAre(SctpPair pair, AssociationState state) =>
        pair.A.Association.State == state && pair.Z.Association.State == state;

    private static void AssertCarries(SctpPair pair)
    {
        pair.A.Messages.Clear();
        pair.Z.Messages.Clear();
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 1, [1, 2, 3]));
        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.Z, 2, [4, 5]));
        Assert.True(pair.RunUntil(() => pair.A.Messages.Count == 1 && pair.Z.Messages.Count == 1, TimeSpan.FromSeconds(10)));
    }
}
