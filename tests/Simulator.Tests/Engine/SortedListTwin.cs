using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Tests.Engine;

/// <summary>What a queue must do, said as slowly and plainly as possible: a list kept in order, equal times in order of arrival.</summary>
internal sealed class SortedListTwin
{
    private readonly List<TimedEvent> _events = [];

    public int Count => _events.Count;

    public long NextTicks => _events.Count == 0 ? long.MaxValue : _events[0].Ticks;

    public void Add(long ticks, int kind, int node, int argument)
    {
        var at = _events.Count;
        while (at > 0 && _events[at - 1].Ticks > ticks)
        {
            at--;
        }

        _events.Insert(at, new TimedEvent(ticks, kind, node, argument));
    }

    public bool TryTake(long upTo, out TimedEvent next)
    {
        if (NextTicks > upTo || _events.Count == 0)
        {
            next = default;
            return false;
        }

        next = _events[0];
        _events.RemoveAt(0);
        return true;
    }
}
