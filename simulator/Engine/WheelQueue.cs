using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

/// <summary>The future of a simulated world: events in strict order of (time, order of <see cref="Add"/>), as a hierarchical timing wheel.</summary>
/// <remarks>
/// <para>Three wheels of slots of 0.8 ms, 0.84 s and 430 s (2^13, 2^23 and 2^32 ticks) and a list for what lies more than 15 to 30 hours ahead. Each
/// wheel holds the window that is being played and the next one whole; when a window begins, the slot of the wheel above that covers the
/// window after it is dealt out. So a slot receives what came through the wheels above before anything is added to it directly, lists
/// stay in order of <see cref="Add"/>, and no event carries a sequence number.</para>
/// <para>The slot whose turn it is gets sorted by time, stably, and is played from an array. What is added to that very slot goes to a small heap.</para>
/// <para>Nothing is ever cancelled: who schedules something that may become void checks it when it comes. Nothing is allocated once the arrays
/// have grown to the most events that are ever pending; arrays used to less than a quarter over a minute of virtual time shrink.
/// Not for several threads.</para>
/// </remarks>
public sealed partial class WheelQueue
{
    /// <summary>The latest time that can be scheduled, in ticks: 14,600 years.</summary>
    public const long MaxTicks = 1L << 62;

    internal const int SlotBits = 13;

    private readonly SlotStore _store = new(FarSlots + FarRing);
    private readonly NearHeap _near = new();
    private readonly SlotRun _run = new();
    private PendingEvent[] _playing = [];

    // The events of the slot in play: [_next, _end) of _playing. _straightEnd is _end while the heap is empty and 0 while it is not,
    // so that one comparison decides whether the next event of the array is the next event of all.
    private int _next;
    private int _end;
    private int _straightEnd;
    private long _upperTicks;

    // Slots up to here are over or in play; the first wheel covers [_slotEndTicks, _coveredTicks).
    private long _slotEndTicks;
    private long _coveredTicks = 2L << WindowBits;
    private long _takenTicks;
    private long _added;
    private long _takenBefore;

    /// <summary>Events to come.</summary>
    public int Count => (int)(_added - _takenBefore - _next);

    /// <summary>Time of the next event in ticks; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextTicks => _next < _straightEnd ? _upperTicks | _playing[_next].Low : FindNextTicks();

    /// <summary>Bytes held by the queue's arrays.</summary>
    public long Bytes => _store.Bytes + _near.Bytes + _run.Bytes + ((long)_far.Capacity * Unsafe.SizeOf<TimedEvent>());

    /// <summary>Schedules an event.</summary>
    /// <param name="ticks">When, in units of 100 ns; not before the event taken last, at most <see cref="MaxTicks"/>.</param>
    /// <param name="kind">What.</param>
    /// <param name="node">To whom.</param>
    /// <param name="argument">What comes with it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time lies in the past or after <see cref="MaxTicks"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long ticks, int kind, int node, int argument)
    {
        _added++;
        if (ticks >= _slotEndTicks && ticks < _coveredTicks)
        {
            _store.Append((int)(ticks >> SlotBits) & (SlotRing - 1), new PendingEvent((uint)ticks, kind, node, argument));
        }
        else
        {
            AddElsewhere(ticks, kind, node, argument);
        }
    }

    /// <summary>Takes the next event, unless it lies after <paramref name="upTo"/>.</summary>
    /// <param name="upTo">The last moment that may be taken, in ticks.</param>
    /// <param name="next">The event.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(long upTo, out TimedEvent next)
    {
        var at = _next;
        if (at < _straightEnd)
        {
            ref readonly var pending = ref _playing[at];
            var ticks = _upperTicks | pending.Low;
            if (ticks <= upTo)
            {
                _next = at + 1;
                _takenTicks = ticks;
                next = new TimedEvent(ticks, pending.Kind, pending.Node, pending.Argument);
                return true;
            }
        }

        return TryTakeElsewhere(upTo, out next);
    }

    /// <summary>The events that come next, as far as the slot in play knows them; whatever is added to it meanwhile comes between.</summary>
    internal ReadOnlySpan<PendingEvent> Ahead(int most) => _playing.AsSpan(_next, Math.Min(most, _end - _next));
}
