using Overlay.Admission;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Signalling;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Simulator.Worlds;

// Members that introduce newcomers: each runs the admission machine of a hub under a delegation, behind simulated WebSockets, and is a hub to those that remember it.
public sealed partial class World
{
    private const long DelegationLife = 30L * 24 * 3600;
    private const uint CertificateLife = 14 * 24 * 3600;
    private const uint AdmissionsPerDelegation = 10_000;

    private readonly Endpoint[] _endpoints;
    private readonly Dictionary<SessionId, Endpoint> _endpointOf = [];
    private readonly Dictionary<(int Node, LinkId Link), int> _dialled = []; // Only what is not the hub.
    private readonly HashSet<int> _strangers = [];                          // Who does not have the hub in its list.

    /// <summary>Whether <paramref name="node"/> is one of the members that introduce newcomers; they have the lowest numbers.</summary>
    public bool IsIntroducer(int node) => node < _endpoints.Length;

    /// <summary>Newcomers that were sent into the network by members, so far.</summary>
    public long IntroducedByMembers
    {
        get
        {
            var sum = 0L;
            foreach (var endpoint in _endpoints)
            {
                sum += endpoint.IntroducedBefore + (endpoint.Machine?.Statistics.Introduced ?? 0);
            }

            return sum;
        }
    }

    private NodeStart StartOf(int node, in WorldIdentity identity)
    {
        var start = identity.StartAt(Now);
        var isStranger = _options.Strangers && !IsHubUp && !IsIntroducer(node);
        if (isStranger)
        {
            _strangers.Add(node);
        }
        else
        {
            _strangers.Remove(node);
        }

        return _endpoints.Length == 0
            ? start
            : start with
            {
                Introductions = new NodeIntroductions
                {
                    Seeds = _endpoints.Length - (isStranger ? 1 : 0), // To a stranger the first of them is what it takes for the hub.
                    Introduces = IsIntroducer(node),
                    Delegation = IsIntroducer(node) ? _endpoints[node].Delegation : null,
                    Certificate = IsIntroducer(node) ? _endpoints[node].Certificate : null,
                },
            };
    }

    /// <summary>The host of a member that introduces opens its endpoint, with what it kept of an earlier time.</summary>
    private void OpenEndpoint(int node)
    {
        if (!IsIntroducer(node))
        {
            return;
        }

        var endpoint = _endpoints[node];
        var signing = _identities.Of(node).Ports.Signing;
        var from = UnixOrigin / 1000;
        endpoint.Delegation ??= Delegation.Issue(_identities.Hub.Signing, signing.PublicKey, from, from + DelegationLife, AdmissionsPerDelegation, CertificateLife);
        var secret = new byte[HubIdentity.CaSecretBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(secret, new Prng(_options.Seed ^ ((ulong)node + 1)).Next());
        endpoint.Machine = new HubAdmission(
            Now,
            HubAdmissionOptions.Loopback with { MaxSessions = 100_000 },
            new HubIdentity(signing, new SeededSecrets(_options.Seed + (ulong)node + 1), secret) { Delegation = endpoint.Delegation, NetworkKey = _identities.HubKey },
            endpoint.Kept);
        endpoint.Machine.TellOf(_nodes[node]!.HubPlaces);
        _nodes[node]!.EndpointOpened(Now, _outbox);
        AfterStep(node);
    }

    /// <summary>A member heard of a hub: where it introduces, newcomers are told.</summary>
    private void HubLearned(int node)
    {
        if (IsIntroducer(node))
        {
            _endpoints[node].Machine?.TellOf(_nodes[node]!.HubPlaces);
        }
    }

    /// <summary>The member is gone, and everybody who was at its endpoint notices.</summary>
    private void CloseEndpoint(int node)
    {
        if (!IsIntroducer(node) || _endpoints[node] is not { Machine: { } machine } endpoint)
        {
            return;
        }

        endpoint.IntroducedBefore += machine.Statistics.Introduced;
        (endpoint.Kept, endpoint.Certificate, endpoint.Machine, endpoint.WakeAt) = (machine.ExportState(), _nodes[node]!.Self.Certificate ?? endpoint.Certificate, null, Never);
        foreach (var (session, socket) in _sockets)
        {
            if (_endpointOf.GetValueOrDefault(session) == endpoint)
            {
                PlanFromHub(socket, default);
            }
        }
    }

    /// <summary>Whose endpoint a node means by the number of a seed: each remembers them in an order of its own.</summary>
    private int EndpointFor(int node, int number) => number > _endpoints.Length ? node : (number - 1 + node) % _endpoints.Length;

    private long EndpointDelay(Endpoint endpoint, int node) => endpoint.Node == node ? 1 : _options.Network.Delay(node, endpoint.Node, ref _random);

    private void OpenEndpointSession(int node, LinkId link, int number)
    {
        var endpoint = _endpoints[EndpointFor(node, number)];
        var isOwn = number > _endpoints.Length;
        if (endpoint.Machine is null || IsSuspended(endpoint.Node) || (endpoint.Node == node && !isOwn) || (!isOwn && !_options.Network.Reaches(node, endpoint.Node)))
        {
            _nodes[node]!.HubLost(Now, link, _outbox);
            AfterStep(node);
            return;
        }

        var session = new SessionId(++_lastSession);
        _sessions[(node, link)] = session;
        _sockets[session] = new(session, node, link);
        _endpointOf[session] = endpoint;
        _nodes[node]!.HubOpened(Now, link, _outbox);
        AfterStep(node);
        endpoint.Machine.SessionOpened(Now, session, new RemotePrefix((ulong)node), _hubOutbox);
        AfterHubStep(endpoint);
    }

    private void ReceiveAtEndpoint(Endpoint endpoint, EventKind kind, InFlight carried)
    {
        if (kind == EventKind.HubSessionEnds)
        {
            _endpointOf.Remove(carried.Session);
        }

        if (endpoint.Machine is not { } machine || IsSuspended(endpoint.Node))
        {
            return;
        }

        if (kind == EventKind.ToHub)
        {
            machine.Receive(Now, carried.Session, carried.Message, _hubOutbox);
        }
        else
        {
            machine.SessionClosed(Now, carried.Session, _hubOutbox);
        }

        AfterHubStep(endpoint);
    }

    private void EndpointWakesUp(Endpoint endpoint)
    {
        if (endpoint.Machine is { } machine && endpoint.WakeAt == _now)
        {
            endpoint.WakeAt = Never;
            machine.Advance(Now, _hubOutbox);
            AfterHubStep(endpoint);
        }
    }

    private void AfterHubStep(Endpoint endpoint)
    {
        PerformHubEffects();
        var wakeAt = _hubOutbox.WakeAt;
        _hubOutbox.Clear();
        if (wakeAt.Ticks != endpoint.WakeAt)
        {
            endpoint.WakeAt = wakeAt == Instant.Never ? Never : Math.Max(wakeAt.Ticks, _now);
            if (endpoint.WakeAt != Never)
            {
                _events.Add(endpoint.WakeAt, (int)EventKind.HubWakesUp, endpoint.Node, 1);
            }
        }
    }

    /// <summary>The endpoint of one member, and what its host keeps on disk.</summary>
    private sealed class Endpoint(int node)
    {
        public int Node => node;

        /// <summary>Null while the member is away.</summary>
        public HubAdmission? Machine { get; set; }

        public Delegation? Delegation { get; set; }

        public NodeCertificate? Certificate { get; set; }

        public HubState? Kept { get; set; }

        public long WakeAt { get; set; } = Never;

        public long IntroducedBefore { get; set; }
    }
}
