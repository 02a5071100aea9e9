using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests;

/// <summary>A node port that writes down what a part asks for.</summary>
internal sealed class RecordingPort(Contact self) : INodePort
{
    public List<(Instant At, RingId Via, RingId To, Payload Payload)> Sent { get; } = [];

    public List<(Instant At, RingId Key, Payload Payload)> SentToResponsible { get; } = [];

    public List<Effect> Observed { get; } = [];

    public HashSet<RingId> Links { get; } = [];

    /// <summary>What <see cref="WaysTo"/> answers.</summary>
    public List<RingId> Ways { get; } = [];

    public Contact Self { get; set; } = self;

    public NodePhase Phase { get; set; } = NodePhase.Member;

    public void Send(Instant now, RingId to, Payload payload) => Sent.Add((now, to, to, payload));

    public void SendVia(Instant now, RingId via, RingId to, Payload payload) => Sent.Add((now, via, to, payload));

    public int WaysTo(RingId peer, Span<RingId> ways)
    {
        var count = Math.Min(ways.Length, Ways.Count);
        Ways[..count].CopyTo(ways);
        return count;
    }

    public void SendRound(Instant now, RingId way, RingId to, Payload payload) => Sent.Add((now, way, to, payload));

    public void SendToResponsible(Instant now, RingId key, Payload payload) => SentToResponsible.Add((now, key, payload));

    public bool IsLinked(RingId id) => Links.Contains(id);

    public void WantLink(Instant now, in Contact peer, LinkPurpose purpose) => throw new NotSupportedException();

    public void UnwantLink(Instant now, RingId peer, LinkPurpose purpose) => throw new NotSupportedException();

    public bool TryResolve(in Descriptor descriptor, out Contact contact) => throw new NotSupportedException();

    public void FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors) => throw new NotSupportedException();

    public void Suspect(Instant now, in Contact peer) => throw new NotSupportedException();

    public Contact RenewInstance(Instant now) => throw new NotSupportedException();

    public void Observe(in Effect observation) => Observed.Add(observation);
}
