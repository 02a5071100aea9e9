using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Tree;

namespace Overlay.Routing;

/// <summary>Routing on a tree: up to the first common ancestor, and down.</summary>
/// <remarks>
/// <para>A message climbs while the destination is not below; from where it is, it only descends (<see cref="MessageFlags.Final"/>). A node without a parent that is not
/// the root passes it aside once (<see cref="MessageFlags.Around"/>), to an uncle or over a far link, from where it climbs and descends as ever. Each of these three can
/// only end, and none leads back to an earlier one, so no message loops, whatever the tables hold. A direct link to the destination is taken anywhere.</para>
/// <para>A message for a key goes to where the walk to it ends (<see cref="KeyWalk"/>): it climbs to the first node on the walk, and follows the walk down. A
/// <see cref="MessageKind.TreeJoin"/> climbs to the root, which decides.</para>
/// </remarks>
public static class TreeRouter
{
    /// <summary>Where <paramref name="message"/> goes from a member of a tree.</summary>
    public static NextHop NextHop(OverlayTree tree, RingId self, LinkTable links, in Message message, LinkId avoid = default)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(links);
        if (message.Destination == self && (message.IsExact || message.HasDestinationVia))
        {
            return new(HopKind.Deliver, null, MessageFlags.None, DropReason.None);
        }

        if (message.HopsLeft == 0)
        {
            return new(HopKind.Drop, null, MessageFlags.None, DropReason.HopBudget);
        }

        return message.IsExact ? ToNode(tree, self, links, message, avoid) : ToKey(tree, links, message, avoid);
    }

    private static NextHop ToNode(OverlayTree tree, RingId self, LinkTable links, in Message message, LinkId avoid)
    {
        var phase = message.Flags & Router.Phases;
        var direct = links.FindOpen(message.Destination);
        if (direct is { IsSuspect: false } open && open.Id != avoid)
        {
            return new(HopKind.Forward, open, phase, DropReason.None);
        }

        if (message.HasDestinationVia && message.DestinationVia == self)
        {
            return new(HopKind.ToGuest, direct, MessageFlags.None, DropReason.None);
        }

        if (message.HasDestinationVia && links.FindOpen(message.DestinationVia) is { IsSuspect: false } anchor && anchor.Id != avoid)
        {
            return new(HopKind.Forward, anchor, phase, DropReason.None); // Perhaps of another tree.
        }

        if (tree.TryFindBelow(message.Target, out var child))
        {
            return Over(links, child, phase | MessageFlags.Final, avoid);
        }

        return (phase & MessageFlags.Final) != 0 ? Nowhere : Climb(tree, links, phase, avoid);
    }

    private static NextHop ToKey(OverlayTree tree, LinkTable links, in Message message, LinkId avoid)
    {
        var phase = message.Flags & Router.Phases;
        if (message.Kind == MessageKind.TreeJoin)
        {
            return tree.IsRoot ? new(HopKind.Deliver, null, MessageFlags.None, DropReason.None) : Climb(tree, links, phase, avoid);
        }

        if ((phase & MessageFlags.Final) == 0 && (tree.IsOrphan || !tree.IsOnWalk(message.Destination)))
        {
            return Climb(tree, links, phase, avoid);
        }

        return tree.TryWalk(message.Destination, out var next)
            ? Over(links, next, phase | MessageFlags.Final, avoid)
            : tree.IsGathering || tree.IsFenced ? Nowhere
            : new(HopKind.Deliver, null, MessageFlags.None, DropReason.None);
    }

    private static NextHop Climb(OverlayTree tree, LinkTable links, MessageFlags phase, LinkId avoid)
    {
        if (tree.Parent is { } parent)
        {
            return Over(links, parent.Id, phase, avoid);
        }

        return !tree.IsRoot && (phase & MessageFlags.Around) == 0 && tree.TryFindAside(out var aside) ? Over(links, aside, phase | MessageFlags.Around, avoid) : Nowhere;
    }

    private static NextHop Nowhere => new(HopKind.Drop, null, MessageFlags.None, DropReason.NoRoute);

    /// <summary>There is one way only; a suspect has to do.</summary>
    private static NextHop Over(LinkTable links, RingId next, MessageFlags phase, LinkId avoid) =>
        links.FindOpen(next) is { } link && link.Id != avoid ? new(HopKind.Forward, link, phase, DropReason.None) : Nowhere;
}
