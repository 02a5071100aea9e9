using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>Which messages were delivered here, so that none is delivered twice: (source, instance, message id), for as long as it could come again.</summary>
/// <remarks>
/// Follows the traffic: grows to <see cref="MaxEntries"/> and shrinks again, and a few are searched without an index. What can no longer come is forgotten, in the
/// order of delivery; where even that is not enough the oldest is, and a replay of it within its life would pass: 65,536 deliveries in five and a half minutes are
/// 200 a second.
/// </remarks>
internal struct RecentMessages
{
    private const int MaxEntries = 65_536;
    private const int FirstEntries = 4;

    /// <summary>Up to so many are looked through one by one.</summary>
    private const int MostWithoutIndex = 32;

    private Entry[]? _entries;
    private Index? _index;
    private int _oldest;
    private int _count;

    /// <summary>Notes a delivery; false where there was one of the same message.</summary>
    /// <param name="now">Now.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="instance">The sender's instance.</param>
    /// <param name="messageId">The message.</param>
    /// <param name="until">When it can no longer come again: the end of its life, and the clock skew allowed.</param>
    public bool TryAdd(Instant now, RingId source, long instance, ulong messageId, Instant until)
    {
        var entries = _entries ??= new Entry[FirstEntries];
        while (_count > 0 && entries[_oldest].Until <= now)
        {
            RemoveOldest(entries);
        }

        if (Contains(entries, source, instance, messageId))
        {
            return false;
        }

        if (_count == MaxEntries)
        {
            RemoveOldest(entries);
        }
        else if (_count == entries.Length || (_count < entries.Length / 8 && entries.Length > FirstEntries))
        {
            entries = Resize(entries, Math.Max(FirstEntries, _count * 2));
        }

        Append(entries, new Entry(source, instance, messageId, until));
        return true;
    }

    private readonly bool Contains(Entry[] entries, RingId source, long instance, ulong messageId)
    {
        if (_index is { } index)
        {
            for (var at = index.HeadOf(source, instance, messageId); at >= 0; at = index.Next[at])
            {
                if (entries[at].Is(source, instance, messageId))
                {
                    return true;
                }
            }

            return false;
        }

        for (var i = 0; i < _count; i++)
        {
            if (entries[(_oldest + i) & (entries.Length - 1)].Is(source, instance, messageId))
            {
                return true;
            }
        }

        return false;
    }

    private void Append(Entry[] entries, in Entry entry)
    {
        var at = (_oldest + _count) & (entries.Length - 1);
        entries[at] = entry;
        _index?.Add(at, entry);
        _count++;
    }

    private void RemoveOldest(Entry[] entries)
    {
        _index?.Remove(_oldest, entries[_oldest]);
        _oldest = (_oldest + 1) & (entries.Length - 1);
        _count--;
    }

    private Entry[] Resize(Entry[] old, int length)
    {
        var (oldest, count) = (_oldest, _count);
        var entries = _entries = new Entry[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)];
        _index = entries.Length > MostWithoutIndex ? new Index(entries.Length) : null;
        (_oldest, _count) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            Append(entries, old[(oldest + i) & (old.Length - 1)]);
        }

        return entries;
    }

    private readonly struct Entry(RingId source, long instance, ulong messageId, Moment until)
    {
        public readonly Moment Until = until;
        private readonly RingId _source = source;
        private readonly long _instance = instance;
        private readonly ulong _messageId = messageId;

        public uint Hash => HashOf(_source, _instance, _messageId);

        public static uint HashOf(RingId source, long instance, ulong messageId)
        {
            var mixed = ((source.Value * 0x9E3779B97F4A7C15UL) ^ (ulong)instance ^ (messageId * 0xBF58476D1CE4E5B9UL)) * 0x94D049BB133111EBUL;
            return (uint)(mixed >> 32);
        }

        public bool Is(RingId source, long instance, ulong messageId) => _messageId == messageId && _source == source && _instance == instance;
    }

    /// <summary>Chains of entries whose hashes end alike.</summary>
    private sealed class Index
    {
        private readonly int[] _heads;

        public Index(int length)
        {
            _heads = new int[length];
            _heads.AsSpan().Fill(-1);
            Next = new int[length];
        }

        public int[] Next { get; }

        public int HeadOf(RingId source, long instance, ulong messageId) => Head(Entry.HashOf(source, instance, messageId));

        public void Add(int at, in Entry entry)
        {
            ref var head = ref Head(entry.Hash);
            (Next[at], head) = (head, at);
        }

        public void Remove(int place, in Entry entry)
        {
            ref var at = ref Head(entry.Hash);
            while (at != place)
            {
                at = ref Next[at];
            }

            at = Next[place];
        }

        private ref int Head(uint hash) => ref _heads[hash & (uint)(_heads.Length - 1)];
    }
}
