using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Peers;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests.Node;

/// <summary>How a command ended.</summary>
internal sealed record Ending(Outcome Outcome, object? Result);

/// <summary>One end of a simulated connection: what the connection stack of a host would be.</summary>
internal sealed class TestEnd(TestNode node, LinkId link, RingId peer)
{
    public TestNode Node { get; } = node;

    public LinkId Link { get; } = link;

    public RingId Peer { get; } = peer;

    public LinkDescription? Local { get; set; }

    public LinkDescription? Remote { get; set; }

    public TestEnd? Other { get; set; }

    public bool IsOpen { get; set; }

    public Instant LastArrival { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Sent and not acknowledged: on its way, or the other end died.</summary>
    public List<Message> Unacknowledged { get; } = [];
}

/// <summary>A node of the test network with the host around it.</summary>
internal sealed class TestNode
{
    private readonly TestNetwork _network;
    private readonly Outbox _outbox = new();

    public TestNode(TestNetwork network, int index, NodeStart start, OverlayOptions options, bool isSealed)
    {
        _network = network;
        Index = index;
        Signing = new KeyedSigning(TestNetwork.World, (ulong)index + 1 + (network.Seed * 10_000_000));
        var sealing = isSealed ? new KeyedSealing(TestNetwork.World, Signing.PublicKey.ToArray()) : null;
        Node = new OverlayNode(options, new NodePorts(Signing, sealing, new SeededSecrets((ulong)index * 7919 + 17)) { Gauges = new TestGauges(network) }, start);
    }

    public int Index { get; }

    public OverlayNode Node { get; }

    public KeyedSigning Signing { get; }

    public bool IsAlive { get; set; } = true;

    public bool IsPaused { get; set; }

    public List<Action<OverlayNode, Instant, Outbox>> Waiting { get; } = [];

    public Instant LastHubArrival { get; set; }

    public RingId Id => Node.Self.Id;

    public Instant WakeAt { get; private set; } = Instant.Never;

    public Dictionary<RequestId, Ending> Endings { get; } = [];

    public List<Message> Delivered { get; } = [];

    public List<BroadcastMessage> Broadcasts { get; } = [];

    /// <summary>What happened among its peers; without the bytes of streams.</summary>
    public List<MeshEvent> PeerEvents { get; } = [];

    /// <summary>What each peer's stream brought.</summary>
    public Dictionary<RingId, MemoryStream> PeerStreams { get; } = [];

    /// <summary>Whether the application reads what peers send.</summary>
    public bool ReadsPeers { get; set; } = true;

    /// <summary>Signals of pages and members.</summary>
    public List<GuestSignalArrival> Signals { get; } = [];

    /// <summary>Changes of watched names.</summary>
    public List<NameChange> Names { get; } = [];

    public List<Effect> Observed { get; } = [];

    /// <summary>Late candidates that the host was given.</summary>
    public List<string> LateLines { get; } = [];

    public Dictionary<LinkId, TestEnd> Ends { get; } = [];

    /// <summary>Hub sessions: link → session at the hub; not yet open where null.</summary>
    public Dictionary<LinkId, long> Sessions { get; } = [];

    /// <summary>Addresses of hubs that are not in its list, in the order in which it dialled them.</summary>
    public List<string> Dialled { get; } = [];

    public IEnumerable<RingId> LinkedTo => Node.Snapshot().Links.Where(link => link.Phase == LinkPhase.Open).Select(link => link.Id);

    public bool IsMember => Node.Phase is NodePhase.Member or NodePhase.Founding;

    public int Count(Observation what) => Observed.Count(effect => effect.Observation == what);

    /// <summary>Gives the node one input and performs what it wants done.</summary>
    public T Step<T>(Func<OverlayNode, Instant, Outbox, T> input)
    {
        var result = input(Node, _network.Now, _outbox);
        var effects = _outbox.Effects.ToArray();
        WakeAt = _outbox.WakeAt;
        _outbox.Clear();
        foreach (var effect in effects)
        {
            _network.Trace?.Invoke($"{_network.Now} {Index} {effect.Kind} {effect.Link} {effect.Observation} {effect.Drop} {effect.LinkPhase} {effect.Phase} {effect.Failure} {effect.Outcome} {effect.Message.Kind} {effect.Message.Source}->{effect.Message.Destination} {(effect.Message.Body as SignedBody)?.Payload}");
            Perform(effect);
        }

        _network.WakeLater(this);
        return result;
    }

    public void Step(Action<OverlayNode, Instant, Outbox> input) => Step((node, now, outbox) =>
    {
        input(node, now, outbox);
        return 0;
    });

    public RequestId Send(RingId to, string text, SendOptions options = default) =>
        Step((node, now, outbox) => node.Send(now, to, System.Text.Encoding.UTF8.GetBytes(text), options, outbox));

    public RequestId Connect(RingId to) => Step((node, now, outbox) => node.Connect(now, to, outbox));

    public RequestId Leave() => Step((node, now, outbox) => node.Leave(now, outbox));

    private void Perform(in Effect effect)
    {
        switch (effect.Kind)
        {
            case EffectKind.Send:
                _network.Send(this, effect.Link, effect.Message);
                break;
            case EffectKind.Deliver:
                Delivered.Add(effect.Message);
                break;
            case EffectKind.Broadcast:
                Broadcasts.Add((BroadcastMessage)effect.Detail!);
                break;
            case EffectKind.Peer:
                Happened((MeshEvent)effect.Detail!);
                break;
            case EffectKind.GuestSignal:
                Signals.Add((GuestSignalArrival)effect.Detail!);
                break;
            case EffectKind.NameChanged:
                Names.Add((NameChange)effect.Detail!);
                break;
            case EffectKind.OpenLink:
                _network.OpenLink(this, effect.Link, effect.Peer, (LinkDescription?)effect.Detail);
                break;
            case EffectKind.AcceptAnswer:
                _network.AcceptAnswer(this, effect.Link, (LinkDescription)effect.Detail!);
                break;
            case EffectKind.AddCandidates:
                LateLines.AddRange((IReadOnlyList<string>)effect.Detail!);
                break;
            case EffectKind.CloseLink:
                _network.CloseLink(this, effect.Link);
                break;
            case EffectKind.TakeBack:
                _network.TakeBack(this, effect.Link);
                break;
            case EffectKind.OpenHub:
                if (effect.Detail is string address)
                {
                    Dialled.Add(address);
                }

                _network.OpenHub(this, effect.Link, effect.Detail is null ? effect.Number : 0);
                break;
            case EffectKind.CloseHub:
                _network.CloseHub(this, effect.Link);
                break;
            case EffectKind.Completed:
                Endings.Add(effect.Request, new Ending(effect.Outcome, effect.Detail));
                break;
            case EffectKind.Observed:
                Observed.Add(effect);
                break;
        }
    }

    private void Happened(MeshEvent happened)
    {
        if (happened.Kind != MeshEventKind.Bytes)
        {
            PeerEvents.Add(happened);
            return;
        }

        if (!PeerStreams.TryGetValue(happened.Peer, out var stream))
        {
            PeerStreams.Add(happened.Peer, stream = new MemoryStream());
        }

        var count = happened.Bytes.Length;
        stream.Write(happened.Bytes.Span);
        if (ReadsPeers)
        {
            _network.After(TimeSpan.Zero, () => Step((node, now, outbox) => node.ReadFromPeer(now, happened.Peer, count, outbox)));
        }
    }
}
