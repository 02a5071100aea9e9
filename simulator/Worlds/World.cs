using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Engine;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Simulator.Worlds;

/// <summary>A simulated network of real <see cref="OverlayNode"/>s: their clock, their links, their hub.</summary>
/// <remarks>
/// <para>One thread, virtual time, events in the order of (time, sequence). A node has one entry in the queue for its next wake-up, whatever it waits for. Two runs of
/// the same seed do the same, to the bit: <see cref="Hash"/>.</para>
/// <para>Flat in memory: nodes are numbers; whom a link leads to is asked of the node that holds it, so an open link costs the world nothing.</para>
/// </remarks>
public sealed partial class World
{
    /// <summary>The wall clock of every simulated world begins here: 2026-01-01 UTC.</summary>
    public const long UnixOrigin = 1_767_225_600_000;

    /// <summary>Events of one moment beyond which time is said to stand still, for each living node.</summary>
    private const int MaxEventsOfAMoment = 10_000;

    private const long Never = long.MaxValue;

    private readonly WorldOptions _options;
    private readonly IWorldObserver _observer;
    private readonly WheelQueue _events = new();
    private readonly Slab<InFlight> _inFlight = new();
    private readonly Outbox _outbox = new();
    private readonly OverlayNode?[] _nodes;
    private readonly NodeFlags[] _flags;
    private readonly long[] _wakeAt;
    private readonly (long Forwarded, long Bytes)[]? _loads;
    private readonly RingDirectory _directory;
    private readonly WorldIdentities _identities;
    private readonly WorldTrace _trace;
    private EffectHash _hash;
    private bool _isHalted;
    private Prng _random;
    private long _now;
    private int _ofThisMoment;

    /// <summary>Makes an empty world with a hub.</summary>
    public World(WorldOptions options, IWorldObserver observer)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Capacity);
        (_options, _observer) = (options, observer);
        _random = new Prng(options.Seed);
        _nodes = new OverlayNode?[options.Capacity];
        _flags = new NodeFlags[options.Capacity];
        _wakeAt = new long[options.Capacity];
        _loads = options.Overlay.Topology == Topology.Tree ? new (long, long)[options.Capacity] : null;
        _directory = new RingDirectory(options.Capacity);
        _identities = new WorldIdentities(options.Seed, options.Capacity);
        _trace = new WorldTrace(options.TraceLength);
        _endpoints = [.. Enumerable.Range(0, options.Introducers).Select(node => new Endpoint(node))];
        _hub = NewHub();
    }

    /// <summary>What a node's entry says.</summary>
    [Flags]
    private enum NodeFlags : byte
    {
        None = 0,
        Alive = 1,
        Suspended = 2,
        Changed = 4,
    }

    private enum EventKind
    {
        WakeUp,
        Deliver,
        Acknowledged,
        Described,
        Connected,
        Closed,
        HandBack,
        Contact,
        HubOpens,
        ToHub,
        FromHub,
        HubSessionEnds,
        HubWakesUp,

        /// <summary>From here on: the observer's own.</summary>
        Planned,
    }

    /// <summary>The moment, in units of 100 ns since the world began.</summary>
    public long Ticks => _now;

    /// <summary>The time since the world began.</summary>
    public TimeSpan Elapsed => new(_now);

    /// <summary>A hash over everything that every node did, in order.</summary>
    public ulong Hash => _hash.Value;

    /// <summary>What happened, in numbers.</summary>
    public WorldCounters Counters { get; } = new();

    /// <summary>What a node passed on for others, and the bytes of all messages that it sent; counted on a tree only, where they are not alike.</summary>
    public (long Forwarded, long Bytes) LoadOf(int node) => _loads?[node] ?? default;

    /// <summary>Nodes that live, suspended ones included.</summary>
    public int LiveCount { get; private set; }

    /// <summary>Numbers that there are.</summary>
    public int Capacity => _nodes.Length;

    /// <summary>Numbers that were ever given to nodes.</summary>
    public int Numbers { get; private set; }

    /// <summary>Who sits where.</summary>
    public RingDirectory Directory => _directory;

    /// <summary>Keys and certificates, and what all nodes share of them.</summary>
    public WorldIdentities Identities => _identities;

    /// <summary>The moment as nodes are told it.</summary>
    public Instant Now => new(_now, UnixOrigin + (_now / TimeSpan.TicksPerMillisecond));

    /// <summary>The node with this number; null where it does not live.</summary>
    public OverlayNode? this[int node] => _nodes[node];

    /// <summary>Whether nothing parts the network between two nodes.</summary>
    public bool Reaches(int one, int other) => _options.Network.Reaches(one, other) && _options.Network.Reaches(other, one);

    /// <summary>Whether <paramref name="node"/> lives.</summary>
    public bool IsAlive(int node) => (_flags[node] & NodeFlags.Alive) != 0;

    /// <summary>Whether <paramref name="node"/> lives and is frozen.</summary>
    public bool IsSuspended(int node) => (_flags[node] & NodeFlags.Suspended) != 0;

    /// <summary>Whether <paramref name="node"/> lives and has a place on the ring.</summary>
    public bool IsMember(int node) => IsAlive(node) && _nodes[node]!.Phase is NodePhase.Member or NodePhase.Founding;

    /// <summary>Runs until <paramref name="until"/>, for at most <paramref name="most"/> events, or until <paramref name="cancellation"/>; ends between two events.</summary>
    /// <exception cref="InvalidOperationException">Time stands still: two machines answer each other in zero time for ever.</exception>
    public void RunFor(long most, long until, CancellationToken cancellation = default)
    {
        for (var count = 0L; count < most; count++)
        {
            if (count % RecalledAtOnce == 0)
            {
                RecallNext();
            }

            if (!_events.TryTake(until, out var next))
            {
                _now = Math.Max(_now, until);
                return;
            }

            if (next.Ticks != _now)
            {
                (_now, _ofThisMoment) = (next.Ticks, 0);
            }
            else if (++_ofThisMoment > MaxEventsOfAMoment && _ofThisMoment / MaxEventsOfAMoment > LiveCount)
            {
                throw new InvalidOperationException("Time stands still:\n" + string.Join('\n', LastEvents(12, [])));
            }

            Counters.Events++;
            Perform(next);
            if (_isHalted)
            {
                _isHalted = false;
                return;
            }

            if ((count & 0x3ff) == 0 && cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <inheritdoc cref="RunFor"/>
    public void RunUntil(long until) => RunFor(long.MaxValue, until);

    /// <summary>Nothing happens after the event that is performed now, until it is run again: where a run ends must not depend on how its time was sliced.</summary>
    public void Halt() => _isHalted = true;

    /// <summary>Plans an event of the observer's own.</summary>
    /// <param name="ticks">When; not before now.</param>
    /// <param name="kind">From 0.</param>
    /// <param name="node">A node, or −1.</param>
    /// <param name="argument">The observer's.</param>
    public void Plan(long ticks, int kind, int node = -1, int argument = 0) =>
        _events.Add(Math.Max(ticks, _now), (int)EventKind.Planned + kind, node, argument);

    /// <summary>Lets a command of the application act on a living node, and performs what follows. False where the node is frozen or gone.</summary>
    public bool Command(int node, Action<OverlayNode, Instant, Outbox> command)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!IsAlive(node) || IsSuspended(node))
        {
            return false;
        }

        command(_nodes[node]!, Now, _outbox);
        AfterStep(node);
        return true;
    }

    /// <summary>The last events in which one of <paramref name="nodes"/> took part (all where none is named), oldest first.</summary>
    public IReadOnlyList<string> LastEvents(int most, IReadOnlyList<int> nodes) => _trace.Describe(most, nodes, NameOf);

    /// <summary>The position of a node, or its number where it has none.</summary>
    public string NameOf(int node) =>
        node < 0 ? "hub" : _nodes[node] is { Self.Certificate: not null } known ? $"{known.Self.Id} (#{node})" : $"#{node}";

    private void Perform(in TimedEvent next)
    {
        var (kind, node) = ((EventKind)next.Kind, next.Node);
        switch (kind)
        {
            case EventKind.WakeUp:
                WakeUp(node, next.Ticks);
                break;
            case EventKind.Deliver:
                Deliver(node, next.Argument);
                break;
            case EventKind.Acknowledged:
                Acknowledged(node, next.Argument);
                break;
            case EventKind.HandBack:
                HandBack(node, next.Argument);
                break;
            case EventKind.Closed:
                Closed(node, next.Argument);
                break;
            case EventKind.Contact:
                ContactOpens(node, next.Argument);
                break;
            case EventKind.Described or EventKind.Connected:
                PerformSetUp(kind, next.Argument);
                break;
            case < EventKind.Planned:
                PerformAtHub(kind, node, next.Argument);
                break;
            default:
                _observer.Due((int)kind - (int)EventKind.Planned, node, next.Argument);
                break;
        }
    }

    private void WakeUp(int node, long ticks)
    {
        if (_wakeAt[node] != ticks || (_flags[node] & (NodeFlags.Alive | NodeFlags.Suspended)) != NodeFlags.Alive)
        {
            return; // An earlier one took its place, or there is nobody to wake.
        }

        _wakeAt[node] = Never;
        var due = _nodes[node]!.WakeAt;
        if (due.Ticks > ticks)
        {
            Schedule(node, due);
            return;
        }

        _nodes[node]!.Advance(Now, _outbox);
        AfterStep(node);
    }

    /// <summary>One entry a node: where an earlier one stands already, it will look again when its time has come.</summary>
    private void Schedule(int node, Instant due)
    {
        if (due.Ticks < _wakeAt[node])
        {
            var at = Math.Max(due.Ticks, _now);
            _wakeAt[node] = at;
            _events.Add(at, (int)EventKind.WakeUp, node, 0);
        }
    }

    /// <summary>Performs what the node wants done, in order.</summary>
    private void AfterStep(int node)
    {
        var effects = _outbox.Effects;
        for (var index = 0; index < effects.Length; index++)
        {
            ref readonly var effect = ref effects[index];
            _hash.Add(
                ((ulong)(uint)node << 32) | ((ulong)effect.Kind << 24) | ((ulong)effect.Observation << 16) | ((ulong)effect.Message.Kind << 8) | (byte)effect.Outcome,
                (ulong)_now ^ ((ulong)(uint)effect.Link.Value << 40) ^ (effect.Message.MessageId << 20));
            if (effect.Kind == EffectKind.Send)
            {
                Send(node, effect, effects[(index + 1)..]);
            }
            else
            {
                Perform(node, effect);
            }
        }

        var wakeAt = _outbox.WakeAt;
        _outbox.Clear();
        if ((_flags[node] & NodeFlags.Alive) == 0)
        {
            return;
        }

        Schedule(node, wakeAt);
        if ((_flags[node] & NodeFlags.Changed) != 0)
        {
            _flags[node] &= ~NodeFlags.Changed;
            RingMayHaveChanged(node);
        }
    }

    private void Perform(int node, in Effect effect)
    {
        switch (effect.Kind)
        {
            case EffectKind.Observed:
                Observed(node, effect);
                break;
            case EffectKind.Deliver:
                _observer.Delivered(node, effect.Message);
                break;
            case EffectKind.Broadcast:
                _observer.Broadcast(node, effect);
                break;
            case EffectKind.Completed:
                _observer.Completed(node, effect);
                break;
            case EffectKind.OpenLink:
                OpenLink(node, effect);
                break;
            case EffectKind.AcceptAnswer:
                AcceptAnswer(node, effect.Link, (LinkDescription)effect.Detail!);
                break;
            case EffectKind.CloseLink:
                CloseLink(node, effect);
                break;
            case EffectKind.TakeBack:
                TakeBack(node, effect.Link, isEarly: effect.Number != 0);
                break;
            case EffectKind.OpenHub:
                OpenHubSoon(node, effect.Link, effect.Number, effect.Detail as string);
                break;
            case EffectKind.CloseHub:
                CloseHub(node, effect.Link);
                break;
        }
    }

    private void Observed(int node, in Effect effect)
    {
        switch (effect.Observation)
        {
            case Observation.Forwarded:
                Counters.Forwarded++;
                if (_loads is not null)
                {
                    _loads[node].Forwarded++;
                }

                return;
            case Observation.Dropped:
                Counters.Dropped(effect.Drop);
                break;
            case Observation.NeighboursChanged or Observation.PhaseChanged or Observation.Admitted:
                _flags[node] |= NodeFlags.Changed;
                break;
            case Observation.HubLearned:
                HubLearned(node);
                break;
            case Observation.LinkPhase when effect.LinkPhase == LinkPhase.Open:
                LinkOpened(node, effect.Link);
                break;
        }

        _observer.Observed(node, effect);
    }

    private void RingMayHaveChanged(int node)
    {
        var phase = _nodes[node]!.Phase;
        if (_nodes[node]!.Self.Certificate is not null)
        {
            _directory.Set(_nodes[node]!.Self.Id, node);
        }

        if (phase == NodePhase.Left)
        {
            Vanish(node);
        }
        else
        {
            _observer.RingChanged(node);
        }
    }
}
