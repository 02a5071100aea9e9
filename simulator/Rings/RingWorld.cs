using Overlay.Checks;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Engine;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Simulator.Rings;

/// <summary>A world of bare ring machines: routing, failure detection and certificates are the world's own and cannot be wrong.</summary>
/// <remarks>
/// What goes wrong here is the ring's fault alone, and it costs a tenth of whole nodes. Routed messages take several delays, may be lost and may overtake each
/// other; links are reliable and ordered; a death is confirmed after a while to those who are linked or asked.
/// </remarks>
public sealed partial class RingWorld : IRingWorld
{
    private const long UnixOrigin = 1_750_000_000_000;
    private const int TraceLength = 400;
    private const int MaxEventsOfAMoment = 100_000;

    private readonly OverlayOptions _options;
    private readonly LinkModel _network;
    private readonly KeyedSigning _hub = new(0x5EED, ulong.MaxValue);
    private readonly EventQueue _events = new();
    private readonly List<RingHost> _hosts = [];
    private readonly List<int> _living = [];
    private readonly List<RingNodeState> _states = [];
    private readonly Dictionary<RingId, int> _numbers = [];
    private readonly Dictionary<RingId, NodeCertificate> _certificates = [];
    private readonly SimulatedEvent[] _trace = new SimulatedEvent[TraceLength];
    private readonly ulong _seed;
    private Prng _random;
    private EffectHash _hash;
    private long _now;
    private int _standing;

    /// <param name="seed">Decides everything.</param>
    /// <param name="options">The protocol's tunables.</param>
    /// <param name="network">The network between the nodes.</param>
    public RingWorld(ulong seed, OverlayOptions options, LinkModel network) =>
        (_seed, _options, _network, _random) = (seed, options, network, new Prng(seed));

    private enum EventKind
    {
        WakeUp,
        Deliver,
        Route,
        LinkSetUp,
        LinkSetUpFailed,
        LinkIdle,
        Certificates,
        Detect,
        SuspicionOver,
        HubLooks,
    }

    public TimeSpan Elapsed => new(_now);

    public long EventCount { get; private set; }

    public long EventLimit { get; set; } = long.MaxValue;

    public ulong Hash => _hash.Value;

    public int AssumptionsBroken { get; private set; }

    public IReadOnlyList<int> Living => _living;

    public Action? RingChanged { get; set; }

    private Instant Now => new(_now, UnixOrigin + (_now / TimeSpan.TicksPerMillisecond));

    public int Start()
    {
        var number = _hosts.Count;
        var signing = new KeyedSigning(_seed, (ulong)number);
        Span<byte> nonce = stackalloc byte[NodeCertificate.NonceBytes];
        nonce.Clear();
        var certificate = NodeCertificate.Issue(_hub, signing.PublicKey, nonce, 0, long.MaxValue);
        var host = new RingHost(this, number, new(certificate.Id, Now.UnixMilliseconds, certificate), _options, _random.Split());
        _hosts.Add(host);
        _living.Add(number);
        _states.Add(RingNodeState.Of(certificate.Id, host.Ring));
        _numbers.Add(certificate.Id, number);
        _certificates.Add(certificate.Id, certificate);
        host.Know(certificate.Id);
        if (number == 0)
        {
            host.Ring.Found(Now);
            _events.Add(HubPeriod.Ticks, (int)EventKind.HubLooks, 0);
        }
        else
        {
            host.Ring.BeginJoin(Now);
        }

        AfterStep(host);
        return number;
    }

    public bool IsMember(int node) => _hosts[node].IsAlive && _hosts[node].Ring.IsMember;

    public void Crash(int node) => Vanish(_hosts[node], silently: true);

    public void Leave(int node)
    {
        var host = _hosts[node];
        host.Ring.Leave(Now);
        AfterStep(host);
    }

    public void RunFor(TimeSpan duration)
    {
        var until = _now + duration.Ticks;
        while (EventCount < EventLimit && _events.TryTake(until, out var next))
        {
            CheckThatTimeGoesOn(next.Ticks);
            _now = next.Ticks;
            _trace[EventCount++ % TraceLength] = next;
            _hash.Add(next.Ticks, ((long)next.Kind << 32) | (uint)next.Node, next.Peer);
            Perform(next);
        }

        _now = EventCount < EventLimit ? until : _now;
    }

    public RingSnapshot Snapshot()
    {
        var nodes = new List<RingNodeState>(_living.Count);
        foreach (var number in _living)
        {
            nodes.Add(_states[number]);
        }

        return new(_options.SuccessorListLength, 0, nodes);
    }

    public IReadOnlyList<PendingList> Pending()
    {
        var pending = new List<PendingList>();
        foreach (var next in _events.Pending)
        {
            if (next.Kind == (int)EventKind.Deliver && next.Detail is Neighbours { Phase: NodePhase.Member } answer && _hosts[next.Node].IsAlive)
            {
                AddPending(pending, _hosts[next.Node], answer);
            }
        }

        foreach (var number in _living)
        {
            if (_hosts[number].Ring.HeldAnswer is { } held)
            {
                AddPending(pending, _hosts[number], held);
            }
        }

        return pending;
    }

    public IReadOnlyList<string> LastEvents()
    {
        var lines = new List<string>();
        for (var at = Math.Max(0, EventCount - TraceLength); at < EventCount; at++)
        {
            lines.Add(Describe(_trace[at % TraceLength]));
        }

        return lines;
    }

    internal NodeCertificate CertificateOf(RingId id) => _certificates[id];

    internal void Observed(RingHost host, in Effect observation)
    {
        _hash.Add((long)observation.Observation, host.Number, (long)observation.Phase);
        AssumptionsBroken += observation.Observation == Observation.AssumptionBroken ? 1 : 0;
    }

    private void AddPending(List<PendingList> pending, RingHost host, Neighbours answer)
    {
        var list = new List<RingId>();
        if (host.Ring.IsMember)
        {
            list.Add(answer.Self.Id);
        }

        foreach (var entry in answer.Successors)
        {
            if (list.Count == _options.SuccessorListLength || (entry.Id == host.Self.Id && host.Ring.IsMember))
            {
                break;
            }

            if (entry.Id != host.Self.Id)
            {
                list.Add(entry.Id);
            }
        }

        pending.Add(new(host.Self.Id, list));
    }

    private void AfterStep(RingHost host)
    {
        if (host.IsAlive && host.Ring.NextDue != host.WakeAt)
        {
            host.WakeAt = host.Ring.NextDue;
            if (host.WakeAt != Instant.Never)
            {
                _events.Add(Math.Max(host.WakeAt.Ticks, _now), (int)EventKind.WakeUp, host.Number);
            }
        }

        if (host.HasChanged)
        {
            host.HasChanged = false;
            _states[host.Number] = RingNodeState.Of(host.Self.Id, host.Ring);
            if (host.Ring.Phase == NodePhase.Left)
            {
                Vanish(host, silently: false);
            }

            RingChanged?.Invoke();
        }
    }

    private void Vanish(RingHost host, bool silently)
    {
        if (!host.IsAlive)
        {
            return;
        }

        host.IsAlive = false;
        _living.Remove(host.Number);
        _hash.Add(_now, -1, host.Number);
        CutLinks(host, silently);
        if (silently)
        {
            RingChanged?.Invoke();
        }
    }

    /// <summary>A node that wants to be woken at once for ever is a bug that must not look like a long run.</summary>
    private void CheckThatTimeGoesOn(long ticks)
    {
        _standing = ticks == _now ? _standing + 1 : 0;
        if (_standing > MaxEventsOfAMoment)
        {
            throw new InvalidOperationException("Time stands still:\n" + string.Join('\n', LastEvents().TakeLast(10)));
        }
    }

    private string Describe(in SimulatedEvent one)
    {
        var what = one.Detail switch
        {
            Routed routed => routed.Payload.Kind + " for " + routed.Key,
            Neighbours { } n => $"Neighbours({n.Phase}, pred {n.Predecessor?.Id.ToString() ?? "-"}, [{string.Join(' ', n.Successors.Select(entry => entry.Id))}])",
            Payload payload => payload.ToString() ?? "",
            _ => "",
        };
        var by = one.Peer >= 0 ? $" ← {one.Peer} {_hosts[one.Peer].Self.Id}" : "";
        return $"{new TimeSpan(one.Ticks).TotalSeconds,9:F4}  {(EventKind)one.Kind,-15} {one.Node,3} {_hosts[one.Node].Self.Id}{by}  {what}";
    }

    private sealed record Routed(RingId Key, Payload Payload);
}
