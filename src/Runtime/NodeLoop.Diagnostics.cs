using System.Diagnostics.CodeAnalysis;
using Overlay.Effects;
using Overlay.Runtime.Links;
using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>What the loop knows, for diagnostics.</summary>
internal sealed partial class NodeLoop
{
    /// <summary>When the message came in that the present step began with; null where it began with none.</summary>
    public Instant? ArrivedAt => _tracing.HasArrived ? _tracing.ArrivedAt : null;

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
}
