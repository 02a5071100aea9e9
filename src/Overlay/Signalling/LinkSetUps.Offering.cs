using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

// The offering side:  gather → Offer → (signal) → Answer | Refuse | Unreachable → check …  and late candidates of both sides.
public sealed partial class LinkSetUps
{
    /// <summary>The host has gathered: the offer or the answer goes out.</summary>
    public void Described(Instant now, LinkId id, LinkDescription local)
    {
        if (Links.FindSetUp(id) is not { Phase: LinkPhase.Gather } link || !IsWellFormed(local))
        {
            return;
        }

        link.Local = local;
        if (link.IsIncoming)
        {
            link.AnswerNonce = _context.NextLinkNonce();
            Signal(now, link, new Answer(link.OfferNonce, link.AnswerNonce, local, _context.Self.Certificate));
        }
        else
        {
            link.OfferNonce = _context.NextLinkNonce();
            link.OfferMessage = Signal(now, link, new Offer(link.OfferNonce, link.Purpose, local, _context.Self.Certificate));
        }

        Enter(now, link, LinkPhase.Signal);
        Schedule();
    }

    /// <summary>Candidates that the host found after the description.</summary>
    public void LateCandidates(Instant now, LinkId id, IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (Links.FindSetUp(id) is not { Phase: > LinkPhase.Gather } link)
        {
            return; // Open already: it works without them.
        }

        var room = LinkDescription.MaxCandidates - link.LinesSent;
        if (room <= 0 || lines.Count == 0)
        {
            return;
        }

        var batch = lines.Count <= room ? lines : Take(lines, room);
        link.LinesSent += batch.Count;
        Signal(now, link, new Candidates(link.OfferNonce, batch));
    }

    /// <summary>An answer to an offer of this node; authentic, from <paramref name="from"/>.</summary>
    public void ReceiveAnswer(Instant now, in Contact from, ReturnPath path, Answer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var link = Links.FindSetUp(from.Id, isIncoming: false);
        if (link is not { Phase: LinkPhase.Signal } || link.OfferNonce != answer.OfferNonce || !IsWellFormed(answer.Description))
        {
            return; // Late, replayed, or to an offer that gave way.
        }

        link.Peer = from;
        link.PeerPath = path;
        link.AnswerNonce = answer.Nonce;
        link.Remote = answer.Description;
        Enter(now, link, LinkPhase.Check);
        _context.Outbox.AcceptAnswer(link.Id, answer.Description);
        if (link.EarlyCandidates is { } early)
        {
            _context.Outbox.AddCandidates(link.Id, early);
            link.EarlyCandidates = null;
        }

        Schedule();
    }

    /// <summary>Late candidates of the other side.</summary>
    public void ReceiveCandidates(in Contact from, Candidates candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        foreach (var link in Links.SetUps)
        {
            if (link.PeerId == from.Id && link.OfferNonce == candidates.OfferNonce && (link.IsIncoming || link.Phase > LinkPhase.Gather))
            {
                TakeCandidates(link, candidates.Lines);
                return;
            }
        }

        foreach (var offer in _waiting)
        {
            if (offer.From.Id == from.Id && offer.Offer.Nonce == candidates.OfferNonce && offer.Lines.Count + candidates.Lines.Count <= LinkDescription.MaxCandidates)
            {
                offer.Lines.AddRange(candidates.Lines);
            }
        }
    }

    /// <summary>The other side would not have the link.</summary>
    public void ReceiveRefuse(Instant now, in Contact from, Refuse refuse)
    {
        ArgumentNullException.ThrowIfNull(refuse);
        if (Links.FindSetUp(from.Id, isIncoming: false) is { Phase: LinkPhase.Signal } link && link.OfferNonce == refuse.OfferNonce)
        {
            var why = refuse.Reason is LinkFailure.Full or LinkFailure.Duplicate or LinkFailure.Leaving or LinkFailure.Superseded ? refuse.Reason : LinkFailure.Refused;
            Fail(now, link, why, alternatives: refuse.Alternatives);
        }
    }

    /// <summary>A message could not be delivered. True where it was an offer of this node.</summary>
    public bool SignalUnreachable(Instant now, ulong messageId)
    {
        foreach (var link in Links.SetUps)
        {
            if (!link.IsIncoming && link.Phase == LinkPhase.Signal && link.OfferMessage == messageId)
            {
                Fail(now, link, LinkFailure.Unreachable);
                return true;
            }
        }

        return false;
    }

    private static List<string> Take(IReadOnlyList<string> lines, int count)
    {
        var taken = new List<string>(count);
        for (var i = 0; i < count; i++)
        {
            taken.Add(lines[i]);
        }

        return taken;
    }

    private void BeginOffer(Instant now, LinkWish wish)
    {
        if (!TryMakeRoom(now, wish.Purpose))
        {
            wish.Failed(now, ref _context.Prng);
            _events.Add(new(LinkEventKind.Failed, default, wish.Peer, wish.Purpose, LinkFailure.Full, []));
            return;
        }

        var link = new LinkSetUp(_context.NextLink(), wish.PeerId, isIncoming: false)
        {
            Peer = wish.Peer,
            Purpose = wish.Purpose,
            Due = now + _context.Options.LinkSetUpTimeout,
            Through = ThroughOf(wish),
            PeerPath = new ReturnPath(wish.Via, default),
        };
        Links.TryAddSetUp(link);
        Enter(now, link, LinkPhase.Gather);
        _context.Outbox.OpenLink(link.Id, link.PeerId, remote: null);
    }

    /// <summary>An anchor that is a neighbour is the first hop, whatever else routing would choose.</summary>
    private RingId? ThroughOf(LinkWish wish) =>
        wish.Via is not { } via ? DetourTo(wish.PeerId) : via != _context.Self.Id && Links.FindOpen(via) is not null ? via : null;

    /// <summary>Sends a signal to the other side, always signed, and counts it once, here at its origin.</summary>
    private ulong Signal(Instant now, LinkSetUp link, Payload payload) => Signal(now, link.PeerId, link.PeerPath, link.Through, link.Id, payload);

    private ulong Signal(Instant now, RingId to, ReturnPath path, RingId? through, LinkId link, Payload payload)
    {
        var letter = new Letter(to, payload) { Via = path.Via, ReplyVia = through, AlwaysSigned = true };
        var (messageId, byHub) = through is { } neighbour ? _courier.SendThrough(now, neighbour, letter) : _courier.Answer(now, letter, path.Link);
        if (payload is not Refuse)
        {
            _context.Outbox.Observe(new Effect
            {
                Observation = Observation.Signalled,
                Link = link,
                Number = byHub ? 1 : 0,
                Message = new Message { Source = to, Kind = payload.Kind, MessageId = messageId },
            });
        }

        return messageId;
    }

    private void TakeCandidates(LinkSetUp link, IReadOnlyList<string> lines)
    {
        if (link.LinesTaken + lines.Count > LinkDescription.MaxCandidates)
        {
            return;
        }

        link.LinesTaken += lines.Count;
        if (link.Remote is null)
        {
            var early = new List<string>(link.EarlyCandidates ?? []); // They overtook the answer.
            early.AddRange(lines);
            link.EarlyCandidates = early;
        }
        else
        {
            _context.Outbox.AddCandidates(link.Id, lines);
        }
    }
}
