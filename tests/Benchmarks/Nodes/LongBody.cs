using System.Diagnostics;
using Overlay.Nodes;
using Overlay.Nodes.Rest;

namespace Overlay.Benchmarks.Nodes;

/// <summary>A body of 1 GiB from node to node, and what both ends keep of it meanwhile.</summary>
internal static class LongBody
{
    private const long Length = 1L << 30;

    public static async Task RunAsync(TextWriter output)
    {
        await using var network = await BenchNetwork.StartAsync(3);
        var (client, server) = (network.Nodes[0], network.Nodes[2]);
        var rest = server.Rest.CreateServer();
        rest.MapGet("/{bytes}", context => RestResult.Stream(new Zeros(long.Parse(context.Request.Params["bytes"], System.Globalization.CultureInfo.InvariantCulture))));
        rest.Listen();
        await FetchAsync(client, server, 64 << 20, () => { }); // Code, pools and windows are there before the measure.

        var (live, process) = (GC.GetTotalMemory(forceFullCollection: true), Process.GetCurrentProcess());
        process.Refresh();
        var (set, mostLive, mostSet) = (process.WorkingSet64, 0L, 0L);
        var clock = Stopwatch.StartNew();
        await FetchAsync(client, server, Length, () =>
        {
            mostLive = Math.Max(mostLive, GC.GetTotalMemory(forceFullCollection: true) - live);
            process.Refresh();
            mostSet = Math.Max(mostSet, process.WorkingSet64 - set);
        });
        output.WriteLine(FormattableString.Invariant(
            $"1 GiB body: {clock.Elapsed.TotalSeconds:F1} s, {Length / clock.Elapsed.TotalSeconds / 1e6:F1} MB/s; both ends together keep at most {mostLive / 1048576.0:F1} MiB more, working set {mostSet / 1048576.0:F1} MiB more"));
    }

    private static async Task FetchAsync(Node client, Node server, long length, Action look)
    {
        await using var response = await client.Rest.FetchAsync($"rest://{server.Id}/{length}");
        var body = response.Body.AsStream();
        var (buffer, total, next) = (new byte[65_536], 0L, 0L);
        for (int count; (count = await body.ReadAsync(buffer)) > 0;)
        {
            total += count;
            if (total >= next)
            {
                next += 16 << 20;
                look();
            }
        }

        if (total != length)
        {
            throw new InvalidOperationException($"{total} bytes came instead of {length}.");
        }
    }

    /// <summary>So many zeros.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(_left, buffer.Length);
            buffer[..count].Clear();
            _left -= count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
