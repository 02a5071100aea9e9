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
/// <param name="Routing">Which way messages go.</param>
public readonly record struct RingView(RingId Self, RingArc Place, RingArc Owned, RingId Successor, RoutingWays Routing = RoutingWays.BothWays);

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
/// <param name="Phase">The phase in which the message goes on: its flags among <see cref="Router.Phases"/>.</param>
/// <param name="Reason">With <see cref="HopKind.Drop"/>.</param>
public readonly record struct NextHop(HopKind Kind, Link? Link, MessageFlags Phase, DropReason Reason);

/// <summary>Greedy routing over all links to members, both ways round (mechanisms §2).</summary>
/// <remarks>
/// <para><b>Phase 1</b> takes the link strictly nearer to the key, measured the shorter way round. <b>Phase 2</b> (<see cref="MessageFlags.Final"/>) begins where the key
/// lies in (n, successor], or nothing is nearer: the first linked member at or after the key, and from there only steps towards the key, counter-clockwise.
/// <b>Phase 3</b> (<see cref="MessageFlags.Around"/>) begins where that ends short of the place, because two neighbours on the ring have no link at the moment: the
/// last linked member before the key, from there only steps towards the key, clockwise, and at the end one step over it to the successor. So
/// neighbours that lost their link can still signal for a new one.</para>
/// <para>The distance of each phase strictly falls with each hop, and nothing leads back to an earlier phase. So no message loops, whatever the tables
/// hold.</para>
/// </remarks>
public static class Router
{
    /// <summary>The flags that say in which phase a message is; none: phase 1.</summary>
    public const MessageFlags Phases = MessageFlags.Final | MessageFlags.Around;

    /// <summary>Where <paramref name="message"/> goes from a member (or founding member). Allocates nothing.</summary>
    /// <param name="view">The node's place.</param>
    /// <param name="links">Its links.</param>
    /// <param name="message">The message.</param>
    /// <param name="avoid">A link that is not to be taken.</param>
    /// <param name="failed">Peers taken for dead, for who asks what would be then.</param>
    public static NextHop NextHop(in RingView view, LinkTable links, in Message message, LinkId avoid = default, IReadOnlySet<RingId>? failed = null)
    {
        if (IsForSelf(view.Self, message) || (!message.IsExact && view.Owned.Contains(message.Target)))
        {
            return new(HopKind.Deliver, null, MessageFlags.None, DropReason.None);
        }

        if (message.HopsLeft == 0)
        {
            return new(HopKind.Drop, null, MessageFlags.None, DropReason.HopBudget);
        }

        if (message.IsExact)
        {
            var direct = links.FindOpen(message.Destination);
            if (direct is { IsSuspect: false } open && open.Id != avoid && failed?.Contains(message.Destination) != true)
            {
                return new(HopKind.Forward, open, message.Flags & Phases, DropReason.None);
            }

            if (message.HasDestinationVia && message.DestinationVia == view.Self)
            {
                return new(HopKind.ToGuest, direct, MessageFlags.None, DropReason.None);
            }
        }

        // A suspect carries a message only where nobody else can.
        return TryStep(view, links, message, new LinkChoice(avoid, Suspects: false) { Failed = failed }, out var hop)
            || TryStep(view, links, message, new LinkChoice(avoid, Suspects: true) { Failed = failed }, out hop)
            ? hop
            : new(HopKind.Drop, null, MessageFlags.None, DropReason.NoRoute);
    }

    /// <summary>A message that could not go on as it was routed, as it looks for another way from the first phase on. Each try costs one of its hops, so there is a last one.</summary>
    public static Message Anew(in Message message) => message with { Flags = (message.Flags & ~Phases) | MessageFlags.Rerouted };

    private static bool IsForSelf(RingId self, in Message message) =>
        message.Destination == self && (message.IsExact || message.HasDestinationVia);

    private static bool TryStep(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        if (choice.Suspects && message.IsExact && links.FindOpen(message.Target) is { } suspect && suspect.Id != choice.Avoid && choice.Failed?.Contains(suspect.PeerId) != true)
        {
            hop = new(HopKind.Forward, suspect, message.Flags & Phases, DropReason.None);
            return true;
        }

        hop = default;
        return (message.Flags & Phases) switch
        {
            MessageFlags.None when view.Routing == RoutingWays.Clockwise => TryClockwise(view, links, message, choice, out hop),
            MessageFlags.None => TryNearer(view, links, message, choice, out hop)
                || TryFinal(view, links, message, choice, out hop)
                || TryAround(view, links, message, choice, out hop),
            MessageFlags.Final => TryFinal(view, links, message, choice, out hop) || TryAround(view, links, message, choice, out hop),
            MessageFlags.Around => TryAround(view, links, message, choice, out hop),
            _ => false, // The step over the key was the last one.
        };
    }

    /// <summary>Chord's own way (2003, §IV): the closest that precedes the key; from the last one before it, over the key to the first after it, where phase 2 begins.</summary>
    private static bool TryClockwise(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        var key = message.Target;
        choice = choice with { IsOwnOnly = true };
        var preceding = RingArc.Between(view.Self, view.Successor).Contains(key) ? null : links.FirstCounterClockwise(key, choice);
        if (preceding is { } closest && closest.PeerId.ClockwiseTo(key) < view.Self.ClockwiseTo(key))
        {
            hop = new(HopKind.Forward, closest, MessageFlags.None, DropReason.None);
            return true;
        }

        var following = links.FirstClockwise(key, choice);
        hop = new(HopKind.Forward, following, MessageFlags.Final, DropReason.None);
        return following is not null;
    }

    /// <summary>Phase 1: strictly nearer, the shorter way round.</summary>
    private static bool TryNearer(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        var key = message.Target;
        hop = default;
        if (view.Place.Contains(key) || RingArc.Between(view.Self, view.Successor).Contains(key) || links.FirstClockwise(key, choice) is not { } clockwise)
        {
            return false;
        }

        var counter = links.FirstCounterClockwise(key, choice)!.Value; // Where there is one clockwise, there is one counter-clockwise.
        var nearest = clockwise.PeerId.DistanceTo(key) <= counter.PeerId.DistanceTo(key) ? clockwise : counter;
        hop = new(HopKind.Forward, nearest, MessageFlags.None, DropReason.None);
        return nearest.PeerId.DistanceTo(key) < view.Self.DistanceTo(key);
    }

    /// <summary>Phase 2: the first linked member at or after the key, if it lies before this node.</summary>
    private static bool TryFinal(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        var key = message.Target;
        hop = default;
        if (view.Place.Contains(key))
        {
            // The place is this node's. Nobody has that id; or its arc is not granted yet, and the successor still holds it: one step, the last.
            var holder = message.IsExact ? null : links.FindOpen(view.Successor);
            hop = new(HopKind.Forward, holder, Phases, DropReason.None);
            return holder is { } held && choice.Allows(held);
        }

        if (links.FirstClockwise(key, choice) is not { } clockwise)
        {
            return false;
        }

        hop = new(HopKind.Forward, clockwise, MessageFlags.Final, DropReason.None);
        return key.ClockwiseTo(clockwise.PeerId) < key.ClockwiseTo(view.Self);
    }

    /// <summary>Phase 3: the last linked member before the key, if it lies after this node; or the one step over the key.</summary>
    private static bool TryAround(in RingView view, LinkTable links, in Message message, LinkChoice choice, out NextHop hop)
    {
        var key = message.Target;
        if (message.Has(MessageFlags.Around) && !message.IsExact && RingArc.Between(view.Self, view.Successor).Contains(key)
            && links.FindOpen(view.Successor) is { } over && choice.Allows(over))
        {
            hop = new(HopKind.Forward, over, Phases, DropReason.None);
            return true;
        }

        var counter = links.FirstCounterClockwise(key, choice);
        hop = new(HopKind.Forward, counter, MessageFlags.Around, DropReason.None);
        return counter is { } before && before.PeerId.ClockwiseTo(key) < view.Self.ClockwiseTo(key);
    }
}
