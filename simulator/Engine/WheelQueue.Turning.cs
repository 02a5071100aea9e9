using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

public sealed partial class WheelQueue
{
    // Bits of a tick count:   super-window | epoch (7) | window (9) | slot (10) | within the slot (13)
    private const int WindowBits = 23;
    private const int EpochBits = 32;
    private const int SuperBits = 39;
    private const int SlotRing = 2 << (WindowBits - SlotBits);
    private const int WindowRing = 2 << (EpochBits - WindowBits);
    private const int FarRing = 2 << (SuperBits - EpochBits);
    private const int WindowSlots = SlotRing;
    private const int FarSlots = WindowSlots + WindowRing;

    // About a minute of virtual time.
    private const int WindowsBetweenTrims = 64;

    private readonly List<TimedEvent> _far = [];
    private readonly PendingEvent[] _dealt = new PendingEvent[SlotStore.ChunkLength];
    private long _window;
    private long _epoch;
    private long _super;
    private long _trimmedAt;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddElsewhere(long ticks, int kind, int node, int argument)
    {
        if (ticks < _takenTicks || ticks > MaxTicks)
        {
            _added--;
            throw new ArgumentOutOfRangeException(nameof(ticks), ticks, $"An event is scheduled between now ({_takenTicks}) and {MaxTicks}.");
        }

        if (ticks < _slotEndTicks)
        {
            _near.Add(ticks, kind, node, argument);
            _straightEnd = 0;
        }
        else if (ticks >> SuperBits > _super + 1)
        {
            _far.Add(new TimedEvent(ticks, kind, node, argument));
        }
        else
        {
            var slot = ticks >> EpochBits > _epoch + 1
                ? FarSlots + (int)((ticks >> EpochBits) & (FarRing - 1))
                : WindowSlots + (int)((ticks >> WindowBits) & (WindowRing - 1));
            _store.Append(slot, new PendingEvent((uint)ticks, kind, node, argument));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTakeElsewhere(long upTo, out TimedEvent next)
    {
        do
        {
            var isArrayFirst = _next < _end && (_near.Count == 0 || (_upperTicks | _playing[_next].Low) <= _near.NextTicks);
            if (isArrayFirst || _near.Count > 0)
            {
                // At equal times the array goes first: what is in the heap was added while the array was being played.
                return isArrayFirst ? TryTakeFromArray(upTo, out next) : TryTakeFromHeap(upTo, out next);
            }
        }
        while (TryAdvance(upTo));

        next = default;
        return false;
    }

    private bool TryTakeFromArray(long upTo, out TimedEvent next)
    {
        ref readonly var pending = ref _playing[_next];
        next = new TimedEvent(_upperTicks | pending.Low, pending.Kind, pending.Node, pending.Argument);
        if (next.Ticks > upTo)
        {
            return false;
        }

        _next++;
        _takenTicks = next.Ticks;
        return true;
    }

    private bool TryTakeFromHeap(long upTo, out TimedEvent next)
    {
        if (_near.NextTicks > upTo)
        {
            next = default;
            return false;
        }

        next = _near.Take();
        _takenBefore++;
        _takenTicks = next.Ticks;
        _straightEnd = _near.Count == 0 ? _end : 0;
        return true;
    }

    /// <summary>Goes on to the next slot with events, or to the next window, epoch or super-window where there may be some, if it begins by <paramref name="upTo"/>.</summary>
    private bool TryAdvance(long upTo)
    {
        if (FindNextSlot() is var slot and >= 0)
        {
            if (slot << SlotBits > upTo)
            {
                return false;
            }

            if (slot >> (WindowBits - SlotBits) > _window)
            {
                EnterWindow(slot >> (WindowBits - SlotBits));
            }

            Play(slot);
            return true;
        }

        if (FindNextWindow() is var window and >= 0)
        {
            return TryEnterWindow(window, upTo);
        }

        if (FindNextEpoch() is var epoch and >= 0)
        {
            return TryEnterWindow(epoch << (EpochBits - WindowBits), upTo);
        }

        return FindNextSuper() is var super and >= 0 && TryEnterWindow(super << (SuperBits - WindowBits), upTo);
    }

    private bool TryEnterWindow(long window, long upTo)
    {
        if (window << WindowBits > upTo)
        {
            return false;
        }

        EnterWindow(window);
        return true;
    }

    private long FindNextSlot()
    {
        var from = _slotEndTicks >> SlotBits;
        var distance = _store.DistanceToOccupied(0, SlotRing, (int)(from & (SlotRing - 1)), (int)((_coveredTicks >> SlotBits) - from));
        return distance < 0 ? -1 : from + distance;
    }

    private long FindNextWindow()
    {
        var from = _window + 2;
        var count = ((_epoch + 2) << (EpochBits - WindowBits)) - from;
        var distance = _store.DistanceToOccupied(WindowSlots, WindowRing, (int)(from & (WindowRing - 1)), (int)count);
        return distance < 0 ? -1 : from + distance;
    }

    private long FindNextEpoch()
    {
        var from = _epoch + 2;
        var count = ((_super + 2) << (SuperBits - EpochBits)) - from;
        var distance = _store.DistanceToOccupied(FarSlots, FarRing, (int)(from & (FarRing - 1)), (int)count);
        return distance < 0 ? -1 : from + distance;
    }

    private long FindNextSuper()
    {
        var least = long.MaxValue;
        foreach (var far in _far)
        {
            least = Math.Min(least, far.Ticks);
        }

        return least == long.MaxValue ? -1 : least >> SuperBits;
    }

    private void Play(long slot)
    {
        _takenBefore += _next;
        _next = 0;
        _end = _run.Load(_store, (int)(slot & (SlotRing - 1)));
        _straightEnd = _end;
        _playing = _run.Events;
        _upperTicks = (slot << SlotBits) & ~(long)uint.MaxValue;
        _slotEndTicks = (slot + 1) << SlotBits;
    }

    /// <summary>Begins a window: everything before it is over, and the window after it is dealt out to slots.</summary>
    private void EnterWindow(long window)
    {
        var isNext = window == _window + 1;
        if (window >> (EpochBits - WindowBits) > _epoch)
        {
            ShiftEpoch(window >> (EpochBits - WindowBits));
        }

        _window = window;
        _slotEndTicks = window << WindowBits;
        _coveredTicks = (window + 2) << WindowBits;
        if (!isNext)
        {
            DealWindow(window);
        }

        DealWindow(window + 1);
        if (window - _trimmedAt >= WindowsBetweenTrims)
        {
            _trimmedAt = window;
            Trim();
        }
    }

    private void ShiftEpoch(long epoch)
    {
        var isNext = epoch == _epoch + 1;
        if (epoch >> (SuperBits - EpochBits) > _super)
        {
            ShiftSuper(epoch >> (SuperBits - EpochBits));
        }

        _epoch = epoch;
        if (!isNext)
        {
            DealEpoch(epoch);
        }

        DealEpoch(epoch + 1);
    }

    private void ShiftSuper(long super)
    {
        _super = super;
        var kept = 0;
        for (var index = 0; index < _far.Count; index++)
        {
            var far = _far[index];
            if (far.Ticks >> SuperBits <= super + 1)
            {
                _store.Append(FarSlots + (int)((far.Ticks >> EpochBits) & (FarRing - 1)), new PendingEvent((uint)far.Ticks, far.Kind, far.Node, far.Argument));
            }
            else
            {
                _far[kept++] = far;
            }
        }

        _far.RemoveRange(kept, _far.Count - kept);
    }

    private void DealWindow(long window)
    {
        var list = _store.Detach(WindowSlots + (int)(window & (WindowRing - 1)));
        for (var count = _store.TryTakeChunk(ref list, _dealt); count > 0; count = _store.TryTakeChunk(ref list, _dealt))
        {
            foreach (ref readonly var pending in _dealt.AsSpan(0, count))
            {
                _store.Append((int)(pending.Low >> SlotBits) & (SlotRing - 1), pending);
            }
        }
    }

    private void DealEpoch(long epoch)
    {
        var half = (int)(epoch & 1) << (EpochBits - WindowBits);
        var list = _store.Detach(FarSlots + (int)(epoch & (FarRing - 1)));
        for (var count = _store.TryTakeChunk(ref list, _dealt); count > 0; count = _store.TryTakeChunk(ref list, _dealt))
        {
            foreach (ref readonly var pending in _dealt.AsSpan(0, count))
            {
                _store.Append(WindowSlots + half + (int)(pending.Low >> WindowBits), pending);
            }
        }
    }

    private void Trim()
    {
        // Between two slots: the array in play has been played to its end.
        _takenBefore += _next;
        (_next, _end, _straightEnd) = (0, 0, 0);
        _store.Trim();
        _near.Trim();
        _run.Trim();
        if (_far.Count < _far.Capacity / 4)
        {
            _far.Capacity = _far.Count * 2;
        }
    }

    private long FindNextTicks()
    {
        var least = _next < _end ? _upperTicks | _playing[_next].Low : long.MaxValue;
        if (_near.Count > 0)
        {
            least = Math.Min(least, _near.NextTicks);
        }

        if (least != long.MaxValue)
        {
            return least;
        }

        if (FindNextSlot() is var slot and >= 0)
        {
            return LeastOf((int)(slot & (SlotRing - 1)), slot << SlotBits);
        }

        if (FindNextWindow() is var window and >= 0)
        {
            return LeastOf(WindowSlots + (int)(window & (WindowRing - 1)), window << WindowBits);
        }

        if (FindNextEpoch() is var epoch and >= 0)
        {
            return LeastOf(FarSlots + (int)(epoch & (FarRing - 1)), epoch << EpochBits);
        }

        foreach (var far in _far)
        {
            least = Math.Min(least, far.Ticks);
        }

        return least;
    }

    private long LeastOf(int slot, long slotTicks)
    {
        var least = uint.MaxValue;
        for (var walk = _store.Read(slot); walk.TryNext(out var chunk);)
        {
            foreach (ref readonly var pending in chunk)
            {
                least = Math.Min(least, pending.Low);
            }
        }

        return (slotTicks & ~(long)uint.MaxValue) | least;
    }
}
