using System.Numerics;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>The small parts: checksum, packet, pool, timers, options.</summary>
public sealed class PartsTests
{
    [Fact]
    public void The_checksum_is_CRC32c_with_its_own_field_taken_as_zero()
    {
        // RFC 3720 §B.4 gives CRC32c of 32 zero bytes as AA 36 91 8A, lowest byte first.
        var packet = new byte[32];
        Assert.Equal(0x8A9136AAu, Crc32c.Compute(packet));

        packet.AsSpan(8, 4).Fill(0xFF);
        Assert.Equal(0x8A9136AAu, Crc32c.Compute(packet));

        Crc32c.Seal(packet);
        Assert.Equal([0xAA, 0x36, 0x91, 0x8A], packet[8..12]);
        Assert.True(Crc32c.IsValid(packet));
    }

    [Fact]
    public void The_checksum_of_any_length_is_that_of_a_byte_by_byte_computation_and_sees_any_flipped_bit()
    {
        var prng = new Prng(31);
        for (var length = 12; length < 200; length++)
        {
            var packet = new byte[length];
            prng.Fill(packet);
            packet.AsSpan(8, 4).Clear();
            var slow = uint.MaxValue;
            foreach (var octet in packet)
            {
                slow = BitOperations.Crc32C(slow, octet);
            }

            Assert.Equal(~slow, Crc32c.Compute(packet));
            Crc32c.Seal(packet);
            packet[prng.NextInt32(length)] ^= (byte)(1 << prng.NextInt32(8));
            Assert.False(Crc32c.IsValid(packet));
        }

        Assert.False(Crc32c.IsValid(new byte[11]));
    }

    [Fact]
    public void A_packet_header_survives_the_round_trip()
    {
        var header = new SctpHeader(5000, 5001, 0xDEADBEEF);
        var bytes = new byte[12];

        header.Write(bytes);

        Assert.True(SctpHeader.TryRead(bytes, out var read));
        Assert.Equal(header, read);
        Assert.False(SctpHeader.TryRead(bytes.AsSpan(0, 11), out _));
    }

    [Fact]
    public void A_writer_pads_each_chunk_and_refuses_what_does_not_fit()
    {
        var buffer = new byte[64];
        buffer.AsSpan().Fill(0xEE);
        var writer = new PacketWriter(buffer, limit: 32);

        Assert.True(writer.IsEmpty);
        Assert.True(writer.TryReserve(5, out var first));
        first.Fill(1);
        Assert.Equal(20, writer.Length);
        Assert.Equal([1, 1, 1, 1, 1, 0, 0, 0], buffer[12..20]);
        Assert.False(writer.TryReserve(13, out _));
        Assert.True(writer.TryReserve(12, out _));
        Assert.Equal(0, writer.Remaining);
    }

    [Fact]
    public void A_chunk_cut_for_a_wider_path_still_goes_alone_once_the_path_is_narrower()
    {
        var writer = new PacketWriter(new byte[100], limit: 32);

        Assert.True(writer.TryReserve(60, out _));
        Assert.False(writer.TryReserve(4, out _));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    [InlineData(1160, 2048)]
    [InlineData(262_144, 262_144)]
    [InlineData(262_145, 524_288)]
    public void A_pool_rents_the_next_power_of_two(int wanted, int given)
    {
        var pool = new BufferPool(1 << 20);

        var buffer = pool.Rent(wanted);

        Assert.Equal(given, buffer.Length);
        pool.Return(buffer);
        Assert.Same(buffer, pool.Rent(given));
    }

    [Fact]
    public void A_pool_keeps_no_more_than_it_may()
    {
        var pool = new BufferPool(maxRetainedBytes: 1000);
        byte[][] buffers = [pool.Rent(512), pool.Rent(512), pool.Rent(400), pool.Rent(3 << 20)];
        Assert.Equal(512 + 512 + 512 + (3 << 20), pool.RentedBytes);

        foreach (var buffer in buffers)
        {
            pool.Return(buffer);
        }

        Assert.Equal(512, pool.RetainedBytes);
        Assert.Equal(0, pool.RentedBytes);
        pool.Trim();
        Assert.Equal(0, pool.RetainedBytes);
        Assert.NotSame(buffers[0], pool.Rent(512));
    }

    [Fact]
    public void Timers_come_due_one_by_one_in_their_declared_order()
    {
        var timers = new SctpTimers();
        Assert.Equal(Instant.Never, timers.NextDue);
        Assert.False(timers.TryTakeDue(Instant.Never, out _));

        timers.Set(SctpTimer.Heartbeat, new Instant(5));
        timers.Set(SctpTimer.T3Rtx, new Instant(7));
        timers.Set(SctpTimer.Reconfig, new Instant(100));
        Assert.Equal(new Instant(5), timers.NextDue);

        Assert.True(timers.TryTakeDue(new Instant(10), out var first));
        Assert.True(timers.TryTakeDue(new Instant(10), out var second));
        Assert.False(timers.TryTakeDue(new Instant(10), out _));
        Assert.Equal((SctpTimer.T3Rtx, SctpTimer.Heartbeat), (first, second));
        Assert.True(timers.IsRunning(SctpTimer.Reconfig));
        timers.StopAll();
        Assert.Equal(Instant.Never, timers.NextDue);
    }

    [Fact]
    public void Control_chunks_for_the_same_tag_share_a_packet_and_others_do_not()
    {
        var queue = new ControlQueue(new BufferPool(0));
        Add(queue, tag: 1, alone: false);
        Add(queue, tag: 1, alone: false);
        Add(queue, tag: 1, alone: true);
        Add(queue, tag: 2, alone: false);

        Assert.Equal((20, 1u), Next(queue));
        Assert.Equal((16, 1u), Next(queue));
        Assert.Equal((16, 2u), Next(queue));
        Assert.True(queue.IsEmpty);

        static (int Length, uint Tag) Next(ControlQueue queue)
        {
            var packet = new PacketWriter(new byte[100], 100);
            var tag = 1u;
            queue.WriteInto(ref packet, ref tag);
            return (packet.Length, tag);
        }
    }

    [Fact]
    public void Control_chunks_beyond_the_bound_are_dropped()
    {
        var queue = new ControlQueue(new BufferPool(0));
        for (var i = 0; i < ControlQueue.Capacity; i++)
        {
            Add(queue, tag: 1, alone: false);
        }

        Assert.False(queue.TryAdd(4, 1, alone: false, out _));
        queue.Clear();
        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void The_defaults_are_the_ones_documented()
    {
        var options = new SctpOptions();

        options.Validate();
        Assert.Equal(5000, options.Port);
        Assert.Equal(1172, options.MaxPacketBytes);
        Assert.Equal(5_242_880, options.ReceiveBufferBytes);
        Assert.Equal(4_194_304, options.SendBufferBytes);
        Assert.Equal(262_144, options.MaxMessageBytes);
        Assert.Equal(262_144, options.MaxSendMessageBytes);
        Assert.Equal(65_535, options.MaxStreams);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.RtoInitial);
        Assert.Equal(TimeSpan.FromMilliseconds(300), options.RtoMin);
        Assert.Equal(TimeSpan.FromSeconds(3), options.RtoMax);
        Assert.Equal(TimeSpan.FromMilliseconds(200), options.DelayedAckTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), options.HeartbeatInterval);
        Assert.Equal(TimeSpan.FromSeconds(60), options.CookieLifetime);
        Assert.Equal((8, 10, 10), (options.MaxInitRetransmits, options.MaxRetransmits, options.InitialWindowPackets));
        Assert.Equal(4_194_304, options.PooledBytes);
    }

    public static TheoryData<SctpOptions> Senseless => new(
        new SctpOptions { MaxPacketBytes = 511 },
        new SctpOptions { MaxPacketBytes = 70_000 },
        new SctpOptions { ReceiveBufferBytes = 262_144 },
        new SctpOptions { ReceiveBufferBytes = 1_000, MaxMessageBytes = 100 },
        new SctpOptions { MaxMessageBytes = 0 },
        new SctpOptions { MaxSendMessageBytes = 0 },
        new SctpOptions { SendBufferBytes = 0 },
        new SctpOptions { MaxStreams = 0 },
        new SctpOptions { RtoMin = TimeSpan.Zero },
        new SctpOptions { RtoMax = TimeSpan.FromMilliseconds(1) },
        new SctpOptions { RtoInitial = TimeSpan.FromSeconds(100) },
        new SctpOptions { DelayedAckTimeout = TimeSpan.FromSeconds(1) },
        new SctpOptions { HeartbeatInterval = TimeSpan.Zero },
        new SctpOptions { InitialWindowPackets = 1 },
        new SctpOptions { MaxRetransmits = -1 });

    [Theory]
    [MemberData(nameof(Senseless))]
    public void Senseless_options_are_refused_at_the_door(SctpOptions options) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Association(options, new SeededSecrets(1)));

    private static void Add(ControlQueue queue, uint tag, bool alone)
    {
        Assert.True(queue.TryAdd(4, tag, alone, out var chunk));
        chunk.Clear();
    }
}
