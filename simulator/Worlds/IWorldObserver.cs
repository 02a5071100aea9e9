using Overlay.Effects;
using Overlay.Messages;

namespace Overlay.Simulator.Worlds;

/// <summary>Who looks at a world: metrics, checkers, and the driver of churn and workloads. Called in the middle of a step: it looks, and acts later by events.</summary>
public interface IWorldObserver
{
    /// <summary>Predecessor, successor list, fingers, arc or phase of <paramref name="node"/> changed.</summary>
    void RingChanged(int node);

    /// <summary><paramref name="node"/> lives no more: it crashed, or has left.</summary>
    void Ended(int node);

    /// <summary>A command of <paramref name="node"/> ended.</summary>
    void Completed(int node, in Effect effect);

    /// <summary>The application at <paramref name="node"/> was given a message.</summary>
    void Delivered(int node, in Message message);

    /// <summary>The application at <paramref name="node"/> was given a broadcast.</summary>
    void Broadcast(int node, in Effect effect)
    {
        // Most look at none.
    }

    /// <summary>Anything else that <paramref name="node"/> observed, but for messages passed on.</summary>
    void Observed(int node, in Effect effect);

    /// <summary>An event of the observer's own is due (<see cref="World.Plan"/>). No step is being taken.</summary>
    void Due(int kind, int node, int argument);
}
