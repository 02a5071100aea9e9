namespace Overlay.Runtime.Channels;

/// <summary>A channel between two nodes: whole messages, reliable and in order, under the label its opener gave it.</summary>
/// <remarks>
/// <para>One reader and any number of writers; messages of several writers are not cut into each other. Whatever carries it (a connection over
/// the overlay, a direct one, a pipe within the process) keeps this contract.</para>
/// <para>Closing delivers what was sent before; disposing without closing does too, but waits no longer than <see cref="CloseTimeout"/>.</para>
/// </remarks>
public abstract class PeerChannel : IAsyncDisposable
{
    /// <summary>How long closing waits for the other side to have everything.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What the opener called it: a port. At most 65,535 bytes of UTF-8.</summary>
    public abstract string Label { get; }

    /// <summary>Who is at the other end.</summary>
    public abstract PeerAddress Remote { get; }

    /// <summary>Whether the other side opened it.</summary>
    public abstract bool IsIncoming { get; }

    /// <summary>The longest message the other side takes.</summary>
    /// <value>Bytes; 64 KiB to 256 KiB as a rule.</value>
    public abstract int MaxMessageBytes { get; }

    /// <summary>Ends when the channel has ended, in good order or not.</summary>
    public abstract Task Closed { get; }

    /// <summary>Hands a message over for sending, and waits while there is no room for it.</summary>
    /// <param name="message">Copied before the call returns control for the first time, or kept until it completes.</param>
    /// <param name="cancellationToken">Gives up waiting; a message not handed over is not sent.</param>
    /// <exception cref="OverlayException">The channel has ended (<see cref="OverlayError.ChannelClosed"/>), or the message is too large.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>The next message, which is the caller's own; null when the other side has closed and everything was read.</summary>
    /// <exception cref="OverlayException">The channel was lost (<see cref="OverlayError.ChannelLost"/>); what had arrived before was given out.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits until the other side's stack has acknowledged everything that was handed over.</summary>
    /// <exception cref="OverlayException">The channel was lost before.</exception>
    public abstract ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Closes both directions in good order: what was handed over is delivered first. Idempotent.</summary>
    public abstract ValueTask CloseAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the channel at once; what was not acknowledged may be lost. Idempotent.</summary>
    public abstract void Abort();

    /// <summary>Closes as <see cref="CloseAsync"/> does, and gives up after <see cref="CloseTimeout"/>.</summary>
    public abstract ValueTask DisposeAsync();
}
