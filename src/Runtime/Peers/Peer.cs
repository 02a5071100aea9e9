using System.IO.Pipelines;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Runtime.Peers;

/// <summary>Another node that this one has a bond with, and a stream each way.</summary>
public sealed class Peer
{
    private readonly Pipe _arrived = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false)); // Bounded by the window that the sender is told.

    internal Peer(OverlayHost host, RingId id)
    {
        Id = id;
        Stream = new PeerStream(host, id, _arrived.Reader);
    }

    /// <summary>The peer's id.</summary>
    public RingId Id { get; }

    /// <summary>What is written here is read there, complete and in order, and the other way round. One reader and one writer at a time.</summary>
    /// <remarks>
    /// A writer waits while the peer has 256 KiB that it has not read. Disposing ends the stream to the peer; the bond stays. When the peer is gone, reading and writing
    /// throw an <see cref="IOException"/>.
    /// </remarks>
    public PeerStream Stream { get; }

    /// <inheritdoc/>
    public override string ToString() => Id.ToString();

    internal void Arrived(ReadOnlyMemory<byte> bytes)
    {
        bytes.Span.CopyTo(_arrived.Writer.GetSpan(bytes.Length));
        _arrived.Writer.Advance(bytes.Length);
        _ = _arrived.Writer.FlushAsync().AsTask(); // Without a threshold it is done at once.
    }

    internal void Ended() => _arrived.Writer.Complete();

    internal void Gone(PeerEnd why) => _arrived.Writer.Complete(new IOException($"The peer {Id} is gone ({why})."));
}
