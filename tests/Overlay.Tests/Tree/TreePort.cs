using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Tree;

/// <summary>The port of one tree machine: all links are open unless a test says which, all certificates known, and what it says is written down.</summary>
internal sealed class TreePort(Contact self, Func<Descriptor, Contact> resolve) : INodePort
{
    private readonly List<(RingId To, Payload Payload)> _sent = [];

    public List<(Observation What, RingId Peer)> Observed { get; } = [];

    /// <summary>The open links; null: all.</summary>
    public HashSet<RingId>? Links { get; set; }

    /// <summary>Links that are wanted now, and for what.</summary>
    public Dictionary<RingId, LinkPurpose> Wanted { get; } = [];

    /// <summary>Links for parents and children that there is room for.</summary>
    public int RoomForNeighbours { get; set; } = int.MaxValue;

    public Contact Self { get; } = self;

    public NodePhase Phase => NodePhase.Member;

    /// <summary>What was sent since the last question, of this kind.</summary>
    public List<(RingId To, T Payload)> Take<T>()
        where T : Payload
    {
        var taken = _sent.Where(one => one.Payload is T).Select(one => (one.To, (T)one.Payload)).ToList();
        _sent.RemoveAll(one => one.Payload is T);
        return taken;
    }

    public void Send(Instant now, RingId to, Payload payload) => _sent.Add((to, payload));

    public void SendToResponsible(Instant now, RingId key, Payload payload) => _sent.Add((key, payload));

    public bool IsLinked(RingId id) => Links?.Contains(id) != false;

    public int Linked(Span<RingId> peers)
    {
        var count = 0;
        foreach (var peer in Links ?? [])
        {
            if (count < peers.Length)
            {
                peers[count++] = peer;
            }
        }

        return count;
    }

    public void WantLink(Instant now, in Contact peer, LinkPurpose purpose) => Wanted[peer.Id] = Wanted.GetValueOrDefault(peer.Id) | purpose;

    public void UnwantLink(Instant now, RingId peer, LinkPurpose purpose)
    {
        Wanted[peer] = Wanted.GetValueOrDefault(peer) & ~purpose;
        if (Wanted[peer] == LinkPurpose.None)
        {
            Wanted.Remove(peer);
        }
    }

    public bool TryResolve(in Descriptor descriptor, out Contact contact)
    {
        contact = resolve(descriptor);
        return true;
    }

    public void FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors) => throw new NotSupportedException();

    public void Suspect(Instant now, in Contact peer)
    {
        // Nobody answers.
    }

    public Contact RenewInstance(Instant now) => throw new NotSupportedException();

    public void Observe(in Effect observation) => Observed.Add((observation.Observation, observation.Peer));
}
