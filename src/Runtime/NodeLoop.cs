using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Peers;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Links;
using Overlay.Runtime.Pages;
using Overlay.Runtime.Sockets;
using Overlay.Runtime.Telemetry;
using Overlay.Time;
using Overlay.WebRtc.Dtls;

namespace Overlay.Runtime;

/// <summary>The one loop of a node: it owns the sockets, the timer and the links, and steps the two cores.</summary>
/// <remarks>
/// Each round takes what other threads queued, drains the sockets synchronously, lets time pass where something is due, and sends what the
/// connections have to send. It waits only when a whole round found nothing to do. Everything below runs on this loop and needs no lock.
/// </remarks>
internal sealed partial class NodeLoop
{
    private const int MaxQueuedInputs = 4096;
    private const int MaxDatagramsInARow = 64;
    private const int MaxInputsInARow = 64;
    private const int RoundsBeforeYield = 16;

    /// <summary>How long a stopping node waits for its last words to be acknowledged.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private readonly OverlayNode _node;
    private readonly NodeClock _clock;
    private readonly ConnectionTable _table;
    private readonly LinkManager _links;
    private readonly ChannelHost _channels;
    private PeerChannelOptions _channelOptions;
    private readonly NodeCounters _counters;
    private readonly NodeTelemetry _telemetry;
    private readonly NodeTracing _tracing;
    private readonly RouteRecords _records;
    private readonly LinkLedger _ledger;
    private readonly IReadOnlyList<UdpPath> _paths;
    private readonly DtlsCertificate _certificate;
    private readonly HubSessions _hubs;
    private readonly ILogger _log;
    private readonly Bell _bell;
    private readonly Channel<LoopInput> _inputs =
        Channel.CreateBounded<LoopInput>(new BoundedChannelOptions(MaxQueuedInputs) { SingleReader = true });

    private readonly Outbox _outbox = new();
    private readonly Queue<Later> _later = new();
    private readonly byte[] _encoded = new byte[Message.MaxBytes];
    private readonly byte[] _datagram = new byte[2048];
    private readonly EncodedBody _body = new();
    private Instant _wakeAt = Instant.Never;
    private Instant _closeAt = Instant.Never;
    private bool _isStopping;
    private bool _isKilled;

    public NodeLoop(
        OverlayNode node, NodeClock clock, NodeSockets sockets, IReadOnlyList<IHubConnector> hubs, PeerChannelOptions channels, NodeWatchers watchers, Bell bell, ILogger log)
    {
        (_node, _clock, _certificate, _paths, _bell, _log) = (node, clock, sockets.Certificate, sockets.Paths, bell, log);
        (_channelOptions, _counters, _telemetry) = (channels, watchers.Counters, watchers.Telemetry);
        _tracing = new NodeTracing(_telemetry, clock);
        _records = new RouteRecords(_telemetry, clock, log);
        _ledger = new LinkLedger(_telemetry, _counters, clock);
        _table = new ConnectionTable();
        _links = new LinkManager(_table, sockets.LinkPaths, _certificate, sockets.Secrets);
        _channels = new ChannelHost(node, _table, sockets.ChannelPaths, _certificate, sockets.Secrets, channels, clock)
        {
            OnRing = RingFor,
            OnSignal = (connection, json) => OnPageSignal?.Invoke(connection, json),
            OnSwitched = watchers.Counters.CountSwitch,
            OnSignalDropped = watchers.Counters.CountDropped,
            OnFlush = connection => SendDatagrams(_clock.Now, connection),
        };
        _hubs = new HubSessions(hubs, clock.Provider, PostAsync);
    }

    /// <summary>Hears of each finished command.</summary>
    public Action<RequestId, Outcome, object?>? OnCompleted { get; init; }

    /// <summary>Hears of each message for the application.</summary>
    public Action<Message, TreeSide, ActivityContext>? OnDelivered { get; init; }

    /// <summary>A broadcast for the application.</summary>
    public Action<BroadcastMessage>? OnBroadcast { get; init; }

    /// <summary>Something happened among the peers; the bytes are borrowed.</summary>
    public Action<MeshEvent>? OnPeer { get; init; }

    /// <summary>A signal of Smoke's protocol came.</summary>
    public Action<Signalling.GuestSignalArrival>? OnGuestSignal { get; init; }

    /// <summary>A connection with a page has something to say over the page's hub.</summary>
    public Action<PageConnection, byte[]>? OnPageSignal { get; init; }

    /// <summary>A watched name changed.</summary>
    public Action<RequestId, NameChange>? OnNameChanged { get; init; }

    /// <summary>Hears of each observation.</summary>
    public Action<NodeObservation, object?>? OnObserved { get; init; }

    /// <summary>The connections of the application's channels; on the loop, but for what it says itself.</summary>
    public ChannelHost Channels => _channels;

    /// <summary>Why the last attempt to reach a hub failed.</summary>
    public OverlayException? LastHubFailure => _hubs.LastFailure;

    /// <summary>Hub sessions that are connecting or open. Read on the loop.</summary>
    public int HubSessionCount => _hubs.Count;

    /// <summary>The address of the hub of a session, while that is open; to be asked on the loop.</summary>
    public string? NameOfHub(LinkId session) => _hubs.NameOf(session);

    /// <summary>What the node sends in the present step is sent on behalf of <paramref name="cause"/>. On the loop.</summary>
    public void ActFor(Instant now, Activity cause) => _tracing.Begin(now, cause.ToWire());

    /// <summary>Changes what may change of the channels while the node runs; their policy is that of their beginning. On the loop.</summary>
    public void Reconfigure(PeerChannelOptions options)
    {
        _channelOptions = options with { Policy = _channelOptions.Policy };
        _channels.Reconfigure(_channelOptions);
    }

    /// <summary>Queues an input and wakes the loop; from any thread.</summary>
    public async ValueTask PostAsync(LoopInput input, CancellationToken cancellationToken)
    {
        if (!_inputs.Writer.TryWrite(input))
        {
            try
            {
                await _inputs.Writer.WriteAsync(input, cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                return; // The loop has ended; nobody is left to be told.
            }
        }

        _bell.Ring();
    }

    /// <summary>Runs until <see cref="LoopInputKind.Stop"/> or <see cref="LoopInputKind.Kill"/>.</summary>
    public async Task RunAsync()
    {
        await using var timer = _clock.Provider.CreateTimer(
            static bell => ((Bell)bell!).Ring(), _bell, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await RunRoundsAsync(timer).ConfigureAwait(false);
        }
        finally
        {
            _inputs.Writer.TryComplete();
            _channels.CloseAll(NodeClock.ToStack(_clock.Now));
            await _hubs.StopAsync(atOnce: _isKilled).ConfigureAwait(false);
            foreach (var path in _paths)
            {
                path.Dispose();
            }

            _table.Clear();
            _certificate.Dispose();
        }
    }

    private async Task RunRoundsAsync(ITimer timer)
    {
        var rounds = 0;
        while (!_isStopping)
        {
            if (RunRound())
            {
                if (++rounds % RoundsBeforeYield == 0)
                {
                    await Task.Yield(); // A busy node leaves the thread to its neighbours in the same process now and then.
                }

                continue;
            }

            var sleep = TimeToSleep();
            if (sleep > TimeSpan.Zero)
            {
                timer.Change(sleep, Timeout.InfiniteTimeSpan);
                await _bell.WaitAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>One round; false where there was nothing to do.</summary>
    private bool RunRound()
    {
        var worked = TakeInputs();
        worked |= PumpRung();
        worked |= TakeDatagrams();
        worked |= AdvanceDue();
        DrainLinks();
        if (_closeAt != Instant.Never && (_clock.Now >= _closeAt || _links.AreFlushed()))
        {
            CloseLinks();
            _isStopping = true;
        }

        return worked;
    }

    private TimeSpan TimeToSleep()
    {
        var due = Math.Min(Math.Min(_wakeAt.Ticks, _closeAt.Ticks), NodeClock.TicksOf(WebRtc.Instant.Min(_table.NextDue(), _channels.NextDue)));
        if (due == long.MaxValue)
        {
            return LongestSleep;
        }

        var ticks = due - _clock.Now.Ticks;
        return ticks >= LongestSleep.Ticks ? LongestSleep : new TimeSpan(ticks);
    }

    private bool TakeInputs()
    {
        var taken = 0;
        while (taken < MaxInputsInARow && !_isStopping && _inputs.Reader.TryRead(out var input))
        {
            taken++;
            Take(input);
        }

        return taken > 0;
    }

    private void Take(in LoopInput input)
    {
        var now = _clock.Now;
        switch (input.Kind)
        {
            case LoopInputKind.HubOpened when _hubs.Contains(input.Link):
                _node.HubOpened(now, input.Link, _outbox);
                break;
            case LoopInputKind.HubFrame when _hubs.Contains(input.Link):
                ReceiveFrame(now, input.Link, input.Frame);
                break;
            case LoopInputKind.HubLost when _hubs.Forget(input.Link):
                _node.HubLost(now, input.Link, _outbox);
                break;
            case LoopInputKind.Command:
                input.Command!(now, _outbox);
                break;
            case LoopInputKind.Stop:
                _closeAt = now + FlushTimeout;
                break;
            case LoopInputKind.Kill:
                _isKilled = _isStopping = true;
                break;
            default:
                return; // A hub session that was closed meanwhile.
        }

        AfterStep();
    }

    private bool TakeDatagrams()
    {
        var taken = 0;
        foreach (var path in _paths)
        {
            for (var i = 0; i < MaxDatagramsInARow && path.TryReceive(out var datagram, out var from); i++)
            {
                taken++;
                if (!_table.TryRoute(path.Id, from, datagram, out var connection))
                {
                    continue; // Nobody's: late, or noise.
                }

                connection.Connection.Receive(NodeClock.ToStack(_clock.Now), path.Id, from, datagram);
                _table.MarkDirty(connection);
            }

            DrainLinks();
        }

        return taken > 0;
    }

    private bool AdvanceDue()
    {
        var now = _clock.Now;
        var worked = _table.AdvanceDue(NodeClock.ToStack(now));
        worked |= _channels.Advance(NodeClock.ToStack(now), RestartConnection);
        if (_wakeAt <= now)
        {
            _node.Advance(now, _outbox);
            AfterStep();
            _counters.Note(_node.RecordCount, _node.Tree is { IsMember: true } tree ? tree.Depth : 0);
            worked = true;
        }

        return worked;
    }

    /// <summary>What must wait until the effects of the present step are performed: the node is never called while they are.</summary>
    private readonly record struct Later(LaterKind Kind, LinkId Link, LinkFailure Failure, byte[]? Frame)
    {
        /// <summary>With <see cref="LaterKind.ConnectionDescribed"/>.</summary>
        public ulong Connection { get; init; }

        /// <summary>With <see cref="LaterKind.ConnectionDescribed"/>.</summary>
        public LinkDescription? Description { get; init; }
    }

    private enum LaterKind : byte
    {
        Described,
        Lost,
        HandBack,
        ConnectionDescribed,
    }

    /// <summary>Performs the effects of a step, then what they brought about.</summary>
    private void AfterStep()
    {
        PerformEffects();
        while (_later.TryDequeue(out var later))
        {
            var now = _clock.Now;
            switch (later.Kind)
            {
                case LaterKind.Described when _links.TryGet(later.Link, out var link):
                    // All local candidates are known as soon as the sockets are bound, so gathering takes no time.
                    _tracing.Begin(now, _ledger.ContextOf(later.Link));
                    _node.LinkDescribed(now, later.Link, Descriptions.ToSignal(link.Connection.LocalDescription), _outbox);
                    break;
                case LaterKind.Lost:
                    _node.LinkLost(now, later.Link, later.Failure, _outbox);
                    break;
                case LaterKind.HandBack when MessageCodec.TryRead(later.Frame!, _body, out var message):
                    _node.HandBack(now, later.Link, message, _outbox);
                    break;
                case LaterKind.ConnectionDescribed:
                    _node.ConnectionDescribed(now, later.Connection, later.Description!, _outbox);
                    break;
            }

            PerformEffects();
        }
    }
}

/// <summary>Who counts what a loop does, and who tells others of it.</summary>
internal readonly record struct NodeWatchers(NodeCounters Counters, NodeTelemetry Telemetry);
