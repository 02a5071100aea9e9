using Overlay.Simulator.Engine;

namespace Overlay.Benchmarks.EventQueues;

/// <summary>Calendar queue (Brown, 1988): days are sorted chains, a year is a round of days; it is rebuilt with other days when it doubles or halves.</summary>
internal sealed class CalendarQueue : IRival
{
    private const int Sample = 25;
    private readonly Chains _chains = new();
    private int[] _heads = [-1, -1];
    private int[] _tails = [-1, -1];
    private long _width = TimeSpan.TicksPerMillisecond;
    private long _day;
    private int _count;
    private uint _sequence;

    public static string Name => "calendar queue";

    public void Add(long ticks, int kind, int node, int argument)
    {
        Insert(_chains.Put(new Numbered(ticks, _sequence++, kind, node, argument)));
        if (++_count > 2 * _heads.Length)
        {
            Rebuild(_heads.Length * 2);
        }
    }

    public bool TryTake(out TimedEvent next)
    {
        if (_count == 0)
        {
            next = default;
            return false;
        }

        var bucket = NextBucket();
        var index = _heads[bucket];
        next = _chains[index].Event;
        _heads[bucket] = _chains.After(index);
        if (_heads[bucket] < 0)
        {
            _tails[bucket] = -1;
        }

        _chains.Free(index);
        if (--_count < _heads.Length / 2 && _heads.Length > 2)
        {
            Rebuild(_heads.Length / 2);
        }

        return true;
    }

    private int NextBucket()
    {
        var mask = _heads.Length - 1;
        for (var days = 0; days <= mask; days++, _day++)
        {
            var bucket = (int)_day & mask;
            if (_heads[bucket] >= 0 && _chains[_heads[bucket]].Ticks < (_day + 1) * _width)
            {
                return bucket;
            }
        }

        // A year without events: straight to the first of all.
        var least = -1;
        foreach (var head in _heads)
        {
            if (head >= 0 && (least < 0 || _chains[head].IsBefore(_chains[least])))
            {
                least = head;
            }
        }

        _day = _chains[least].Ticks / _width;
        return (int)_day & mask;
    }

    private void Insert(int index)
    {
        ref var added = ref _chains[index];
        var day = added.Ticks / _width;
        _day = Math.Min(_day, day);
        var bucket = (int)day & (_heads.Length - 1);
        if (_tails[bucket] < 0)
        {
            _heads[bucket] = _tails[bucket] = index;
        }
        else if (_chains[_tails[bucket]].IsBefore(added))
        {
            _chains.After(_tails[bucket]) = index;
            _tails[bucket] = index;
        }
        else
        {
            InsertBefore(bucket, index);
        }
    }

    private void InsertBefore(int bucket, int index)
    {
        var (before, at) = (-1, _heads[bucket]);
        while (_chains[at].IsBefore(_chains[index]))
        {
            (before, at) = (at, _chains.After(at));
        }

        _chains.After(index) = at;
        if (before < 0)
        {
            _heads[bucket] = index;
        }
        else
        {
            _chains.After(before) = index;
        }
    }

    private void Rebuild(int buckets)
    {
        var all = new int[_count];
        var filled = 0;
        foreach (var head in _heads)
        {
            for (var index = head; index >= 0; index = _chains.After(index))
            {
                all[filled++] = index;
            }
        }

        var now = _day * _width;
        _width = Width(all);
        _day = now / _width;
        (_heads, _tails) = (new int[buckets], new int[buckets]);
        Array.Fill(_heads, -1);
        Array.Fill(_tails, -1);
        foreach (var index in all)
        {
            _chains.After(index) = -1;
            Insert(index);
        }
    }

    /// <summary>Three times the mean gap between the next events, as Brown has it, those more than twice the mean left out.</summary>
    private long Width(int[] all)
    {
        var ticks = all.Select(index => _chains[index].Ticks).Order().Take(Math.Min(all.Length, Sample * 40)).ToArray();
        if (ticks.Length < 2)
        {
            return _width;
        }

        var gaps = ticks.Skip(1).Zip(ticks, (later, earlier) => later - earlier).ToArray();
        var mean = gaps.Average();
        var usual = gaps.Where(gap => gap <= 2 * mean).DefaultIfEmpty((long)mean).Average();
        return Math.Max(1, (long)(3 * usual));
    }
}
