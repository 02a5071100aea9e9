using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Whatever a peer sends, nothing throws and nothing grows without bound. The seeds are fixed.</summary>
/// <remarks>With no other test beside it: what lives is counted for the whole process.</remarks>
[Collection(nameof(Alone))]
public sealed class FuzzTests
{
    private static readonly SctpOptions Options = new() { ReceiveBufferBytes = 128 * 1024, MaxMessageBytes = 32 * 1024, PooledBytes = 64 * 1024 };
    private static readonly Tsn OwnTsn = TsnOf(new Association(Options, new SeededSecrets(3)));

    /// <summary>Genuine packets of every kind, each changed in a few places and sealed again, to one association after the other.</summary>
    [Fact]
    public void Two_hundred_thousand_mutated_packets_neither_throw_nor_pile_up()
    {
        var corpus = Corpus();
        var prng = new Prng(4711);
        var buffer = new byte[4096];
        var kinds = new HashSet<SctpCloseReason>();
        Association? victim = null;
        uint tag = 0;
        var before = 0L;
        for (var i = 0; i < 200_000; i++)
        {
            if (victim is null || victim.State == AssociationState.Closed || i % 5_000 == 0)
            {
                kinds.Add(victim?.CloseReason ?? SctpCloseReason.None);
                victim = Victim(ref prng, out tag);
            }

            var genuine = corpus[prng.NextInt32(corpus.Count)];
            genuine.CopyTo(buffer, 0);
            var length = Mutate(ref prng, buffer, genuine.Length, tag);
            var now = new Instant(10_000_000 + (i * 1_000L));
            victim.Receive(now, buffer.AsSpan(0, length));
            Use(ref prng, victim, now, buffer);
            if (i == 20_000)
            {
                before = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(grown, long.MinValue, 2_000_000);
        Assert.Contains(SctpCloseReason.ProtocolViolation, kinds);
        Assert.Contains(SctpCloseReason.PeerAbort, kinds);
    }

    /// <summary>Well-formed chunks with senseless numbers reach deeper than flipped bits do.</summary>
    [Fact]
    public void Fifty_thousand_packets_of_plausible_chunks_with_random_numbers_do_no_harm()
    {
        var prng = new Prng(815);
        var buffer = new byte[4096];
        Association? victim = null;
        uint tag = 0;
        for (var i = 0; i < 50_000; i++)
        {
            if (victim is null || victim.State == AssociationState.Closed || i % 2_000 == 0)
            {
                victim = Victim(ref prng, out tag);
            }

            var chunks = new byte[1 + prng.NextInt32(4)][];
            for (var c = 0; c < chunks.Length; c++)
            {
                chunks[c] = RandomChunk(ref prng);
            }

            var now = new Instant(10_000_000 + (i * 5_000L));
            victim.Receive(now, SctpPair.Packet(tag, chunks));
            Use(ref prng, victim, now, buffer);
        }
    }

    [Fact]
    public void A_peer_that_fills_every_other_place_of_the_window_is_held_to_the_buffer()
    {
        var prng = new Prng(5);
        var victim = Victim(ref prng, out var tag);
        var bytes = new byte[DataChunk.HeaderLength + 1_000];
        for (uint i = 2; i < 60_000; i += 2)
        {
            new DataChunk { Tsn = PeerTsn.Plus(i), Flags = DataFlags.None, StreamId = 1, Ssn = default, Ppid = 53, Payload = new byte[1_000] }.Write(bytes);
            victim.Receive(new Instant(i), SctpPair.Packet(tag, bytes));
        }

        Assert.Equal(AssociationState.Established, victim.State);
        Assert.InRange(victim.Statistics.DataDropped, 29_800, 29_999);
    }

    [Fact]
    public void A_peer_that_never_completes_a_message_is_cut_off_at_the_longest_one()
    {
        var prng = new Prng(6);
        var victim = Victim(ref prng, out var tag);
        var bytes = new byte[DataChunk.HeaderLength + 1_000];
        uint sent = 0;
        while (victim.State == AssociationState.Established && sent < 1_000)
        {
            var flags = sent == 0 ? DataFlags.Beginning : DataFlags.None;
            new DataChunk { Tsn = PeerTsn.Plus(sent), Flags = flags, StreamId = 1, Ssn = default, Ppid = 53, Payload = new byte[1_000] }.Write(bytes);
            victim.Receive(new Instant(sent), SctpPair.Packet(tag, bytes));
            sent++;
        }

        Assert.Equal(33u, sent);
        Assert.Equal(SctpCloseReason.ProtocolViolation, victim.CloseReason);
    }

    private static Tsn PeerTsn => new(1_000);

    private static Tsn TsnOf(Association association)
    {
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(association.LocalInit), out var own));
        return own.InitialTsn;
    }

    /// <summary>An association in one of the states that packets can meet.</summary>
    private static Association Victim(ref Prng prng, out uint tag)
    {
        var victim = new Association(Options, new SeededSecrets(3));
        Assert.True(InitChunk.TryRead(ChunkTests.Raw(victim.LocalInit), out var own));
        tag = own.InitiateTag;
        var now = new Instant(10_000_000);
        var state = prng.NextInt32(10);
        if (state == 0)
        {
            return victim;
        }

        if (state == 1)
        {
            victim.Connect(now);
            return victim;
        }

        var init = new InitChunk
        {
            InitiateTag = 77,
            ReceiverWindow = 100_000,
            OutboundStreams = 20,
            InboundStreams = 20,
            InitialTsn = PeerTsn,
            ForwardTsnSupported = true,
            ReconfigSupported = true,
        };
        var bytes = new byte[init.Length];
        init.Write(bytes, ChunkType.Init);
        Assert.True(victim.StartFromExchanged(now, bytes));
        if (state == 2)
        {
            victim.Shutdown(now);
        }

        return victim;
    }

    /// <summary>What a host and an application do in between.</summary>
    private static void Use(ref Prng prng, Association victim, Instant now, byte[] buffer)
    {
        switch (prng.NextInt32(8))
        {
            case 0:
                victim.Send(now, (ushort)prng.NextInt32(25), 53, buffer.AsSpan(0, 1 + prng.NextInt32(3_000)), new SctpSendOptions(prng.NextChance(1, 2), prng.NextInt32(3)));
                break;
            case 1:
                victim.ResetStreams([(ushort)prng.NextInt32(25)], prng.NextChance(1, 2));
                break;
            case 2:
                victim.Advance(victim.WakeAt);
                break;
        }

        victim.Advance(now);
        while (victim.TryReceive(out _) || victim.TryGetEvent(out _))
        {
        }

        for (var i = 0; i < 100 && victim.TryGetPacket(now, buffer, out _); i++)
        {
            Assert.True(i < 99, "Packets without end");
        }

        Assert.True(victim.CongestionWindow >= 0);
    }

    private static int Mutate(ref Prng prng, byte[] packet, int length, uint tag)
    {
        if (prng.NextChance(9, 10) && packet[SctpHeader.Length] != (byte)ChunkType.Init)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), tag);
        }

        for (var changes = prng.NextInt32(4); changes > 0; changes--)
        {
            var at = SctpHeader.Length + prng.NextInt32(Math.Max(1, Math.Min(length - SctpHeader.Length, 60)));
            switch (prng.NextInt32(4))
            {
                case 0:
                    packet[at] ^= (byte)(1 << prng.NextInt32(8));
                    break;
                case 1:
                    packet[at] = (byte)prng.NextInt32(256);
                    break;
                case 2:
                    packet[at] = prng.NextChance(1, 2) ? (byte)0 : (byte)255;
                    break;
                default:
                    length = Math.Clamp(length + prng.NextInt32(17) - 8, SctpHeader.Length, packet.Length);
                    break;
            }
        }

        if (prng.NextChance(49, 50))
        {
            Crc32c.Seal(packet.AsSpan(0, length));
        }

        return length;
    }

    private static byte[] RandomChunk(ref Prng prng)
    {
        var near = PeerTsn.Plus((uint)prng.NextInt32(200) - 20);
        switch (prng.NextInt32(6))
        {
            case 0:
            case 1:
                var data = new byte[DataChunk.HeaderLength + 1 + prng.NextInt32(1_000)];
                new DataChunk
                {
                    Tsn = near,
                    Flags = (DataFlags)prng.NextInt32(16),
                    StreamId = (ushort)prng.NextInt32(4),
                    Ssn = new Ssn((ushort)prng.NextInt32(5)),
                    Ppid = 53,
                    Payload = data.AsSpan(DataChunk.HeaderLength),
                }.Write(data);
                return data;
            case 2:
                var gaps = new GapBlock[prng.NextInt32(5)];
                for (var i = 0; i < gaps.Length; i++)
                {
                    gaps[i] = new GapBlock((ushort)prng.NextInt32(40), (ushort)prng.NextInt32(60));
                }

                var sack = new byte[SackChunk.LengthFor(gaps.Length, 0)];
                SackChunk.Write(sack, OwnTsn.Plus((uint)prng.NextInt32(40) - 3), prng.NextUInt32() >> prng.NextInt32(32), gaps, []);
                return sack;
            case 3:
                var forward = new byte[ForwardTsnChunk.LengthFor(1)];
                ForwardTsnChunk.Write(forward, near, [new SkippedStream((ushort)prng.NextInt32(4), new Ssn((ushort)prng.NextUInt32()))]);
                return forward;
            case 4:
                var reset = new byte[OutgoingResetRequest.ChunkLengthFor(2)];
                OutgoingResetRequest.Write(reset, new ReconfigSequence(PeerTsn.Value + (uint)prng.NextInt32(8)), default, near, [1, (ushort)prng.NextInt32(22)]);
                return reset;
            default:
                var response = new byte[ReconfigResponse.ChunkLength];
                new ReconfigResponse(new ReconfigSequence(OwnTsn.Value + (uint)prng.NextInt32(4)), (ReconfigResult)prng.NextInt32(8)).Write(response);
                return response;
        }
    }

    /// <summary>Packets of every kind of conversation.</summary>
    private static List<byte[]> Corpus()
    {
        var pair = new SctpPair(Options, new PathConditions { Loss = 100, Reordering = 200, Duplication = 100 }, seed: 3) { KeepsLog = true };
        pair.A.Association.Connect(pair.Now);
        pair.Z.Association.Connect(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 60; i++)
        {
            pair.Send(pair.A, (ushort)(i % 3), TransferTests.Payload(1 + (i * 97), i), new SctpSendOptions(i % 2 == 0, i % 3 == 0 ? 0 : null));
            pair.Send(pair.Z, (ushort)(i % 3), TransferTests.Payload(1 + (i * 31), i));
            pair.RunFor(TimeSpan.FromMilliseconds(40));
        }

        pair.A.Association.ResetStreams([1, 2]);
        pair.Z.Association.ResetStreams([1]);
        pair.RunFor(TimeSpan.FromSeconds(70));
        pair.A.Association.Shutdown(pair.Now);
        pair.RunFor(TimeSpan.FromSeconds(5));
        var aborting = SctpPair.Connected();
        aborting.KeepsLog = true;
        aborting.A.Association.Abort(aborting.Now, "corpus");
        aborting.Pump();
        return [.. pair.Log.Concat(aborting.Log).Select(packet => packet.Bytes)];
    }
}
