using System.Buffers;
using System.Threading.Channels;
using Overlay.Nodes.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Http;

/// <summary>A port on which HTTP/1.1 and HTTP/2 are spoken, told apart by how a connection begins.</summary>
/// <remarks>
/// <para>Without TLS there is no ALPN, and Kestrel then speaks HTTP/1.1 only on an endpoint that has both. But a client that knows beforehand (RFC 9113 §3.3) begins
/// with a preface that is no HTTP/1.1 request, chosen for exactly this. So the port is two endpoints for Kestrel, and each connection goes to one of them.</para>
/// <para>Invariant: nothing is read away; Kestrel sees a connection from its first byte.</para>
/// </remarks>
internal sealed class SharedPort
{
    // RFC 9113 §3.4.
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>A client that has not said so much by then is Kestrel's HTTP/1.1's, which has limits of its own for silence.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Bounded by the channels that the node lets others open.
    private readonly Channel<PipeConnection> _http1 = Channel.CreateUnbounded<PipeConnection>();
    private readonly Channel<PipeConnection> _http2 = Channel.CreateUnbounded<PipeConnection>();
    private readonly Lock _lock = new();
    private PipeListener? _listener;

    /// <summary>One half of the port; whichever is asked for first opens it.</summary>
    public IPipeSource Bind(NodeSockets sockets, string label, bool isHttp2)
    {
        lock (_lock)
        {
            if (_listener is null)
            {
                _listener = sockets.ListenPipes(label);
                _ = RunAsync(_listener);
            }
        }

        return new Half(this, isHttp2 ? _http2.Reader : _http1.Reader);
    }

    private async Task RunAsync(PipeListener listener)
    {
        await foreach (var pipe in listener.AcceptAllAsync().ConfigureAwait(false))
        {
            _ = SortAsync(pipe);
        }

        _http1.Writer.Complete();
        _http2.Writer.Complete();
    }

    private async Task SortAsync(PipeConnection pipe)
    {
        try
        {
            var isHttp2 = await BeginsWithPrefaceAsync(pipe).ConfigureAwait(false);
            if (!(isHttp2 ? _http2 : _http1).Writer.TryWrite(pipe))
            {
                pipe.Abort(); // The port was unbound meanwhile.
                await pipe.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            await pipe.DisposeAsync().ConfigureAwait(false); // It was gone before it said anything.
        }
    }

    private static async Task<bool> BeginsWithPrefaceAsync(PipeConnection pipe)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var read = await pipe.Input.ReadAsync(patience.Token).ConfigureAwait(false);
                var verdict = Judge(read.Buffer);
                if (verdict is null && !read.IsCompleted)
                {
                    pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                pipe.Input.AdvanceTo(read.Buffer.Start);
                return verdict == true;
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <returns>Null while that cannot be told.</returns>
    private static bool? Judge(ReadOnlySequence<byte> begin)
    {
        Span<byte> bytes = stackalloc byte[24];
        bytes = bytes[..(int)Math.Min(begin.Length, Preface.Length)];
        begin.Slice(0, bytes.Length).CopyTo(bytes);
        return !Preface.AsSpan().StartsWith(bytes) ? false : bytes.Length == Preface.Length ? true : null;
    }

    private sealed class Half(SharedPort port, ChannelReader<PipeConnection> connections) : IPipeSource
    {
        public async ValueTask<PipeConnection?> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await connections.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                return null;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await port._listener!.DisposeAsync().ConfigureAwait(false);
            while (connections.TryRead(out var pipe))
            {
                pipe.Abort();
                await pipe.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
