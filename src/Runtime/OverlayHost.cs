using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Diagnostics;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Security;
using Overlay.Runtime.Sockets;
using Overlay.Runtime.Telemetry;
using Overlay.Runtime.Trees;
using Overlay.WebRtc;
using Overlay.WebRtc.Dtls;

namespace Overlay.Runtime;

/// <summary>A live node: the protocol's machine with its sockets, its links and its hub session, behind awaitable calls.</summary>
/// <remarks>All members may be called from any thread. Dispose leaves gracefully; <see cref="KillAsync"/> does not.</remarks>
public sealed partial class OverlayHost : IAsyncDisposable
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(365);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(5);

    private readonly RuntimeOptions _options;
    private readonly NodeIdentity _identity;
    private readonly OverlayNode _node;
    private readonly NodeLoop _loop;
    private readonly NodeClock _clock;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<CommandResult>> _pending = new();
    private readonly Channel<OverlayMessage> _messages;
    private readonly CancellationTokenSource _ended = new();
    private Task _running = Task.CompletedTask;
    private int _isEnding;
    private int _hasEnded;

    private OverlayHost(RuntimeOptions options, NodeIdentity identity, IReadOnlyList<UdpPath> paths, DtlsCertificate certificate, Bell bell)
    {
        (_options, _identity) = (options, identity);
        _messages = Channel.CreateBounded<OverlayMessage>(new BoundedChannelOptions(options.MaxUndelivered) { SingleWriter = true });
        _broadcasts = Channel.CreateBounded<BroadcastMessage>(new BoundedChannelOptions(options.MaxUndelivered) { SingleWriter = true });
        _signals = Channel.CreateBounded<SmokeSignal>(new BoundedChannelOptions(options.MaxUnreadSignals) { SingleWriter = true });
        var secrets = new SystemSecrets();
        Span<byte> drawn = stackalloc byte[8];
        secrets.Fill(drawn);
        var seed = options.Seed ?? BitConverter.ToUInt64(drawn);
        _log = options.LoggerFactory.CreateLogger<OverlayHost>();
        _memory = NodeMemory.Open(options.DataDirectory);
        if (_memory.WasDamaged)
        {
            LogForgotten(_log, options.DataDirectory!);
        }

        _endpoint = options.Introduction is { } introduction ? new OwnEndpoint(introduction, RightFor, EndpointOpened, _log) : null;
        var ways = WaysOf(options, _memory, _endpoint);
        _clock = new NodeClock(options.TimeProvider);
        var gauges = new NodeGauges(Counters, _clock.Now);
        _node = new OverlayNode(
            options.Protocol,
            new NodePorts(identity.Signing, identity.Sealing, secrets) { Gauges = gauges },
            new NodeStart(seed, identity.Instance, options.Hubs.Count, identity.RememberedHubKey, options.Token, options.IsGuest)
            {
                RootSecret = options.RootSecret,
                Introductions = IntroductionsOf(options, ways.Count),
            });
        _tree = options.Protocol.Topology == Topology.Tree ? new TreeNeighbours(this, options.Protocol.MaxDegree, options.LoggerFactory) : null;
        Ended = _ended.Token; // Good also after the source was disposed.
        Endpoints = [.. paths.Take(paths.Count / 2).Select(path => path.Local)];
        Telemetry = new NodeTelemetry(options.Telemetry, Counters, () => _messages.Reader.Count);
        _loop = new NodeLoop(
            _node,
            _clock,
            new NodeSockets(paths, certificate, secrets),
            ways,
            options.Channels,
            new NodeWatchers(Counters, Telemetry),
            bell,
            _log)
        {
            OnCompleted = Complete,
            OnDelivered = Deliver,
            OnBroadcast = Deliver,
            OnNameChanged = Tell,
            OnGuestSignal = Deliver,
            OnPageSignal = Signal,
            OnPeer = happened => _peers?.Happened(happened),
            OnObserved = Observe,
        };
        gauges.Attach(_loop);
    }

    /// <summary>The node, as others know it.</summary>
    public Contact Self { get; private set; }

    /// <summary>The node's position.</summary>
    public RingId Id => Self.Id;

    /// <summary>Where the node is in its life.</summary>
    public NodePhase Phase { get; private set; }

    /// <summary>The local addresses that the sockets of its links are bound to.</summary>
    public IReadOnlyList<TransportAddress> Endpoints { get; }

    /// <summary>What the node counted.</summary>
    public NodeCounters Counters { get; } = new();

    /// <summary>Ends when the node has stopped, for whatever reason.</summary>
    public CancellationToken Ended { get; }

    /// <summary>The messages that arrive, in order of arrival. One reader; ends when the node stops.</summary>
    public IAsyncEnumerable<OverlayMessage> ReadMessagesAsync(CancellationToken cancellationToken = default) =>
        _messages.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Binds the sockets, meets the hub and waits until the node has its place.</summary>
    /// <exception cref="OverlayException">No hub, refused, port in use, native library missing; the message names the cure.</exception>
    public static async Task<OverlayHost> StartAsync(RuntimeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var bell = new Bell();
        var identity = OpenIdentity(options);
        OverlayHost host;
        try
        {
            var certificate = CreateCertificate(options.TimeProvider);
            host = new OverlayHost(options, identity, BindAll(options, bell), certificate, bell);
        }
        catch
        {
            identity.Dispose();
            throw;
        }

        var begunAt = host._clock.Now;
        host._running = Task.Run(host.RunAsync, CancellationToken.None);
        try
        {
            await host.JoinAsync(cancellationToken).ConfigureAwait(false);
            await host.TellOfJoinAsync(begunAt).ConfigureAwait(false);
            await host.BeginIntroducingAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends <paramref name="bytes"/> to exactly <paramref name="to"/> and waits for its signed receipt.</summary>
    /// <exception cref="OverlayException">Unreachable, timed out, too large; <see cref="OverlayException.Outcome"/> says which.</exception>
    public Task<DeliveryReport> SendAsync(
        RingId to, ReadOnlyMemory<byte> bytes, SendOptions options = default, CancellationToken cancellationToken = default) =>
        Telemetry.IsListening || Telemetry.Meter is { WantsSends: true }
            ? SendObservedAsync(to, bytes, options, cancellationToken)
            : SendUnobservedAsync(to, bytes, options, cancellationToken);

    private async Task<DeliveryReport> SendUnobservedAsync(RingId to, ReadOnlyMemory<byte> bytes, SendOptions options, CancellationToken cancellationToken)
    {
        var result = await RunAsync((now, outbox) => _node.Send(now, to, bytes, options, outbox), cancellationToken).ConfigureAwait(false);
        return result.As<DeliveryReport>($"Sending to {to}");
    }

    /// <summary>Asks who is responsible for <paramref name="key"/>.</summary>
    public async Task<Owner> LookupAsync(RingId key, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("lookup", ActivityKind.Client, key, (now, outbox) => _node.Lookup(now, key, outbox), cancellationToken).ConfigureAwait(false);
        return result.As<Owner>($"Looking up {key}");
    }

    /// <summary>Opens a direct link to <paramref name="to"/> and keeps it.</summary>
    public async Task ConnectAsync(RingId to, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("connect", ActivityKind.Internal, to, (now, outbox) => _node.Connect(now, to, outbox), cancellationToken).ConfigureAwait(false);
        result.Check($"Linking to {to}");
    }

    /// <summary>Gives up the link of <see cref="ConnectAsync"/>.</summary>
    public async Task DisconnectAsync(RingId to, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("disconnect", ActivityKind.Internal, to, (now, outbox) => _node.Disconnect(now, to, outbox), cancellationToken).ConfigureAwait(false);
        result.Check($"Unlinking from {to}");
    }

    /// <summary>Asks a node, itself included, for its tables.</summary>
    public async Task<State> InspectAsync(RingId id, CancellationToken cancellationToken = default)
    {
        if (id == Id)
        {
            return await SnapshotAsync(cancellationToken).ConfigureAwait(false);
        }

        var result = await RunAsync("inspect", ActivityKind.Client, id, (now, outbox) => _node.Inspect(now, id, outbox), cancellationToken).ConfigureAwait(false);
        return result.As<State>($"Inspecting {id}");
    }

    /// <summary>The node's own tables at this moment.</summary>
    public async Task<State> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var answer = new TaskCompletionSource<State>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var ended = Ended.Register(static a => ((TaskCompletionSource<State>)a!).TrySetException(Stopped()), answer).ConfigureAwait(false);
        await _loop.PostAsync(LoopInput.Do((_, _) => answer.TrySetResult(_node.Snapshot())), cancellationToken).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refreshes all fingers now.</summary>
    public ValueTask UpdateFingerTableAsync(CancellationToken cancellationToken = default) =>
        _loop.PostAsync(LoopInput.Do((now, outbox) => _node.UpdateFingerTable(now, outbox)), cancellationToken);

    /// <summary>Says good-bye to the neighbours, hands over what it keeps, and stops.</summary>
    /// <returns>Whether all neighbours knew before it stopped.</returns>
    public async Task<bool> LeaveAsync(CancellationToken cancellationToken = default)
    {
        var knew = false;
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            try
            {
                var leaving = RunAsync("overlay leave", ActivityKind.Internal, null, (now, outbox) => _node.Leave(now, outbox), cancellationToken);
                var result = await leaving.WaitAsync(LeaveTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
                knew = result.Outcome == Outcome.Done;
            }
            catch (Exception e) when (e is TimeoutException or OverlayException or OperationCanceledException)
            {
                // It stops all the same; the neighbours will notice the silence.
            }

            await _loop.PostAsync(LoopInput.Stop(), CancellationToken.None).ConfigureAwait(false);
        }

        await EndAsync().ConfigureAwait(false);
        return knew;
    }

    /// <summary>Stops as a crash would: sockets and loop end, nothing is sent.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            await _loop.PostAsync(LoopInput.Kill(), CancellationToken.None).ConfigureAwait(false);
        }

        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Leaves gracefully. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = await LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        _ended.Dispose();
        _identity.Dispose();
    }

    private static NodeIdentity OpenIdentity(RuntimeOptions options)
    {
        try
        {
            return NodeIdentity.Open(options.DataDirectory, options.TimeProvider);
        }
        catch (IdentityFileException e)
        {
            throw new OverlayException(OverlayError.DataUnusable, e.Message, e);
        }
    }

    private static DtlsCertificate CreateCertificate(TimeProvider time)
    {
        var now = time.GetUtcNow();
        try
        {
            return DtlsCertificate.Create(now.AddDays(-1), now + CertificateLife);
        }
        catch (DtlsLibraryException e)
        {
            throw new OverlayException(OverlayError.LibraryMissing, e.Message, e);
        }
    }

    private static List<UdpPath> BindAll(RuntimeOptions options, Bell bell)
    {
        var addresses = options.ListenAddresses.Count > 0 ? options.ListenAddresses : LocalAddresses.Enumerate(options.WithLoopback);
        var paths = new List<UdpPath>();
        var current = new IPEndPoint(IPAddress.None, options.Port);
        try
        {
            foreach (var offset in (int[])[0, 1])
            {
                foreach (var address in addresses)
                {
                    current = new IPEndPoint(address, options.Port == 0 ? 0 : options.Port + offset);
                    var advertised = options.Advertised is { } outside ? new IPEndPoint(outside.Address, outside.Port + offset) : null;
                    paths.Add(UdpPath.Bind(new PathId(paths.Count), current, bell.Ring, advertised));
                }
            }

            return paths;
        }
        catch (SocketException e)
        {
            foreach (var path in paths)
            {
                path.Dispose();
            }

            throw new OverlayException(
                OverlayError.SocketUnavailable,
                $"UDP port {current.Port} on {current.Address} cannot be bound ({e.SocketErrorCode}). Choose another port (0: any), or another address. A node takes the port after it too.",
                e);
        }
    }

    private static OverlayException Stopped() => new(OverlayError.Stopped, "The node has stopped.");

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        var starting = RunAsync(_node.Start, cancellationToken);
        CommandResult result;
        try
        {
            result = await starting.WaitAsync(_options.StartTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw _loop.LastHubFailure ?? new OverlayException(
                OverlayError.HubUnreachable,
                $"No place in the network within {_options.StartTimeout.TotalSeconds:F0} s. Is the hub up, and can its members be reached by UDP?",
                e);
        }

        switch (result.Outcome)
        {
            case Outcome.Done:
                Self = (Contact)result.Value!;
                _identity.RememberHubKey(_node.HubKey.Span);
                await RecallHubsAsync().ConfigureAwait(false);
                return;
            case Outcome.HubKeyChanged:
                throw new OverlayException(
                    OverlayError.HubKeyChanged,
                    "HubKeyChanged: the hub holds another key than the one this node remembers. If its data was replaced on purpose, start with a new --data directory.");
            case Outcome.AdmissionRefused when result.Value is AdmitRefused { Reason: AdmitRefusal.RootSecretWrong } refused:
                throw new OverlayException(
                    OverlayError.RootSecretWrong,
                    $"This node does not become the root of the tree: {refused.Text}. Give it the secret that the hub was started with, or none to join as any other node.");
            case Outcome.AdmissionRefused:
                throw new OverlayException(OverlayError.AdmissionRefused, $"The hub refused admission: {result.Value}.");
            default:
                throw _loop.LastHubFailure ?? new OverlayException(result.Outcome, $"Joining failed: {result.Outcome}.");
        }
    }

    private async Task<CommandResult> RunAsync(Func<Time.Instant, Outbox, RequestId> command, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var ended = Ended.Register(static a => ((TaskCompletionSource<CommandResult>)a!).TrySetException(Stopped()), answer).ConfigureAwait(false);
        await _loop.PostAsync(LoopInput.Do((now, outbox) => _pending[command(now, outbox).Value] = answer), cancellationToken).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            await _loop.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            Phase = NodePhase.Left;
            _messages.Writer.TryComplete();
            _broadcasts.Writer.TryComplete();
            _signals.Writer.TryComplete();
            EndWatches();
            _peers?.NodeStopped();
            _tree?.NodeStopped();
            await _ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task EndAsync()
    {
        await _running.ConfigureAwait(false);
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            await EndIntroducingAsync().ConfigureAwait(false);
            await EndTelemetryAsync().ConfigureAwait(false);
        }
    }

    private void Complete(RequestId request, Outcome outcome, object? result)
    {
        if (_pending.TryRemove(request.Value, out var answer))
        {
            answer.TrySetResult(new(outcome, result));
            if (_drained is not null)
            {
                NoteDrained();
            }
        }
    }

    private void Deliver(Message message, TreeSide side, ActivityContext trace)
    {
        // The bytes are borrowed from a receive buffer; the application keeps its own copy.
        var data = (Data)((SignedBody)message.Body!).Payload;
        var hops = Message.HopBudget - message.HopsLeft;
        var bytes = data.Bytes.ToArray();
        if (side == TreeSide.None ? _messages.Writer.TryWrite(new(message.Source, bytes, hops) { Trace = trace }) : _tree!.Arrived(message.Source, side, bytes))
        {
            Counters.CountDelivered();
        }
        else
        {
            Counters.CountDropped();
        }
    }

    private void Observe(NodeObservation seen, object? detail)
    {
        if (seen.What == Observation.PhaseChanged)
        {
            Phase = seen.Phase;
        }

        if (seen.What is >= Observation.ParentConnected and <= Observation.SteppedDown)
        {
            _tree?.Happened(seen.What, seen.Peer);
        }

        TelemetryOf(seen);
        LearnFrom(seen, detail);
        Counters.Count(seen);
        _options.OnObserved?.Invoke(seen);
        TellObservers(seen);
    }
}
