using System.Diagnostics;
using Overlay.Nodes;
using Overlay.Nodes.Network;
using Overlay.Runtime.Channels;

namespace Overlay.Benchmarks.Nodes;

/// <summary>One byte stream beside the bare channel under it, at several round-trip times, in turn on the same connection.</summary>
internal static class StreamComparison
{
    private const int Rounds = 3;
    private const int ChunkBytes = 65_536;
    private static readonly TimeSpan Ramp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4);

    public static async Task RunAsync(TextWriter output)
    {
        output.WriteLine($"MB/s of one stream and of the bare channel, medians of {Rounds} rounds of {Length.TotalSeconds:F0} s after {Ramp.TotalSeconds:F0} s of start");
        output.WriteLine($"{"round trip",-12} {"channel",9} {"stream",9} {"ratio",8}");
        foreach (var roundTrip in (int[])[0, 50, 100])
        {
            await using var network = await BenchNetwork.StartAsync();
            var delay = TimeSpan.FromMilliseconds(roundTrip / 2.0);
            var from = await network.AddLateAsync(delay, ChannelPolicy.DirectOnly);
            var to = await network.AddLateAsync(delay, ChannelPolicy.DirectOnly);
            var (bare, stream) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                bare.Add(await ChannelAsync(from, to));
                stream.Add(await StreamAsync(from, to));
            }

            var (channelRate, streamRate) = (bare.Order().ElementAt(Rounds / 2), stream.Order().ElementAt(Rounds / 2));
            output.WriteLine(FormattableString.Invariant($"{roundTrip + " ms",-12} {channelRate,9:F1} {streamRate,9:F1} {streamRate / channelRate,7:F2}x"));
        }
    }

    private static async Task<double> ChannelAsync(Node from, Node to)
    {
        await using var listener = to.Network.Listen("bare");
        var accepting = listener.AcceptAsync();
        await using var channel = await from.Network.ConnectAsync(to.Id.ToString(), "bare");
        await using var incoming = await accepting;
        return await MeasureAsync(
            stop => WriteAsync(bytes => channel.SendAsync(bytes), stop),
            async () => (await incoming.ReceiveAsync())?.Length ?? 0,
            channel.Abort);
    }

    private static async Task<double> StreamAsync(Node from, Node to)
    {
        await using var listener = to.Sockets.ListenPipes("stream");
        var accepting = listener.AcceptAsync();
        await using var pipe = await from.Sockets.ConnectPipeAsync(to.Id.ToString(), "stream");
        await using var incoming = await accepting;
        return await MeasureAsync(
            stop => WriteAsync(async bytes => await pipe.Output.WriteAsync(bytes), stop),
            async () =>
            {
                var read = await incoming.Input.ReadAsync();
                var length = (int)read.Buffer.Length;
                incoming.Input.AdvanceTo(read.Buffer.End);
                return length;
            },
            pipe.Abort);
    }

    private static async Task WriteAsync(Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken stop)
    {
        var chunk = new byte[ChunkBytes];
        while (!stop.IsCancellationRequested)
        {
            await write(chunk);
        }
    }

    private static async Task<double> MeasureAsync(Func<CancellationToken, Task> write, Func<Task<int>> read, Action abort)
    {
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => write(stop.Token));
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Ramp)
        {
            _ = await read();
        }

        var (bytes, began) = (0L, clock.Elapsed);
        while (clock.Elapsed - began < Length)
        {
            bytes += await read();
        }

        var rate = bytes / (clock.Elapsed - began).TotalSeconds / 1e6;
        await stop.CancelAsync();
        abort();
        try
        {
            await writing;
        }
        catch (Exception e) when (e is Runtime.OverlayException or IOException)
        {
            // It was broken off on purpose: what is under way at the end counts for nobody.
        }

        return rate;
    }
}
