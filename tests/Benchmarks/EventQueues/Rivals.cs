using Overlay.Simulator.Engine;

namespace Overlay.Benchmarks.EventQueues;

/// <summary>A queue that was compared before one was chosen. Strict order of (time, order of Add); events are never before the last one taken.</summary>
internal interface IRival
{
    static abstract string Name { get; }

    void Add(long ticks, int kind, int node, int argument);

    bool TryTake(out TimedEvent next);
}

/// <summary>An event with the number that keeps equal times in order: 24 bytes, as in all rivals here.</summary>
internal readonly struct Numbered(long ticks, uint sequence, int kind, int node, int argument)
{
    public readonly long Ticks = ticks;
    public readonly uint Sequence = sequence;
    public readonly int Kind = kind;
    public readonly int Node = node;
    public readonly int Argument = argument;

    public TimedEvent Event => new(Ticks, Kind, Node, Argument);

    public bool IsBefore(in Numbered other) => Ticks < other.Ticks || (Ticks == other.Ticks && Sequence < other.Sequence);
}

/// <summary>The product's queue.</summary>
internal sealed class Wheel : IRival
{
    private readonly WheelQueue _queue = new();

    public static string Name => "hierarchical wheel, slot sorted";

    public void Add(long ticks, int kind, int node, int argument) => _queue.Add(ticks, kind, node, argument);

    public bool TryTake(out TimedEvent next) => _queue.TryTake(long.MaxValue, out next);
}

/// <summary>Binary heap.</summary>
internal sealed class BinaryHeap : Heap, IRival
{
    public BinaryHeap() : base(1)
    {
    }

    public static string Name => "binary heap";
}

/// <summary>4-ary heap: half the levels, four neighbours in a cache line or two.</summary>
internal sealed class QuaternaryHeap : Heap, IRival
{
    public QuaternaryHeap() : base(2)
    {
    }

    public static string Name => "4-ary heap";
}

/// <summary>A heap of values with 2^<paramref name="bits"/> children a node.</summary>
internal abstract class Heap(int bits)
{
    private Numbered[] _entries = new Numbered[1024];
    private int _count;
    private uint _sequence;

    public void Add(long ticks, int kind, int node, int argument)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }

        var (entries, at) = (_entries, _count++);
        var added = new Numbered(ticks, _sequence++, kind, node, argument);
        while (at > 0)
        {
            var parent = (at - 1) >> bits;
            if (!added.IsBefore(entries[parent]))
            {
                break;
            }

            entries[at] = entries[parent];
            at = parent;
        }

        entries[at] = added;
    }

    public bool TryTake(out TimedEvent next)
    {
        if (_count == 0)
        {
            next = default;
            return false;
        }

        var entries = _entries;
        next = entries[0].Event;
        var last = entries[--_count];
        var at = 0;
        for (var child = 1; child < _count; child = (at << bits) + 1)
        {
            var least = child;
            var end = Math.Min(child + (1 << bits), _count);
            for (var other = child + 1; other < end; other++)
            {
                least = entries[other].IsBefore(entries[least]) ? other : least;
            }

            if (!entries[least].IsBefore(last))
            {
                break;
            }

            entries[at] = entries[least];
            at = least;
        }

        entries[at] = last;
        return true;
    }
}

/// <summary>Chains of events in one array, for the queues with buckets.</summary>
internal sealed class Chains
{
    private Numbered[] _entries = new Numbered[1024];
    private int[] _following = new int[1024];
    private int _free = -1;
    private int _used;

    public ref Numbered this[int index] => ref _entries[index];

    public ref int After(int index) => ref _following[index];

    public int Put(in Numbered value)
    {
        var index = _free;
        if (index >= 0)
        {
            _free = _following[index];
        }
        else
        {
            if (_used == _entries.Length)
            {
                Array.Resize(ref _entries, _used * 2);
                Array.Resize(ref _following, _used * 2);
            }

            index = _used++;
        }

        _entries[index] = value;
        _following[index] = -1;
        return index;
    }

    public void Free(int index)
    {
        _following[index] = _free;
        _free = index;
    }
}
