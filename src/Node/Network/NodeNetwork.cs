using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes.Network;

/// <summary>The ports of a node, and its channels to the ports of others.</summary>
/// <remarks>
/// <para><c>localhost</c> and the node's own id are the node itself; 12 hexadecimal digits are another node's id, a dotted quad is a guest of its hub, anything
/// else is a name, which is looked up.</para>
/// <para>All members may be called from any thread.</para>
/// </remarks>
public sealed partial class NodeNetwork : IAsyncDisposable
{
    private const string UnprovedReason = "the port takes only nodes that prove their id with their own key (VerifiedOnly); this is a page, and only its hub vouches for it";

    private NetworkPorts _ports;
    private readonly LoopbackChannels _loopback;
    private readonly ConcurrentDictionary<string, PortListener> _listeners = new(StringComparer.Ordinal);
    private readonly PeerTable _peers;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly ILogger _log;
    private long _refused;
    private int _isDisposed;

    internal NodeNetwork(NetworkPorts ports)
    {
        _ports = ports;
        _log = ports.LoggerFactory.CreateLogger<NodeNetwork>();
        _peers = new PeerTable(ports.Options, ports.TimeProvider);
        _ended = _ending.Token; // Good also after the source was disposed.
        _loopback = new LoopbackChannels(PeerAddress.Loopback(ports.Self.Id)) { Opened = Accept };
        if (ports.Channels is { } channels)
        {
            channels.Opened = Accept;
        }
    }

    /// <summary>The node, as others know it.</summary>
    public PeerAddress Local => _ports.Self;

    /// <summary>The ports that are listened on.</summary>
    public IReadOnlyCollection<string> Bound => [.. _listeners.Keys];

    /// <summary>The nodes that this node has or lately had channels with, and what passed.</summary>
    public IReadOnlyList<PeerStatistics> Peers => _peers.Read(Local);

    /// <summary>Channels that were refused because nobody listens on their port, or because a limit was reached.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    internal TimeProvider Time => _ports.TimeProvider;

    internal NodeTelemetry? Telemetry => _ports.Telemetry;

    /// <summary>Listens on a numbered port.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node has stopped.</exception>
    public PortListener Listen(int port, PortOptions? options = null) => Listen(Ports.Of(port), options);

    /// <summary>Listens on a port; any text of 1 … 65,535 bytes can be one.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node has stopped.</exception>
    public PortListener Listen(string port, PortOptions? options = null)
    {
        var listener = new PortListener(Ports.Check(port), options ?? new PortOptions(), _ports.Options.Backlog, Unbind);
        ThrowIfStopped();
        if (!_listeners.TryAdd(port, listener))
        {
            throw new OverlayException(OverlayError.PortInUse, $"Port {port} is listened on already.");
        }

        if (_isDisposed == 1)
        {
            _listeners.TryRemove(port, out _); // It ended between the two looks.
            ThrowIfStopped();
        }

        return listener;
    }

    /// <summary>Opens a channel to a numbered port.</summary>
    public ValueTask<PeerChannel> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        ConnectAsync(host, Ports.Of(port), cancellationToken);

    /// <summary>Opens a channel to a port of a node and waits until it is accepted there.</summary>
    /// <exception cref="ArgumentException"><paramref name="host"/> is neither an address nor a well-formed name.</exception>
    /// <exception cref="OverlayException">
    /// <see cref="OverlayError.ConnectionRefused"/>, <see cref="OverlayError.HostUnreachable"/>, <see cref="OverlayError.TimedOut"/>, or the node has stopped.
    /// </exception>
    public async ValueTask<PeerChannel> ConnectAsync(string host, string port, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        Ports.Check(port);
        ThrowIfStopped();
        using var span = Telemetry?.Start("socket connect", ActivityKind.Client);
        span?.SetTag("server.address", host).SetTag("overlay.port", port);
        try
        {
            return await DialAsync(host, port, span, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            NodeTelemetry.Fail(span, NodeTelemetry.ErrorOf(e));
            throw;
        }
    }

    private async ValueTask<PeerChannel> DialAsync(string host, string port, Activity? span, CancellationToken cancellationToken)
    {
        var address = await ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        span?.SetTag("overlay.target.id", address ?? Local.Id.ToString());
        var channel = await OpenAsync(host, address, port, cancellationToken).ConfigureAwait(false);
        var tracked = _peers.Track(channel);
        if (tracked is null)
        {
            channel.Abort();
            throw Stopped();
        }

        try
        {
            await WithinAsync(
                _ports.Options.AcceptTimeout,
                token => Handshake.AcceptedAsync(tracked, token),
                elapsed => $"{host} does not answer on port {port}: neither accepted nor refused within {elapsed.TotalSeconds} s.",
                cancellationToken).ConfigureAwait(false);
            return tracked;
        }
        catch
        {
            tracked.Abort();
            throw;
        }
    }

    /// <summary>Unbinds all ports and closes all channels; what was sent on them is delivered. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        var open = _peers.End();
        foreach (var channel in open)
        {
            channel.BecomeStopped(); // Before a listener breaks off the other end of one that nobody accepted.
        }

        foreach (var listener in _listeners.Values)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(open.Select(channel => channel.StopAsync(_ports.Options.CloseTimeout, Time))).ConfigureAwait(false);
        _ending.Dispose();
    }

    /// <summary>Other waits and limits from now on: of channels and ports that are opened later.</summary>
    internal void Reconfigure(NetworkOptions options)
    {
        _ports = _ports with { Options = options };
        _peers.Reconfigure(options);
    }

    /// <summary>What this end of a channel is called.</summary>
    internal PeerAddress LocalTo(PeerChannel channel) => channel.Remote.Proof == PeerProof.Self ? PeerAddress.Loopback(Local.Id) : Local;

    private static OverlayException Stopped() => new(OverlayError.Stopped, "The node has stopped.");

    private async ValueTask<string?> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (Ports.IsLoopback(host))
        {
            return null;
        }

        if (host != Local.Text && !Ports.IsAddress(host))
        {
            try
            {
                host = await _ports.Resolve(host, cancellationToken).ConfigureAwait(false);
            }
            catch (OverlayException e) when (e.Reason == OverlayError.Command)
            {
                throw new OverlayException(OverlayError.HostUnreachable, $"'{host}' leads to no node: {e.Message}", e);
            }
        }

        return host.Equals(Local.Text, StringComparison.OrdinalIgnoreCase) || host.Equals(Local.Id.ToString(), StringComparison.OrdinalIgnoreCase) ? null : host;
    }

    private async Task<PeerChannel> OpenAsync(string host, string? address, string port, CancellationToken cancellationToken)
    {
        if (address is null)
        {
            return await _loopback.OpenAsync(PeerAddress.LoopbackName, port, cancellationToken).ConfigureAwait(false);
        }

        if (_ports.Channels is not { } channels)
        {
            throw new OverlayException(OverlayError.HostUnreachable, $"This node has no way to {host}: it only talks to itself.");
        }

        PeerChannel? channel = null;
        await WithinAsync(
            _ports.Options.OpenTimeout,
            async token => channel = await OpenAsync(channels, address, port, token).ConfigureAwait(false),
            elapsed => $"{host} cannot be reached: no channel within {elapsed.TotalSeconds} s. Is it up?",
            cancellationToken).ConfigureAwait(false);
        return channel!;
    }

    private static async Task<PeerChannel> OpenAsync(IPeerChannels channels, string address, string port, CancellationToken cancellationToken)
    {
        try
        {
            return await channels.OpenAsync(address, port, cancellationToken).ConfigureAwait(false);
        }
        catch (OverlayException e) when (e.Reason == OverlayError.Command)
        {
            throw new OverlayException(e.Outcome == Outcome.TimedOut ? OverlayError.TimedOut : OverlayError.HostUnreachable, e.Message, e);
        }
    }

    private async Task WithinAsync(TimeSpan timeout, Func<CancellationToken, Task> action, Func<TimeSpan, string> late, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(timeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken, _ended);
        try
        {
            await action(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw _ended.IsCancellationRequested ? Stopped() : new OverlayException(OverlayError.TimedOut, late(timeout), e);
        }
    }

    private void Accept(PeerChannel channel)
    {
        if (_peers.Track(channel) is { } tracked)
        {
            _ = Task.Run(() => AcceptAsync(tracked), CancellationToken.None); // Whoever opened it must not wait for us.
        }
        else
        {
            channel.Abort();
        }
    }

    private async Task AcceptAsync(TrackedChannel channel)
    {
        var options = _ports.Options;
        using var patience = new CancellationTokenSource(options.AcceptTimeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _ended);
        PortListener? reserved = null;
        try
        {
            var isBound = _listeners.TryGetValue(channel.Label, out var listener);
            var isUnproved = isBound && listener!.Options.VerifiedOnly && channel.Remote.Proof == PeerProof.Vouched;
            if (isBound && !isUnproved && !channel.IsTooMany && listener!.TryReserve())
            {
                reserved = listener;
                await Handshake.AcceptAsync(channel, options.PageDelay, Time, either.Token).ConfigureAwait(false);
                if (!listener.TryAdd(channel))
                {
                    channel.Abort(); // The port was unbound a moment ago.
                }

                return;
            }

            Interlocked.Increment(ref _refused);
            LogRefused(_log, channel.Remote.Text, channel.Label.Length <= 64 ? channel.Label : channel.Label[..64], isUnproved ? UnprovedReason : "nobody listens there, or it is full");
            await Handshake.RefuseAsync(channel, options.PageDelay, Time, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            reserved?.Release(); // It went away before it was told.
            channel.Abort();
        }
    }

    private void Unbind(PortListener listener) => _listeners.TryRemove(new KeyValuePair<string, PortListener>(listener.Port, listener));

    private void ThrowIfStopped()
    {
        if (_isDisposed == 1)
        {
            throw Stopped();
        }
    }

    [LoggerMessage(EventId = 110, Level = LogLevel.Debug, Message = "A channel of {Remote} to port {Port} was refused: {Why}")]
    private static partial void LogRefused(ILogger log, string remote, string port, string why);
}

/// <summary>What a network of ports stands on.</summary>
/// <param name="Self">The node, as others know it.</param>
/// <param name="Channels">To other nodes; null where there are none.</param>
/// <param name="Resolve">Looks a name up: the address it stands for.</param>
internal sealed record NetworkPorts(PeerAddress Self, IPeerChannels? Channels, Func<string, CancellationToken, ValueTask<string>> Resolve)
{
    public NetworkOptions Options { get; init; } = new();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where spans go; null: nowhere.</summary>
    public NodeTelemetry? Telemetry { get; init; }

    public ILoggerFactory LoggerFactory { get; init; } = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance;
}
