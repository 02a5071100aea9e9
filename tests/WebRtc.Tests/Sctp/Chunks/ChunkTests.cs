using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp.Chunks;

/// <summary>Each chunk: from bytes as they stand on the wire, and there and back.</summary>
public sealed class ChunkTests
{
    /// <summary>Chromium's INIT: 5 MiB, 65,535 streams each way, FORWARD TSN supported, extensions RE-CONFIG and FORWARD TSN.</summary>
    private const string BrowserInit =
        "01000020 9E2A7C01 00500000 FFFFFFFF 3B9ACA07 C0000004 80080006 82C00000";

    internal static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    internal static RawChunk Raw(byte[] bytes)
    {
        var reader = new ChunkReader(bytes);
        Assert.True(reader.TryRead(out var chunk));
        return chunk;
    }

    [Fact]
    public void The_INIT_of_a_browser_is_understood()
    {
        Assert.True(InitChunk.TryRead(Raw(Hex(BrowserInit)), out var init));

        Assert.Equal(0x9E2A7C01u, init.InitiateTag);
        Assert.Equal(5_242_880u, init.ReceiverWindow);
        Assert.Equal((ushort.MaxValue, ushort.MaxValue), (init.OutboundStreams, init.InboundStreams));
        Assert.Equal(new Tsn(1_000_000_007), init.InitialTsn);
        Assert.True(init.ForwardTsnSupported);
        Assert.True(init.ReconfigSupported);
        Assert.True(init.StateCookie.IsEmpty);
        Assert.Equal(0, init.WriteUnrecognized(new byte[100]));
    }

    [Fact]
    public void An_INIT_of_usrsctp_with_many_parameters_is_understood()
    {
        // ECN, FORWARD TSN, extensions (ASCONF, ASCONF ACK, FORWARD TSN, PKTDROP, RE-CONFIG), RANDOM, CHUNKS, HMAC-ALGO.
        var bytes = Hex(
            "0100005C 11223344 00020000 04000400 00000064 80000004 C0000004 80080009 C1 80 C0 81 82 000000"
            + "80020024 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F 80030006 80C10000 80040006 0001 0000");
        bytes[3] = (byte)bytes.Length;

        Assert.True(InitChunk.TryRead(Raw(bytes), out var init));

        Assert.Equal((1024, 1024), (init.OutboundStreams, init.InboundStreams));
        Assert.True(init.ForwardTsnSupported && init.ReconfigSupported);
        Assert.Equal(0, init.WriteUnrecognized(new byte[100]));
    }

    [Fact]
    public void Unknown_parameters_are_reported_where_their_type_asks_for_it()
    {
        // 0xC0F0: skip and report. 0x80F0: skip. 0x40F0: stop and report, so that FORWARD TSN behind it is not read.
        var bytes = Hex("0100002C 00000001 00010000 00010001 00000001 C0F00006 AABB0000 80F00004 40F00004 C0000004");
        bytes[3] = (byte)bytes.Length;
        Assert.True(InitChunk.TryRead(Raw(bytes), out var init));

        var report = new byte[64];
        var length = init.WriteUnrecognized(report);

        Assert.False(init.ForwardTsnSupported);
        Assert.Equal(Hex("0008000A C0F00006 AABB0000 00080008 40F00004"), report[..length]);
        Assert.Equal(12, init.WriteUnrecognized(new byte[12])); // What does not fit is left out.
    }

    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 0)]
    [InlineData(true, true, 0)]
    [InlineData(true, true, 80)]
    public void An_INIT_survives_the_round_trip(bool forwardTsn, bool reconfig, int cookieLength)
    {
        var cookie = new byte[cookieLength];
        new Prng(1).Fill(cookie);
        var init = new InitChunk
        {
            InitiateTag = 7,
            ReceiverWindow = 65_536,
            OutboundStreams = 12,
            InboundStreams = 34,
            InitialTsn = new Tsn(99),
            ForwardTsnSupported = forwardTsn,
            ReconfigSupported = reconfig,
            StateCookie = cookie,
        };
        var bytes = new byte[init.Length];

        Assert.Equal(bytes.Length, init.Write(bytes, ChunkType.InitAck));
        var raw = Raw(bytes);
        Assert.True(InitChunk.TryRead(in raw, out var read));

        Assert.Equal((byte)ChunkType.InitAck, raw.Type);
        Assert.Equal((7u, 65_536u, 12, 34, new Tsn(99)), (read.InitiateTag, read.ReceiverWindow, read.OutboundStreams, read.InboundStreams, read.InitialTsn));
        Assert.Equal((forwardTsn, reconfig), (read.ForwardTsnSupported, read.ReconfigSupported));
        Assert.Equal(cookie, read.StateCookie.ToArray());
    }

    [Theory]
    [InlineData("01000010 00000001 00010000 00010001")]
    [InlineData("01000018 00000001 00010000 00010001 00000001 80080003")]
    [InlineData("01000018 00000001 00010000 00010001 00000001 80080005")]
    public void A_broken_INIT_is_not_read(string hex) => Assert.False(InitChunk.TryRead(Raw(Hex(hex)), out _));

    [Fact]
    public void A_DATA_chunk_from_the_wire_is_understood()
    {
        // U and E set, TSN 0x01020304, stream 5, SSN 6, PPID 53, "hi".
        Assert.True(DataChunk.TryRead(Raw(Hex("00050012 01020304 00050006 00000035 6869")), out var chunk));

        Assert.Equal(new Tsn(0x01020304), chunk.Tsn);
        Assert.Equal((5, new Ssn(6), 53u), (chunk.StreamId, chunk.Ssn, chunk.Ppid));
        Assert.True(chunk is { IsUnordered: true, IsEnding: true, IsBeginning: false });
        Assert.Equal("hi"u8.ToArray(), chunk.Payload.ToArray());
    }

    [Fact]
    public void A_DATA_chunk_survives_the_round_trip()
    {
        var chunk = new DataChunk
        {
            Tsn = new Tsn(uint.MaxValue),
            Flags = DataFlags.Beginning | DataFlags.Immediate,
            StreamId = 65_535,
            Ssn = new Ssn(65_535),
            Ppid = 50,
            Payload = "abc"u8,
        };
        var bytes = new byte[DataChunk.HeaderLength + 3];

        chunk.Write(bytes);

        Assert.Equal(Hex("000A0013 FFFFFFFF FFFFFFFF 00000032 616263"), bytes);
        Assert.True(DataChunk.TryRead(Raw(bytes), out var read));
        Assert.True(read is { IsBeginning: true, IsEnding: false, IsUnordered: false });
        Assert.Equal("abc"u8.ToArray(), read.Payload.ToArray());
        Assert.False(DataChunk.TryRead(Raw(Hex("0003000C 00000001 00000000")), out _));
    }

    [Fact]
    public void A_SACK_from_the_wire_is_understood()
    {
        // Cumulative 100, window 4,718,592 (what Chromium says first), gaps 2 – 3 and 5 – 5, duplicate 99.
        Assert.True(SackChunk.TryRead(Raw(Hex("0300001C 00000064 00480000 00020001 00020003 00050005 00000063")), out var sack));

        Assert.Equal((new Tsn(100), 4_718_592u), (sack.CumulativeTsnAck, sack.ReceiverWindow));
        Assert.Equal(2, sack.GapBlockCount);
        Assert.Equal((new GapBlock(2, 3), new GapBlock(5, 5)), (sack.GapBlock(0), sack.GapBlock(1)));
        Assert.Equal((1, new Tsn(99)), (sack.DuplicateCount, sack.Duplicate(0)));
    }

    [Fact]
    public void A_SACK_survives_the_round_trip()
    {
        GapBlock[] gaps = [new(2, 2), new(4, 65_535)];
        Tsn[] duplicates = [new(1), new(2), new(3)];
        var bytes = new byte[SackChunk.LengthFor(2, 3)];

        SackChunk.Write(bytes, new Tsn(7), 1_234, gaps, duplicates);

        Assert.True(SackChunk.TryRead(Raw(bytes), out var read));
        Assert.Equal((new Tsn(7), 1_234u, 2, 3), (read.CumulativeTsnAck, read.ReceiverWindow, read.GapBlockCount, read.DuplicateCount));
        Assert.Equal(gaps[1], read.GapBlock(1));
        Assert.Equal(duplicates[2], read.Duplicate(2));
    }

    [Theory]
    [InlineData("0300000C 00000064 00480000")]
    [InlineData("03000010 00000064 00480000 00010000")]
    [InlineData("03000014 00000064 00480000 00000000 00000000")]
    [InlineData("03000010 00000064 00480000 FFFFFFFF")]
    public void A_SACK_whose_counts_do_not_match_its_length_is_not_read(string hex) => Assert.False(SackChunk.TryRead(Raw(Hex(hex)), out _));

    [Fact]
    public void A_heartbeat_comes_back_unread_and_is_recognised()
    {
        var info = new HeartbeatInfo(new Instant(123_456_789), 0xFEDCBA9876543210);
        var bytes = new byte[HeartbeatInfo.ChunkLength];
        info.Write(bytes);
        Assert.Equal(Hex("04000018 00010014 00000000075BCD15 FEDCBA9876543210"), bytes);

        var answer = new byte[bytes.Length];
        HeartbeatAckChunk.Write(answer, Raw(bytes));

        Assert.Equal((byte)ChunkType.HeartbeatAck, answer[0]);
        Assert.True(HeartbeatInfo.TryRead(Raw(answer), out var read));
        Assert.Equal(info, read);
        Assert.False(HeartbeatInfo.TryRead(Raw(Hex("05000004")), out _));
        Assert.False(HeartbeatInfo.TryRead(Raw(Hex("0500000C 00010008 00000000")), out _));
    }

    [Fact]
    public void The_first_cause_of_an_ABORT_is_read()
    {
        // User-initiated abort, "Close called", as libwebrtc's dcSCTP says it.
        var bytes = Hex("06000014 000C0010 436C6F7365206361 6C6C6564");

        Assert.Equal(SctpErrorCause.UserInitiatedAbort, CauseChunk.FirstCause(Raw(bytes)));
        Assert.Equal(SctpErrorCause.None, CauseChunk.FirstCause(Raw(Hex("06000004"))));
        Assert.Equal(SctpErrorCause.None, CauseChunk.FirstCause(Raw(Hex("06000006 0001"))));
    }

    [Fact]
    public void A_cause_is_written_and_a_long_one_is_cut()
    {
        var bytes = new byte[CauseChunk.LengthFor("why"u8)];
        CauseChunk.Write(bytes, ChunkType.Error, 0, SctpErrorCause.ProtocolViolation, "why"u8);
        Assert.Equal(Hex("0900000B 000D0007 776879"), bytes);

        Assert.Equal(8 + CauseChunk.MaxInformation, CauseChunk.LengthFor(new byte[5000]));
        var stream = new byte[4];
        CauseChunk.WriteStreamInformation(stream, 0x1234);
        Assert.Equal(Hex("12340000"), stream);
    }

    [Fact]
    public void The_chunks_of_the_closing_sequence_survive_the_round_trip()
    {
        var bytes = new byte[ShutdownChunk.Length];
        new ShutdownChunk(new Tsn(77)).Write(bytes);
        Assert.Equal(Hex("07000008 0000004D"), bytes);
        Assert.True(ShutdownChunk.TryRead(Raw(bytes), out var read));
        Assert.Equal(new Tsn(77), read.CumulativeTsnAck);
        Assert.False(ShutdownChunk.TryRead(Raw(Hex("07000004")), out _));

        var complete = new byte[4];
        BareChunk.Write(complete, ChunkType.ShutdownComplete, CauseChunk.ReflectedTag);
        Assert.Equal(Hex("0E010004"), complete);
    }

    [Fact]
    public void A_cookie_is_echoed_byte_by_byte()
    {
        var bytes = new byte[CookieEchoChunk.LengthFor("cookie"u8)];

        CookieEchoChunk.Write(bytes, "cookie"u8);

        Assert.Equal(Hex("0A00000A 636F6F6B6965"), bytes);
    }

    [Fact]
    public void A_FORWARD_TSN_from_the_wire_is_understood()
    {
        Assert.True(ForwardTsnChunk.TryRead(Raw(Hex("C0000010 0000002A 00010002 00030004")), out var forward));

        Assert.Equal((new Tsn(42), 2), (forward.NewCumulativeTsn, forward.SkippedCount));
        Assert.Equal(new SkippedStream(1, new Ssn(2)), forward.Skipped(0));
        Assert.Equal(new SkippedStream(3, new Ssn(4)), forward.Skipped(1));
        Assert.False(ForwardTsnChunk.TryRead(Raw(Hex("C0000004")), out _));
        Assert.False(ForwardTsnChunk.TryRead(Raw(Hex("C000000A 0000002A 0001")), out _));
    }

    [Fact]
    public void A_FORWARD_TSN_survives_the_round_trip()
    {
        SkippedStream[] skipped = [new(9, new Ssn(8)), new(7, new Ssn(6))];
        var bytes = new byte[ForwardTsnChunk.LengthFor(2)];

        ForwardTsnChunk.Write(bytes, new Tsn(5), skipped);

        Assert.True(ForwardTsnChunk.TryRead(Raw(bytes), out var read));
        Assert.Equal((new Tsn(5), skipped[0], skipped[1]), (read.NewCumulativeTsn, read.Skipped(0), read.Skipped(1)));
    }

    [Fact]
    public void A_reset_request_from_the_wire_is_understood()
    {
        // Request 0x10, response 0x20, last TSN 0x30, streams 1 and 15.
        Assert.True(OutgoingResetRequest.TryRead(Parameter(Hex("82000018 000D0014 00000010 00000020 00000030 0001000F")), out var request));

        Assert.Equal((new ReconfigSequence(0x10), new ReconfigSequence(0x20), new Tsn(0x30)), (request.Sequence, request.ResponseSequence, request.LastAssignedTsn));
        Assert.Equal((2, 1, 15), (request.StreamCount, request.Stream(0), request.Stream(1)));
        Assert.False(OutgoingResetRequest.TryRead(Parameter(Hex("8200000C 000D0008 00000010")), out _));
        Assert.False(OutgoingResetRequest.TryRead(Parameter(Hex("82000015 000D0011 00000010 00000020 00000030 00")), out _));
    }

    [Fact]
    public void Reset_requests_and_responses_survive_the_round_trip()
    {
        var bytes = new byte[OutgoingResetRequest.ChunkLengthFor(3)];
        OutgoingResetRequest.Write(bytes, new ReconfigSequence(1), new ReconfigSequence(2), new Tsn(3), [4, 5, 6]);
        Assert.True(OutgoingResetRequest.TryRead(Parameter(bytes), out var request));
        Assert.Equal((3, 6), (request.StreamCount, request.Stream(2)));

        var response = new ReconfigResponse(new ReconfigSequence(9), ReconfigResult.InProgress);
        bytes = new byte[ReconfigResponse.ChunkLength];
        response.Write(bytes);
        Assert.Equal(Hex("82000010 0010000C 00000009 00000006"), bytes);
        Assert.True(ReconfigResponse.TryRead(Parameter(bytes), out var read));
        Assert.Equal(response, read);
        Assert.False(ReconfigResponse.TryRead(Parameter(Hex("8200000C 00100008 00000009")), out _));
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("00000003")]
    [InlineData("00000005 00")]
    [InlineData("0300FFFF 00000000")]
    public void A_chunk_with_an_impossible_length_ends_the_packet(string hex)
    {
        var reader = new ChunkReader(hex == "00000005 00" ? Hex("00000006 00") : Hex(hex));

        Assert.False(reader.TryRead(out _));
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void Chunks_are_read_one_behind_the_other_with_or_without_padding_at_the_end()
    {
        var reader = new ChunkReader(Hex("0B000004 00000005 AA000000 0E000005 BB"));

        Assert.True(reader.TryRead(out var first));
        Assert.True(reader.TryRead(out var second));
        Assert.True(reader.TryRead(out var third));
        Assert.False(reader.TryRead(out _));

        Assert.False(reader.Malformed);
        Assert.Equal((11, 0, 14), (first.Type, second.Type, third.Type));
        Assert.Equal([0xBB], third.Value.ToArray());
    }

    [Theory]
    [InlineData(0x3F, false, false)]
    [InlineData(0x7F, false, true)]
    [InlineData(0xBF, true, false)]
    [InlineData(0xFF, true, true)]
    public void The_two_highest_bits_say_what_to_do_with_an_unknown_type(byte type, bool skip, bool report)
    {
        Assert.Equal((skip, report), (UnknownType.MaySkipChunk(type), UnknownType.MustReportChunk(type)));
        Assert.Equal((skip, report), (UnknownType.MaySkipParameter((ushort)(type << 8)), UnknownType.MustReportParameter((ushort)(type << 8))));
    }

    private static RawParameter Parameter(byte[] chunk)
    {
        var reader = new ParameterReader(Raw(chunk).Value);
        Assert.True(reader.TryRead(out var parameter));
        return parameter;
    }
}
