using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Admission;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Hub;

/// <summary>The one consumer that steps the hub's machine: everything that changes it passes this queue, so it needs no locks of its own.</summary>
/// <remarks>It never waits for a client: what a client does not take in time ends that client (<see cref="HubConnection.TrySend"/>).</remarks>
internal sealed partial class HubLoop : IAsyncDisposable
{
    // Each session waits for its own frame to be queued, so this bounds memory (times the frame limit) and nobody can fill it alone for long.
    private const int QueueLength = 256;

    private readonly Channel<HubInput> _inputs = Channel.CreateBounded<HubInput>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Dictionary<SessionId, HubConnection> _connections = [];
    private readonly HubOutbox _outbox = new();
    private readonly Lock _gate = new(); // Between the loop and those who ask for the status.
    private readonly HubOptions _options;
    private readonly HubKeyStore _store;
    private readonly HubClock _clock;
    private readonly HubAdmission _admission;
    private readonly SmokeHub _smoke;
    private readonly HubMeter _meter;
    private readonly ITimer _timer;
    private readonly Instant _startedAt;
    private readonly ILogger _log;
    private readonly Task _running;
    private Instant _timerDue = Instant.Never;
    private long _lastSession;
    private int _maxSockets;
    private long _slowClients;
    private bool _isStopping;

    public HubLoop(HubOptions options, HubKeyStore store, TimeProvider time, ILogger<HubLoop> log)
    {
        _options = options;
        _store = store;
        _log = log;
        _clock = new(time);
        _startedAt = _clock.Now;
        var identity = options.Delegate is { } delegated
            ? new HubIdentity(delegated.Signing, new SystemSecrets(), store.CaSecret) { Delegation = delegated.Delegation, NetworkKey = delegated.HubKey }
            : new HubIdentity(store.Key!, new SystemSecrets(), store.CaSecret);
        _admission = new(_startedAt, options.ToAdmission(), identity, store.State);
        if (options.Delegate is { } member)
        {
            _admission.TellOf(member.Hubs);
        }

        _smoke = new(options, _admission, _outbox);
        _meter = new(_admission.Network.ToString(), options.HubNumber, ReadStatus);
        _timer = time.CreateTimer(_ => _inputs.Writer.TryWrite(HubInput.Tick), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.Run(RunAsync);
        LogStarted(_admission.Network.ToString(), _admission.IsFounded);
    }

    /// <summary>A name for the next session.</summary>
    public SessionId NextSession() => new(Interlocked.Increment(ref _lastSession));

    /// <summary>Carries one WebSocket from its opening to its end.</summary>
    public async Task ServeAsync(HubConnection connection)
    {
        try
        {
            await _inputs.Writer.WriteAsync(HubInput.Opened(connection));
            await connection.RunAsync(frame => _inputs.Writer.WriteAsync(HubInput.Arrived(connection, frame)));
            await _inputs.Writer.WriteAsync(HubInput.Closed(connection));
        }
        catch (ChannelClosedException)
        {
            connection.Abort(); // The hub has stopped.
        }
    }

    /// <summary>Whether the loop turns: the answer comes through the queue.</summary>
    public async Task<bool> AnswersAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var probe = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(timeout);
            await _inputs.Writer.WriteAsync(HubInput.Asked(probe), limit.Token);
            await probe.Task.WaitAsync(limit.Token);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            return false;
        }
    }

    /// <summary>The member that introduces here was granted a newer delegation, or heard of other places.</summary>
    public void Redelegate(Identity.Delegation delegation, IReadOnlyList<string> seeds, IReadOnlyList<Identity.HubPlace> hubs)
    {
        lock (_gate)
        {
            _admission.Redelegate(delegation, seeds);
            _admission.TellOf(hubs);
        }
    }

    /// <summary>The hub listens, and can be dialled there.</summary>
    public void Announce(string address)
    {
        lock (_gate)
        {
            _admission.Announce(_clock.Now, address);
        }
    }

    /// <summary>The hub in numbers.</summary>
    public HubStatus ReadStatus()
    {
        lock (_gate)
        {
            return HubStatus.From(_admission, _smoke, _connections.Count, _maxSockets, _slowClients, _clock.Now - _startedAt, _options.HubNumber);
        }
    }

    /// <summary>Tells all clients that the hub goes away; new ones are closed at once.</summary>
    public void BeginStop()
    {
        lock (_gate)
        {
            _isStopping = true;
            foreach (var connection in _connections.Values)
            {
                connection.Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        BeginStop();
        _inputs.Writer.TryComplete();
        await _timer.DisposeAsync();
        await _running;
        _meter.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (var input in _inputs.Reader.ReadAllAsync())
        {
            try
            {
                lock (_gate)
                {
                    Step(_clock.Now, input);
                }
            }
            catch (Exception e)
            {
                // A bug of ours that one session met must not take the hub from all others.
                LogStepFailed(e, input.Kind);
                _outbox.Clear();
                input.Connection?.Close(WebSocketCloseStatus.InternalServerError, "internal error");
            }
        }
    }

    private void Step(Instant now, in HubInput input)
    {
        switch (input.Kind)
        {
            case HubInputKind.Opened:
                Open(now, input.Connection!);
                break;
            case HubInputKind.Frame when input.Connection!.Protocol == HubProtocol.Smoke:
                _smoke.Receive(now, input.Connection, input.Frame);
                break;
            case HubInputKind.Frame:
                Receive(now, input.Connection!, input.Frame);
                break;
            case HubInputKind.Closed:
                Forget(now, input.Connection!);
                break;
            case HubInputKind.Tick:
                _timerDue = Instant.Never;
                break;
            case HubInputKind.Probe:
                input.Probe!.TrySetResult();
                break;
        }

        if (_outbox.WakeAt <= now)
        {
            _admission.Advance(now, _outbox);
        }

        Perform();
        SetTimer(now);
    }

    private void Open(Instant now, HubConnection connection)
    {
        if (_isStopping)
        {
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
            return;
        }

        _connections.Add(connection.Id, connection);
        connection.OpenedAt = now;
        _maxSockets = Math.Max(_maxSockets, _connections.Count);
        if (connection.Protocol == HubProtocol.Smoke)
        {
            _smoke.Open(now, connection);
        }
        else
        {
            _admission.SessionOpened(now, connection.Id, connection.Remote, _outbox);
        }
    }

    private void Receive(Instant now, HubConnection connection, byte[] frame)
    {
        if (MessageCodec.TryRead(frame, null, out var message))
        {
            _admission.Receive(now, connection.Id, message, _outbox);
        }
        else
        {
            _admission.Malformed(now, connection.Id, _outbox);
        }
    }

    private void Forget(Instant now, HubConnection connection)
    {
        _connections.Remove(connection.Id);
        if (connection.Protocol == HubProtocol.Smoke)
        {
            _smoke.Close(now, connection);
        }
        else
        {
            _admission.SessionClosed(now, connection.Id, _outbox);
        }
    }

    private void Perform()
    {
        foreach (var effect in _outbox.Effects)
        {
            switch (effect.Kind)
            {
                case HubEffectKind.Send when _connections.TryGetValue(effect.Session, out var to):
                    Send(to, effect.Message);

                    break;
                case HubEffectKind.CloseSession when _connections.TryGetValue(effect.Session, out var closed):
                    closed.Close(CodeOf(effect.Close), ReasonOf(effect.Close));
                    break;
                case HubEffectKind.GuestSignal:
                    _smoke.Deliver(effect.Guest, effect.Peer, effect.Json);
                    break;
                case HubEffectKind.GuestNameEnded:
                    _smoke.Answer(effect.Ticket, effect.Outcome, effect.Peer);
                    break;
                case HubEffectKind.GuestNameLost:
                    _smoke.Lose(effect.Guest);
                    break;
                case HubEffectKind.Persist:
                    Persist();
                    break;
                case HubEffectKind.Observed:
                    Report(effect);
                    break;
            }
        }

        _outbox.Clear();
    }

    private void Send(HubConnection to, in Message message)
    {
        var frame = MessageCodec.Encode(message);
        if (!to.TrySend(frame))
        {
            _slowClients++;
            LogSlowClient(to.Id.Value);
            to.Abort();
        }
        else if (message.Source.Value != 0)
        {
            _meter.Relayed(frame.Length); // What the hub says itself has no source.
        }
    }

    private void Persist()
    {
        try
        {
            _store.Save(_admission.ExportState());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e); // The network goes on; only a restart would not know that it was founded.
        }
    }

    private void SetTimer(Instant now)
    {
        if (_timerDue > now && _outbox.WakeAt >= _timerDue)
        {
            return; // An early ring does no harm; one that found the queue full is armed again.
        }

        _timerDue = _outbox.WakeAt;
        if (_timerDue != Instant.Never)
        {
            var wait = _timerDue - now;
            _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private static WebSocketCloseStatus CodeOf(HubClose why) => why switch
    {
        HubClose.BadMessage => WebSocketCloseStatus.InvalidMessageType,
        HubClose.Refused or HubClose.TimedOut => WebSocketCloseStatus.PolicyViolation,
        HubClose.TooMany => TryAgainLater,
        _ => WebSocketCloseStatus.NormalClosure,
    };

    private static string ReasonOf(HubClose why) => why switch
    {
        HubClose.BadMessage => "protocol violation",
        HubClose.Refused => "refused",
        HubClose.TimedOut => "timed out",
        HubClose.TooMany => "too many sessions",
        HubClose.Superseded => "superseded by a newer session",
        HubClose.NoSlots => "no gateway slot is held any more",
        HubClose.Idle => "idle",
        _ => "",
    };

    /// <summary>Code 1013 of the WebSocket close code registry; not in the enumeration.</summary>
    internal const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;
}
