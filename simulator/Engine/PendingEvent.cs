namespace Overlay.Simulator.Engine;

/// <summary>An event as it waits in a slot of the wheel: the slot knows the upper half of its time.</summary>
/// <remarks>16 bytes, four to a cache line: how many lines an event touches is what limits a run of a million nodes.</remarks>
internal readonly struct PendingEvent(uint low, int kind, int node, int argument)
{
    /// <summary>The lower 32 bits of the time in ticks.</summary>
    public readonly uint Low = low;

    public readonly int Kind = kind;
    public readonly int Node = node;
    public readonly int Argument = argument;
}
