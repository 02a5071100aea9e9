using Overlay.Effects;
using Overlay.Peers;
using Overlay.Ring;
using Overlay.Runtime.Peers;
using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>Peers.</summary>
public sealed partial class OverlayHost
{
    private PeerSet? _peers;

    /// <summary>Looks for peers from now on, until the result is disposed of or the node stops.</summary>
    /// <param name="options">How many, and whom to ask; null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="OverlayException">Not a member, or it looks for peers already.</exception>
    public async Task<PeerSet> StartPeersAsync(PeersOptions? options = null, CancellationToken cancellationToken = default)
    {
        var wanted = options ?? PeersOptions.Default;
        var errors = string.Join(' ', wanted.Errors());
        if (errors.Length > 0)
        {
            throw new ArgumentException(errors, nameof(options));
        }

        var peers = new PeerSet(this, wanted, _options.LoggerFactory);
        if (Interlocked.CompareExchange(ref _peers, peers, null) is not null)
        {
            throw new OverlayException(Outcome.Busy, "This node has peers already. Dispose of the first set before starting another.");
        }

        try
        {
            var result = await RunAsync((now, outbox) => _node.StartPeers(now, wanted, outbox), cancellationToken).ConfigureAwait(false);
            result.Check("Looking for peers");
            return peers;
        }
        catch
        {
            await StopPeersAsync(peers).ConfigureAwait(false);
            throw;
        }
    }

    internal async Task StopPeersAsync(PeerSet peers)
    {
        if (!Ended.IsCancellationRequested)
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var stopped = Ended.Register(static one => ((TaskCompletionSource)one!).TrySetResult(), ended).ConfigureAwait(false);
            await PostAsync((now, outbox) =>
            {
                _node.StopPeers(now, outbox);
                ended.TrySetResult();
            }).ConfigureAwait(false);
            await ended.Task.ConfigureAwait(false);
        }

        Interlocked.CompareExchange(ref _peers, null, peers);
    }

    internal async Task AddPeerAsync(RingId peer, CancellationToken cancellationToken)
    {
        var result = await RunAsync((now, outbox) => _node.AddPeer(now, peer, outbox), cancellationToken).ConfigureAwait(false);
        if (result.Outcome == Outcome.Refused)
        {
            throw new OverlayException(Outcome.Refused, $"Adding {peer} as a peer failed: it or this node has as many peers as it may have, or it wants none. Raise MaxPeers, or call StartPeersAsync there.");
        }

        result.Check($"Adding {peer} as a peer");
    }

    internal async Task WriteToPeerAsync(RingId peer, ReadOnlyMemory<byte> bytes, bool isLast, CancellationToken cancellationToken)
    {
        var result = await RunAsync((now, outbox) => _node.WriteToPeer(now, peer, bytes, isLast, outbox), cancellationToken).ConfigureAwait(false);
        if (result.Outcome != Outcome.Done)
        {
            throw new IOException($"The peer {peer} is gone, or the stream to it was ended.", new OverlayException(result.Outcome, $"Writing to the peer {peer} failed: {result.Outcome}."));
        }
    }

    internal ValueTask RemovePeerAsync(RingId peer) => PostAsync((now, outbox) => _node.RemovePeer(now, peer, outbox));

    internal ValueTask ReadFromPeerAsync(RingId peer, int count) => PostAsync((now, outbox) => _node.ReadFromPeer(now, peer, count, outbox));

    private ValueTask PostAsync(Action<Instant, Outbox> input) => _loop.PostAsync(LoopInput.Do(input), CancellationToken.None);
}
