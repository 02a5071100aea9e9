using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Two rings that meet: what travels between them goes through an anchor, a member with a link into the other ring (mechanisms §10).</summary>
public sealed partial class OverlayNode
{
    /// <summary>Whether this node met another ring a short while ago.</summary>
    public bool IsMerging => _ring?.IsMerging(_context.Now) == true;

    void INodePort.SendAnchored(Instant now, RingId via, RingId to, Payload payload)
    {
        var self = _context.Self.Id;
        if (via == self && !IsLinked(to) && _ring?.BridgeTowards(to) is { } bridge)
        {
            _courier.SendThrough(now, bridge, new Letter(to, payload) { Via = bridge, ReplyVia = self });
        }
        else if (via == self || IsLinked(to))
        {
            _courier.Send(now, new Letter(to, payload));
        }
        else
        {
            _courier.Send(now, new Letter(to, payload) { Via = via, ReplyVia = via, AlwaysSigned = true });
        }
    }

    void INodePort.WantLinkVia(Instant now, in Contact peer, LinkPurpose purpose, RingId? via)
    {
        if (via == _context.Self.Id)
        {
            // Through the hub's session, where the peer speaks over it; else into the other ring.
            via = _courier.IsGuest(peer.Id) ? via : _ring?.BridgeTowards(peer.Id);
        }

        _links.Want(now, peer, purpose, via);
    }

    bool INodePort.TryLearn(Instant now, NodeCertificate certificate, long instance, out Contact contact)
    {
        contact = default;
        if (!_context.Certificates.TryAdd(now, certificate, out var interned) || !_context.Certificates.Witness(interned.Id, instance))
        {
            return false;
        }

        contact = new Contact(interned.Id, instance, interned);
        return true;
    }

    /// <summary>
    /// This node is the anchor of a message for somebody who is neither its guest nor linked: over a bridge, if it comes from this side; and what came over the bridge goes on
    /// by routing, answered through this node. Each message crosses once: who comes over a bridge has it behind itself.
    /// </summary>
    private void Cross(Instant now, in Message message, LinkId from, Link? neighbour)
    {
        var self = _context.Self.Id;
        _isSettled = false;
        if (_tree is not null)
        {
            CrossIntoTree(now, message, from, neighbour);
            return;
        }

        var hasCrossed = neighbour is { } by && (_ring?.IsBridge(by.PeerId) == true || (message.HasSourceVia && message.SourceVia == by.PeerId && message.Source != by.PeerId));
        if (!hasCrossed && message.HopsLeft > 0 && _ring?.BridgeTowards(message.Destination) is { } bridge && _context.Links.FindOpen(bridge) is { } over)
        {
            var crossing = message with { HasSourceVia = true, SourceVia = self, DestinationVia = bridge, Flags = message.Flags & ~Router.Phases };
            _courier.Forward(now, crossing, new NextHop(HopKind.Forward, over, MessageFlags.None, DropReason.None), from);
            return;
        }

        if (!hasCrossed && _ring?.IsMerging(now) != true)
        {
            _courier.Undeliverable(now, message, DropReason.GuestGone, from); // No other ring far and wide: this node is no anchor of the destination.
            return;
        }

        var onward = message with { HasDestinationVia = false, DestinationVia = default, Flags = message.Flags & ~Router.Phases };
        if (hasCrossed)
        {
            onward = onward with { HasSourceVia = true, SourceVia = self };
        }

        var hop = Router.NextHop(_context.View, _context.Links, onward);
        if (hop.Kind == HopKind.Forward)
        {
            _courier.Forward(now, onward, hop, from);
        }
        else
        {
            _courier.Undeliverable(now, message, DropReason.GuestGone, from);
        }
    }

    /// <summary>This node is the anchor of a message for somebody in its own tree, to whom it goes on by the tree's ways; who is of another tree is answered through this node.</summary>
    private void CrossIntoTree(Instant now, in Message message, LinkId from, Link? neighbour)
    {
        var onward = message with { HasDestinationVia = false, DestinationVia = default, Flags = message.Flags & ~Router.Phases };
        if (neighbour is { } by && SideOf(by.PeerId) == TreeSide.None)
        {
            onward = onward with { HasSourceVia = true, SourceVia = _context.Self.Id };
        }

        var hop = _context.NextHop(onward);
        if (hop.Kind == HopKind.Forward)
        {
            _courier.Forward(now, onward, hop, from);
        }
        else
        {
            _courier.Undeliverable(now, message, DropReason.GuestGone, from);
        }
    }
}
