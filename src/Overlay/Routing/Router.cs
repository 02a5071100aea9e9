using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Routing;

/// <summary>What routing must know of the ring: this node's place, its arc and its successor.</summary>
/// <param name="Self">This node.</param>
/// <param name="Place">(predecessor, self]; empty where no predecessor is known.</param>
/// <param name="Owned">What this node is responsible for. Other than <paramref name="Place"/> while a grant is on its way (mechanisms §3).</param>
/// <param name="Successor">The first successor; this node itself where it is alone.</param>
public readonly record struct RingView(RingId Self, RingArc Place, RingArc Owned, RingId Successor);

/// <summary>What becomes of a message at one node.</summary>
public enum HopKind : byte
{
    /// <summary>It ends here, for <see cref="NextHop.Reason"/>.</summary>
    Drop,

    /// <summary>It is for this node.</summary>
    Deliver,

    /// <summary>It goes on over <see cref="NextHop.Link"/>.</summary>
    Forward,

    /// <summary>This node is the anchor of its destination: over that guest's own link or hub session, or not at all.</summary>
    ToGuest,
}

/// <summary>The router's answer.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Link">With <see cref="HopKind.Forward"/>, and with <see cref="HopKind.ToGuest"/> where the guest has a link here.</param>
/// <param name="IsFinal">From here on only predecessor steps: the message is to carry <see cref="MessageFlags.Final"/>.</param>
/// <param name="Reason">With <see cref="HopKind.Drop"/>.</param>
public readonly record struct NextHop(HopKind Kind, Link? Link, bool IsFinal, DropReason Reason);

/// <summary>Two-phase greedy routing over all links to members, both ways round (mechanisms §2).</summary>
/// <remarks>
/// <para>Phase 1 takes the link strictly nearer to the key, measured the shorter way round. Where the key lies in (n, successor], or nothing is nearer, the
/// message turns final: it goes to the first linked member at or after the key. In the final phase only steps towards the key, counter-clockwise, are left.</para>
/// <para>The distance of phase 1 strictly falls with each hop; so does the clockwise distance from the key in the final phase; and nothing leads back. So
/// no message loops, whatever the tables hold.</para>
/// </remarks>
public static class Router
{
    /// <summary>Where <paramref name="message"/> goes from a member (or founding member). Allocates nothing.</summary>
    public static NextHop NextHop(in RingView view, LinkTable links, in Message message, LinkId avoid = default)
    {
        if (IsForSelf(view.Self, message))
        {
            return new(HopKind.Deliver, null, false, DropReason.None);
        }

        if (!message.IsExact && view.Owned.Contains(message.Target))
        {
            return new(HopKind.Deliver, null, false, DropReason.None);
        }

        if (message.HopsLeft == 0)
        {
            return new(HopKind.Drop, null, false, DropReason.HopBudget);
        }

        if (message.IsExact)
        {
            var direct = links.FindOpen(message.Destination);
            if (direct is { IsSuspect: false } && direct.Id != avoid)
            {
                return new(HopKind.Forward, direct, message.Has(MessageFlags.Final), DropReason.None);
            }

            if (message.HasDestinationVia && message.DestinationVia == view.Self)
            {
                return new(HopKind.ToGuest, direct, false, DropReason.None);
            }
        }

        // A suspect carries a message only where nobody else can.
        return TryStep(view, links, message, new LinkChoice(avoid, Suspects: false), out var hop)
            || TryStep(view, links, message, new LinkChoice(avoid, Suspects: true), out hop)
            ? hop
            : new(HopKind.Drop, null, false, DropReason.NoRoute);
    }

    private static bool IsForSelf(RingId self, in Message message) =>
        message.Destination == self && (message.IsExact || message.HasDestinationVia);

    private static bool TryStep(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        var key = message.Target;
        if (choice.Suspects && message.IsExact && links.FindOpen(key) is { } suspect && suspect.Id != choice.Avoid)
        {
            hop = new(HopKind.Forward, suspect, message.Has(MessageFlags.Final), DropReason.None);
            return true;
        }

        var isFinal = message.Has(MessageFlags.Final);
        if (view.Place.Contains(key))
        {
            // The place is this node's. Nobody has that id; or the arc is not granted yet, and the successor still holds it.
            var holder = message.IsExact || isFinal ? null : links.FirstClockwise(view.Self, choice);
            hop = new(HopKind.Forward, holder, true, DropReason.None);
            return holder is not null;
        }

        hop = default;
        var clockwise = links.FirstClockwise(key, choice);
        if (clockwise is null)
        {
            return false;
        }

        if (!isFinal && !RingArc.Between(view.Self, view.Successor).Contains(key))
        {
            var counter = links.FirstCounterClockwise(key, choice)!;
            var nearest = clockwise.PeerId.DistanceTo(key) <= counter.PeerId.DistanceTo(key) ? clockwise : counter;
            if (nearest.PeerId.DistanceTo(key) < view.Self.DistanceTo(key))
            {
                hop = new(HopKind.Forward, nearest, false, DropReason.None);
                return true;
            }
        }

        hop = new(HopKind.Forward, clockwise, true, DropReason.None);
        return key.ClockwiseTo(clockwise.PeerId) < key.ClockwiseTo(view.Self);
    }
}
