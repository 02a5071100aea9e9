using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
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
/// <para>This type only wires: the ring is <see cref="ChordRing"/>, links <see cref="LinkSetUps"/>, hubs <see cref="HubSessions"/>, routing <see cref="Router"/>
/// and <see cref="Courier"/>, the application's messages <see cref="Deliveries"/>. Parts never call each other back: what one wants of another waits in a
/// queue until the step settles.</para>
/// </remarks>
public sealed partial class OverlayNode
{
    private readonly NodeContext _context;
    private readonly Courier _courier;
    private readonly Intake _intake;
    private readonly LinkSetUps _links;
    private readonly HubSessions _hubs;
    private readonly bool _isGuest;

    // Made when they are needed first: a million settled members in one process do without.
    private readonly Prng _prngOfNames;
    private NameDirectory? _names;
    private Deliveries? _deliveries;
    private Queries? _queries;

    private ChordRing? _ring;
    private long _lastRequest;
    private Moment _wakeAt = Instant.Never;

    /// <summary>Makes an idle node; <see cref="Start"/> brings it to life.</summary>
    public OverlayNode(OverlayOptions options, NodePorts ports, NodeStart start)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(start.HubCount);
        _isGuest = start.IsGuest;
        _context = new NodeContext(options, ports.Signing, ports.Sealing, ports.Secrets, start.Seed, start.Instance, ports.Certificates) { Gauges = ports.Gauges };
        _courier = new Courier(_context);
        _intake = new Intake(_context, _courier);
        _links = new LinkSetUps(_context, _courier);
        _hubs = new HubSessions(
            _context, _courier, start.HubCount, start.Introductions, start.RememberedHubKey, start.Token, start.IsGuest, start.RootSecret);
        _prngOfNames = _context.Prng.Split();
        _detector = new FailureDetector(options, this, _context.Links, _context.Prng.Split());
    }

    /// <summary>The node itself; before it is admitted, a contact without a certificate.</summary>
    public Contact Self => _context.Self;

    /// <summary>Where the node is in its life.</summary>
    public NodePhase Phase => _context.Phase;

    /// <summary>The predecessor on the ring, if one is known.</summary>
    public Contact? Predecessor => _ring?.Predecessor;

    /// <summary>The successor list, nearest first; in founding, the other living members clockwise. Valid until the next call.</summary>
    public ReadOnlySpan<Contact> Successors => _ring is null ? [] : _ring.Successors;

    /// <summary>The key of the hub that admitted this node, empty before: to be remembered across restarts.</summary>
    public ReadOnlyMemory<byte> HubKey => _hubs.HubKey;

    /// <summary>What a hub granted to a node that introduces others: to be kept across restarts.</summary>
    public Delegation? Delegation => _hubs.Delegation;

    /// <summary>Link set-ups in flight, at most <see cref="OverlayOptions.MaxSetUps"/>.</summary>
    public int SetUpsInFlight => _context.Links.SetUpCount;

    /// <summary>Whether a proved link to <paramref name="peer"/> is open.</summary>
    public bool IsLinked(RingId peer) => _context.Links.FindOpen(peer) is not null;

    /// <summary>What this node answers for on the ring, if anything.</summary>
    public Ring.RingArc? OwnedArc => _ring?.OwnedArc;

    /// <summary>Whether this node answers for <paramref name="key"/> now.</summary>
    public bool OwnsKey(RingId key) => _context.IsMember && _context.Owns(key);

    private Deliveries Deliveries => _deliveries ??= new Deliveries(_context, _courier, _intake);

    private Queries Queries => _queries ??= new Queries(_context, _courier);

    private NameDirectory Names => _names ??= new NameDirectory(_context.Options, this, IsOnTree ? TreePlacement : this, _context.Signing, _context.Certificates, _prngOfNames);

    private RequestId NextRequest() => new(++_lastRequest);
}
