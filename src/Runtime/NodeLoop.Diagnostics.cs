using System.Diagnostics.CodeAnalysis;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Runtime.Links;
using Overlay.Runtime.Telemetry;
using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>What the loop knows, for diagnostics.</summary>
internal sealed partial class NodeLoop
{
    /// <summary>When the message came in that the present step began with; null where it began with none.</summary>
    public Instant? ArrivedAt => _tracing.HasArrived ? _tracing.ArrivedAt : null;

    /// <summary>The last messages of others, the latest last.</summary>
    public RouteRecord[] LastRoutes() => _records.ToArray();

    /// <summary>A link that is open or being set up.</summary>
    public bool TryGetLink(LinkId id, [NotNullWhen(true)] out PeerLink? link) => _links.TryGet(id, out link);

    /// <summary>What the neighbour that wanted most had this node relay within the last second, and what it may.</summary>
    public (long Used, long Allowed) RelayUse(Instant now)
    {
        var most = 0.0;
        foreach (var link in _links.Links)
        {
            most = Math.Max(most, link.Quota.UsedShare(now));
        }

        return ((long)(most * _channelOptions.RelayBytesPerSecond), _channelOptions.RelayBytesPerSecond);
    }

    /// <summary>A message of others ended here for a reason that is its failure.</summary>
    private void RecordEnd(Instant now, in Message message, DropReason why)
    {
        if (message.Source != _node.Self.Id && message.Source != default && RouteRecords.IsFailure(why))
        {
            _records.Add(RouteRecords.Of(now, message, default, ArrivedAt is { } arrivedAt ? now - arrivedAt : TimeSpan.Zero, why), message.HopContext);
        }
    }
}
