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
        if (Links.Find(id) is { SetUp: not null, Phase: >= LinkPhase.Signal and < LinkPhase.Proof } link
            && phase is LinkPhase.Check or LinkPhase.Dtls or LinkPhase.Sctp && phase > link.Phase)
        {
            Enter(now, link, phase);
            Schedule();
        }
    }

    /// <summary>The channel is open: this side proves itself.</summary>
    public void Ready(Instant now, LinkId id)
    {
        if (Links.Find(id) is { SetUp: { HasProved: false, Local: not null, Remote: not null } setUp } link)
        {
            Enter(now, link, LinkPhase.Proof);
            setUp.HasProved = true;
            _courier.SendOver(now, link, Transcript(link).Prove(_context.Signing, _context.Self));
            Schedule();
        }
    }

    /// <summary>The other side's proof came over the link itself.</summary>
    public void ReceiveProof(Instant now, Link link, Proof proof)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(proof);
        if (link.SetUp is not { Local: not null, Remote: not null } || link.Peer.Certificate is null)
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
        BecomeOpen(now, link);
    }

    /// <summary>The other side says whether it forwards and what it needs the link for.</summary>
    public void ReceiveStatus(Instant now, Link link, LinkStatus status)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(status);
        link.PeerPhase = status.Phase;
        link.PeerPurpose = status.Purpose;
        JudgeNeed(now, link);
        _events.Enqueue(new(LinkEventKind.Status, link.Id, link.Peer, link.Purpose, LinkFailure.None, []));
        Schedule();
    }

    /// <summary>The step is over: every neighbour to whom something changed is told, once.</summary>
    public void TellStatus(Instant now)
    {
        foreach (var link in Links.Open)
        {
            Tell(now, link);
        }
    }

    private static bool IsWellFormed(LinkDescription description) => description is { Fingerprint.Length: FingerprintBytes };

    private LinkTranscript Transcript(Link link)
    {
        var (own, other) = (_context.Self.Id, link.PeerId);
        var setUp = link.SetUp!;
        return link.IsIncoming
            ? new(other, own, setUp.OfferNonce, setUp.AnswerNonce, setUp.Remote!.Fingerprint, setUp.Local!.Fingerprint)
            : new(own, other, setUp.OfferNonce, setUp.AnswerNonce, setUp.Local!.Fingerprint, setUp.Remote!.Fingerprint);
    }

    private void BecomeOpen(Instant now, Link link)
    {
        if (Links.FindOpen(link.PeerId) is { } old)
        {
            // Its other end is gone, or this one would not have been negotiated: the newest stands.
            Links.Remove(old);
            _context.Outbox.CloseLink(old.Id, old.PeerId, LinkFailure.Duplicate);
            _context.Outbox.Observe(Observation.LinkEnded, old.PeerId, old.Id, LinkPhase.Open, LinkFailure.Duplicate, old.Purpose);
        }

        if (!Links.TryOpen(link))
        {
            Fail(now, link, LinkFailure.Full);
            return;
        }

        _unreached.RemoveAll(entry => entry.Peer == link.PeerId);
        var wish = FindWish(link.PeerId);
        wish?.Succeeded(now);
        link.Purpose = wish?.Purpose ?? LinkPurpose.None;
        link.HeardAt = now;
        _context.Outbox.Observe(Observation.LinkPhase, link.PeerId, link.Id, LinkPhase.Open, LinkFailure.None, link.Purpose);
        Tell(now, link);
        JudgeNeed(now, link);
        _events.Enqueue(new(LinkEventKind.Up, link.Id, link.Peer, link.Purpose, LinkFailure.None, []));
        Pump(now);
    }

    /// <summary>A changed wish reaches the link: its purpose, what the other side is told, and whether it may close.</summary>
    private void Mirror(Instant now, RingId peer, LinkPurpose purpose)
    {
        foreach (var link in Links.SetUps)
        {
            if (link.PeerId == peer)
            {
                link.Purpose = purpose;
            }
        }

        if (Links.FindOpen(peer) is { } open)
        {
            open.Purpose = purpose; // The other side hears of it at the end of the step.
            JudgeNeed(now, open);
        }
    }

    private void Tell(Instant now, Link link)
    {
        var told = (_context.Phase, link.Purpose);
        if (link.Told != told)
        {
            link.Told = told;
            _courier.SendOver(now, link, new LinkStatus(told.Phase, told.Purpose));
        }
    }

    private static void JudgeNeed(Instant now, Link link)
    {
        var isNeeded = (link.Purpose | link.PeerPurpose) != LinkPurpose.None;
        if (isNeeded)
        {
            link.UnneededSince = Instant.Never;
        }
        else if (link.UnneededSince == Instant.Never)
        {
            link.UnneededSince = now;
        }
    }
}
