using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay;

/// <summary>The node on a tree instead of a ring.</summary>
public sealed partial class OverlayNode
{
    private OverlayTree? _tree; // Null in a ring.
    private TreePlacement? _treePlacement;
    private bool _treeChanged;

    /// <summary>The tree machine, for checkers and views; null on a ring and before the first step into the tree.</summary>
    public OverlayTree? Tree => _tree;

    private bool IsOnTree => _context.Options.Topology == Topology.Tree;

    private TreePlacement TreePlacement => _treePlacement ??= new();

    private OverlayTree MakeTree() => _context.Tree = TreePlacement.Tree = _tree = new OverlayTree(_context.Options, this, _context.Prng.Split(), new RootAuthority(_context.Signing, _context.Certificates));

    /// <summary>The hub's word: this node is the root.</summary>
    private void FoundTree(Instant now, RootAppointment? appointment)
    {
        var tree = _tree ?? MakeTree();
        if (!tree.IsMember)
        {
            tree.BecomeRoot(now, Math.Max(tree.Clock.Epoch + 1, appointment?.Epoch ?? 0), appointment);
        }
    }

    /// <summary>The tree's phase is the node's; whom the failure detector watches, and which gateway slots are held, follow its place.</summary>
    private void FollowTree(Instant now)
    {
        if (_tree is not { } tree || _context.Phase == NodePhase.Left)
        {
            return;
        }

        if (tree.Phase != NodePhase.Idle && tree.Phase != _context.Phase)
        {
            var before = _context.Phase;
            _context.Phase = tree.Phase;
            BecomePhase(now, before);
        }

        if (_treeChanged)
        {
            _treeChanged = false;
            WatchLinks(now);
            SettleArc(now);
            _broadcasts?.NeighboursChanged(now);
        }
    }

    private void WatchTreeLinks(Instant now, OverlayTree tree)
    {
        foreach (var link in _context.Links.Open)
        {
            var watch = tree.IsNeighbour(link.PeerId) ? LinkWatch.Neighbour
                : (link.Purpose & (LinkPurpose.Ring | LinkPurpose.Join)) != 0 ? LinkWatch.Ring
                : LinkWatch.Idle;
            _detector.Track(now, link, watch);
        }
    }

    /// <summary>Who leads to a neighbour past the link to it (<see cref="INodePort.WaysTo"/>): the tree knows, but for the way to the parent, which is one of the open links.</summary>
    private int WaysOnTree(OverlayTree tree, RingId peer, Span<RingId> ways)
    {
        if (tree.SideOf(peer) != TreeSide.Parent)
        {
            return tree.WaysTo(peer, ways);
        }

        // The uncle is linked to the grandparent; so are those whose uncle this node is, over one more link. What a root's child has for a spare leads through half the tree.
        var count = 0;
        for (var rank = 0; rank < 3 && count < ways.Length; rank++)
        {
            foreach (var link in _context.Links.Open)
            {
                if (count < ways.Length && !link.IsSuspect && link.Forwards && RankAsWay(tree, link) == rank)
                {
                    ways[count++] = link.PeerId;
                }
            }
        }

        return count;
    }

    private static int RankAsWay(OverlayTree tree, Link link)
    {
        if (tree.IsNeighbour(link.PeerId) || tree.TryFindBelow(link.PeerId, out _))
        {
            return -1;
        }

        return tree.Spare == link.PeerId ? (tree.Depth == 1 ? 1 : 0)
            : (link.PeerPurpose & LinkPurpose.Join) != 0 ? (tree.Depth == 1 ? 0 : 1)
            : 2;
    }

    private void DispatchToTree(Instant now, OverlayTree tree, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Owner answer when _queries?.Receive(arrival.From.Id, answer.Nonce, answer) == true || _deliveries?.Receive(now, answer) == true:
                break;
            case Owner answer:
                tree.OnOwner(now, arrival.From, answer);
                break;
            case FindOwner question when tree.IsMember:
                Reply(now, arrival, OwnerOnTree(tree, question, (byte)(Message.HopBudget - arrival.Message.HopsLeft)));
                break;
            case TreeJoin join:
                tree.OnJoin(now, arrival.From, arrival.ReplyVia, join);
                break;
            case Leaving:
                _context.Departures.Add(now, arrival.From.Id, DepartureKind.Left);
                _context.Outbox.Observe(Observation.PeerLeft, arrival.From.Id);
                tree.PeerDied(now, arrival.From.Id, hasLeft: true);
                _names?.PeerGone(now, arrival.From.Id);
                _links.Forget(now, arrival.From.Id, LinkFailure.Leaving);
                break;
            default:
                if (!tree.Receive(now, arrival.From, arrival.Payload))
                {
                    _context.Drop(DropReason.UnknownKind, arrival.Message, arrival.Link);
                }

                break;
        }
    }

    /// <summary>The responsible node and its first replica, the parent.</summary>
    private Owner OwnerOnTree(OverlayTree tree, FindOwner question, byte hops)
    {
        var replicas = new List<Descriptor>();
        if (tree.Parent is { } parent)
        {
            replicas.Add(parent.Descriptor);
        }

        return new Owner(question.Nonce, Phase, Self.Descriptor, null, question.Purpose == LookupPurpose.Finger ? [] : replicas, [], 0)
        {
            Hops = hops,
            Certificate = question.Certificate is null ? null : Self.Certificate,
        };
    }

    /// <summary>A message came down to a node that does not know its destination: who sent it here is told.</summary>
    private void TellNotHere(Instant now, in Message message, Link? neighbour)
    {
        if (_tree?.Parent is { } parent && neighbour is { } above && above.PeerId == parent.Id && message.IsExact && message.Has(MessageFlags.Final))
        {
            _courier.Send(now, new Letter(parent.Id, new TreeNotHere(message.Target)));
        }
    }

    private void LeaveTree(Instant now, OverlayTree tree)
    {
        foreach (var link in _context.Links.Open)
        {
            if (!tree.IsNeighbour(link.PeerId))
            {
                ((INodePort)this).Send(now, link.PeerId, new Leaving(null, []));
            }
        }

        tree.Leave(now);
    }
}
