using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Simulator.Rings;

/// <summary>One ring machine without the rest of a node: its port is the world itself.</summary>
internal sealed class RingHost : INodePort
{
    private readonly RingWorld _world;
    private readonly HashSet<RingId> _known = [];

    public RingHost(RingWorld world, int number, Contact self, OverlayOptions options, Prng random)
    {
        (_world, Number, Self) = (world, number, self);
        Ring = new(options, this, random, EmptyArcs.Instance);
    }

    public int Number { get; }

    public Contact Self { get; private set; }

    public ChordRing Ring { get; }

    public NodePhase Phase => Ring.Phase;

    public bool IsAlive { get; set; } = true;

    public bool HasChanged { get; set; }

    public Instant WakeAt { get; set; } = Instant.Never;

    public void Know(RingId id) => _known.Add(id);

    public void Send(Instant now, RingId to, Payload payload) => _world.Send(this, to, payload);

    public void SendToResponsible(Instant now, RingId key, Payload payload) => _world.SendToResponsible(this, key, payload);

    public bool IsLinked(RingId id) => _world.IsLinked(this, id);

    public void WantLink(Instant now, in Contact peer, LinkPurpose purpose) => _world.WantLink(this, peer, purpose);

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
