using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>Which messages were delivered here, so that none is delivered twice: (source, instance, message id), for as long as it could come again.</summary>
/// <remarks>
/// Grows lazily to <see cref="MaxEntries"/>. What has aged out is forgotten; where even that is not enough the oldest is, and a replay of it within its
/// life would pass: 65,536 deliveries in five and a half minutes are 200 a second.
/// </remarks>
internal sealed class RecentMessages
{
    private const int MaxEntries = 65_536;
    private const int FirstEntries = 64;

    private readonly TimeSpan _memory;
    private Entry[] _entries = [];
    private int[] _heads = [];
    private int _oldest;
    private int _count;

    /// <param name="memory">How long a message could come again: its life and the clock skew allowed.</param>
    public RecentMessages(TimeSpan memory) => _memory = memory;

    /// <summary>Notes a delivery; false where there was one of the same message.</summary>
    public bool TryAdd(Instant now, RingId source, long instance, ulong messageId)
    {
        while (_count > 0 && _entries[_oldest].At + _memory <= now)
        {
            RemoveOldest();
        }

        if (_count > 0 && Contains(source, instance, messageId))
        {
            return false;
        }

        if (_count == _entries.Length)
        {
            if (_count < MaxEntries)
            {
                Grow();
            }
            else
            {
                RemoveOldest();
            }
        }

        Append(new Entry(source, instance, messageId, now));
        return true;
    }

    private static uint HashOf(RingId source, long instance, ulong messageId)
    {
        var mixed = ((source.Value * 0x9E3779B97F4A7C15UL) ^ (ulong)instance ^ (messageId * 0xBF58476D1CE4E5B9UL)) * 0x94D049BB133111EBUL;
        return (uint)(mixed >> 32);
    }

    private bool Contains(RingId source, long instance, ulong messageId)
    {
        for (var at = _heads[HashOf(source, instance, messageId) & (uint)(_heads.Length - 1)]; at >= 0; at = _entries[at].Next)
        {
            ref readonly var entry = ref _entries[at];
            if (entry.MessageId == messageId && entry.Source == source && entry.Instance == instance)
            {
                return true;
            }
        }

        return false;
    }

    private void Append(Entry entry)
    {
        var at = (_oldest + _count) & (_entries.Length - 1);
        ref var head = ref _heads[HashOf(entry.Source, entry.Instance, entry.MessageId) & (uint)(_heads.Length - 1)];
        entry.Next = head;
        _entries[at] = entry;
        head = at;
        _count++;
    }

    private void RemoveOldest()
    {
        ref readonly var entry = ref _entries[_oldest];
        ref var at = ref _heads[HashOf(entry.Source, entry.Instance, entry.MessageId) & (uint)(_heads.Length - 1)];
        while (at != _oldest)
        {
            at = ref _entries[at].Next;
        }

        at = entry.Next;
        _oldest = (_oldest + 1) & (_entries.Length - 1);
        _count--;
    }

    private void Grow()
    {
        var (old, oldest, count) = (_entries, _oldest, _count);
        _entries = new Entry[Math.Max(FirstEntries, old.Length * 2)];
        _heads = new int[_entries.Length];
        _heads.AsSpan().Fill(-1);
        (_oldest, _count) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            Append(old[(oldest + i) & (old.Length - 1)]);
        }
    }

    private struct Entry(RingId source, long instance, ulong messageId, Instant at)
    {
        public readonly RingId Source = source;
        public readonly long Instance = instance;
        public readonly ulong MessageId = messageId;
        public readonly Instant At = at;
        public int Next;
    }
}
