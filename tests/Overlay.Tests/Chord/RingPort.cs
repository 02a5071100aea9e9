using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Chord;

/// <summary>The port of one ring machine: writes down what is sent, knows the certificates it was given, opens no links.</summary>
internal sealed class RingPort(Contact self, params Contact[] known) : INodePort
{
    public List<(RingId To, Payload Payload)> Sent { get; } = [];

    public HashSet<RingId> Links { get; } = [];

    public Contact Self { get; private set; } = self;

    public NodePhase Phase => NodePhase.Member;

    public void Send(Instant now, RingId to, Payload payload) => Sent.Add((to, payload));

    public void SendToResponsible(Instant now, RingId key, Payload payload) => Sent.Add((key, payload));

    public bool IsLinked(RingId id) => Links.Contains(id);

    public void WantLink(Instant now, in Contact peer, LinkPurpose purpose)
    {
        // Links are the test's to open.
    }

    public void UnwantLink(Instant now, RingId peer, LinkPurpose purpose)
    {
        // And to close.
    }

    public bool TryResolve(in Descriptor descriptor, out Contact contact)
    {
        foreach (var one in known)
        {
            if (one.Id == descriptor.Id)
            {
                contact = one with { Instance = descriptor.Instance };
                return true;
            }
        }

        contact = default;
        return false;
    }

    public void FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors)
    {
        // What the test did not give stays unknown.
    }

    public void Suspect(Instant now, in Contact peer)
    {
        // Deaths are the test's to confirm.
    }

    public Contact RenewInstance(Instant now) => Self = Self with { Instance = Self.Instance + 1 };

    public void Observe(in Effect observation)
    {
        // The tests look at the ring itself.
    }
}
