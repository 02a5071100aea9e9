using Overlay.Admission;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests.Node;

/// <summary>Nodes, one hub and the connections between them in virtual time: the host of every node, deterministic to the last event.</summary>
/// <remarks>Messages pass as bytes. A connection is ICE, DTLS and SCTP as three delays; a fault can swallow any of its phases or any message.</remarks>
internal sealed class TestNetwork
{
    public const ulong World = 42;

    private const int MaxHubs = 4;

    private static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (long Ticks, long Order)> _events = new();
    private readonly Dictionary<string, TestEnd> _endsByUfrag = [];
    private readonly Dictionary<SessionId, (TestNode Node, LinkId Link)> _sessions = [];
    private readonly HubOutbox _hubOutbox = new();
    private KeyedSigning _hubSigning = new(World, 1_000_000);
    private bool _wasStopped;
    private Prng _jitter;
    private long _order;
    private long _lastSession;
    private int _lastUfrag;
    private readonly HubAdmission?[] _hubs = new HubAdmission?[MaxHubs];
    private readonly HubState?[] _hubStates = new HubState?[MaxHubs];

    public TestNetwork()
    {
        Now = At(TimeSpan.TicksPerDay);
    }

    public Instant Now { get; private set; }

    public OverlayOptions Options { get; init; } = OverlayOptions.Default;

    /// <summary>The options of one node.</summary>
    public Func<OverlayOptions, int, OverlayOptions> OptionsOf { get; init; } = (options, _) => options;

    public bool IsSealed { get; init; }

    /// <summary>One way, and what is added at random to each message.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan Jitter { get; init; }

    /// <summary>Decides keys, schedules and jitter.</summary>
    public ulong Seed { get; init; } = 1;

    public HubAdmissionOptions HubOptions { get; init; } = HubAdmissionOptions.Loopback;

    public List<TestNode> Nodes { get; } = [];

    /// <summary>The first hub.</summary>
    public HubAdmission? Hub => _hubs[0];

    /// <summary>Hubs of the network, with one key; each node knows all of them.</summary>
    public int HubCount { get; init; } = 1;

    public List<TestPage> Pages { get; } = [];

    /// <summary>Hears of every message as it leaves a node.</summary>
    public Action<TestNode, LinkId, Message> Sending { get; set; } = (_, _, _) => { };

    /// <summary>Messages that vanish on their way: (from, to, message).</summary>
    public Func<TestNode, TestNode?, Message, bool> Loses { get; set; } = (_, _, _) => false;

    /// <summary>Messages that are changed on their way.</summary>
    public Func<TestNode, TestNode?, Message, Message> Alters { get; set; } = (_, _, message) => message;

    /// <summary>Phases of a set-up at a node that never end: Gather, Check, Dtls, Sctp.</summary>
    public Func<TestNode, LinkPhase, bool> Swallows { get; set; } = (_, _) => false;

    public long Events { get; private set; }

    /// <summary>The first broadcast that a test has kept.</summary>
    public BroadcastData? Captured { get; set; }

    /// <summary>Hears every effect, for looking into a failing test.</summary>
    public Action<string>? Trace { get; set; }

    public IEnumerable<TestNode> Living => Nodes.Where(node => node.IsAlive);

    public TestNode Add(bool isGuest = false, byte[]? rememberedHubKey = null, int? index = null, string rootSecret = "")
    {
        if (Nodes.Count == 0 && Hub is null && !_wasStopped)
        {
            StartHub();
        }

        var number = index ?? Nodes.Count;
        var start = new NodeStart((ulong)number + (Seed * 1000), Now.UnixMilliseconds, HubCount, rememberedHubKey, "", isGuest) { RootSecret = rootSecret };
        var node = new TestNode(this, number, start, OptionsOf(Options, number), IsSealed);
        Nodes.Add(node);
        node.Step((n, now, outbox) => n.Start(now, outbox));
        return node;
    }

    /// <summary>Adds nodes one after the other, each as soon as the one before is a member.</summary>
    public void AddMembers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var node = Add();
            RunUntil(() => node.IsMember, TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Adds <paramref name="count"/> members and waits for their ring, and for its fingers.</summary>
    public TestNetwork Settle(int count)
    {
        AddMembers(count);
        RunUntil(IsIdealRing, TimeSpan.FromSeconds(60));
        Run(TimeSpan.FromSeconds(5));
        return this;
    }

    public void StopHub()
    {
        for (var hub = 0; hub < HubCount; hub++)
        {
            StopHub(hub);
        }
    }

    public void StopHub(int number)
    {
        (_hubs[number], _wasStopped) = (null, true);
        foreach (var (session, (node, link)) in _sessions.Where(one => HubOf(one.Key) == number).ToArray())
        {
            _sessions.Remove(session);
            node.Sessions.Remove(link);
            After(Latency, () => Input(node, (n, now, outbox) => n.HubLost(now, link, outbox)));
        }
    }

    public void StartHub(ulong key = 1_000_000, bool remembers = true)
    {
        _hubSigning = new KeyedSigning(World, key);
        for (var number = 0; number < HubCount; number++)
        {
            var options = HubOptions with { HubNumber = HubOptions.HubNumber + number, CanFound = number == 0 && HubOptions.CanFound };
            _hubs[number] = new HubAdmission(
                Now, options, new HubIdentity(_hubSigning, new SeededSecrets(key + (ulong)_order + (ulong)number), new byte[32]), remembers ? _hubStates[number] : null);
        }
    }

    /// <summary>A page connects to a hub; the next address there is its.</summary>
    public TestPage AddPage(int hub = 0)
    {
        var page = new TestPage(this, hub, (uint)Pages.Count(one => one.Hub == hub) + 1);
        Pages.Add(page);
        HubStep(hub, (h, _) => h.GuestOpened(page.Address));
        return page;
    }

    /// <summary>Members that hold a session with a hub, in the order of their coming.</summary>
    public IEnumerable<TestNode> GatewaysOf(int hub) => Living.Where(node => node.Sessions.Values.Any(session => HubOf(new SessionId(session)) == hub));

    /// <summary>Ends a node without a word.</summary>
    public void Kill(TestNode node)
    {
        node.IsAlive = false;
        foreach (var (link, session) in node.Sessions.ToArray())
        {
            node.Sessions.Remove(link);
            _sessions.Remove(new SessionId(session));
            HubStep(HubOf(new SessionId(session)), (hub, outbox) => hub.SessionClosed(Now, new SessionId(session), outbox));
        }
    }

    public void Run(TimeSpan duration)
    {
        var end = Now + duration;
        while (_events.TryPeek(out _, out var due) && due.Ticks <= end.Ticks)
        {
            Next();
        }

        Now = At(end.Ticks);
    }

    /// <summary>Runs until <paramref name="condition"/> holds; fails where it does not within <paramref name="limit"/>.</summary>
    public void RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Now + limit;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out var due) || due.Ticks > end.Ticks)
            {
                throw new Xunit.Sdk.XunitException($"Not within {limit}: {Describe()}");
            }

            Next();
        }
    }

    /// <summary>Who is not where an ideal ring would have it.</summary>
    public string Describe() => string.Join('\n', Living.Where(node => !IsIdeal(node)).Select(node =>
        $"{Now} {node.Index} {node.Id} {node.Node.Phase} pred {node.Node.Predecessor?.Id} succ [{string.Join(' ', node.Node.Successors.ToArray().Select(one => one.Id))}] links [{string.Join(' ', node.Node.Snapshot().Links.Select(link => $"{link.Id}{(link.IsIncoming ? '<' : '>')}{link.Phase}:{link.Purpose}"))}]"));

    /// <summary>Whether successor lists are exact and predecessors inverse among the living members.</summary>
    public bool IsIdealRing() => Living.All(IsIdeal);

    private bool IsIdeal(TestNode node)
    {
        var others = Living.Where(other => other != node).OrderBy(other => node.Id.ClockwiseTo(other.Id)).Select(other => other.Id).ToArray();
        return node.IsMember
            && node.Node.Successors.ToArray().Select(contact => contact.Id).SequenceEqual(others.Take(Options.SuccessorListLength))
            && node.Node.Predecessor?.Id == (others.Length > 0 ? others[^1] : default(RingId?));
    }

    internal void WakeLater(TestNode node)
    {
        var due = node.WakeAt;
        if (due == Instant.Never)
        {
            return;
        }

        At(due > Now ? due : Now, () =>
        {
            if (node.IsAlive && !node.IsPaused && node.WakeAt == due)
            {
                node.Step((n, now, outbox) => n.Advance(now, outbox));
            }
        });
    }

    internal void Send(TestNode from, LinkId link, Message message)
    {
        Sending(from, link, message);
        if (from.Sessions.TryGetValue(link, out var session))
        {
            if (!Loses(from, null, message))
            {
                var toHub = Alters(from, null, message);
                from.LastHubArrival = Later(from.LastHubArrival, Now + Delay());
                At(from.LastHubArrival, () => HubStep(HubOf(new SessionId(session)), (hub, outbox) => hub.Receive(Now, new SessionId(session), toHub, outbox)));
            }

            return;
        }

        if (!from.Ends.TryGetValue(link, out var end) || !end.IsOpen || end.Other is not { } other || Loses(from, other.Node, message))
        {
            return;
        }

        var arrived = Reread(Alters(from, other.Node, message));
        end.Unacknowledged.Add(message);
        end.LastArrival = Later(end.LastArrival, Now + Delay()); // A link keeps the order.
        At(end.LastArrival, () =>
        {
            if (other.Node.IsAlive && !other.IsClosed)
            {
                end.Unacknowledged.Remove(message);
                Input(other.Node, (n, now, outbox) => n.Receive(now, other.Link, arrived, outbox));
            }
        });
    }

    internal void OpenLink(TestNode node, LinkId link, RingId peer, LinkDescription? remote)
    {
        var end = new TestEnd(node, link, peer) { Remote = remote };
        node.Ends.Add(link, end);
        if (Swallows(node, LinkPhase.Gather))
        {
            return;
        }

        var ufrag = $"u{++_lastUfrag}";
        var fingerprint = new byte[32];
        fingerprint[0] = (byte)_lastUfrag;
        fingerprint[1] = (byte)(_lastUfrag >> 8);
        After(TimeSpan.FromMilliseconds(2), () =>
        {
            end.Local = new LinkDescription(fingerprint, ufrag, "password", [$"candidate:{ufrag}"], []);
            _endsByUfrag.Add(ufrag, end);
            Input(node, (n, now, outbox) => n.LinkDescribed(now, link, end.Local, outbox));
        });
    }

    internal void AcceptAnswer(TestNode node, LinkId link, LinkDescription remote)
    {
        var end = node.Ends[link];
        end.Remote = remote;
        if (_endsByUfrag.TryGetValue(remote.Ufrag, out var other) && other.Remote?.Ufrag == end.Local!.Ufrag)
        {
            (end.Other, other.Other) = (other, end);
            Progress(end, other, LinkPhase.Check);
        }
    }

    internal void CloseLink(TestNode node, LinkId link)
    {
        if (node.Ends.Remove(link, out var end))
        {
            end.IsClosed = true;
            if (end.Other is { IsClosed: false } other)
            {
                After(Latency, () => Lose(other, LinkFailure.ClosedByPeer));
            }
        }
    }

    internal void TakeBack(TestNode node, LinkId link)
    {
        if (node.Ends.TryGetValue(link, out var end))
        {
            HandBack(end);
        }
    }

    internal void OpenHub(TestNode node, LinkId link, int number)
    {
        After(Latency, () =>
        {
            if (_hubs[number] is null || !node.IsAlive)
            {
                Input(node, (n, now, outbox) => n.HubLost(now, link, outbox));
                return;
            }

            var session = (++_lastSession * MaxHubs) + number;
            node.Sessions[link] = session;
            _sessions[new SessionId(session)] = (node, link);
            Input(node, (n, now, outbox) => n.HubOpened(now, link, outbox));
            HubStep(number, (hub, outbox) => hub.SessionOpened(Now, new SessionId(session), default, outbox));
        });
    }

    internal void CloseHub(TestNode node, LinkId link)
    {
        if (node.Sessions.Remove(link, out var session))
        {
            _sessions.Remove(new SessionId(session));
            After(Latency, () => HubStep(HubOf(new SessionId(session)), (hub, outbox) => hub.SessionClosed(Now, new SessionId(session), outbox)));
        }
    }

    /// <summary>The node's loop stands still; what arrives meanwhile waits.</summary>
    public void Pause(TestNode node, TimeSpan duration)
    {
        node.IsPaused = true;
        Run(duration);
        node.IsPaused = false;
        node.Step((n, now, outbox) => n.Advance(now, outbox));
        foreach (var input in node.Waiting.ToArray())
        {
            node.Step(input);
        }

        node.Waiting.Clear();
    }

    /// <summary>Breaks the connection between two nodes for both, as a failing network would.</summary>
    public void Break(TestNode a, TestNode b)
    {
        foreach (var end in a.Ends.Values.Where(end => end.Other?.Node == b).ToArray())
        {
            Lose(end, LinkFailure.Transport);
            Lose(end.Other!, LinkFailure.Transport);
        }
    }

    /// <summary>A message arrives at <paramref name="to"/> over its link with <paramref name="from"/> as if that had sent it.</summary>
    public void Inject(TestNode from, Message message, TestNode to)
    {
        var end = to.Ends.Values.First(one => one.IsOpen && one.Other?.Node == from);
        var arrived = Reread(message with { Body = message.Body ?? Body(new Ping(1)) });
        Input(to, (n, now, outbox) => n.Receive(now, end.Link, arrived, outbox));
    }

    public SignedBody Body(Payload payload) => new() { Instance = 1, ExpiresAt = Now.UnixMilliseconds + 30_000, Payload = payload };

    private TimeSpan Delay() => Latency + _jitter.Between(TimeSpan.Zero, Jitter);

    private static Instant Later(Instant a, Instant b) => a > b ? a : b;

    public void After(TimeSpan delay, Action action) => At(Now + delay, action);

    private static Message Reread(Message message) =>
        MessageCodec.TryRead(MessageCodec.Encode(message), null, out var read) ? read : throw new InvalidOperationException("What a node sends can be read.");

    private void Progress(TestEnd a, TestEnd b, LinkPhase phase)
    {
        if (a.IsClosed || b.IsClosed || !a.Node.IsAlive || !b.Node.IsAlive)
        {
            return;
        }

        Input(a.Node, (n, now, outbox) => n.LinkProgress(now, a.Link, phase, outbox));
        Input(b.Node, (n, now, outbox) => n.LinkProgress(now, b.Link, phase, outbox));
        if (Swallows(a.Node, phase) || Swallows(b.Node, phase))
        {
            return;
        }

        After(Latency + Latency, () =>
        {
            if (phase == LinkPhase.Dtls && !IsTrueFingerprint(a, b))
            {
                Lose(a, LinkFailure.ProofFailed);
                Lose(b, LinkFailure.ProofFailed);
            }
            else if (phase != LinkPhase.Sctp)
            {
                Progress(a, b, phase + 1);
            }
            else
            {
                (a.IsOpen, b.IsOpen) = (true, true);
                Input(a.Node, (n, now, outbox) => n.LinkReady(now, a.Link, outbox));
                Input(b.Node, (n, now, outbox) => n.LinkReady(now, b.Link, outbox));
            }
        });
    }

    private static bool IsTrueFingerprint(TestEnd a, TestEnd b) =>
        a.Remote!.Fingerprint.AsSpan().SequenceEqual(b.Local!.Fingerprint) && b.Remote!.Fingerprint.AsSpan().SequenceEqual(a.Local!.Fingerprint);

    private void Lose(TestEnd end, LinkFailure why)
    {
        if (end.IsClosed || !end.Node.IsAlive)
        {
            return;
        }

        end.IsClosed = true;
        end.Node.Ends.Remove(end.Link);
        Input(end.Node, (n, now, outbox) => n.LinkLost(now, end.Link, why, outbox));
        HandBack(end);
    }

    private void HandBack(TestEnd end)
    {
        var messages = end.Unacknowledged.ToArray();
        end.Unacknowledged.Clear();
        foreach (var message in messages)
        {
            Input(end.Node, (n, now, outbox) => n.HandBack(now, end.Link, Reread(message), outbox));
        }
    }

    private static int HubOf(SessionId session) => (int)(session.Value % MaxHubs);

    internal void HubStep(int number, Action<HubAdmission, HubOutbox> input)
    {
        if (_hubs[number] is not { } hub)
        {
            return;
        }

        input(hub, _hubOutbox);
        var effects = _hubOutbox.Effects.ToArray();
        var wakeAt = _hubOutbox.WakeAt;
        _hubOutbox.Clear();
        foreach (var effect in effects)
        {
            Trace?.Invoke($"{Now} hub {effect.Kind} {effect.Session} {effect.Message.Kind} {effect.Close} {effect.Observation} {effect.Drop} {(effect.Message.Body as SignedBody)?.Payload}");
            Perform(number, effect);
        }

        if (wakeAt != Instant.Never)
        {
            At(wakeAt > Now ? wakeAt : Now, () =>
            {
                if (_hubs[number] == hub)
                {
                    HubStep(number, (h, outbox) => h.Advance(Now, outbox));
                }
            });
        }
    }

    private void Perform(int number, HubEffect effect)
    {
        if (effect.Kind == HubEffectKind.Persist)
        {
            _hubStates[number] = _hubs[number]!.ExportState();
        }

        Pages.Find(page => page.Hub == number && page.Address == effect.Guest)?.Perform(effect);

        if (!_sessions.TryGetValue(effect.Session, out var session))
        {
            return;
        }

        if (effect.Kind == HubEffectKind.Send)
        {
            var sent = Reread(effect.Message);
            After(Latency, () => Input(session.Node, (n, now, outbox) => n.Receive(now, session.Link, sent, outbox)));
        }
        else if (effect.Kind == HubEffectKind.CloseSession)
        {
            _sessions.Remove(effect.Session);
            session.Node.Sessions.Remove(session.Link);
            After(Latency, () => Input(session.Node, (n, now, outbox) => n.HubLost(now, session.Link, outbox)));
        }
    }

    private static void Input(TestNode node, Action<OverlayNode, Instant, Outbox> input)
    {
        if (node.IsAlive && node.IsPaused)
        {
            node.Waiting.Add(input);
        }
        else if (node.IsAlive)
        {
            node.Step(input);
        }
    }

    /// <summary>Both clocks from one number, so that no rounding adds up.</summary>
    private static Instant At(long ticks) => new(ticks, Began.ToUnixTimeMilliseconds() + ((ticks - TimeSpan.TicksPerDay) / TimeSpan.TicksPerMillisecond));

    private void At(Instant due, Action action) => _events.Enqueue(action, (due.Ticks, _order++));

    private void Next()
    {
        _events.TryDequeue(out var action, out var due);
        Now = At(Math.Max(Now.Ticks, due.Ticks));
        Events++;
        action!();
    }
}
