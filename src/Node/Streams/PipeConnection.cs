using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Streams;

/// <summary>Bytes both ways between two ports, as a TCP connection carries them: a pair of pipes with back-pressure from end to end.</summary>
/// <remarks>
/// <para>Completing <see cref="Output"/> ends that direction, where both sides agree on <see cref="CreditStreamOptions.HalfClose"/>, and both where not; completing it
/// with an exception breaks the connection off. A reader whose connection was lost gets a <see cref="ConnectionResetException"/>.</para>
/// <para>Disposing delivers what was written, and gives up where the other side takes nothing for <see cref="CreditStreamOptions.CloseTimeout"/>.</para>
/// </remarks>
public sealed class PipeConnection : IDuplexPipe, IAsyncDisposable
{
    private static readonly PipeOptions Buffers = new(pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024, useSynchronizationContext: false);

    private readonly CreditStream _stream;
    private readonly Pipe _incoming = new(Buffers);
    private readonly Pipe _outgoing = new(Buffers);
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _receiving;
    private readonly Task _sending;
    private readonly Task _closing;
    private long _sent;
    private int _isDisposed;

    internal PipeConnection(CreditStream stream)
    {
        _stream = stream;
        Closed = _closed.Token; // Good also after the source was disposed.
        _receiving = Task.Run(ReceiveAsync, CancellationToken.None);
        _sending = Task.Run(SendAsync, CancellationToken.None);
        _closing = CloseAsync();
    }

    /// <summary>What the other side sends.</summary>
    public PipeReader Input => _incoming.Reader;

    /// <summary>What is sent to the other side.</summary>
    public PipeWriter Output => _outgoing.Writer;

    /// <summary>This end.</summary>
    public PeerAddress Local => _stream.Local;

    /// <summary>The other end, with what it has proved.</summary>
    public PeerAddress Remote => _stream.Remote;

    /// <summary>The port.</summary>
    public string Port => _stream.Port;

    /// <summary>Cancelled when the connection has ended, in good order or not.</summary>
    public CancellationToken Closed { get; }

    /// <summary>Breaks the connection off. Idempotent.</summary>
    public void Abort() => _stream.Abort();

    /// <summary>Delivers what was written, and closes. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        await Output.CompleteAsync().ConfigureAwait(false);
        await DeliverAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await Input.CompleteAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _closing.ConfigureAwait(false);
    }

    private async Task DeliverAsync()
    {
        while (true)
        {
            var before = Interlocked.Read(ref _sent);
            try
            {
                await _sending.WaitAsync(_stream.Options.CloseTimeout, _stream.Time).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (Interlocked.Read(ref _sent) != before)
            {
                // Slow, and on its way.
            }
            catch (TimeoutException)
            {
                Abort();
            }
        }
    }

    private async Task CloseAsync()
    {
        await _stream.Completion.ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
        _closed.Dispose();
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            while (await _stream.ReadAsync().ConfigureAwait(false) is { } item && !(item.IsEmpty && _stream.Options.HalfClose))
            {
                if (!item.IsEmpty && (await _incoming.Writer.WriteAsync(item).ConfigureAwait(false)).IsCompleted)
                {
                    break; // Nobody reads any more; what still comes stays at the other side, which is not asked for it.
                }
            }
        }
        catch (OverlayException e)
        {
            failure = new ConnectionResetException(e.Message, e);
        }

        await _incoming.Writer.CompleteAsync(failure).ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var read = await _outgoing.Reader.ReadAsync().ConfigureAwait(false);
                var sent = await SendAsync(read.Buffer).ConfigureAwait(false);
                _outgoing.Reader.AdvanceTo(sent);
                if (read.IsCompleted && read.Buffer.Slice(sent).IsEmpty)
                {
                    break;
                }
            }

            await _stream.EndWritingAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (OverlayException e)
        {
            failure = new ConnectionResetException(e.Message, e);
        }
        catch (Exception e)
        {
            failure = e; // The writer has completed with it.
            Abort();
        }

        await _outgoing.Reader.CompleteAsync(failure).ConfigureAwait(false);
    }

    /// <summary>Sends one item of what lies there.</summary>
    private async ValueTask<SequencePosition> SendAsync(ReadOnlySequence<byte> bytes)
    {
        var length = (int)Math.Min(bytes.Length, _stream.Options.ChunkBytes);
        if (length == 0)
        {
            return bytes.Start;
        }

        var chunk = bytes.Slice(0, length);
        if (chunk.IsSingleSegment)
        {
            await _stream.WriteAsync(chunk.First).ConfigureAwait(false);
        }
        else
        {
            var copy = ArrayPool<byte>.Shared.Rent(length);
            chunk.CopyTo(copy);
            await _stream.WriteAsync(copy.AsMemory(0, length)).ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(copy);
        }

        Interlocked.Add(ref _sent, length);
        return chunk.End;
    }
}
