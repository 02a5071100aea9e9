namespace Overlay.Simulator.Engine;

/// <summary>Something that happens at a moment of virtual time, to one node.</summary>
/// <param name="Ticks">When, in units of 100 ns.</param>
/// <param name="Kind">What; the world that schedules it knows the meaning.</param>
/// <param name="Node">To whom.</param>
/// <param name="Peer">By whom or with whom.</param>
/// <param name="Detail">What comes with it.</param>
public readonly record struct SimulatedEvent(long Ticks, int Kind, int Node, int Peer, object? Detail);

/// <summary>The future of a small simulated world, in order of (time, sequence), each event with an object of its own.</summary>
/// <remarks>
/// Nothing is ever cancelled: who schedules something that may become void checks it when it comes. A world of many nodes has its own queue, whose events are 16 bytes
/// (<see cref="WheelQueue"/>).
/// </remarks>
public sealed class EventQueue
{
    private readonly PriorityQueue<SimulatedEvent, (long Ticks, long Sequence)> _events = new();
    private long _sequence;

    /// <summary>The events to come, in no order.</summary>
    public IEnumerable<SimulatedEvent> Pending => _events.UnorderedItems.Select(static entry => entry.Element);

    /// <summary>Schedules an event.</summary>
    public void Add(long ticks, int kind, int node, int peer = -1, object? detail = null) =>
        _events.Enqueue(new(ticks, kind, node, peer, detail), (ticks, _sequence++));

    /// <summary>Takes the next event, unless it lies after <paramref name="upTo"/>.</summary>
    public bool TryTake(long upTo, out SimulatedEvent next)
    {
        if (!_events.TryPeek(out next, out _) || next.Ticks > upTo)
        {
            next = default;
            return false;
        }

        _events.Dequeue();
        return true;
    }
}
