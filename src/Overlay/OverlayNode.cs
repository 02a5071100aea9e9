using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay;

/// <summary>
/// One node of the overlay as a machine: ring, links, routing, signalling, delivery and hub session, without a clock, a socket or a thread.
/// </summary>
/// <remarks>
/// <para>Its members come in four groups. <b>Handles</b> tell it what happened in the world (<see cref="Receive"/>, <see cref="LinkReady"/>, … and
/// <see cref="Advance"/>, which is time). <b>Commands</b> are the application's (<see cref="Send"/>, <see cref="Lookup"/>, …); each returns a
/// <see cref="RequestId"/>, and an <see cref="EffectKind.Completed"/> effect with the same id follows, in the same step or in a later one.
/// <b>Effects</b> leave through the outbox that every call takes. <b>Inspection</b> never changes anything.</para>
/// <para>The law of the host: after each call drain the outbox, perform the effects in order, and wait for the next input until
/// <see cref="Outbox.WakeAt"/>, then call <see cref="Advance"/>. Never call back in while performing. The same inputs and the same seed give the same
/// effects, bit for bit.</para>
/// </remarks>
public sealed partial class OverlayNode
{
    private readonly OverlayOptions _options;
    private readonly NodePorts _ports;
    private readonly NodeStart _start;
    private long _lastRequest;

    /// <summary>Makes an idle node; <see cref="Start"/> brings it to life.</summary>
    public OverlayNode(OverlayOptions options, NodePorts ports, NodeStart start)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(start.HubCount);
        (_options, _ports, _start) = (options, ports, start);
    }

    /// <summary>The node itself, once admitted; before, a contact without a certificate.</summary>
    public Contact Self { get; private set; }

    /// <summary>Where the node is in its life.</summary>
    public NodePhase Phase { get; private set; }

    /// <summary>The predecessor on the ring, if one is known.</summary>
    public Contact? Predecessor => null;

    /// <summary>The successor list, nearest first; in founding, the other living members clockwise. Valid until the next call.</summary>
    public ReadOnlySpan<Contact> Successors => [];

    /// <summary>The key of the hub that admitted this node, empty before: to be remembered across restarts.</summary>
    public ReadOnlyMemory<byte> HubKey { get; private set; }

    /// <summary>Link set-ups in flight, at most <see cref="OverlayOptions.MaxSetUps"/>.</summary>
    public int SetUpsInFlight => 0;

    /// <summary>The node's tables as any other node would be told: neighbours, fingers and links.</summary>
    public State Snapshot() => new(0, Phase, null, [], [], []);

    private RequestId NextRequest() => new(++_lastRequest);
}
