namespace Overlay.Simulator.Runs;

/// <summary>What a run plans ahead, as events of its world.</summary>
internal enum Planned
{
    Workload,

    /// <summary>Workload: a link has served its purpose.</summary>
    Disconnect,

    /// <summary>A newcomer with a new key arrives.</summary>
    Arrival,

    /// <summary>Churn: a node that was away comes back.</summary>
    Back,

    /// <summary>Churn: the time of a node is over.</summary>
    SessionEnds,

    /// <summary>Churn: somebody leaves and somebody comes.</summary>
    PoissonStep,

    /// <summary>Churn: the next line of the trace; in place of a node, whose trace it is.</summary>
    TraceStep,

    Fault,
    FaultEnds,
    RestartNext,
    RestartBack,
    Sample,
    PhaseEnds,

    /// <summary>Workload: the life of a broadcast is over.</summary>
    BroadcastOver,

    /// <summary>A newcomer sends its first message.</summary>
    FirstMessage,

    /// <summary>A newcomer's fingers are looked at.</summary>
    LookAtFingers,
}
