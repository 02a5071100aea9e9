using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay;

/// <summary>The beginning in a settled network.</summary>
public sealed partial class OverlayNode
{
    /// <summary>
    /// Makes a node that is a member already, in a ring that stands: as if it had joined long ago. Its timers are somewhere in their periods, drawn from its seed.
    /// Drain the outbox as after any step.
    /// </summary>
    /// <exception cref="ArgumentException">The certificate is not valid under <see cref="IdealPlace.HubKey"/> now, or not for this key.</exception>
    public static OverlayNode FromIdeal(OverlayOptions options, NodePorts ports, NodeStart start, Instant now, in IdealPlace place, Outbox outbox)
    {
        var node = new OverlayNode(options, ports, start with { RememberedHubKey = place.HubKey });
        node.BeginIdeal(now, place, outbox);
        return node;
    }

    private void BeginIdeal(Instant now, in IdealPlace place, Outbox outbox)
    {
        Begin(now, outbox);
        _context.Certificates.Trust(place.HubKey);
        if (!_context.Certificates.TrySetOwn(now, place.Self.Certificate))
        {
            throw new ArgumentException($"the certificate of {place.Self.Id} is not valid under the hub's key, or not for the node's own key", nameof(place));
        }

        _context.Self = place.Self;
        foreach (ref readonly var successor in place.Successors)
        {
            _context.Certificates.Vouch(successor);
        }

        foreach (ref readonly var finger in place.Fingers)
        {
            _context.Certificates.Vouch(finger.Finger);
        }

        if (!place.Predecessor.IsNobody)
        {
            _context.Certificates.Vouch(place.Predecessor);
        }

        _context.Links.Reserve(place.Links.Length);
        foreach (ref readonly var link in place.Links)
        {
            _context.Certificates.Vouch(link.Peer);
            if (_context.Links.TryOpen(now, _context.NextLink(), link.Peer.Id, link.Peer, link.IsIncoming, out var open))
            {
                open.Purpose = link.Purpose;
                open.PeerPurpose = link.PeerPurpose;
                open.PeerPhase = NodePhase.Member;
            }
        }

        _links.BeginIdeal(NodePhase.Member);

        if (place.Tree is { } position)
        {
            var tree = MakeTree();
            tree.BeginIdeal(now, position);
            _context.Phase = tree.Phase;
            WatchLinks(now);
            _hubs.BeginIdeal(now, place.HubSlots);
            Settle(now);
            return;
        }

        var ring = MakeRing();
        ring.BeginIdeal(now, place.Predecessor, place.BeforePredecessor, place.Successors, place.Fingers);
        _context.Phase = ring.Phase;
        TakeView(now);
        SpreadWatches(now);
        _hubs.BeginIdeal(now, place.HubSlots);
        Settle(now);
    }

    /// <summary>Each link was heard some time ago, anywhere in its period: a network that pinged all its links at one moment was never settled.</summary>
    private void SpreadWatches(Instant now)
    {
        var neighbours = _ring!.RingNeighbours;
        foreach (var link in _context.Links.Open)
        {
            var isNeighbour = link.PeerId == neighbours.Successor || link.PeerId == neighbours.Predecessor;
            var period = isNeighbour ? _context.Options.ProbePeriod : _context.Options.IdleProbePeriod;
            var watch = isNeighbour ? LinkWatch.Neighbour : (link.Purpose & LinkPurpose.Ring) != 0 ? LinkWatch.Ring : LinkWatch.Idle;
            _detector.Track(now + (-_context.Prng.Between(TimeSpan.Zero, period)), link, watch);
        }
    }
}
