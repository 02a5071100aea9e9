using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

// The answering side:  Offer → room? duplicate? glare? → gather → Answer  or  Refuse(why, alternatives).
public sealed partial class LinkSetUps
{
    /// <summary>An offer of another node; authentic, from <paramref name="from"/>.</summary>
    public void ReceiveOffer(Instant now, in Contact from, ReturnPath path, Offer offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (from.Id == _context.Self.Id || !IsWellFormed(offer.Description) || !_offersSeen.TryAdd(offer.Nonce))
        {
            return;
        }

        if (_context.Phase is not (NodePhase.Joining or NodePhase.Founding or NodePhase.Member or NodePhase.Rejoin))
        {
            Decline(now, from.Id, path, offer, LinkFailure.Leaving);
            return;
        }

        if (!MakeWayFor(now, from))
        {
            return;
        }

        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].From.Id == from.Id)
            {
                _waiting.RemoveAt(i); // Its sender gave that one up.
            }
        }

        var waiting = new WaitingOffer(from, path, offer, now);
        if (Links.SetUpCount < Links.MaxSetUps)
        {
            Accept(now, waiting);
            Schedule();
        }
        else if (_waiting.Count < MaxWaitingOffers)
        {
            _waiting.Add(waiting);
            Schedule();
        }
        else
        {
            Decline(now, from.Id, path, offer, LinkFailure.Full);
        }
    }

    /// <summary>Decides between an offer and what there already is with its sender. False: the offer has to give way, without an answer.</summary>
    private bool MakeWayFor(Instant now, in Contact from)
    {
        if (Links.FindSetUp(from.Id, isIncoming: false) is { } own)
        {
            // Glare. Where both offers are out, the lower id's stands; past the answer the other side has given its own up already.
            var bothOut = own.Phase == LinkPhase.Signal;
            if (own.Phase > LinkPhase.Signal || (bothOut && _context.Self.Id.Value < from.Id.Value))
            {
                return false;
            }

            Abandon(own, LinkFailure.Duplicate);
        }

        if (Links.FindSetUp(from.Id, isIncoming: true) is { } earlier)
        {
            Abandon(earlier, LinkFailure.Duplicate); // The offerer began anew.
        }

        if (Links.FindOpen(from.Id) is { } open)
        {
            if (from.Instance < open.Peer.Instance)
            {
                return false; // An earlier life of the same node.
            }

            if (from.Instance > open.Peer.Instance)
            {
                Close(now, open, LinkFailure.Superseded);
            }

            // The same instance: it lost its end. The old link stands until the new one is proved.
        }

        return true;
    }

    /// <summary>Ends a set-up that another one replaces: no failure of the wish, no retry.</summary>
    private void Abandon(LinkSetUp link, LinkFailure why)
    {
        Links.Remove(link);
        _context.Outbox.CloseLink(link.Id, link.PeerId, why);
        _context.Outbox.Observe(Observation.LinkEnded, link.PeerId, link.Id, link.Phase, why, link.Purpose);
    }

    private void Accept(Instant now, WaitingOffer waiting)
    {
        var offer = waiting.Offer;
        if (Links.FindOpen(waiting.From.Id) is null && !TryMakeRoom(now, offer.Purpose))
        {
            Decline(now, waiting.From.Id, waiting.Path, offer, LinkFailure.Full);
            return;
        }

        var link = new LinkSetUp(_context.NextLink(), waiting.From.Id, isIncoming: true)
        {
            Peer = waiting.From,
            Purpose = WantedFor(waiting.From.Id),
            PeerPurpose = offer.Purpose,
            Due = now + _context.Options.LinkSetUpTimeout,
            OfferNonce = offer.Nonce,
            Remote = offer.Description,
            PeerPath = waiting.Path,
            LinesTaken = waiting.Lines.Count,
        };
        Links.TryAddSetUp(link);
        Enter(now, link, LinkPhase.Gather);
        _context.Outbox.OpenLink(link.Id, link.PeerId, offer.Description);
        if (waiting.Lines.Count > 0)
        {
            _context.Outbox.AddCandidates(link.Id, waiting.Lines);
        }
    }

    private void Decline(Instant now, RingId to, ReturnPath path, Offer offer, LinkFailure why) =>
        Signal(now, to, path, through: null, default, new Refuse(offer.Nonce, why, why == LinkFailure.Full ? Alternatives(to) : []));

    /// <summary>Members near this one, clockwise: they lie in the same finger interval most likely.</summary>
    private List<Descriptor> Alternatives(RingId asker)
    {
        var named = new List<Descriptor>(MaxAlternatives);
        var at = _context.Self.Id;
        for (var i = 0; i < MaxAlternatives && Links.FirstClockwise(at.Plus(1), new LinkChoice(default, Suspects: false)) is { } link; i++)
        {
            if (named.Count > 0 && named[0].Id == link.PeerId)
            {
                break; // Once round.
            }

            if (link.PeerId != asker)
            {
                named.Add(link.Peer.Descriptor);
            }

            at = link.PeerId;
        }

        return named;
    }
}
