using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay;

/// <summary>Handles: the world → the node.</summary>
public sealed partial class OverlayNode
{
    /// <summary>A message arrived over a link or a hub session.</summary>
    public void Receive(Instant now, LinkId link, in Message message, Outbox outbox) { }

    /// <summary>The WebSocket of an <see cref="EffectKind.OpenHub"/> is open.</summary>
    public void HubOpened(Instant now, LinkId session, Outbox outbox) { }

    /// <summary>The hub could not be reached, or closed the session.</summary>
    public void HubLost(Instant now, LinkId session, Outbox outbox) { }

    /// <summary>The connection of an <see cref="EffectKind.OpenLink"/> has its candidates (offerer and answerer).</summary>
    public void LinkDescribed(Instant now, LinkId link, LinkDescription local, Outbox outbox) { }

    /// <summary>Candidates that came late, batched by the host.</summary>
    public void LinkCandidates(Instant now, LinkId link, IReadOnlyList<string> lines, Outbox outbox) { }

    /// <summary>The connection entered <see cref="LinkPhase.Check"/>, <see cref="LinkPhase.Dtls"/> or <see cref="LinkPhase.Sctp"/>.</summary>
    public void LinkProgress(Instant now, LinkId link, LinkPhase phase, Outbox outbox) { }

    /// <summary>The channel <c>overlay</c> is open: both sides prove themselves next.</summary>
    public void LinkReady(Instant now, LinkId link, Outbox outbox) { }

    /// <summary>The connection stack gave up, or the peer closed.</summary>
    public void LinkLost(Instant now, LinkId link, LinkFailure why, Outbox outbox) { }

    /// <summary>Something authenticated arrived over the link, whatever it was: its peer lives. Cheap.</summary>
    public void LinkHeard(Instant now, LinkId link) { }

    /// <summary>A message that was sent over the link and not acknowledged, after <see cref="EffectKind.TakeBack"/> or <see cref="LinkLost"/>.</summary>
    public void HandBack(Instant now, LinkId link, in Message message, Outbox outbox) { }

    /// <summary>Time passed: everything that was due by <paramref name="now"/> is done.</summary>
    public void Advance(Instant now, Outbox outbox) { }
}
