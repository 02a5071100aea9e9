using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Streams;

/// <summary>Credit streams as a stream of bytes and as a duplex pipe.</summary>
public sealed class ByteViewTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_carries_bytes_to_its_end()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Streams(net, CreditStreamOptions.Default);
        var sent = Bytes(1_000_000);

        var writing = Task.Run(async () =>
        {
            await near.WriteAsync(sent, Cancelled);
            await near.DisposeAsync();
        });
        var read = new MemoryStream();
        await far.CopyToAsync(read, Cancelled);

        await Soon.Async(writing);
        Assert.True(read.ToArray().AsSpan().SequenceEqual(sent));
        await Assert.ThrowsAsync<IOException>(async () => await far.WriteAsync(new byte[1], Cancelled));
    }

    [Fact]
    public async Task A_stream_that_was_broken_off_does_not_look_as_if_it_had_ended()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Pair();
        await using var stream = new CreditStream(near, null, net.Time).AsStream();
        far.Abort();

        var error = await Assert.ThrowsAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1], Cancelled));

        Assert.Equal(OverlayError.ChannelLost, Assert.IsType<OverlayException>(error.InnerException).Reason);
    }

    [Fact]
    public async Task A_read_of_nothing_waits_for_something()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Streams(net, CreditStreamOptions.Default);

        var reading = far.ReadAsync(Memory<byte>.Empty, Cancelled).AsTask();
        Assert.False(reading.IsCompleted);
        await near.WriteAsync(new byte[] { 1, 2 }, Cancelled);

        Assert.Equal(0, await Soon.Async(reading));
        var read = await far.ReadAsync(new byte[10], Cancelled);
        Assert.Equal(2, read);
    }

    [Fact]
    public async Task A_pipe_carries_bytes_both_ways_and_each_way_ends_for_itself()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        await using var listener = bob.Sockets.ListenPipes("http:80");
        await using var near = await alice.Sockets.ConnectPipeAsync(bob.Address, "http:80", cancellationToken: Cancelled);
        await using var far = await listener.AcceptAsync(Cancelled);
        Assert.Equal((alice.Address, bob.Address, "http:80"), (far.Remote.Text, far.Local.Text, far.Port));

        await near.Output.WriteAsync("request"u8.ToArray(), Cancelled);
        await near.Output.CompleteAsync();
        Assert.Equal("request"u8.ToArray(), await AllAsync(far.Input));
        await far.Output.WriteAsync("response"u8.ToArray(), Cancelled);
        await far.Output.CompleteAsync();

        Assert.Equal("response"u8.ToArray(), await AllAsync(near.Input));
        await far.DisposeAsync();
        await near.DisposeAsync();
        Assert.True(near.Closed.IsCancellationRequested && far.Closed.IsCancellationRequested);
    }

    [Fact]
    public async Task Disposing_a_pipe_delivers_what_was_written_to_a_reader_that_takes_its_time()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);
        var sent = Bytes(3_000_000);
        var writing = Task.Run(async () =>
        {
            await near.Output.WriteAsync(sent, Cancelled);
            await near.DisposeAsync();
        });

        var read = await AllAsync(far.Input, pause: true);

        await Soon.Async(writing);
        Assert.True(read.AsSpan().SequenceEqual(sent));
    }

    [Fact]
    public async Task A_writer_waits_for_a_reader_that_pauses()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            while (!(await near.Output.WriteAsync(new byte[65_536], Cancelled)).IsCompleted)
            {
                Interlocked.Add(ref written, 65_536);
            }
        });

        await Soon.UntilAsync(() => written >= 256 * 1024); // What the first buffer alone takes.
        for (var i = 0; i < 2_000; i++)
        {
            await Task.Yield();
        }

        Assert.InRange(written, 256 * 1024, 4 * 1024 * 1024); // Two buffers of 256 KiB, the window, and what the socket has on its way: never 16 MiB while nobody reads.
        far.Abort();
        await Assert.ThrowsAsync<ConnectionResetException>(() => Soon.Async(writing));
    }

    [Fact]
    public async Task A_connection_that_was_broken_off_is_reset_at_the_other_side()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);
        var reading = far.Input.ReadAsync(Cancelled).AsTask();

        near.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => Soon.Async(reading));
        await Soon.UntilAsync(() => far.Closed.IsCancellationRequested && near.Closed.IsCancellationRequested);
        await near.DisposeAsync();
        await far.DisposeAsync();
    }

    [Fact]
    public async Task Completing_the_output_with_an_error_breaks_the_connection_off()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);

        await near.Output.CompleteAsync(new InvalidOperationException("no more"));

        await Assert.ThrowsAsync<ConnectionResetException>(async () => await AllAsync(far.Input));
        await near.DisposeAsync();
        await far.DisposeAsync();
    }

    [Fact]
    public async Task A_pipe_bears_any_silence()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);
        var reading = far.Input.ReadAsync(Cancelled).AsTask();

        net.Time.Advance(TimeSpan.FromDays(1));

        Assert.False(reading.IsCompleted);
        await near.Output.WriteAsync(new byte[1], Cancelled);
        Assert.Equal(1, (await Soon.Async(reading)).Buffer.Length);
    }

    [Fact]
    public async Task A_disposal_does_not_wait_for_ever_for_a_reader_that_takes_nothing()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = Pipes(net);
        var writing = near.Output.WriteAsync(new byte[8_000_000], Cancelled).AsTask();

        var disposing = near.DisposeAsync().AsTask();
        await net.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => disposing.IsCompleted);

        await Soon.Async(disposing);
        await Assert.ThrowsAsync<ConnectionResetException>(async () => await AllAsync(far.Input));
        await far.DisposeAsync();
        Assert.True(writing.IsCompleted || !writing.IsFaulted);
    }

    private static (Stream Near, Stream Far) Streams(MemoryNetwork net, CreditStreamOptions options)
    {
        var (near, far) = net.Pair();
        return (new CreditStream(near, options, net.Time).AsStream(), new CreditStream(far, options, net.Time).AsStream());
    }

    private static (PipeConnection Near, PipeConnection Far) Pipes(MemoryNetwork net)
    {
        var (near, far) = net.Pair();
        return (new CreditStream(near, CreditStreamOptions.Pipe, net.Time).AsPipe(), new CreditStream(far, CreditStreamOptions.Pipe, net.Time).AsPipe());
    }

    private static async Task<byte[]> AllAsync(PipeReader reader, bool pause = false)
    {
        var all = new MemoryStream();
        while (true)
        {
            var read = await reader.ReadAsync(Cancelled);
            foreach (var segment in read.Buffer)
            {
                all.Write(segment.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return all.ToArray();
            }

            if (pause)
            {
                await Task.Yield();
            }
        }
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
