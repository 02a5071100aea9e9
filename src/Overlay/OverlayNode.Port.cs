using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>What the parts may ask of the whole. Nothing here calls a part back.</summary>
public sealed partial class OverlayNode : INodePort
{
    Contact INodePort.Self => _context.Self;

    NodePhase INodePort.Phase => _ring is { Phase: not NodePhase.Idle } ? _ring.Phase : _tree is { Phase: not NodePhase.Idle } ? _tree.Phase : _context.Phase;

    void INodePort.Send(Instant now, RingId to, Payload payload) => _courier.Send(now, new Letter(to, payload));

    void INodePort.SendToResponsible(Instant now, RingId key, Payload payload) =>
        _courier.Send(now, new Letter(key, payload) { Flags = MessageFlags.Responsible });

    void INodePort.SendVia(Instant now, RingId via, RingId to, Payload payload) => _courier.SendThrough(now, via, new Letter(to, payload));

    void INodePort.SendToGuest(Instant now, RingId to, RingId? via, Payload payload) => _courier.Send(now, new Letter(to, payload) { Via = via });

    int INodePort.WaysTo(RingId peer, Span<RingId> ways) => _tree is { IsMember: true } tree ? WaysOnTree(tree, peer, ways) : 0;

    void INodePort.SendRound(Instant now, RingId way, RingId to, Payload payload) => _courier.SendRound(now, way, new Letter(to, payload) { ReplyVia = way });

    bool INodePort.IsLinked(RingId id) => IsLinked(id);

    int INodePort.RoomForNeighbours => _context.Links.RingRoom();

    void INodePort.WantLink(Instant now, in Contact peer, LinkPurpose purpose) => _links.Want(now, peer, purpose);

    void INodePort.UnwantLink(Instant now, RingId peer, LinkPurpose purpose) => _links.Unwant(now, peer, purpose);

    bool INodePort.TryResolve(in Descriptor descriptor, out Contact contact) => _context.Certificates.TryResolve(descriptor, out contact);

    void INodePort.FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors)
    {
        var hashes = new List<CertificateHash>(Math.Min(descriptors.Length, MaxCertificates));
        foreach (var descriptor in descriptors)
        {
            if (hashes.Count < MaxCertificates && !_context.Certificates.Knows(descriptor))
            {
                hashes.Add(descriptor.Certificate);
            }
        }

        if (hashes.Count > 0)
        {
            _intake.Fetch(now, from, via: null, hashes);
        }
    }

    void INodePort.Suspect(Instant now, in Contact peer) => _detector.Suspect(now, peer.Id);

    Contact INodePort.RenewInstance(Instant now)
    {
        _context.Self = _context.Self with { Instance = Math.Max(_context.Self.Instance + 1, now.UnixMilliseconds) };
        return _context.Self;
    }

    int INodePort.Linked(Span<RingId> peers)
    {
        var count = 0;
        foreach (var link in _context.Links.Open)
        {
            if (count < peers.Length)
            {
                peers[count++] = link.PeerId;
            }
        }

        return count;
    }

    void INodePort.Observe(in Effect observation)
    {
        _isPlacementNew |= observation.Observation is Observation.NeighboursChanged or Observation.PhaseChanged;
        _treeChanged |= observation.Observation == Observation.NeighboursChanged;
        if (observation.Observation == Observation.PeerLeft)
        {
            _context.Departures.Add(_context.Now, observation.Peer, DepartureKind.Left); // While founding, the word of whoever passed it on.
        }

        _context.Outbox.Observe(observation);
    }
}
