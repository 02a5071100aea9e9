using System.Diagnostics.CodeAnalysis;
using Overlay.Channels;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;
using Overlay.Runtime.Links;
using Overlay.Runtime.Pages;
using Overlay.Runtime.Sockets;
using Overlay.Signalling;
using Overlay.WebRtc;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Channels;

/// <summary>The connections under the application's channels: made for the node's events, drained by the loop, closed when nobody needs them.</summary>
/// <remarks>All members but <see cref="Ring"/> and <see cref="Time"/> are the loop's.</remarks>
internal sealed partial class ChannelHost(
    OverlayNode node, ConnectionTable table, IReadOnlyList<UdpPath> paths, DtlsCertificate certificate, WebRtc.ISecrets secrets, PeerChannelOptions options, NodeClock clock)
{
    /// <summary>The longest message of a channel: what browsers take too.</summary>
    public const int MaxMessageBytes = 262_144;

    /// <summary>How long after ICE has given up it begins anew; twice as long after each failure, up to <see cref="LongestRestartAfter"/>.</summary>
    public static readonly TimeSpan FirstRestartAfter = TimeSpan.FromSeconds(30);

    private const int MaxBufferedBytes = 4 << 20;
    private const int ReceiveWindowBytes = 5 << 20;

    private static readonly TimeSpan LongestRestartAfter = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The path of datagrams that other nodes pass on. No socket has this number.</summary>
    private static readonly PathId OverlayPathId = new(int.MaxValue);

    private readonly Dictionary<ulong, ChannelConnection> _byNumber = [];
    private readonly Dictionary<RingId, ChannelConnection> _byPeer = [];
    private readonly Dictionary<RingId, List<ConnectionChannel>> _waiting = [];
    private PeerChannelOptions _options = options;
    private PageHost? _pages;

    /// <summary>Hears of channels that others open. Must not block.</summary>
    public Action<PeerChannel>? Opened { get; set; }

    /// <summary>Rings the loop for a channel that has something to do.</summary>
    public required Action<ConnectionChannel> OnRing { get; init; }

    /// <summary>Sends what a connection has to send, before it is forgotten.</summary>
    public required Action<ChannelConnection> OnFlush { get; init; }

    /// <summary>Sends a signal to a connection's page, without waiting; a failure comes back to <see cref="SignalFailed"/>.</summary>
    public required Action<PageConnection, byte[]> OnSignal { get; init; }

    /// <summary>A connection's data goes straight to the other end from now on, or over the overlay.</summary>
    public required Action<bool> OnSwitched { get; init; }

    /// <summary>Counts a signal of a page that was no use.</summary>
    public required Action OnSignalDropped { get; init; }

    /// <summary>Other limits from now on. The policy must be the same.</summary>
    public void Reconfigure(PeerChannelOptions changed)
    {
        _options = changed;
        _pages?.Reconfigure(changed);
    }

    /// <summary>The clock of the application's side.</summary>
    public TimeProvider Time => clock.Provider;

    /// <summary>When the next restart of ICE, or the end of an idle connection, is due.</summary>
    public WebRtc.Instant NextDue
    {
        get
        {
            var due = Pages.NextDue;
            foreach (var connection in _byNumber.Values)
            {
                due = WebRtc.Instant.Min(due, connection.RestartAt);
                due = connection.IdleSince.IsNever ? due : WebRtc.Instant.Min(due, connection.IdleSince + IdleTimeout);
            }

            return due;
        }
    }

    /// <summary>The connections with pages.</summary>
    private PageHost Pages => _pages ??= new(node, table, paths, certificate, secrets, _options) { OnSignal = OnSignal, OnFlush = OnFlush, OnDropped = OnSignalDropped };

    /// <summary>From any thread: a channel has something to do.</summary>
    public void Ring(ConnectionChannel channel) => OnRing(channel);

    /// <summary>Whether datagrams on <paramref name="path"/> go over the overlay.</summary>
    public static bool IsOverlay(PathId path) => path == OverlayPathId;

    /// <summary>Opens a channel: on the connection there is, or on the one that the node is asked for.</summary>
    public void Open(Time.Instant now, ConnectionChannel channel, Outbox outbox)
    {
        var peer = channel.Remote.Id;
        if (channel.Remote.Proof == PeerProof.Vouched)
        {
            Pages.Open(NodeClock.ToStack(now), channel, Bind);
        }
        else if (_byPeer.TryGetValue(peer, out var connection))
        {
            Bind(NodeClock.ToStack(now), connection, channel);
        }
        else
        {
            // The channel waits before the node is asked: its answer may be an event of the same step.
            (_waiting.TryGetValue(peer, out var list) ? list : _waiting[peer] = []).Add(channel);
            if (!node.OpenConnection(now, peer, outbox))
            {
                _waiting.Remove(peer);
                channel.End(new OverlayException(OverlayError.HostUnreachable, $"No connection to {peer}: this node is no member of the network now, or has as many connections as it may have (MaxConnections)."));
            }
        }
    }

    /// <summary>Takes what a page says to set up or tend a connection. False where it is for the application.</summary>
    public bool TryTake(WebRtc.Instant now, GuestSignalArrival arrival) => Pages.TryTake(now, arrival);

    /// <summary>How a page is called here.</summary>
    public PeerAddress AddressOf(RingId page) => Pages.AddressOf(page);

    /// <summary>A signal did not reach its page.</summary>
    public void SignalFailed(WebRtc.Instant now, PageConnection connection, OverlayException why) => Pages.SignalFailed(now, connection, why);

    /// <summary>Something happened to a connection. What the node must be told afterwards is returned.</summary>
    public LinkDescription? Handle(WebRtc.Instant now, ConnectionEvent happened)
    {
        switch (happened.Kind)
        {
            case ConnectionEventKind.Begin:
                return Begin(now, happened);
            case ConnectionEventKind.Answered when TryGet(happened, isOffer: false, out var connection, out var description):
                connection.Connection.SetRemoteDescription(now, description);
                table.MarkDirty(connection);
                return null;
            case ConnectionEventKind.Restarted when TryGet(happened, isOffer: true, out var connection, out var description):
                connection.Connection.SetRemoteDescription(now, description);
                table.LearnUfrag(connection);
                table.MarkDirty(connection);
                return Describe(connection);
            case ConnectionEventKind.Candidates when _byNumber.TryGetValue(happened.Connection, out var connection):
                Descriptions.AddCandidates(now, connection.Connection, happened.Lines!);
                table.MarkDirty(connection);
                return null;
            case ConnectionEventKind.Ended:
                Ended(now, happened);
                return null;
            default:
                return null;
        }
    }

    /// <summary>A relayed datagram for one of the connections.</summary>
    public bool TryReceive(WebRtc.Instant now, in RelayHeader header, ReadOnlySpan<byte> datagram)
    {
        if (_options.Policy == ChannelPolicy.DirectOnly || !_byNumber.TryGetValue(header.Connection, out var connection) || connection.Peer != header.Source)
        {
            return false;
        }

        connection.Connection.Receive(now, OverlayPathId, default, datagram);
        table.MarkDirty(connection);
        return true;
    }

    /// <summary>How the connection with <paramref name="peer"/> goes, and what it has tried.</summary>
    public ChannelReport Report(RingId peer)
    {
        if (!_byPeer.TryGetValue(peer, out var connection))
        {
            return ChannelReport.None(peer, policy: _options.Policy);
        }

        var stack = connection.Connection;
        var roundTrip = stack is { IsOverOverlay: false } && stack.DescribeSelected() is { } selected ? selected.RoundTrip : stack.Statistics.RoundTripTime;
        var way = stack.Phase != PeerPhase.Open ? LinkWay.Unknown : stack.IsOverOverlay ? LinkWay.Relayed : LinkWay.Direct;
        return new(peer, way, _options.Policy, stack.IceFailure, stack.DescribePairs(), roundTrip > TimeSpan.Zero ? roundTrip : null);
    }

    /// <summary>The urgency of what a connection sends: a hand-shake, a little, or as much as it can.</summary>
    public static RelayClass ClassOf(ChannelConnection connection) =>
        connection.Connection.Phase != PeerPhase.Open ? RelayClass.Signalling
        : connection.Pending.Count == 0 ? RelayClass.Interactive
        : RelayClass.Bulk;

    private LinkDescription? Begin(WebRtc.Instant now, ConnectionEvent happened)
    {
        PeerDescription? remote = null;
        if (happened.Description is { } signal && !Descriptions.TryToStack(signal, isOffer: true, MaxMessageBytes, out remote))
        {
            return null; // The node gives it up when the time for it is over.
        }

        var isOfferer = remote is null;
        var connection = new ChannelConnection(happened.Connection, PeerAddress.Member(happened.Peer), new PeerConnection(OptionsFor(isOfferer), certificate, secrets), isOfferer);
        if (_options.Policy != ChannelPolicy.OverlayOnly)
        {
            foreach (var path in paths)
            {
                connection.Connection.AddLocalCandidate(path.Id, path.Advertised, LinkManager.PacketBytes);
            }
        }

        if (remote is not null)
        {
            connection.Connection.SetRemoteDescription(now, remote);
        }

        _byNumber[connection.Number] = connection;
        _byPeer[connection.Peer] = connection;
        table.Add(connection);
        if (_waiting.Remove(connection.Peer, out var channels))
        {
            foreach (var channel in channels)
            {
                Bind(now, connection, channel);
            }
        }

        NoteIdle(now, connection);
        return Describe(connection);
    }

    private PeerOptions OptionsFor(bool isOfferer) => new()
    {
        Role = isOfferer ? PeerRole.Offerer : PeerRole.Answerer,
        MaxMessageSize = MaxMessageBytes,
        MaxBufferedBytes = MaxBufferedBytes,
        ReceiveWindowBytes = ReceiveWindowBytes,
        DtlsTimeout = TimeSpan.FromSeconds(10),
        SctpTimeout = TimeSpan.FromSeconds(10),
        Overlay = _options.Policy == ChannelPolicy.DirectOnly ? null : new OverlayPath(OverlayPathId, OverlayPath.UsualPacketSize),
    };

    private LinkDescription Describe(ChannelConnection connection) => Descriptions.ToSignal(connection.Connection.LocalDescription);

    private bool TryGet(ConnectionEvent happened, bool isOffer, [NotNullWhen(true)] out ChannelConnection? connection, out PeerDescription description)
    {
        description = null!;
        return _byNumber.TryGetValue(happened.Connection, out connection) && Descriptions.TryToStack(happened.Description!, isOffer, MaxMessageBytes, out description);
    }

    private void Bind(WebRtc.Instant now, ChannelConnection connection, ConnectionChannel channel)
    {
        try
        {
            channel.Bind(connection, connection.Connection.CreateChannel(now, new() { Label = channel.Label }));
            connection.IdleSince = WebRtc.Instant.Never;
            table.MarkDirty(connection);
        }
        catch (InvalidOperationException e)
        {
            channel.End(new OverlayException(OverlayError.HostUnreachable, $"No channel '{channel.Label}' to {channel.Remote}: {e.Message}", e));
        }
    }

    /// <summary>The signalling came to nothing, or another connection takes its place. Channels that nobody has used yet move there.</summary>
    private void Ended(WebRtc.Instant now, ConnectionEvent happened)
    {
        var failure = FailureOf(happened);
        if (_byNumber.TryGetValue(happened.Connection, out var connection))
        {
            if (happened.Why == LinkFailure.Duplicate)
            {
                Move(connection);
            }

            connection.Connection.Close(now);
            OnFlush(connection);
            Remove(connection, failure);
        }

        if (happened.Why != LinkFailure.Duplicate && _waiting.Remove(happened.Peer, out var channels))
        {
            foreach (var channel in channels)
            {
                channel.End(failure);
            }
        }
    }

    private void Move(ChannelConnection from)
    {
        foreach (var channel in new List<ConnectionChannel>(from.Channels.Values))
        {
            channel.Unbind();
            (_waiting.TryGetValue(from.Peer, out var list) ? list : _waiting[from.Peer] = []).Add(channel);
        }
    }

    private void Remove(ChannelConnection connection, OverlayException failure)
    {
        foreach (var channel in new List<ConnectionChannel>(connection.Channels.Values))
        {
            channel.End(failure);
        }

        _byNumber.Remove(connection.Number);
        if (_byPeer.TryGetValue(connection.Peer, out var current) && current == connection)
        {
            _byPeer.Remove(connection.Peer);
        }

        table.Remove(connection);
    }

    private static OverlayException FailureOf(ConnectionEvent happened) => happened.Why switch
    {
        LinkFailure.Unreachable => new(OverlayError.HostUnreachable, $"Nobody with the id {happened.Peer} is in the network now."),
        LinkFailure.PhaseTimeout => new(OverlayError.TimedOut, $"{happened.Peer} did not answer within {Connections.SignalTimeout.TotalSeconds:F0} s."),
        LinkFailure.Full => new(OverlayError.ConnectionRefused, $"{happened.Peer} takes no more connections."),
        LinkFailure.Leaving => new(OverlayError.Stopped, "The node is leaving."),
        _ => new(OverlayError.ChannelLost, $"The connection to {happened.Peer} ended: {happened.Why}."),
    };
}
