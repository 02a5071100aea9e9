using Overlay.Simulator.Network;

namespace Overlay.Simulator.Worlds;

/// <summary>What a simulated world is made of.</summary>
public sealed record WorldOptions
{
    /// <summary>Decides everything.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Nodes that may live at a time; numbers run from 0 to one less.</summary>
    /// <value>1 … 16,777,216.</value>
    public required int Capacity { get; init; }

    /// <summary>The tunables of every node.</summary>
    public OverlayOptions Overlay { get; init; } = OverlayOptions.Default;

    /// <summary>The network between the nodes.</summary>
    public required NetworkModel Network { get; init; }

    /// <summary>Links are free: two nodes that know each other may speak at once, as in the literature.</summary>
    /// <value>Default false: every link is signalled through the overlay and set up by ICE, DTLS and SCTP.</value>
    public bool IsContact { get; init; }

    /// <summary>How long a node tries to reach a dead contact, where links are free.</summary>
    /// <value>Default 500 ms.</value>
    public TimeSpan ContactTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Messages are encoded and decoded again, as on a real wire; the same run, slower.</summary>
    public bool Wire { get; init; }

    /// <summary>Members that introduce newcomers, and that every node remembers: the nodes with the lowest numbers.</summary>
    /// <value>Default 0; 0 … 255.</value>
    public int Introducers { get; init; }

    /// <summary>Whether newcomers that start while the hub is away have only introducers in their list, not the hub.</summary>
    public bool Strangers { get; init; }

    /// <summary>Events that are remembered, to be shown after a violation.</summary>
    /// <value>Default 16,384.</value>
    public int TraceLength { get; init; } = 16_384;
}
