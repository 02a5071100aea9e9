using Overlay.Checks;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Engine;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Simulator.Trees;

/// <summary>A world of bare tree machines: links, failure detection and certificates are the world's own and cannot be wrong.</summary>
/// <remarks>
/// What goes wrong here is the tree's fault alone. Routed messages take the way that the nodes' own tables name, and are lost where those name none; links are reliable
/// and ordered; a death is confirmed after a while to those who are linked or asked.
/// </remarks>
public sealed partial class TreeWorld
{
    private const long UnixOrigin = 1_750_000_000_000;
    private const int TraceLength = 400;
    private const int MaxEventsOfAMoment = 100_000;
    private static readonly TimeSpan HubPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HubPatience = TimeSpan.FromSeconds(90);

    private readonly OverlayOptions _options;
    private readonly LinkModel _network;
    private readonly KeyedSigning _hub = new(0x5EED, ulong.MaxValue);
    private readonly EventQueue _events = new();
    private readonly List<TreeHost> _hosts = [];
    private readonly List<int> _living = [];
    private readonly Dictionary<RingId, int> _numbers = [];
    private readonly Dictionary<RingId, NodeCertificate> _certificates = [];
    private readonly SimulatedEvent[] _trace = new SimulatedEvent[TraceLength];
    private readonly ulong _seed;
    private Prng _random;
    private EffectHash _hash;
    private long _now;
    private long _traced;
    private int _standing;
    private long _rootSeenAt;

    /// <param name="seed">Decides everything.</param>
    /// <param name="options">The protocol's tunables.</param>
    /// <param name="network">The network between the nodes.</param>
    public TreeWorld(ulong seed, OverlayOptions options, LinkModel network) =>
        (_seed, _options, _network, _random) = (seed, options, network, new Prng(seed));

    private enum EventKind
    {
        WakeUp,
        Deliver,
        LinkSetUp,
        LinkSetUpFailed,
        LinkIdle,
        LinkClosed,
        Certificates,
        Detect,
        SuspicionOver,
        HubLooks,
    }

    /// <summary>Virtual time since the beginning.</summary>
    public TimeSpan Elapsed => new(_now);

    /// <summary>Events performed.</summary>
    public long EventCount { get; private set; }

    /// <summary>A hash of all that happened.</summary>
    public ulong Hash => _hash.Value;

    /// <summary>Times that an orphan found no way back and began anew.</summary>
    public int GivenUp { get; private set; }

    /// <summary>Times that the hub had to appoint a root again.</summary>
    public int Appointments { get; private set; }

    /// <summary>Links that one node had at the most, set-ups included.</summary>
    public int MostLinks { get; private set; }

    /// <summary>Accepted requests for a parent of nodes that had one before.</summary>
    public int Reattachments { get; private set; }

    /// <summary>The living nodes, by number.</summary>
    public IReadOnlyList<int> Living => _living;

    /// <summary>Called after each step in which a node's place changed, with that node.</summary>
    public Action<int>? TreeChanged { get; set; }

    private Instant Now => new(_now, UnixOrigin + (_now / TimeSpan.TicksPerMillisecond));

    /// <summary>Starts a node: the first is appointed root, the others join.</summary>
    public int Start()
    {
        var number = _hosts.Count;
        var signing = new KeyedSigning(_seed, (ulong)number);
        Span<byte> nonce = stackalloc byte[NodeCertificate.NonceBytes];
        nonce.Clear();
        var certificate = NodeCertificate.Issue(_hub, signing.PublicKey, nonce, 0, long.MaxValue);
        var host = new TreeHost(this, number, new(certificate.Id, Now.UnixMilliseconds, certificate), _options, _random.Split());
        _hosts.Add(host);
        _living.Add(number);
        _numbers.Add(certificate.Id, number);
        _certificates.Add(certificate.Id, certificate);
        host.Know(certificate.Id);
        if (number == 0)
        {
            host.Tree.BecomeRoot(Now);
            _events.Add(HubPeriod.Ticks, (int)EventKind.HubLooks, 0);
        }
        else
        {
            host.Tree.BeginJoin(Now);
        }

        AfterStep(host);
        return number;
    }

    /// <summary>Whether the node has a place.</summary>
    public bool IsMember(int node) => _hosts[node].IsAlive && _hosts[node].Tree.IsMember;

    /// <summary>The root of the latest reign; −1 where there is none.</summary>
    public int Root
    {
        get
        {
            var root = -1;
            foreach (var number in _living)
            {
                if (_hosts[number].Tree.IsRoot && (root < 0 || _hosts[number].Tree.Clock > _hosts[root].Tree.Clock))
                {
                    root = number;
                }
            }

            return root;
        }
    }

    /// <summary>Whether the way up from the node leads back to it.</summary>
    public bool IsOwnAncestor(int node)
    {
        var at = node;
        for (var steps = 0; steps <= _hosts.Count; steps++)
        {
            if (_hosts[at].Tree.Parent is not { } parent)
            {
                return false;
            }

            at = _numbers[parent.Id];
            if (at == node)
            {
                return true;
            }
        }

        return false; // Into a cycle that it is no part of: that was seen when it came to be.
    }

    /// <summary>Whether there is one root, and everybody else has a living parent.</summary>
    public bool IsOneTree
    {
        get
        {
            var roots = 0;
            foreach (var number in _living)
            {
                var tree = _hosts[number].Tree;
                roots += tree.IsRoot ? 1 : 0;
                if (!tree.IsRoot && !(tree.Parent is { } parent && _hosts[_numbers[parent.Id]].IsAlive))
                {
                    return false;
                }
            }

            return roots == 1;
        }
    }

    /// <summary>The node disappears without a word.</summary>
    public void Crash(int node)
    {
        var host = _hosts[node];
        if (host.IsAlive)
        {
            host.IsAlive = false;
            _living.Remove(node);
            _hash.Add(_now, -1, node);
            CutLinks(host);
            TreeChanged?.Invoke(node);
        }
    }

    /// <summary>The node leaves as it should.</summary>
    public void Leave(int node)
    {
        _hosts[node].Tree.Leave(Now);
        AfterStep(_hosts[node]);
    }

    /// <summary>Lets virtual time pass.</summary>
    public void RunFor(TimeSpan duration)
    {
        var until = _now + duration.Ticks;
        while (_events.TryTake(until, out var next))
        {
            CheckThatTimeGoesOn(next.Ticks);
            _now = next.Ticks;
            EventCount++;
            _trace[_traced++ % TraceLength] = next;

            _hash.Add(next.Ticks, ((long)next.Kind << 32) | (uint)next.Node, next.Peer);
            Perform(next);
        }

        _now = until;
    }

    /// <summary>Lets time pass until <paramref name="condition"/> holds. The time that it took; null where it does not within <paramref name="limit"/>.</summary>
    public TimeSpan? RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var from = Elapsed;
        while (!condition())
        {
            if (Elapsed - from >= limit)
            {
                return null;
            }

            RunFor(TimeSpan.FromMilliseconds(250));
        }

        return Elapsed - from;
    }

    /// <summary>The tree as it is now.</summary>
    public TreeSnapshot Snapshot()
    {
        var nodes = new List<TreeNodeState>(_living.Count);
        foreach (var number in _living)
        {
            nodes.Add(TreeNodeState.Of(_hosts[number].Self.Id, _hosts[number].Tree));
        }

        return new(_options.MaxDegree, nodes);
    }

    /// <summary>Whether a message from <paramref name="from"/> finds its way to <paramref name="to"/> by the nodes' tables.</summary>
    public bool IsReachable(int from, int to) => TryFindWay(_hosts[from], _hosts[to].Self.Id, out _, out var end) && end == _hosts[to];

    /// <summary>The last events, oldest first.</summary>
    public IReadOnlyList<string> LastEvents()
    {
        var lines = new List<string>();
        for (var at = Math.Max(0, _traced - TraceLength); at < _traced; at++)
        {
            var one = _trace[at % TraceLength];
            lines.Add($"{new TimeSpan(one.Ticks).TotalSeconds,9:F4}  {(EventKind)one.Kind,-15} {one.Node,4} {_hosts[one.Node].Self.Id} ← {one.Peer} {one.Detail}");
        }

        return lines;
    }

    internal RingId IdOf(int node) => _hosts[node].Self.Id;

    internal NodeCertificate CertificateOf(RingId id) => _certificates[id];

    internal void Observed(TreeHost host, in Effect observation)
    {
        _hash.Add((long)observation.Observation, host.Number, (long)observation.Phase);
        GivenUp += observation.Observation == Observation.AssumptionBroken ? 1 : 0;
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

    private void AfterStep(TreeHost host)
    {
        if (host.IsAlive && host.Tree.NextDue != host.WakeAt)
        {
            host.WakeAt = host.Tree.NextDue;
            if (host.WakeAt != Instant.Never)
            {
                _events.Add(Math.Max(host.WakeAt.Ticks, _now), (int)EventKind.WakeUp, host.Number);
            }
        }

        if (host.HasChanged)
        {
            host.HasChanged = false;
            TreeChanged?.Invoke(host.Number);
            if (host.Tree.Phase == NodePhase.Left)
            {
                Crash(host.Number);
            }
        }
    }
}
