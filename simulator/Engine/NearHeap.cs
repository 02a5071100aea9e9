using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

/// <summary>Events that were scheduled into the slot that is being played: a 4-ary heap in order of (time, arrival here).</summary>
internal sealed class NearHeap
{
    private const int SmallestRoom = 64;
    private Entry[] _entries = new Entry[SmallestRoom];
    private uint _sequence;
    private int _most;

    public int Count { get; private set; }

    /// <summary>Time of the first event; only when there is one.</summary>
    public long NextTicks => _entries[0].Ticks;

    public long Bytes => (long)_entries.Length * Unsafe.SizeOf<Entry>();

    public void Add(long ticks, int kind, int node, int argument)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        var added = new Entry(ticks, _sequence++, kind, node, argument);
        var at = Count++;
        _most = Math.Max(_most, Count);
        while (at > 0)
        {
            var parent = (at - 1) >> 2;
            if (!added.IsBefore(_entries[parent]))
            {
                break;
            }

            _entries[at] = _entries[parent];
            at = parent;
        }

        _entries[at] = added;
    }

    /// <summary>Takes the first event; only when there is one.</summary>
    public TimedEvent Take()
    {
        var first = _entries[0];
        var last = _entries[--Count];
        if (Count == 0)
        {
            _sequence = 0;
        }
        else
        {
            SiftDown(last);
        }

        return new TimedEvent(first.Ticks, first.Kind, first.Node, first.Argument);
    }

    /// <summary>Gives memory back when less than a quarter of it was in use since the last call.</summary>
    public void Trim()
    {
        var room = Math.Max(_most * 2, SmallestRoom);
        if (room < _entries.Length / 2)
        {
            Array.Resize(ref _entries, room);
        }

        _most = Count;
    }

    private void SiftDown(in Entry last)
    {
        var at = 0;
        while (true)
        {
            var child = (at << 2) + 1;
            if (child >= Count)
            {
                break;
            }

            var least = child;
            for (var other = child + 1; other < Math.Min(child + 4, Count); other++)
            {
                least = _entries[other].IsBefore(_entries[least]) ? other : least;
            }

            if (!_entries[least].IsBefore(last))
            {
                break;
            }

            _entries[at] = _entries[least];
            at = least;
        }

        _entries[at] = last;
    }

    private readonly struct Entry(long ticks, uint sequence, int kind, int node, int argument)
    {
        public readonly long Ticks = ticks;
        public readonly uint Sequence = sequence;
        public readonly int Kind = kind;
        public readonly int Node = node;
        public readonly int Argument = argument;

        public bool IsBefore(in Entry other) => Ticks < other.Ticks || (Ticks == other.Ticks && Sequence < other.Sequence);
    }
}
