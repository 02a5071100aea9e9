using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay;

/// <summary>Names: records at the member responsible for SHA-256(name).</summary>
public sealed partial class OverlayNode
{
    /// <summary>Registers a name for this node and keeps it refreshed. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Register(Instant now, string name, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            outbox.Completed(request, Outcome.Refused);
        }

        Settle(now);
        return request;
    }

    /// <summary>Asks who holds a name. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Resolve(Instant now, string name, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            outbox.Completed(request, Outcome.NameUnknown);
        }

        Settle(now);
        return request;
    }
}
