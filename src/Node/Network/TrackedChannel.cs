using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>A channel whose traffic is counted, and which says so when the node has stopped.</summary>
internal sealed class TrackedChannel(PeerChannel channel, PeerTraffic traffic) : PeerChannel
{
    private volatile bool _isStopped;
    private int _isClosing;
    private ReadOnlyMemory<byte>? _putBack;

    public PeerTraffic Traffic { get; } = traffic;

    /// <summary>How long a page is left to hear what was sent before it hears that the channel has closed.</summary>
    public TimeSpan PageDelay { get; init; }

    /// <summary>The clock of that.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Whether the other side had its share of channels already.</summary>
    public bool IsTooMany { get; init; }

    /// <inheritdoc/>
    public override string Label => channel.Label;

    /// <inheritdoc/>
    public override PeerAddress Remote => channel.Remote;

    /// <inheritdoc/>
    public override bool IsIncoming => channel.IsIncoming;

    /// <inheritdoc/>
    public override int MaxMessageBytes => channel.MaxMessageBytes;

    /// <inheritdoc/>
    public override Task Closed => channel.Closed;

    /// <inheritdoc/>
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        try
        {
            await channel.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (OverlayException e) when (_isStopped)
        {
            throw Stopped(e);
        }

        Traffic.Sent(message.Length);
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        if (_putBack is { } first)
        {
            _putBack = null;
            return first;
        }

        ReadOnlyMemory<byte>? message;
        try
        {
            message = await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OverlayException e) when (_isStopped)
        {
            throw Stopped(e);
        }

        if (message is { } bytes)
        {
            Traffic.Received(bytes.Length);
            return message;
        }

        return _isStopped ? throw Stopped(null) : null;
    }

    /// <summary>Makes a message that was received the next one again. Before anybody else reads.</summary>
    public void PutBack(ReadOnlyMemory<byte> message) => _putBack = message;

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken = default) => channel.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0 && Remote.Proof == PeerProof.Vouched)
        {
            await LetPageHearAsync(cancellationToken).ConfigureAwait(false);
        }

        await channel.CloseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Abort() => channel.Abort();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(CloseTimeout, Time);
        try
        {
            await CloseAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abort();
        }
    }

    /// <summary>The node ends: whatever ends this channel from now on, whoever reads or writes hears that.</summary>
    public void BecomeStopped() => _isStopped = true;

    /// <summary>Closes as the node ends: what was sent is delivered, and whoever reads hears why nothing more comes.</summary>
    public async Task StopAsync(TimeSpan timeout, TimeProvider time)
    {
        BecomeStopped();
        using var patience = new CancellationTokenSource(timeout, time);
        try
        {
            await channel.CloseAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            // Who does not take it in time loses the rest.
        }

        channel.Abort(); // Ends readers of this node that wait for what nobody sends any more.
    }

    private async ValueTask LetPageHearAsync(CancellationToken cancellationToken)
    {
        try
        {
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAny(PagePause.WaitAsync(this, PageDelay, Time, cancellationToken), Closed).ConfigureAwait(false);
        }
        catch (OverlayException)
        {
            // The page has closed it first.
        }
    }

    private static OverlayException Stopped(Exception? inner) => new(OverlayError.Stopped, "The node has stopped.", inner);
}
