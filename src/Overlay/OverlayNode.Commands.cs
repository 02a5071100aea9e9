using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay;

/// <summary>Commands: the application → the node. Each is answered by one <see cref="EffectKind.Completed"/> effect.</summary>
public sealed partial class OverlayNode
{
    /// <summary>Goes to the hub and into the ring. Completes with the <see cref="Identity.Contact"/> of this node as result when it is a member (or founder, or guest).</summary>
    public RequestId Start(Instant now, Outbox outbox) => Refuse(outbox);

    /// <summary>Sends <paramref name="bytes"/> to exactly <paramref name="to"/>. Result: a <see cref="DeliveryReport"/>; where unreachable, the <see cref="DropReason"/>.</summary>
    public RequestId Send(Instant now, RingId to, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox) => Refuse(outbox);

    /// <summary>Sends <paramref name="bytes"/> to whoever is responsible for <paramref name="key"/>. Result: a <see cref="DeliveryReport"/>.</summary>
    public RequestId SendToResponsible(Instant now, RingId key, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox) => Refuse(outbox);

    /// <summary>Asks who is responsible for <paramref name="key"/>. Result: an <see cref="Owner"/>.</summary>
    public RequestId Lookup(Instant now, RingId key, Outbox outbox) => Refuse(outbox);

    /// <summary>Wants a direct link to <paramref name="to"/> and keeps it until <see cref="Disconnect"/>. Result where it failed: the <see cref="LinkFailure"/>.</summary>
    public RequestId Connect(Instant now, RingId to, Outbox outbox) => Refuse(outbox);

    /// <summary>No longer wants the link of <see cref="Connect"/>; it closes unless something else needs it.</summary>
    public RequestId Disconnect(Instant now, RingId to, Outbox outbox) => Refuse(outbox);

    /// <summary>Registers a name for this node and keeps it refreshed. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Register(Instant now, string name, Outbox outbox) => Refuse(outbox);

    /// <summary>Asks who holds a name. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Resolve(Instant now, string name, Outbox outbox) => Refuse(outbox);

    /// <summary>Asks a node for its tables. Result: a <see cref="State"/>.</summary>
    public RequestId Inspect(Instant now, RingId id, Outbox outbox) => Refuse(outbox);

    /// <summary>Refreshes one finger row now, 0 … 47.</summary>
    public void UpdateFinger(Instant now, int row, Outbox outbox) { }

    /// <summary>Refreshes all finger rows, one after the other.</summary>
    public void UpdateFingerTable(Instant now, Outbox outbox) { }

    /// <summary>Says good-bye: completes when the neighbours know, or after 2 s; then the phase is <see cref="NodePhase.Left"/>.</summary>
    public RequestId Leave(Instant now, Outbox outbox) => Refuse(outbox);

    private RequestId Refuse(Outbox outbox)
    {
        var request = NextRequest();
        outbox.Completed(request, Outcome.NotJoined);
        return request;
    }
}
