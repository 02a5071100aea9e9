using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>The connections of a bridge: bounded, told of, and ended with it.</summary>
internal sealed class BridgedConnections : IAsyncDisposable
{
    private readonly BridgeOptions _options;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];
    private long _last;

    public BridgedConnections(BridgeOptions options)
    {
        options.Validate();
        (_options, _ended) = (options, _ending.Token);
    }

    /// <summary>Reaches the far side, and joins both until they have ended.</summary>
    /// <param name="near">Who has come; disposed of in any case.</param>
    /// <param name="from">What they are called.</param>
    /// <param name="to">What the far side is called.</param>
    /// <param name="dial">Reaches it.</param>
    public void Run(PumpEnd near, string from, string to, Func<CancellationToken, ValueTask<PumpEnd>> dial)
    {
        var number = Interlocked.Increment(ref _last);
        lock (_lock)
        {
            if (_running.Count < _options.MaxConnections && !_ended.IsCancellationRequested)
            {
                var running = RunAsync(near, new BridgeEvent(BridgeEventKind.Opened, number, from, to), dial);
                _running.Add(running);
                _ = ForgetAsync(running);
                return;
            }
        }

        near.Abort();
        _ = near.DisposeAsync().AsTask();
        _options.OnEvent?.Invoke(new BridgeEvent(
            BridgeEventKind.Failed, number, from, to, 0, 0, OverlayError.ConnectionRefused, $"There are {_options.MaxConnections} connections already, which is the limit (MaxConnections)."));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        Task[] running;
        lock (_lock)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(PumpEnd near, BridgeEvent about, Func<CancellationToken, ValueTask<PumpEnd>> dial)
    {
        await Task.Yield(); // Whoever accepts does not wait for this one.
        PumpEnd far;
        try
        {
            far = await DialAsync(about.To, dial).ConfigureAwait(false);
        }
        catch (OverlayException e)
        {
            near.Abort();
            await near.DisposeAsync().ConfigureAwait(false);
            _options.OnEvent?.Invoke(about with { Kind = BridgeEventKind.Failed, Reason = e.Reason, Error = e.Message });
            return;
        }

        _options.OnEvent?.Invoke(about);
        var pumped = await BytePump.RunAsync(near, far, _ended).ConfigureAwait(false);
        _options.OnEvent?.Invoke(about with
        {
            Kind = BridgeEventKind.Closed,
            BytesThere = pumped.There,
            BytesBack = pumped.Back,
            Reason = pumped.Failure is null ? null : OverlayError.ChannelLost,
            Error = pumped.Failure?.Message,
        });
    }

    private async Task<PumpEnd> DialAsync(string to, Func<CancellationToken, ValueTask<PumpEnd>> dial)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ended);
        patience.CancelAfter(_options.ConnectTimeout);
        try
        {
            return await dial(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw _ended.IsCancellationRequested
                ? new OverlayException(OverlayError.Stopped, "The bridge has stopped.", e)
                : new OverlayException(OverlayError.TimedOut, $"{to} did not answer within {_options.ConnectTimeout.TotalSeconds} s.", e);
        }
    }

    private async Task ForgetAsync(Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _running.Remove(running);
        }
    }
}
