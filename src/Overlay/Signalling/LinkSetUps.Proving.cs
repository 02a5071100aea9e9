using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Signalling;

// Over the new link:  a ⇄ Proof ⇄ b, then it is open;  a ⇄ LinkStatus ⇄ b, now and whenever phase or need changes.
public sealed partial class LinkSetUps
{
    /// <summary>Bytes of a DTLS fingerprint (SHA-256).</summary>
    private const int FingerprintBytes = 32;

    /// <summary>The connection stack got further.</summary>
    public void Progress(Instant now, LinkId id, LinkPhase phase)
    {
        if (Links.FindSetUp(id) is { Phase: >= LinkPhase.Signal and < LinkPhase.Proof } link
            && phase is LinkPhase.Check or LinkPhase.Dtls or LinkPhase.Sctp && phase > link.Phase)
        {
            Enter(now, link, phase);
            Schedule();
        }
    }

    /// <summary>The channel is open: this side proves itself.</summary>
    public void Ready(Instant now, LinkId id)
    {
        if (Links.FindSetUp(id) is { HasProved: false, Local: not null, Remote: not null } link)
        {
            Enter(now, link, LinkPhase.Proof);
            link.HasProved = true;
            _courier.SendOver(now, link.Id, link.PeerId, Transcript(link).Prove(_context.Signing, _context.Self));
            Schedule();
        }
    }

    /// <summary>The other side's proof came over the link itself.</summary>
    public void ReceiveProof(Instant now, LinkSetUp link, Proof proof)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(proof);
        if (link is not { Local: not null, Remote: not null } || link.Peer.Certificate is null)
        {
            return;
        }

        Ready(now, link.Id); // A proof that overtook the host's word says as much.
        if (!_context.Certificates.TryAdd(now, proof.Certificate, out var certificate)
            || !Transcript(link).Verify(_context.Signing, link.PeerId, proof)
            || !_context.Certificates.Witness(link.PeerId, proof.Instance))
        {
            Fail(now, link, LinkFailure.ProofFailed);
            return;
        }

        link.Peer = new(link.PeerId, proof.Instance, certificate);
        BecomeOpen(now, link, isTold: false);
    }

    /// <summary>The other side says whether it forwards and what it needs the link for.</summary>
    public void ReceiveStatus(Instant now, Link link, LinkStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        link.PeerPhase = status.Phase;
        link.PeerPurpose = status.Purpose;
        link.JudgeNeed(now);
        Schedule();
    }

    /// <summary>The step is over: every neighbour to whom something changed is told, once.</summary>
    public void TellStatus(Instant now)
    {
        var phase = _context.Phase;
        if (_toldPhase == phase && _told.Count == 0)
        {
            return;
        }

        foreach (var link in Links.Open)
        {
            if (ToldTo(link) != (phase, link.Purpose))
            {
                _courier.SendOver(now, link.Id, link.PeerId, new LinkStatus(phase, link.Purpose));
            }
        }

        _toldPhase = phase;
        _told.Clear();
    }

    /// <summary>The open links of a node that begins as a member: their other ends know all about it.</summary>
    public void BeginIdeal(NodePhase phase) => _toldPhase = phase;

    private static bool IsWellFormed(LinkDescription description) => description is { Fingerprint.Length: FingerprintBytes };

    private LinkTranscript Transcript(LinkSetUp link)
    {
        var (own, other) = (_context.Self.Id, link.PeerId);
        return link.IsIncoming
            ? new(other, own, link.OfferNonce, link.AnswerNonce, link.Remote!.Fingerprint, link.Local!.Fingerprint)
            : new(own, other, link.OfferNonce, link.AnswerNonce, link.Local!.Fingerprint, link.Remote!.Fingerprint);
    }

    private void BecomeOpen(Instant now, LinkSetUp setUp, bool isTold)
    {
        var wish = IndexOfWish(setUp.PeerId);
        var purpose = wish >= 0 ? _wishes[wish].Purpose : LinkPurpose.None;
        if (Links.FindOpen(setUp.PeerId) is { } old)
        {
            // Its other end is gone, or this one would not have been negotiated: the newest stands.
            purpose |= old.Purpose;
            _context.Outbox.CloseLink(old.Id, old.PeerId, LinkFailure.Duplicate);
            _context.Outbox.Observe(Observation.LinkEnded, old.PeerId, old.Id, LinkPhase.Open, LinkFailure.Duplicate, old.Purpose);
            Links.Remove(old);
        }

        setUp.Purpose = purpose;
        if (!Links.TryOpen(now, setUp, out var link))
        {
            Fail(now, setUp, LinkFailure.Full);
            return;
        }

        _unreached.RemoveAll(entry => entry.Peer == setUp.PeerId);
        if (wish >= 0)
        {
            _wishes.RemoveAt(wish); // From here on the link itself says what it is wanted for.
        }

        _context.Outbox.Observe(Observation.LinkPhase, link.PeerId, link.Id, LinkPhase.Open, LinkFailure.None, purpose);
        if (!isTold)
        {
            _courier.SendOver(now, link.Id, link.PeerId, new LinkStatus(_context.Phase, purpose));
        }

        if (_context.Phase != _toldPhase)
        {
            _told.Add(new(link.Id, _context.Phase, purpose));
        }

        link.JudgeNeed(now);
        _events.Add(new(LinkEventKind.Up, link.Id, link.Peer, purpose, LinkFailure.None, []));
        Pump(now);
    }

    /// <summary>A changed wish reaches the link: its purpose, what the other side is told, and whether it may close.</summary>
    private void Mirror(Instant now, RingId peer, LinkPurpose purpose)
    {
        foreach (var setUp in Links.SetUps)
        {
            if (setUp.PeerId == peer)
            {
                setUp.Purpose = purpose;
            }
        }

        if (Links.FindOpen(peer) is { } open && open.Purpose != purpose)
        {
            if (!HasTold(open.Id))
            {
                _told.Add(new(open.Id, _toldPhase, open.Purpose)); // The other side hears of it at the end of the step.
            }

            open.Purpose = purpose;
            open.JudgeNeed(now);
        }
    }

    private bool HasTold(LinkId link)
    {
        foreach (ref readonly var told in _told.Items)
        {
            if (told.Link == link)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the other side was told last: this node's phase, and what it needs the link for.</summary>
    private (NodePhase Phase, LinkPurpose Purpose) ToldTo(Link link)
    {
        foreach (ref readonly var told in _told.Items)
        {
            if (told.Link == link.Id)
            {
                return (told.Phase, told.Purpose);
            }
        }

        return (_toldPhase, link.Purpose);
    }

    /// <summary>The other end of a link was told something else than all others, or something that is not so any more.</summary>
    private readonly record struct Told(LinkId Link, NodePhase Phase, LinkPurpose Purpose);
}
