using Overlay.Nodes.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Streams;

/// <summary>Items on demand. Where one end is a bare socket, that is an original or somebody hostile.</summary>
public sealed class CreditStreamTests
{
    private static readonly CreditStreamOptions OneByOne = new() { Window = 1 };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Items_arrive_in_order_and_then_the_end()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);

        var writing = WriteAsync(near, 100, 1_000);
        var arrived = await far.ReadAllAsync(Cancelled).ToListAsync(Cancelled);

        Assert.Equal(100, arrived.Count);
        Assert.All(arrived, (item, i) => Assert.Equal((1_000, (byte)i), (item.Length, item.Span[0])));
        await Soon.Async(writing);
        await Soon.Async(near.Completion);
        await Soon.Async(far.Completion);
    }

    // near → NEXT → far, far → DATA → near; the next NEXT goes when the item was taken.
    [Fact]
    public async Task The_messages_on_the_socket_are_Smokes()
    {
        await using var net = new MemoryNetwork();
        var (near, original) = net.Pair();
        await using var stream = new CreditStream(near, OneByOne, net.Time);

        Assert.Equal([0], (await original.ReceiveAsync(Cancelled))!.Value.ToArray());
        await original.SendAsync(new byte[] { 2, 10, 11 }, Cancelled);
        Assert.Equal([10, 11], (await stream.ReadAsync(Cancelled))!.Value.ToArray());
        Assert.Equal([0], (await original.ReceiveAsync(Cancelled))!.Value.ToArray());
        var writing = stream.WriteAsync(new byte[] { 12 }, Cancelled).AsTask();
        Assert.False(writing.IsCompleted);
        await original.SendAsync(new byte[] { 0 }, Cancelled);
        Assert.Equal([2, 12], (await original.ReceiveAsync(Cancelled))!.Value.ToArray());
        await original.SendAsync(new byte[] { 0 }, Cancelled);
        await Soon.Async(stream.CompleteAsync(Cancelled));
        Assert.Equal([4], (await original.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Null(await original.ReceiveAsync(Cancelled));
        await writing;
    }

    [Fact]
    public async Task With_a_window_of_one_a_writer_is_never_more_than_two_items_ahead()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net, OneByOne);
        var (written, read) = (0, 0);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await near.WriteAsync(new byte[10], Cancelled);
                Interlocked.Increment(ref written);
            }
        });

        for (; read < 200; read++)
        {
            await Soon.UntilAsync(() => written >= Math.Min(200, read + 1)); // The reader sleeps until the writer can go no further.
            await Task.Yield();
            Assert.InRange(written, read, read + 2);
            await far.ReadAsync(Cancelled);
        }

        await writing;
    }

    [Fact]
    public async Task A_window_that_tunes_itself_grows_from_2_to_256_items_while_the_reader_keeps_up()
    {
        await using var net = new MemoryNetwork { Channels = new() { Delay = TimeSpan.FromMilliseconds(50), BufferBytes = 64 * 1024 * 1024 } };
        var (near, far) = Pair(net, new CreditStreamOptions { InactivityTimeout = Timeout.InfiniteTimeSpan, KeepAlivePeriod = Timeout.InfiniteTimeSpan });
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < 5_000; written++)
            {
                await near.WriteAsync(new byte[100], Cancelled);
            }
        });
        var read = 0;
        var reading = Task.Run(async () =>
        {
            for (; read < 5_000; read++)
            {
                await far.ReadAsync(Cancelled);
            }
        });

        var ahead = 0;
        await Soon.UntilAsync(() =>
        {
            ahead = Math.Max(ahead, written - read);
            net.Time.Advance(TimeSpan.FromMilliseconds(1));
            return reading.IsCompleted;
        });

        await writing;
        Assert.Equal(5_000, read);
        Assert.InRange(ahead, 128, 256 + 1);
    }

    [Fact]
    public async Task A_reader_that_sleeps_makes_no_window_grow()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            while (true)
            {
                await near.WriteAsync(new byte[10], Cancelled);
                Interlocked.Increment(ref written);
            }
        });

        for (var read = 0; read < 100; read++)
        {
            await Soon.UntilAsync(() => far.Unread == 2); // All that may come is here: it was asleep.
            Assert.InRange(written, read + 1, read + 2); // The last one may not be counted yet.
            await far.ReadAsync(Cancelled);
        }

        await far.DisposeAsync();
        await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(writing));
    }

    [Fact]
    public async Task Whoever_cancels_makes_the_writer_fail()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);
        await near.WriteAsync(new byte[1], Cancelled);
        await Soon.UntilAsync(() => far.Granted == 1);

        await Soon.Async(far.CancelAsync());

        await near.Completion;
        Assert.Equal(OverlayError.Cancelled, (await Assert.ThrowsAsync<OverlayException>(async () => await near.WriteAsync(new byte[1], Cancelled))).Reason);
        Assert.Equal(OverlayError.Cancelled, (await Assert.ThrowsAsync<OverlayException>(async () => await near.ReadAsync(Cancelled))).Reason);
        Assert.NotNull(await far.ReadAsync(Cancelled)); // What had come before is not lost.
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await far.ReadAsync(Cancelled))).Reason);
    }

    [Fact]
    public async Task Whoever_fails_makes_the_reader_hear_why()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);
        await near.WriteAsync(new byte[] { 1 }, Cancelled);

        await near.FailAsync("out of paper", Cancelled);

        Assert.NotNull(await far.ReadAsync(Cancelled));
        var error = await Assert.ThrowsAsync<OverlayException>(async () => await far.ReadAsync(Cancelled));
        Assert.Equal((OverlayError.RemoteFailed, "out of paper"), (error.Reason, error.Message));
        Assert.Equal(OverlayError.RemoteFailed, (await Assert.ThrowsAsync<OverlayException>(async () => await far.WriteAsync(new byte[1], Cancelled))).Reason);
    }

    [Fact]
    public async Task An_end_ends_both_directions_and_closes_the_socket()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);

        await Soon.Async(near.CompleteAsync(Cancelled));

        Assert.Null(await far.ReadAsync(Cancelled));
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await far.WriteAsync(new byte[1], Cancelled))).Reason);
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await near.ReadAsync(Cancelled))).Reason);
    }

    [Fact]
    public async Task A_socket_that_closes_before_the_end_is_no_end()
    {
        await using var net = new MemoryNetwork();
        var (near, other) = net.Pair();
        await using var stream = new CreditStream(near, OneByOne, net.Time);

        await other.CloseAsync(Cancelled);

        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await stream.ReadAsync(Cancelled))).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Eight_seconds_of_silence_end_a_read_and_a_write_and_not_before(bool isReading)
    {
        await using var net = new MemoryNetwork();
        var (near, silent) = net.Pair();
        await using var stream = new CreditStream(near, null, net.Time);
        net.Time.Advance(TimeSpan.FromSeconds(20)); // Nobody waits: nothing is missed.
        Task waiting = isReading ? stream.ReadAsync(Cancelled).AsTask() : stream.WriteAsync(new byte[1], Cancelled).AsTask();

        for (var i = 0; i < 79; i++)
        {
            net.Time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.False(waiting.IsCompleted);
        net.Time.Advance(TimeSpan.FromSeconds(0.1));

        var error = await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(waiting));
        Assert.Equal(OverlayError.TimedOut, error.Reason);
        Assert.Contains("8 s", error.Message, StringComparison.Ordinal);
        while (await silent.ReceiveAsync(Cancelled) is not null)
        {
            // Credits and signs of life, and then the end: the socket is closed.
        }
    }

    [Fact]
    public async Task Signs_of_life_keep_a_slow_stream_of_our_own_for_as_long_as_it_takes()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);
        var reading = far.ReadAsync(Cancelled).AsTask();

        for (var i = 0; i < 3_600; i++)
        {
            net.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            if (i % 2 == 0)
            {
                await Soon.UntilAsync(() => near.LastHeardAt > net.Time.GetTimestamp() - TimeSpan.FromSeconds(4).Ticks && far.LastHeardAt > net.Time.GetTimestamp() - TimeSpan.FromSeconds(4).Ticks);
            }
        }

        Assert.False(reading.IsCompleted);
        await near.WriteAsync(new byte[] { 7 }, Cancelled);
        Assert.Equal([7], (await Soon.Async(reading))!.Value.ToArray());
        await Soon.UntilAsync(() => near.Credits <= 2); // A sign of life is no credit.
    }

    // An original has no other sign of life than a NEXT, and each is a promise to take an item.
    [Fact]
    public async Task A_page_is_kept_alive_with_spare_credits_up_to_the_largest_window()
    {
        await using var net = new MemoryNetwork { Channels = new() { BufferBytes = 1 << 20 } };
        var (near, page) = net.Pair(isPage: true);
        await using var stream = new CreditStream(near, OneByOne, net.Time);

        for (var i = 0; i < 600; i++)
        {
            net.Time.Advance(TimeSpan.FromSeconds(2));
        }

        await Soon.UntilAsync(() => stream.Granted == 256);
        for (var i = 0; i < 256; i++)
        {
            Assert.Equal([0], (await page.ReceiveAsync(Cancelled))!.Value.ToArray());
        }

        Assert.False(page.ReceiveAsync(Cancelled).AsTask().IsCompleted);
    }

    // An original's writer wakes when a credit arrives, and lets those lie that came while it had nothing to write.
    [Fact]
    public async Task A_page_gets_a_credit_for_each_item_taken_however_many_it_has()
    {
        await using var net = new MemoryNetwork { Channels = new() { BufferBytes = 1 << 20 } };
        var (near, page) = net.Pair(isPage: true);
        await using var stream = new CreditStream(near, OneByOne, net.Time);
        for (var i = 0; i < 10; i++)
        {
            await net.Time.UntilArmedAsync(TimeSpan.FromSeconds(2));
            net.Time.Advance(TimeSpan.FromSeconds(2));
        }

        await Soon.UntilAsync(() => stream.Granted == 11);
        for (var i = 0; i < 11; i++)
        {
            Assert.Equal([0], (await page.ReceiveAsync(Cancelled))!.Value.ToArray());
        }

        for (var i = 0; i < 20; i++)
        {
            await page.SendAsync(new byte[] { 2, 7 }, Cancelled);
            Assert.Equal([7], (await stream.ReadAsync(Cancelled))!.Value.ToArray());
            Assert.Equal([0], (await page.ReceiveAsync(Cancelled))!.Value.ToArray());
        }

        Assert.Equal(11, stream.Granted);
    }

    [Theory]
    [InlineData(new byte[] { 5 })]
    [InlineData(new byte[] { 255, 1 })]
    [InlineData(new byte[0])]
    public async Task What_is_no_part_of_a_stream_ends_it(byte[] message)
    {
        await using var net = new MemoryNetwork();
        var (near, hostile) = net.Pair();
        await using var stream = new CreditStream(near, OneByOne, net.Time);

        await hostile.SendAsync(message, Cancelled);

        Assert.Equal(OverlayError.InvalidMessage, (await Assert.ThrowsAsync<OverlayException>(async () => await stream.ReadAsync(Cancelled))).Reason);
        await Soon.Async(hostile.Completion);
    }

    [Fact]
    public async Task Items_that_nobody_asked_for_end_the_stream()
    {
        await using var net = new MemoryNetwork();
        var (near, hostile) = net.Pair();
        await using var stream = new CreditStream(near, OneByOne, net.Time);

        await hostile.SendAsync(new byte[] { 2, 1 }, Cancelled);
        await hostile.SendAsync(new byte[] { 2, 2 }, Cancelled);

        await Soon.Async(stream.Completion);
        Assert.Equal([1], (await stream.ReadAsync(Cancelled))!.Value.ToArray());
        Assert.Equal(OverlayError.InvalidMessage, (await Assert.ThrowsAsync<OverlayException>(async () => await stream.ReadAsync(Cancelled))).Reason);
    }

    // A window of 256 was earned with small items; now each is as large as it may be.
    [Fact]
    public async Task What_lies_unread_is_bounded_in_bytes_whatever_the_window()
    {
        await using var net = new MemoryNetwork();
        var (near, hostile) = net.Pair();
        await using var stream = new CreditStream(near, new CreditStreamOptions { Window = 256 }, net.Time);
        var sent = 0;
        var flood = Task.Run(async () =>
        {
            for (; sent < 256; sent++)
            {
                await hostile.SendAsync(Item(999_999), Cancelled);
            }
        });

        await Soon.UntilAsync(() => sent >= 16);
        for (var i = 0; i < 1_000; i++)
        {
            await Task.Yield();
        }

        Assert.InRange(sent, 16, 19); // 16 MiB, and what the socket has on its way.
        for (var i = 0; i < 256; i++)
        {
            await stream.ReadAsync(Cancelled);
        }

        await flood;
    }

    [Fact]
    public async Task An_item_over_the_limit_fails_at_the_writer_and_the_largest_one_passes()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pair(net);

        Assert.Equal(OverlayError.MessageTooLarge, (await Assert.ThrowsAsync<OverlayException>(async () => await near.WriteAsync(new byte[1_000_000], Cancelled))).Reason);
        var writing = near.WriteAsync(new byte[999_999], Cancelled);
        Assert.Equal(999_999, (await far.ReadAsync(Cancelled))!.Value.Length);
        await writing;
    }

    [Fact]
    public async Task A_read_or_write_that_was_given_up_costs_nothing()
    {
        await using var net = new MemoryNetwork();
        var (near, other) = net.Pair();
        await using var stream = new CreditStream(near, OneByOne, net.Time);
        using var impatience = new CancellationTokenSource();
        var (reading, writing) = (stream.ReadAsync(impatience.Token).AsTask(), stream.WriteAsync(new byte[1], impatience.Token).AsTask());
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);

        await other.SendAsync(new byte[] { 2, 7 }, Cancelled);
        await other.SendAsync(new byte[] { 0 }, Cancelled);

        Assert.Equal([7], (await stream.ReadAsync(Cancelled))!.Value.ToArray());
        await Soon.Async(stream.WriteAsync(new byte[] { 8 }, Cancelled));
        Assert.Equal(0, stream.Credits);
    }

    [Fact]
    public async Task Arbitrary_messages_never_throw_anything_but_the_streams_own_errors()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            await using var net = new MemoryNetwork();
            var (near, hostile) = net.Pair();
            await using var stream = new CreditStream(near, null, net.Time);
            for (var i = 0; i < 10; i++)
            {
                var message = new byte[random.Next(4)];
                random.NextBytes(message);
                if (message.Length > 0)
                {
                    message[0] = (byte)(random.Next(20) == 0 ? random.Next(256) : random.Next(3) * 2);
                }

                try
                {
                    await hostile.SendAsync(message);
                }
                catch (OverlayException)
                {
                    break; // It has had enough.
                }
            }

            await hostile.CloseAsync();
            try
            {
                await stream.ReadAllAsync(Cancelled).ToListAsync(Cancelled);
            }
            catch (OverlayException e)
            {
                Assert.True(e.Reason is OverlayError.InvalidMessage or OverlayError.ChannelClosed or OverlayError.ChannelLost or OverlayError.RemoteFailed or OverlayError.Cancelled, e.ToString());
            }
        }
    }

    [Fact]
    public void Options_that_cannot_work_are_named()
    {
        CreditStreamOptions.Default.Validate();
        CreditStreamOptions.Pipe.Validate();
        Assert.StartsWith("Window: 0", Assert.Throws<ArgumentException>(new CreditStreamOptions { Window = 0 }.Validate).Message, StringComparison.Ordinal);
        Assert.StartsWith("InitialWindow: 9", Assert.Throws<ArgumentException>(new CreditStreamOptions { InitialWindow = 9, MaxWindow = 8 }.Validate).Message, StringComparison.Ordinal);
        Assert.StartsWith("MaxWindowBytes: 1", Assert.Throws<ArgumentException>(new CreditStreamOptions { MaxWindowBytes = 1 }.Validate).Message, StringComparison.Ordinal);
        Assert.StartsWith("InactivityTimeout: 00:00:00", Assert.Throws<ArgumentException>(new CreditStreamOptions { InactivityTimeout = TimeSpan.Zero }.Validate).Message, StringComparison.Ordinal);
        Assert.StartsWith("ChunkBytes: 0", Assert.Throws<ArgumentException>(new CreditStreamOptions { ChunkBytes = 0 }.Validate).Message, StringComparison.Ordinal);
    }

    private static (CreditStream Near, CreditStream Far) Pair(MemoryNetwork net, CreditStreamOptions? options = null)
    {
        var (near, far) = net.Pair();
        return (new CreditStream(near, options, net.Time), new CreditStream(far, options, net.Time));
    }

    private static byte[] Item(int length)
    {
        var item = new byte[1 + length];
        item[0] = 2;
        return item;
    }

    private static async Task WriteAsync(CreditStream stream, int count, int length)
    {
        for (var i = 0; i < count; i++)
        {
            var item = new byte[length];
            item[0] = (byte)i;
            await stream.WriteAsync(item, Cancelled);
        }

        await stream.CompleteAsync(Cancelled);
    }
}
