using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>The links that the ring wishes for now, one purpose for each peer and kind of wish; only differences are told to the node.</summary>
/// <remarks>Bounded by what is wished for: a founding mesh, or two successors, a candidate and the linked fingers. 8 bytes a wish.
/// A mutable value: keep it in a field that is not read-only, never copy it.</remarks>
internal struct RingWishes
{
    /// <summary>The purpose above the 48 bits of the peer's id.</summary>
    private ulong[] _wished = [];

    public RingWishes()
    {
    }

    /// <summary>Forgets that a link to <paramref name="peer"/> was wished for, so that the next wish is told again.</summary>
    public void Remove(RingId peer)
    {
        for (var index = _wished.Length - 1; index >= 0; index--)
        {
            if (PeerOf(_wished[index]) == peer)
            {
                RemoveAt(index);
            }
        }
    }

    /// <summary>From now on links for <paramref name="purpose"/> are wished to exactly <paramref name="peers"/>.</summary>
    public void Set(Instant now, INodePort port, LinkPurpose purpose, ReadOnlySpan<Contact> peers)
    {
        var (count, room) = (_wished.Length, _wished.Length);
        foreach (ref readonly var peer in peers)
        {
            room += Array.IndexOf(_wished, Wish(peer.Id, purpose)) < 0 ? 1 : 0;
        }

        if (room > count)
        {
            Array.Resize(ref _wished, room);
        }

        foreach (ref readonly var peer in peers)
        {
            if (Array.IndexOf(_wished, Wish(peer.Id, purpose), 0, count) < 0)
            {
                _wished[count++] = Wish(peer.Id, purpose);
                port.WantLink(now, peer, purpose);
            }
            else if (!port.IsLinked(peer.Id))
            {
                port.WantLink(now, peer, purpose); // Wished for and lost, or never heard of again: saying it once more costs nothing.
            }
        }

        Array.Resize(ref _wished, count); // Somebody may be named twice.
        for (var index = count - 1; index >= 0; index--)
        {
            var peer = PeerOf(_wished[index]);
            if (_wished[index] == Wish(peer, purpose) && !peers.Contains(peer))
            {
                RemoveAt(index);
                port.UnwantLink(now, peer, purpose);
            }
        }
    }

    private static ulong Wish(RingId peer, LinkPurpose purpose) => ((ulong)purpose << RingId.Bits) | peer.Value;

    private static RingId PeerOf(ulong wish) => RingId.From(wish);

    private void RemoveAt(int index)
    {
        var fewer = new ulong[_wished.Length - 1];
        _wished.AsSpan(0, index).CopyTo(fewer);
        _wished.AsSpan(index + 1).CopyTo(fewer.AsSpan(index));
        _wished = fewer;
    }
}
