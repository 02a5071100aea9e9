using Overlay.Admission;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Simulator.Worlds;

// The hub: the real admission machine behind simulated WebSockets.
public sealed partial class World
{
    private const string HubAddress = "ws://hub/";

    private readonly HubOutbox _hubOutbox = new();
    private readonly Dictionary<(int Node, LinkId Link), SessionId> _sessions = [];
    private readonly Dictionary<SessionId, HubSocket> _sockets = [];
    private HubAdmission _hub;
    private long _lastSession;
    private long _hubWakeAt = Never;

    /// <summary>Whether the hub is there.</summary>
    public bool IsHubUp { get; private set; } = true;

    /// <summary>The hub in numbers.</summary>
    public HubStatistics HubStatistics => _hub.Statistics;

    /// <summary>Stops the hub: every socket is closed, and nobody answers until <see cref="StartHub"/>.</summary>
    public void StopHub()
    {
        IsHubUp = false;
        foreach (var (session, socket) in _sockets)
        {
            if (!_endpointOf.ContainsKey(session))
            {
                PlanFromHub(socket, default);
            }
        }

        _hubWakeAt = Never;
    }

    /// <summary>Starts the hub again, with its keys and what it kept.</summary>
    public void StartHub()
    {
        if (!IsHubUp)
        {
            (_hub, IsHubUp) = (NewHub(_hub.ExportState()), true);
        }
    }

    private HubAdmission NewHub(HubState? state = null)
    {
        var options = HubAdmissionOptions.Loopback with { MaxKnownKeys = Math.Max(65_536, _options.Capacity), MaxSessions = 100_000, CertificateLife = TimeSpan.FromDays(14) };
        options = options with { Address = _options.Introducers > 0 ? HubAddress : "" }; // Where nobody introduces, everybody has it in its list.
        return new(Now, options, _identities.Hub, state);
    }

    private long HubDelay(int node) => _options.Network.Delay(node, Capacity, ref _random);

    /// <param name="node">Who dials.</param>
    /// <param name="link">The session's name.</param>
    /// <param name="listed">The number in its list: the hub, then the members that introduce; to a stranger these alone.</param>
    /// <param name="address">Where it learned of the hub: nothing else is learned of.</param>
    private void OpenHubSoon(int node, LinkId link, int listed, string? address)
    {
        var number = address is not null ? 0 : _strangers.Contains(node) ? listed + 1 : listed;
        var delay = number == 0 ? HubDelay(node) : EndpointDelay(_endpoints[EndpointFor(node, number)], node);
        if (number != 0)
        {
            _dialled[(node, link)] = number;
        }

        _events.Add(_now + delay, (int)EventKind.HubOpens, node, link.Value);
    }

    private void OpenHub(int node, LinkId link)
    {
        if (_dialled.Remove((node, link), out var number))
        {
            OpenEndpointSession(node, link, number);
            return;
        }

        if (!IsHubUp)
        {
            _nodes[node]!.HubLost(Now, link, _outbox);
            AfterStep(node);
            return;
        }

        var session = new SessionId(++_lastSession);
        _sessions[(node, link)] = session;
        _sockets[session] = new(session, node, link);
        _nodes[node]!.HubOpened(Now, link, _outbox);
        AfterStep(node);
        _hub.SessionOpened(Now, session, new RemotePrefix((ulong)node), _hubOutbox);
        AfterHubStep();
    }

    private void CloseHub(int node, LinkId link)
    {
        if (_sessions.Remove((node, link), out var session))
        {
            EndSession(session);
        }
    }

    /// <summary>The node is gone, and its sockets with it.</summary>
    private void EndSessions(int node)
    {
        List<SessionId>? ended = null;
        foreach (var (session, socket) in _sockets)
        {
            if (socket.Node == node)
            {
                (ended ??= []).Add(session);
            }
        }

        foreach (var session in ended ?? [])
        {
            _sessions.Remove((node, _sockets[session].Link));
            EndSession(session);
        }
    }

    private void EndSession(SessionId session)
    {
        if (_sockets.Remove(session, out var socket))
        {
            var slot = _inFlight.Put(new InFlight { From = socket.Node, Session = session });
            _events.Add(ArrivalAtHub(socket), (int)EventKind.HubSessionEnds, socket.Node, slot);
        }
    }

    private bool TrySendToHub(int from, in Effect effect)
    {
        if (!_sessions.TryGetValue((from, effect.Link), out var session))
        {
            return false;
        }

        if (_sockets.TryGetValue(session, out var socket))
        {
            var slot = _inFlight.Put(new InFlight { Message = effect.Message, From = from, FromLink = effect.Link, Session = session });
            _events.Add(ArrivalAtHub(socket), (int)EventKind.ToHub, from, slot);
        }

        return true;
    }

    /// <summary>A socket keeps the order of its messages, in each direction.</summary>
    private long ArrivalAtHub(HubSocket socket) => socket.LastToHub = Math.Max(_now + SocketDelay(socket), socket.LastToHub + 1);

    private long SocketDelay(HubSocket socket) =>
        _endpointOf.TryGetValue(socket.Session, out var endpoint) ? EndpointDelay(endpoint, socket.Node) : HubDelay(socket.Node);

    private void PlanFromHub(HubSocket socket, in Message message)
    {
        socket.LastFromHub = Math.Max(_now + SocketDelay(socket), socket.LastFromHub + 1);
        var slot = _inFlight.Put(new InFlight { Message = message, From = -1, ToLink = socket.Link, Session = socket.Session });
        _events.Add(socket.LastFromHub, (int)EventKind.FromHub, socket.Node, slot);
    }

    private void PerformAtHub(EventKind kind, int node, int argument)
    {
        switch (kind)
        {
            case EventKind.HubOpens when IsAlive(node) && !IsSuspended(node):
                OpenHub(node, new LinkId(argument));
                break;
            case EventKind.FromHub:
                ReceiveFromHub(node, argument);
                break;
            case EventKind.ToHub or EventKind.HubSessionEnds:
                ReceiveAtHub(kind, argument);
                break;
            case EventKind.HubWakesUp when argument != 0:
                EndpointWakesUp(_endpoints[node]);
                break;
            case EventKind.HubWakesUp when IsHubUp && _now == _hubWakeAt:
                _hubWakeAt = Never;
                _hub.Advance(Now, _hubOutbox);
                AfterHubStep();
                break;
        }
    }

    private void ReceiveAtHub(EventKind kind, int slot)
    {
        var carried = _inFlight.Take(slot);
        if (_endpointOf.TryGetValue(carried.Session, out var endpoint))
        {
            ReceiveAtEndpoint(endpoint, kind, carried);
            return;
        }

        if (!IsHubUp)
        {
            return;
        }

        if (kind == EventKind.ToHub)
        {
            _trace.Add(_now, "to hub", carried.From, -1, carried.Message.Kind, carried.Message.Body);
            _hub.Receive(Now, carried.Session, carried.Message, _hubOutbox);
        }
        else
        {
            _hub.SessionClosed(Now, carried.Session, _hubOutbox);
        }

        AfterHubStep();
    }

    private void ReceiveFromHub(int node, int slot)
    {
        var carried = _inFlight.Take(slot);
        if (!IsAlive(node) || !_sessions.TryGetValue((node, carried.ToLink), out var session) || session != carried.Session)
        {
            return;
        }

        if (IsSuspended(node) || carried.Message.Kind == MessageKind.None)
        {
            _sessions.Remove((node, carried.ToLink)); // A frozen node's socket does not answer the hub's pings: it is cut.
            _sockets.Remove(carried.Session);
            _endpointOf.Remove(carried.Session);
            if (!IsSuspended(node))
            {
                _nodes[node]!.HubLost(Now, carried.ToLink, _outbox);
                AfterStep(node);
            }

            return;
        }

        _trace.Add(_now, "from hub", node, -1, carried.Message.Kind, carried.Message.Body);
        _nodes[node]!.Receive(Now, carried.ToLink, carried.Message, _outbox);
        AfterStep(node);
    }

    private void AfterHubStep()
    {
        PerformHubEffects();
        var wakeAt = _hubOutbox.WakeAt;
        _hubOutbox.Clear();
        if (wakeAt.Ticks != _hubWakeAt)
        {
            _hubWakeAt = wakeAt == Instant.Never ? Never : Math.Max(wakeAt.Ticks, _now);
            if (_hubWakeAt != Never)
            {
                _events.Add(_hubWakeAt, (int)EventKind.HubWakesUp, -1, 0);
            }
        }
    }

    private void PerformHubEffects()
    {
        foreach (ref readonly var effect in _hubOutbox.Effects)
        {
            _hash.Add(((ulong)effect.Kind << 8) | (ulong)effect.Message.Kind, (ulong)effect.Session.Value);
            if (effect.Kind is HubEffectKind.Send or HubEffectKind.CloseSession && _sockets.TryGetValue(effect.Session, out var socket))
            {
                PlanFromHub(socket, effect.Kind == HubEffectKind.CloseSession ? default : effect.Message); // No kind: the socket is closed.
            }
        }
    }

    private sealed class HubSocket(SessionId session, int node, LinkId link)
    {
        public SessionId Session { get; } = session;

        public int Node { get; } = node;

        public LinkId Link { get; } = link;

        public long LastToHub { get; set; }

        public long LastFromHub { get; set; }
    }
}
