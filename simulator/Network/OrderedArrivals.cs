namespace Overlay.Simulator.Network;

/// <summary>The last arrival of every direction of a link on which something is under way, so that nothing overtakes on a link.</summary>
/// <remarks>
/// An entry is over once its arrival is; when the table fills up, only entries with something under way are kept. So its size follows the messages
/// in flight, not the links that were ever used. Open addressing, 16 bytes a place, and nothing is allocated while the crowd is steady.
/// </remarks>
internal sealed class OrderedArrivals
{
    private const int SmallestRoom = 1024;
    private Entry[] _entries = new Entry[SmallestRoom];
    private Entry[] _spare = [];
    private int _filled;

    /// <summary>Moves an arrival behind the one before it in the same direction, and remembers it.</summary>
    public long InOrder(int from, int to, long now, long arrival)
    {
        // Arrivals are after time 0, so a place whose arrival is 0 was never used.
        var key = ((ulong)(uint)from << 32) | (uint)to;
        var mask = _entries.Length - 1;
        var at = (int)new Prng(key).Next() & mask;
        while (_entries[at].Arrival != 0 && _entries[at].Key != key)
        {
            at = (at + 1) & mask;
        }

        ref var entry = ref _entries[at];
        if (entry.Arrival != 0)
        {
            arrival = Math.Max(arrival, entry.Arrival);
            entry = new Entry(key, arrival);
            return arrival;
        }

        arrival = Math.Max(arrival, 1);
        entry = new Entry(key, arrival);
        if (++_filled > _entries.Length * 3 / 4)
        {
            KeepUnderWay(now);
        }

        return arrival;
    }

    private void KeepUnderWay(long now)
    {
        var live = 0;
        foreach (ref readonly var entry in _entries.AsSpan())
        {
            live += entry.Arrival > now ? 1 : 0;
        }

        var room = SmallestRoom;
        while (room < live * 2)
        {
            room *= 2;
        }

        // Half the room is hysteresis: a crowd that swings around a power of two does not allocate at every swing.
        room = Math.Max(room, _entries.Length / 2);
        var old = _entries;
        _entries = _spare.Length == room ? _spare : new Entry[room];
        Array.Clear(_entries);
        _spare = old.Length == room ? old : [];
        _filled = 0;
        foreach (ref readonly var entry in old.AsSpan())
        {
            if (entry.Arrival > now)
            {
                Insert(entry);
            }
        }
    }

    private void Insert(in Entry entry)
    {
        var mask = _entries.Length - 1;
        var at = (int)new Prng(entry.Key).Next() & mask;
        while (_entries[at].Arrival != 0)
        {
            at = (at + 1) & mask;
        }

        _entries[at] = entry;
        _filled++;
    }

    private readonly record struct Entry(ulong Key, long Arrival);
}
