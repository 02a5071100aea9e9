using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>The broadcasts that came lately: each is delivered once, and passed on to each part once.</summary>
/// <remarks>An entry is kept until its broadcast cannot come again: the end of its life, and the clock skew allowed. Bounded: where it is full, new broadcasts are
/// refused, rather than old ones forgotten and delivered twice.</remarks>
internal sealed class BroadcastMemory
{
    /// <summary>Entries at the most.</summary>
    public const int MaxEntries = 65_536;

    private readonly Dictionary<BroadcastKey, Entry> _entries = [];
    private Instant _sweepAt = Instant.Never;

    public int Count => _entries.Count;

    public Instant NextDue => _sweepAt;

    public bool TryFind(in BroadcastKey key, out Entry entry) => _entries.TryGetValue(key, out entry);

    /// <summary>Notes a new broadcast; false where there is no room.</summary>
    public bool TryAdd(Instant now, in BroadcastKey key, RingId limit, Instant until)
    {
        if (_entries.Count >= MaxEntries)
        {
            return false;
        }

        _entries.Add(key, new(limit, until, 0));
        _sweepAt = Instant.Min(_sweepAt, now + TimeSpan.FromSeconds(10));
        return true;
    }

    /// <summary>The broadcast was passed on farther.</summary>
    public void Extend(in BroadcastKey key, RingId limit)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            _entries[key] = new(limit, entry.Until, (byte)(entry.Extensions + 1));
        }
    }

    public void Advance(Instant now)
    {
        if (now < _sweepAt)
        {
            return;
        }

        foreach (var (key, entry) in _entries)
        {
            if (entry.Until <= now)
            {
                _entries.Remove(key);
            }
        }

        _sweepAt = _entries.Count == 0 ? Instant.Never : now + TimeSpan.FromSeconds(10);
    }

    internal readonly record struct Entry(RingId Limit, Instant Until, byte Extensions);
}
