using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime;

/// <summary>What a program that hosts the node does with it while it runs, and before it ends.</summary>
public sealed partial class OverlayHost
{
    private TaskCompletionSource? _drained;

    /// <summary>Changes what may change while the node runs: the limits of channels (not their policy), and what it tells of itself.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public ValueTask ReconfigureAsync(PeerChannelOptions channels, TelemetryOptions telemetry)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(telemetry);
        if (channels.Errors().Concat(telemetry.Errors()).FirstOrDefault() is { } error)
        {
            throw new ArgumentException(error);
        }

        Telemetry.Options = telemetry;
        return PostAsync((_, _) => _loop.Reconfigure(channels));
    }

    /// <summary>Waits until everything that the application asked of the network is answered: sends that wait for their receipts, look-ups, names.</summary>
    /// <remarks>Each has an end of its own (<see cref="OverlayOptions.ReceiptTimeout"/> and the like), so this has, too, where nothing new is asked.</remarks>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waited = Interlocked.CompareExchange(ref _drained, drained, null) ?? drained;
        await using var ended = Ended.Register(static one => ((TaskCompletionSource)one!).TrySetResult(), waited).ConfigureAwait(false);
        await PostAsync((_, _) => NoteDrained()).ConfigureAwait(false); // Behind every command that was given before.
        await waited.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void NoteDrained()
    {
        if (_pending.IsEmpty)
        {
            Interlocked.Exchange(ref _drained, null)?.TrySetResult();
        }
    }
}
