using Overlay.Checks;
using Overlay.Ring;
using Overlay.Simulator.Rings;

namespace Overlay.Simulator.Tests;

/// <summary>A world in which, from some moment on, one member claims the arc of the member before it as well.</summary>
internal sealed class GreedyWorld(IRingWorld world, TimeSpan from) : IRingWorld
{
    public TimeSpan Elapsed => world.Elapsed;

    public long EventCount => world.EventCount;

    public long EventLimit
    {
        get => world.EventLimit;
        set => world.EventLimit = value;
    }

    public ulong Hash => world.Hash;

    public int AssumptionsBroken => world.AssumptionsBroken;

    public IReadOnlyList<int> Living => world.Living;

    public Action? RingChanged
    {
        get => world.RingChanged;
        set => world.RingChanged = value;
    }

    public int Start() => world.Start();

    public bool IsMember(int node) => world.IsMember(node);

    public void Crash(int node) => world.Crash(node);

    public void Leave(int node) => world.Leave(node);

    public void RunFor(TimeSpan duration) => world.RunFor(duration);

    public IReadOnlyList<PendingList> Pending() => world.Pending();

    public IReadOnlyList<string> LastEvents() => world.LastEvents();

    public RingSnapshot Snapshot()
    {
        var snapshot = world.Snapshot();
        if (Elapsed < from)
        {
            return snapshot;
        }

        var nodes = snapshot.Nodes.ToList();
        var greedy = nodes.FindIndex(node => node is { Arc: not null, Predecessor: { } below } && nodes.Exists(other => other.Id == below && other.Arc is not null));
        if (greedy >= 0)
        {
            var below = nodes.Find(node => node.Id == nodes[greedy].Predecessor)!;
            nodes[greedy] = nodes[greedy] with { Arc = RingArc.Between(below.Arc!.Value.After, nodes[greedy].Id) };
        }

        return snapshot with { Nodes = nodes };
    }
}
