using Overlay.Nodes.Network;

namespace Overlay.Nodes;

/// <summary>How a node fares.</summary>
public sealed class NodeSystem
{
    private readonly NodeNetwork _network;
    private readonly TimeProvider _time;
    private readonly long _startedAt;

    internal NodeSystem(NodeNetwork network, TimeProvider time)
    {
        (_network, _time, _startedAt) = (network, time, time.GetTimestamp());
        Started = time.GetUtcNow();
    }

    /// <summary>When it started.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>How long ago that was.</summary>
    public TimeSpan Uptime => _time.GetElapsedTime(_startedAt);

    /// <summary>What has passed between this node and each of those it has or lately had channels with, itself included.</summary>
    public IReadOnlyList<PeerStatistics> NetStat() => _network.Peers;
}
