using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>The links that the ring wishes for now, one purpose for each peer and kind of wish; only differences are told to the node.</summary>
/// <remarks>Bounded by what is wished for: a founding mesh, or two successors, a candidate and the linked fingers.</remarks>
internal sealed class RingWishes
{
    private readonly List<(RingId Peer, LinkPurpose Purpose)> _wished = [];

    /// <summary>Forgets that a link to <paramref name="peer"/> was wished for, so that the next wish is told again.</summary>
    public void Remove(RingId peer)
    {
        for (var index = _wished.Count - 1; index >= 0; index--)
        {
            if (_wished[index].Peer == peer)
            {
                _wished.RemoveAt(index);
            }
        }
    }

    /// <summary>From now on links for <paramref name="purpose"/> are wished to exactly <paramref name="peers"/>.</summary>
    public void Set(Instant now, INodePort port, LinkPurpose purpose, ReadOnlySpan<Contact> peers)
    {
        foreach (ref readonly var peer in peers)
        {
            if (!_wished.Contains((peer.Id, purpose)))
            {
                _wished.Add((peer.Id, purpose));
                port.WantLink(now, peer, purpose);
            }
            else if (!port.IsLinked(peer.Id))
            {
                port.WantLink(now, peer, purpose); // Wished for and lost, or never heard of again: saying it once more costs nothing.
            }
        }

        for (var index = _wished.Count - 1; index >= 0; index--)
        {
            var (peer, of) = _wished[index];
            if (of == purpose && !peers.Contains(peer))
            {
                _wished.RemoveAt(index);
                port.UnwantLink(now, peer, purpose);
            }
        }
    }
}
