using System.Runtime.InteropServices;
using Overlay.Effects;
using Overlay.Runtime.Channels;
using Overlay.Time;

namespace Overlay.Runtime.Telemetry;

/// <summary>How many spans others may have made here: the sampled flag of a message is a request, not an order.</summary>
/// <remarks>A bucket for the node and one for each link, with a second's worth saved up. Links are forgotten when they end; at most 1,024 are told apart.</remarks>
internal sealed class TraceBudget(NodeTelemetry telemetry)
{
    private const int MaxLinks = 1024;

    private readonly Dictionary<LinkId, ByteBucket> _byLink = [];
    private ByteBucket _all;

    /// <summary>Requests that were over the budget.</summary>
    public long Refused { get; private set; }

    public bool TryTake(Instant now, LinkId link)
    {
        if (_byLink.Count >= MaxLinks && !_byLink.ContainsKey(link))
        {
            _byLink.Clear(); // Sessions come and go without a word here; the node's own bucket holds meanwhile.
        }

        ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_byLink, link, out _);
        var options = telemetry.Options; // Asked for each time: it may change while the node runs.
        var isWithin = bucket.TryTake(now, 1, options.RemoteSpansPerNeighbour) && _all.TryTake(now, 1, options.RemoteSpansPerSecond);
        Refused += isWithin ? 0 : 1;
        return isWithin;
    }

    public void Forget(LinkId link) => _byLink.Remove(link);
}
