using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay.Simulator.Trees;

/// <summary>One tree machine without the rest of a node: its port is the world itself.</summary>
internal sealed class TreeHost : INodePort
{
    private readonly TreeWorld _world;
    private readonly HashSet<RingId> _known = [];

    public TreeHost(TreeWorld world, int number, Contact self, OverlayOptions options, Prng random)
    {
        (_world, Number, Self) = (world, number, self);
        Tree = new(options, this, random);
    }

    public int Number { get; }

    public Contact Self { get; private set; }

    public OverlayTree Tree { get; }

    public NodePhase Phase => Tree.Phase;

    public bool IsAlive { get; set; } = true;

    public bool HasChanged { get; set; }

    /// <summary>Links open or being set up.</summary>
    public int LinkCount { get; set; }

    /// <summary>The other ends of its open links, in the order in which they opened.</summary>
    public List<int> Links { get; } = [];

    public Instant WakeAt { get; set; } = Instant.Never;

    public void Know(RingId id) => _known.Add(id);

    public void Send(Instant now, RingId to, Payload payload) => _world.Send(this, to, null, payload);

    public void SendToGuest(Instant now, RingId to, RingId? via, Payload payload) => _world.Send(this, to, via, payload);

    public void SendToResponsible(Instant now, RingId key, Payload payload) => _world.SendToResponsible(this, key, payload);

    public bool IsLinked(RingId id) => _world.IsLinked(this, id);

    public int Linked(Span<RingId> peers)
    {
        var count = Math.Min(peers.Length, Links.Count);
        for (var i = 0; i < count; i++)
        {
            peers[i] = _world.IdOf(Links[i]);
        }

        return count;
    }

    public int RoomForNeighbours => _world.RoomForNeighbours(this);

    public void WantLink(Instant now, in Contact peer, LinkPurpose purpose) => _world.WantLink(this, peer.Id, purpose);

    public void UnwantLink(Instant now, RingId peer, LinkPurpose purpose) => _world.UnwantLink(this, peer, purpose);

    public bool TryResolve(in Descriptor descriptor, out Contact contact)
    {
        var known = _known.Contains(descriptor.Id);
        contact = known ? new(descriptor.Id, descriptor.Instance, _world.CertificateOf(descriptor.Id)) : default;
        return known;
    }

    public void FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors) => _world.Fetch(this, from, descriptors);

    public void Suspect(Instant now, in Contact peer) => _world.Suspect(this, peer.Id);

    public Contact RenewInstance(Instant now) => Self = Self with { Instance = Math.Max(Self.Instance + 1, now.UnixMilliseconds) };

    public void Observe(in Effect observation)
    {
        HasChanged |= observation.Observation is Observation.NeighboursChanged or Observation.PhaseChanged;
        _world.Observed(this, observation);
    }
}
