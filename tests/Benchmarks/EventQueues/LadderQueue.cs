using Overlay.Simulator.Engine;

namespace Overlay.Benchmarks.EventQueues;

/// <summary>Ladder queue (Tang, Goh and Thng, 2005): a heap of unsorted events at the top, rungs of ever narrower buckets, a small sorted bottom.</summary>
internal sealed class LadderQueue : IRival
{
    private const int Threshold = 50;
    private const int MaxRungs = 8;
    private readonly Chains _chains = new();
    private readonly Rung[] _rungs = [.. Enumerable.Range(0, MaxRungs).Select(_ => new Rung())];
    private Numbered[] _bottom = new Numbered[256];
    private int _bottomFrom;
    private int _bottomTo;
    private int _rungCount;
    private int _top = -1;
    private int _topLast = -1;
    private int _topCount;
    private long _topStart;
    private long _topLeast = long.MaxValue;
    private long _topMost;
    private uint _sequence;

    public static string Name => "ladder queue";

    public void Add(long ticks, int kind, int node, int argument)
    {
        var added = new Numbered(ticks, _sequence++, kind, node, argument);
        if (ticks >= _topStart)
        {
            AddToTop(added);
            return;
        }

        for (var rung = 0; rung < _rungCount; rung++)
        {
            if (ticks >= _rungs[rung].Current)
            {
                _rungs[rung].Add(_chains, _chains.Put(added));
                return;
            }
        }

        InsertIntoBottom(added);
    }

    public bool TryTake(out TimedEvent next)
    {
        if (_bottomFrom == _bottomTo && !FillBottom())
        {
            next = default;
            return false;
        }

        next = _bottom[_bottomFrom++].Event;
        return true;
    }

    private void AddToTop(in Numbered added)
    {
        var index = _chains.Put(added);
        if (_top < 0)
        {
            _top = index;
        }
        else
        {
            _chains.After(_topLast) = index;
        }

        _topLast = index;
        _topCount++;
        _topLeast = Math.Min(_topLeast, added.Ticks);
        _topMost = Math.Max(_topMost, added.Ticks);
    }

    private void InsertIntoBottom(in Numbered added)
    {
        if (_bottomTo == _bottom.Length)
        {
            if (_bottomFrom > 0)
            {
                Array.Copy(_bottom, _bottomFrom, _bottom, 0, _bottomTo - _bottomFrom);
                (_bottomTo, _bottomFrom) = (_bottomTo - _bottomFrom, 0);
            }
            else
            {
                Array.Resize(ref _bottom, _bottom.Length * 2);
            }
        }

        var at = _bottomTo++;
        for (; at > _bottomFrom && added.IsBefore(_bottom[at - 1]); at--)
        {
            _bottom[at] = _bottom[at - 1];
        }

        _bottom[at] = added;
    }

    private bool FillBottom()
    {
        while (true)
        {
            while (_rungCount > 0 && !_rungs[_rungCount - 1].MoveToNext())
            {
                _rungCount--;
            }

            if (_rungCount == 0)
            {
                if (_topCount == 0)
                {
                    return false;
                }

                var width = Math.Max(1, ((_topMost - _topLeast) / _topCount) + 1);
                _rungs[_rungCount++].Begin(_chains, _top, _topLeast, width, (int)((_topMost - _topLeast) / width) + 1);
                _topStart = _rungs[0].End;
                (_top, _topLast, _topCount, _topLeast, _topMost) = (-1, -1, 0, long.MaxValue, 0);
                continue;
            }

            var rung = _rungs[_rungCount - 1];
            var (chain, count) = rung.TakeCurrent();
            if (count <= Threshold || _rungCount == MaxRungs || rung.Width == 1)
            {
                SortIntoBottom(chain, count);
                return true;
            }

            var narrower = Math.Max(1, rung.Width / count);
            _rungs[_rungCount++].Begin(_chains, chain, rung.Current - rung.Width, narrower, (int)((rung.Width + narrower - 1) / narrower));
        }
    }

    private void SortIntoBottom(int chain, int count)
    {
        if (_bottom.Length < count)
        {
            _bottom = new Numbered[count * 2];
        }

        (_bottomFrom, _bottomTo) = (0, 0);
        var inOrder = true;
        for (var index = chain; index >= 0;)
        {
            inOrder &= _bottomTo == 0 || _bottom[_bottomTo - 1].IsBefore(_chains[index]);
            _bottom[_bottomTo++] = _chains[index];
            var after = _chains.After(index);
            _chains.Free(index);
            index = after;
        }

        if (!inOrder)
        {
            _bottom.AsSpan(0, _bottomTo).Sort(static (left, right) => left.IsBefore(right) ? -1 : right.IsBefore(left) ? 1 : 0);
        }
    }

    /// <summary>Buckets of one width; those before <see cref="Current"/> are over.</summary>
    private sealed class Rung
    {
        private int[] _heads = [];
        private int[] _tails = [];
        private int[] _counts = [];
        private long _start;
        private int _next;
        private int _buckets;

        public long Width { get; private set; }

        public long Current => _start + (_next * Width);

        public long End => _start + (_buckets * Width);

        public void Begin(Chains chains, int chain, long start, long width, int buckets)
        {
            (_start, Width, _next, _buckets) = (start, width, 0, buckets);
            if (_heads.Length < buckets)
            {
                (_heads, _tails, _counts) = (new int[buckets * 2], new int[buckets * 2], new int[buckets * 2]);
            }

            Array.Clear(_counts, 0, buckets);
            for (var index = chain; index >= 0;)
            {
                var after = chains.After(index);
                Add(chains, index);
                index = after;
            }
        }

        public void Add(Chains chains, int index)
        {
            var bucket = (int)((chains[index].Ticks - _start) / Width);
            chains.After(index) = -1;
            if (_counts[bucket]++ == 0)
            {
                _heads[bucket] = index;
            }
            else
            {
                chains.After(_tails[bucket]) = index;
            }

            _tails[bucket] = index;
        }

        public bool MoveToNext()
        {
            while (_next < _buckets && _counts[_next] == 0)
            {
                _next++;
            }

            return _next < _buckets;
        }

        public (int Chain, int Count) TakeCurrent()
        {
            var taken = (_heads[_next], _counts[_next]);
            _counts[_next++] = 0;
            return taken;
        }
    }
}
