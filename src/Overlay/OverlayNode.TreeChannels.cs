using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>The parent and the children as channels: application bytes straight to them, apart from those that anybody may send.</summary>
public sealed partial class OverlayNode
{
    /// <summary>Messages of somebody who was no neighbour when they came, kept in mind so that their repetition is not receipted.</summary>
    private const int MaxRefusedData = 64;

    private RareList<(RingId From, ulong MessageId)> _refusedData;

    /// <summary>Where in the tree <paramref name="id"/> is, seen from this node; on a ring nowhere.</summary>
    public TreeSide SideOf(RingId id) => _tree?.SideOf(id) ?? TreeSide.None;

    /// <summary>
    /// Sends <paramref name="bytes"/> to the parent or a child. It is delivered there as from a neighbour (<see cref="EffectKind.Deliver"/>). Result: a
    /// <see cref="DeliveryReport"/>; <see cref="Outcome.Unreachable"/> where <paramref name="neighbour"/> is none, or does not take this node for one.
    /// </summary>
    public RequestId SendToNeighbour(Instant now, RingId neighbour, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            if (SideOf(neighbour) == TreeSide.None)
            {
                outbox.Completed(request, Outcome.Unreachable, DropReason.NoRoute);
            }
            else
            {
                Deliveries.Send(now, request, neighbour, isKey: false, bytes, options with { ToNeighbour = true });
            }
        }

        Settle(now);
        return request;
    }

    /// <summary>Ends the bond with the parent or a child. The child looks for another parent, with its subtree, and may well come back.</summary>
    public RequestId DropNeighbour(Instant now, RingId neighbour, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            outbox.Completed(request, _tree?.Drop(now, neighbour) == true ? Outcome.Done : Outcome.Unreachable);
        }

        Settle(now);
        return request;
    }

    /// <summary>Application bytes arrived, perhaps not for the first time.</summary>
    private void AcceptData(Instant now, in Arrival arrival, bool isDuplicate)
    {
        if (!arrival.Message.Has(MessageFlags.ToNeighbour))
        {
            Deliveries.Accept(now, arrival, isDuplicate, TreeSide.None);
            return;
        }

        var side = SideOf(arrival.From.Id);
        var name = (arrival.From.Id, arrival.Message.MessageId);
        if (side != TreeSide.None)
        {
            Deliveries.Accept(now, arrival, isDuplicate && !_refusedData.Remove(name), side);
        }
        else if (!isDuplicate || _refusedData.Contains(name))
        {
            if (!isDuplicate && _refusedData.Count == MaxRefusedData)
            {
                _refusedData.RemoveAt(0);
            }

            if (!isDuplicate)
            {
                _refusedData.Add(name);
            }

            Reply(now, arrival, new Unreachable(arrival.Message.MessageId, DropReason.NoRoute));
        }
    }
}
