namespace Overlay.Simulator.Engine;

/// <summary>Something that happens to one node at a moment of virtual time.</summary>
/// <param name="Ticks">When, in units of 100 ns since the run began.</param>
/// <param name="Kind">What; the world that schedules it knows the meaning.</param>
/// <param name="Node">To whom.</param>
/// <param name="Argument">What comes with it, most often an index into a <see cref="Slab{T}"/>.</param>
public readonly record struct TimedEvent(long Ticks, int Kind, int Node, int Argument);
