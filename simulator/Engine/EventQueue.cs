namespace Overlay.Simulator.Engine;

/// <summary>Something that happens at a moment of virtual time, to one node.</summary>
/// <param name="Ticks">When, in units of 100 ns.</param>
/// <param name="Sequence">Events of one moment happen in the order in which they were scheduled.</param>
/// <param name="Kind">What; the world that schedules it knows the meaning.</param>
/// <param name="Node">To whom.</param>
/// <param name="Peer">By whom or with whom.</param>
/// <param name="Detail">What comes with it.</param>
public readonly record struct SimulatedEvent(long Ticks, long Sequence, int Kind, int Node, int Peer, object? Detail);

/// <summary>The future of a simulated world, in order of (time, sequence): a binary heap of values.</summary>
/// <remarks>Nothing is ever cancelled: who schedules something that may become void checks it when it comes.</remarks>
public sealed class EventQueue
{
    private SimulatedEvent[] _heap = new SimulatedEvent[1024];
    private long _sequence;

    /// <summary>Events to come.</summary>
    public int Count { get; private set; }

    /// <summary>The events to come, in no order.</summary>
    public ReadOnlySpan<SimulatedEvent> Pending => _heap.AsSpan(0, Count);

    /// <summary>Schedules an event.</summary>
    public void Add(long ticks, int kind, int node, int peer = -1, object? detail = null)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Count * 2);
        }

        var added = new SimulatedEvent(ticks, _sequence++, kind, node, peer, detail);
        var at = Count++;
        while (at > 0)
        {
            var parent = (at - 1) / 2;
            if (!IsBefore(added, _heap[parent]))
            {
                break;
            }

            _heap[at] = _heap[parent];
            at = parent;
        }

        _heap[at] = added;
    }

    /// <summary>Takes the next event, unless it lies after <paramref name="upTo"/>.</summary>
    public bool TryTake(long upTo, out SimulatedEvent next)
    {
        if (Count == 0 || _heap[0].Ticks > upTo)
        {
            next = default;
            return false;
        }

        next = _heap[0];
        var last = _heap[--Count];
        _heap[Count] = default;
        if (Count > 0)
        {
            SiftDown(last);
        }

        return true;
    }

    private void SiftDown(in SimulatedEvent last)
    {
        var at = 0;
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], last))
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
    }

    private static bool IsBefore(in SimulatedEvent left, in SimulatedEvent right) =>
        left.Ticks < right.Ticks || (left.Ticks == right.Ticks && left.Sequence < right.Sequence);
}
