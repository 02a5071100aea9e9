using System.Buffers;
using System.IO.Pipelines;
using Overlay.Ring;

namespace Overlay.Runtime.Peers;

/// <summary>The streams to and from a peer, as one.</summary>
public sealed class PeerStream : DuplexStream
{
    private readonly OverlayHost _host;
    private readonly RingId _peer;
    private readonly PipeReader _reader;
    private int _isCompleted;

    internal PeerStream(OverlayHost host, RingId peer, PipeReader reader) => (_host, _peer, _reader) = (host, peer, reader);

    /// <inheritdoc/>
    public override bool CanWrite => _isCompleted == 0;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        var count = (int)taken.Length;
        taken.CopyTo(buffer.Span);
        _reader.AdvanceTo(taken.End);
        if (count > 0)
        {
            await _host.ReadFromPeerAsync(_peer, count).ConfigureAwait(false);
        }

        return count;
    }

    /// <summary>Writes; completes when all of it is on its way or in the buffer of 256 KiB.</summary>
    /// <exception cref="IOException">The peer is gone, or this stream was completed.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!buffer.IsEmpty)
        {
            await _host.WriteToPeerAsync(_peer, buffer.ToArray(), isLast: false, cancellationToken).ConfigureAwait(false); // The caller may use its buffer again before the bytes have arrived.
        }
    }

    /// <summary>Ends the stream to the peer, which reads to its end; the other way stays open. Idempotent.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) == 0)
        {
            await _host.WriteToPeerAsync(_peer, ReadOnlyMemory<byte>.Empty, isLast: true, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OverlayException)
        {
            // The peer is gone, and with it whoever would hear of the end.
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }
}
