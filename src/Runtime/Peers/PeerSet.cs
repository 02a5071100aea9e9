using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Messages;
using Overlay.Peers;
using Overlay.Ring;

namespace Overlay.Runtime.Peers;

/// <summary>A peer was added or removed.</summary>
/// <param name="peer">The peer.</param>
/// <param name="why">Why it was removed; without meaning where it was added.</param>
public sealed class PeerEventArgs(Peer peer, PeerEnd why) : EventArgs
{
    /// <summary>The peer.</summary>
    public Peer Peer { get; } = peer;

    /// <summary>Why it was removed; without meaning where it was added.</summary>
    public PeerEnd Why { get; } = why;
}

/// <summary>The peers of a node: found, kept and replaced by themselves, between <see cref="PeersOptions.MinPeers"/> and <see cref="PeersOptions.MaxPeers"/>.</summary>
/// <remarks>Events are raised one after the other, in order, never on the node's own loop. A handler that throws is logged, and the next one is called.</remarks>
public sealed partial class PeerSet : IAsyncDisposable
{
    private const int MaxUnraised = 4096;

    private readonly OverlayHost _host;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<RingId, Peer> _peers = [];
    private readonly Channel<(MeshEventKind Kind, PeerEventArgs? Args)> _events =
        Channel.CreateBounded<(MeshEventKind, PeerEventArgs?)>(new BoundedChannelOptions(MaxUnraised) { SingleReader = true });

    private readonly Task _raising;
    private int _isEnding;

    internal PeerSet(OverlayHost host, PeersOptions options, ILoggerFactory loggers)
    {
        (_host, Options, _log) = (host, options, loggers.CreateLogger<PeerSet>());
        _raising = Task.Run(RaiseAsync);
    }

    /// <summary>A peer more.</summary>
    public event EventHandler<PeerEventArgs>? Added;

    /// <summary>A peer less.</summary>
    public event EventHandler<PeerEventArgs>? Removed;

    /// <summary>The first peer is here.</summary>
    public event EventHandler? Connected;

    /// <summary>The last peer is gone; others are looked for.</summary>
    public event EventHandler? Disconnected;

    /// <summary>A seed does not answer: the network is split, or the seed is gone.</summary>
    public event EventHandler? Netsplit;

    /// <summary>All seeds answer again.</summary>
    public event EventHandler? NetsplitResolved;

    /// <summary>What the node was told to look for.</summary>
    public PeersOptions Options { get; }

    /// <summary>The peers at this moment.</summary>
    public IReadOnlyList<Peer> Peers
    {
        get
        {
            lock (_lock)
            {
                return [.. _peers.Values];
            }
        }
    }

    /// <summary>Whether there are at least <see cref="PeersOptions.MinPeers"/>.</summary>
    public bool IsSufficientlyFilled => Peers.Count >= Options.MinPeers;

    /// <summary>Whether there are <see cref="PeersOptions.MaxPeers"/>.</summary>
    public bool IsFull => Peers.Count >= Options.MaxPeers;

    /// <summary>The peer with that id, if it is one.</summary>
    public Peer? Find(RingId id)
    {
        lock (_lock)
        {
            return _peers.GetValueOrDefault(id);
        }
    }

    /// <summary>Makes a node a peer, whatever the coin says; a peer already is returned as it is.</summary>
    /// <exception cref="OverlayException">Refused (one of both is full, or it wants no peers), no answer, or it left at once.</exception>
    public async Task<Peer> AddPeerAsync(RingId id, CancellationToken cancellationToken = default)
    {
        await _host.AddPeerAsync(id, cancellationToken).ConfigureAwait(false);
        return Find(id) ?? throw new OverlayException(Outcome.Unreachable, $"{id} became a peer and left at once.");
    }

    /// <summary>Ends the bond with a peer.</summary>
    public ValueTask RemovePeerAsync(RingId id) => _host.RemovePeerAsync(id);

    /// <summary>Says good-bye to all peers. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            await _host.StopPeersAsync(this).ConfigureAwait(false);
            _events.Writer.TryComplete();
        }

        await _raising.ConfigureAwait(false);
    }

    /// <summary>On the node's loop.</summary>
    internal void Happened(MeshEvent happened)
    {
        switch (happened.Kind)
        {
            case MeshEventKind.Bytes:
                Find(happened.Peer)?.Arrived(happened.Bytes);
                break;
            case MeshEventKind.StreamEnded:
                Find(happened.Peer)?.Ended();
                break;
            case MeshEventKind.Added:
                Tell(happened.Kind, new(Add(happened.Peer), default));
                break;
            case MeshEventKind.Removed:
                if (Take(happened.Peer) is { } gone)
                {
                    gone.Gone(happened.Why);
                    Tell(happened.Kind, new(gone, happened.Why));
                }

                break;
            default:
                Tell(happened.Kind, null);
                break;
        }
    }

    /// <summary>The node stopped, perhaps without having said good-bye.</summary>
    internal void NodeStopped()
    {
        foreach (var peer in Peers)
        {
            Happened(new(MeshEventKind.Removed, peer.Id, PeerEnd.Stopped));
        }

        _events.Writer.TryComplete();
    }

    private Peer Add(RingId id)
    {
        var peer = new Peer(_host, id);
        lock (_lock)
        {
            _peers[id] = peer;
        }

        return peer;
    }

    private Peer? Take(RingId id)
    {
        lock (_lock)
        {
            return _peers.Remove(id, out var peer) ? peer : null;
        }
    }

    private void Tell(MeshEventKind kind, PeerEventArgs? args)
    {
        if (!_events.Writer.TryWrite((kind, args)))
        {
            LogMissed(_log, kind, MaxUnraised);
        }
    }

    private async Task RaiseAsync()
    {
        await foreach (var (kind, args) in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Raise(kind, args);
            }
            catch (Exception e)
            {
                LogThrew(_log, kind, e);
            }
        }
    }

    private void Raise(MeshEventKind kind, PeerEventArgs? args)
    {
        switch (kind)
        {
            case MeshEventKind.Added:
                Added?.Invoke(this, args!);
                break;
            case MeshEventKind.Removed:
                Removed?.Invoke(this, args!);
                break;
            case MeshEventKind.Connected:
                Connected?.Invoke(this, EventArgs.Empty);
                break;
            case MeshEventKind.Disconnected:
                Disconnected?.Invoke(this, EventArgs.Empty);
                break;
            case MeshEventKind.Netsplit:
                Netsplit?.Invoke(this, EventArgs.Empty);
                break;
            case MeshEventKind.NetsplitResolved:
                NetsplitResolved?.Invoke(this, EventArgs.Empty);
                break;
        }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "The event {Kind} of the peers is not raised: {Count} wait for slow handlers already")]
    private static partial void LogMissed(ILogger log, MeshEventKind kind, int count);

    [LoggerMessage(EventId = 41, Level = LogLevel.Error, Message = "A handler of the event {Kind} of the peers threw")]
    private static partial void LogThrew(ILogger log, MeshEventKind kind, Exception exception);
}
