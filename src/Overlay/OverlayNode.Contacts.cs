using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>For hosts that hold many nodes: whom a link leads to, and links that cost nothing, as the literature has them.</summary>
public sealed partial class OverlayNode
{
    /// <summary>When the node wants to be advanced, as the last step left it.</summary>
    public Instant WakeAt => _wakeAt;

    /// <summary>Links that are open.</summary>
    public int OpenLinks => _context.Links.OpenCount;

    /// <summary>Writes the names of the links that are being set up; returns how many there are, at most <see cref="OverlayOptions.MaxSetUps"/>.</summary>
    public int CopySetUps(Span<LinkId> links)
    {
        var count = 0;
        foreach (var link in _context.Links.SetUps)
        {
            links[count++] = link.Id;
        }

        return count;
    }

    /// <summary>The node at the other end of an open link; null where <paramref name="link"/> is none.</summary>
    public RingId? PeerOf(LinkId link) => _context.Links.Find(link) is { } open ? open.PeerId : null;

    /// <summary>The link over which <paramref name="peer"/> speaks to this node: the open one, else the one whose proofs are exchanged; default where there is none.</summary>
    public LinkId LinkTo(RingId peer)
    {
        if (_context.Links.FindOpen(peer) is { } open)
        {
            return open.Id;
        }

        foreach (var link in _context.Links.SetUps)
        {
            if (link.PeerId == peer && link.Phase == LinkPhase.Proof)
            {
                return link.Id;
            }
        }

        return default;
    }

    /// <summary>
    /// For measuring: where a look-up for <paramref name="key"/> would go from this member, if the peers in <paramref name="failed"/> were found dead. Nothing is sent, and
    /// nothing is learned.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="phases">The phase in which the look-up comes here: flags among <see cref="Router.Phases"/>.</param>
    /// <param name="failed">Peers that do not answer.</param>
    /// <returns>What becomes of it; the peer, where it goes on; and the phase in which it does.</returns>
    public (HopKind Kind, RingId? Peer, MessageFlags Phases) NextOf(RingId key, MessageFlags phases, IReadOnlySet<RingId> failed)
    {
        var message = new Message
        {
            Kind = MessageKind.FindOwner,
            Flags = MessageFlags.Responsible | (phases & Router.Phases),
            HopsLeft = Message.HopBudget,
            Source = _context.Self.Id,
            Destination = key,
        };
        var hop = Router.NextHop(_context.View, _context.Links, message, failed: failed);
        return (hop.Kind, hop.Link?.PeerId, hop.Phase);
    }

    /// <summary>What this node wants a link to <paramref name="peer"/> for.</summary>
    public LinkPurpose WantedFor(RingId peer) => _links.WantedFor(peer);

    /// <summary>
    /// Where the host gives links away: another node, of which the host vouches that it is <paramref name="peer"/>, opens one. Answers
    /// <see cref="LinkFailure.None"/>, or why not.
    /// </summary>
    public LinkFailure AcceptContact(Instant now, in Contact peer, LinkPurpose purpose, NodePhase phase, Outbox outbox)
    {
        Begin(now, outbox);
        var answer = _context.IsAdmitted && Phase is not (NodePhase.Left or NodePhase.Leaving) ? _links.AcceptContact(now, peer, purpose, phase) : LinkFailure.Refused;
        Settle(now);
        return answer;
    }

    /// <summary>The answer to an <see cref="EffectKind.OpenLink"/> where the host gives links away: the link is open, or will never be.</summary>
    public void ContactAnswered(Instant now, LinkId link, in Contact peer, LinkPurpose purpose, NodePhase phase, LinkFailure answer, Outbox outbox)
    {
        Begin(now, outbox);
        _links.ContactAnswered(now, link, peer, purpose, phase, answer);
        Settle(now);
    }
}
