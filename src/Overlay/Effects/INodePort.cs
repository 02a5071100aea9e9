using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Effects;

/// <summary>What a part of a node (ring, directory, link set-up) may ask of the whole. Implemented by the node, and by recorders in tests.</summary>
/// <remarks>Calls leave effects behind and never call back into the part that makes them.</remarks>
public interface INodePort
{
    /// <summary>The node itself.</summary>
    Contact Self { get; }

    /// <summary>The node's phase.</summary>
    NodePhase Phase { get; }

    /// <summary>Sends to exactly <paramref name="to"/>: over the direct link if there is one, else routed and signed. Never to itself.</summary>
    void Send(Instant now, RingId to, Payload payload);

    /// <summary>Sends to whoever is responsible for <paramref name="key"/>. Where that is this node, the payload is handled here, after the step.</summary>
    void SendToResponsible(Instant now, RingId key, Payload payload);

    /// <summary>
    /// Sends to exactly <paramref name="to"/>, signed, with the link to <paramref name="via"/> as the first hop, whatever other links there are: the direct one is
    /// what may be broken. Where there is no link to <paramref name="via"/>, like <see cref="Send"/>.
    /// </summary>
    void SendVia(Instant now, RingId via, RingId to, Payload payload) => Send(now, to, payload);

    /// <summary>
    /// Sends to exactly <paramref name="to"/>, which routing does not reach from here, signed, through its anchor <paramref name="via"/>: a member that has a link to it, or
    /// into its ring. Answers come back through <paramref name="via"/> too.
    /// </summary>
    void SendAnchored(Instant now, RingId via, RingId to, Payload payload) => Send(now, to, payload);

    /// <summary>
    /// Writes members by which <paramref name="peer"/> is reached without the direct link to it, the best first, as many as there is room for; how many. For
    /// <see cref="SendRound"/>.
    /// </summary>
    int WaysTo(RingId peer, Span<RingId> ways) => 0;

    /// <summary>Sends to exactly <paramref name="to"/>, signed, by <paramref name="way"/> and not over the direct link; the answer comes back that way.</summary>
    void SendRound(Instant now, RingId way, RingId to, Payload payload) => Send(now, to, payload);

    /// <summary>Sends to exactly <paramref name="to"/>, which is reached through its anchor <paramref name="via"/> where one is named.</summary>
    void SendToGuest(Instant now, RingId to, RingId? via, Payload payload) => Send(now, to, payload);

    /// <summary>Whether there is an open, proved link to <paramref name="id"/>.</summary>
    bool IsLinked(RingId id);

    /// <summary>Writes the other ends of open, proved links, as many as there is room for; how many.</summary>
    int Linked(Span<RingId> peers) => 0;

    /// <summary>Wants a link for <paramref name="purpose"/>: kept if there is one, set up if not. The part hears <c>LinkUp</c> or <c>LinkFailed</c>.</summary>
    void WantLink(Instant now, in Contact peer, LinkPurpose purpose);

    /// <summary>As <see cref="WantLink"/>, with signals that go through the anchor <paramref name="via"/>; null: routed like any other.</summary>
    void WantLinkVia(Instant now, in Contact peer, LinkPurpose purpose, RingId? via) => WantLink(now, peer, purpose);

    /// <summary>How many more parents and children there is room for among the links, once all that gives way to them has.</summary>
    int RoomForNeighbours => int.MaxValue;

    /// <summary>No longer wants the link for <paramref name="purpose"/>; without any purpose on either side it is closed.</summary>
    void UnwantLink(Instant now, RingId peer, LinkPurpose purpose);

    /// <summary>The verified contact of a descriptor, if its certificate is known.</summary>
    bool TryResolve(in Descriptor descriptor, out Contact contact);

    /// <summary>Takes a certificate that a message carried. False where it is not true, or the instance is not the newest known.</summary>
    bool TryLearn(Instant now, NodeCertificate certificate, long instance, out Contact contact)
    {
        contact = default;
        return false;
    }

    /// <summary>Asks <paramref name="from"/> for certificates that are not known yet; the parts hear <c>CertificatesArrived</c>.</summary>
    void FetchCertificates(Instant now, RingId from, ReadOnlySpan<Descriptor> descriptors);

    /// <summary>
    /// A wanted peer could not be linked or did not answer, which is no evidence of death: finds out by routed, signed pings. The parts hear
    /// <c>PeerDied</c> after <see cref="OverlayOptions.LoneSuspicionTimeout"/> of silence, or nothing. Once more for a peer under suspicion changes nothing.
    /// </summary>
    void Suspect(Instant now, in Contact peer);

    /// <summary>This instance was declared dead by others: takes a newer one and returns the node's new contact. Links stay.</summary>
    Contact RenewInstance(Instant now);

    /// <summary>Tells the host.</summary>
    void Observe(in Effect observation);
}
