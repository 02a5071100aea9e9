using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Signalling;

// Links that the host gives away (a simulator's contact mode): no signals, no proofs, and both sides know at once what the other needs the link for.
public sealed partial class LinkSetUps
{
    /// <summary>The answering side.</summary>
    public LinkFailure AcceptContact(Instant now, in Contact peer, LinkPurpose purpose, NodePhase phase)
    {
        if (Links.FindOpen(peer.Id) is { } open)
        {
            (open.PeerPurpose, open.PeerPhase) = (purpose, phase);
            open.JudgeNeed(now);
            return LinkFailure.None;
        }

        if (!_context.Certificates.TryAdd(now, peer.Certificate, out _) || !_context.Certificates.Witness(peer.Id, peer.Instance))
        {
            return LinkFailure.ProofFailed;
        }

        if (!TryMakeRoom(now, purpose))
        {
            return LinkFailure.Full;
        }

        Open(now, new LinkSetUp(_context.NextLink(), peer.Id, isIncoming: true), peer, purpose, phase);
        return LinkFailure.None;
    }

    /// <summary>The side that wanted the link.</summary>
    public void ContactAnswered(Instant now, Effects.LinkId id, in Contact peer, LinkPurpose purpose, NodePhase phase, LinkFailure answer)
    {
        if (Links.FindSetUp(id) is not { Phase: LinkPhase.Gather, IsIncoming: false } link)
        {
            return;
        }

        if (answer != LinkFailure.None)
        {
            Fail(now, link, answer, tellHost: false);
        }
        else if (!_context.Certificates.TryAdd(now, peer.Certificate, out _) || !_context.Certificates.Witness(peer.Id, peer.Instance))
        {
            Fail(now, link, LinkFailure.ProofFailed);
        }
        else
        {
            Open(now, link, peer, purpose, phase);
        }
    }

    private void Open(Instant now, LinkSetUp link, in Contact peer, LinkPurpose purpose, NodePhase phase)
    {
        (link.Peer, link.PeerPurpose, link.PeerPhase) = (peer, purpose, phase);
        BecomeOpen(now, link, isTold: true);
    }
}
