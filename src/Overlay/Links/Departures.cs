using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>The neighbours that a node lost lately and how, for who asks what became of one. Nothing is decided by it.</summary>
/// <remarks>Bounded: the oldest makes room. A mutable value: keep it in a field that is not read-only, never copy it.</remarks>
public struct Departures
{
    /// <summary>Neighbours that are remembered.</summary>
    public const int Capacity = 64;

    /// <summary>How long one is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private RareList<Departure> _items;

    /// <summary>Notes a loss. Who said good-bye did not die afterwards, and of who died it says little that its link ended.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="peer">Who was lost.</param>
    /// <param name="kind">How.</param>
    /// <param name="silence">How long nothing had been heard of it.</param>
    /// <param name="probes">Probes without an answer.</param>
    /// <param name="failure">With <see cref="DepartureKind.LinkLost"/>: why.</param>
    public void Add(Instant now, RingId peer, DepartureKind kind, TimeSpan silence = default, byte probes = 0, LinkFailure failure = LinkFailure.None)
    {
        Expire(now);
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Peer == peer)
            {
                if (_items[i].Kind <= kind)
                {
                    return;
                }

                _items.RemoveAt(i);
                break;
            }
        }

        if (_items.Count == Capacity)
        {
            _items.RemoveAt(0);
        }

        _items.Add(new(peer, kind, now, silence, probes, failure));
    }

    /// <summary>It is back.</summary>
    public void Remove(RingId peer)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Peer == peer)
            {
                _items.RemoveAt(i);
                return;
            }
        }
    }

    /// <summary>What is remembered of <paramref name="peer"/>; null: nothing.</summary>
    public DepartureEntry? Find(Instant now, RingId peer)
    {
        Expire(now);
        foreach (ref readonly var item in _items.Items)
        {
            if (item.Peer == peer)
            {
                return item.ToEntry(now);
            }
        }

        return null;
    }

    /// <summary>Everything that is remembered, the latest last.</summary>
    public DepartureEntry[] ToEntries(Instant now)
    {
        Expire(now);
        var entries = _items.Count == 0 ? [] : new DepartureEntry[_items.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = _items[i].ToEntry(now);
        }

        return entries;
    }

    private void Expire(Instant now)
    {
        while (_items.Count > 0 && now - _items[0].At > Lifetime)
        {
            _items.RemoveAt(0);
        }
    }

    private readonly record struct Departure(RingId Peer, DepartureKind Kind, Moment At, TimeSpan Silence, byte Probes, LinkFailure Failure)
    {
        public DepartureEntry ToEntry(Instant now) => new(Peer, Kind, now - At, Silence, Probes, Failure);
    }
}
