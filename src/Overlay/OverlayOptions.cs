namespace Overlay;

/// <summary>Which way messages go.</summary>
public enum RoutingWays : byte
{
    /// <summary>Over all links, the shorter way round.</summary>
    BothWays,

    /// <summary>Clockwise over own successors and fingers only, as in the Chord papers. For comparison with the literature.</summary>
    Clockwise,
}

/// <summary>What the nodes of a network build.</summary>
public enum Topology : byte
{
    /// <summary>The corrected Chord ring with fingers.</summary>
    Chord,

    /// <summary>A tree of bounded degree under an appointed root.</summary>
    Tree,
}

/// <summary>The tunables of a node's protocol. Defaults suit a network over the internet.</summary>
public sealed partial record OverlayOptions
{
    /// <summary>The defaults.</summary>
    public static readonly OverlayOptions Default = new();

    /// <summary>What the nodes build; the same at every node of a network.</summary>
    /// <value>Default <see cref="Topology.Chord"/>.</value>
    public Topology Topology { get; init; } = Topology.Chord;

    /// <summary>Entries of the successor list, r in the proof.</summary>
    /// <value>Default 8; 2 … 32.</value>
    /// <remarks>The ring survives the simultaneous death of r − 1 neighbours; each entry costs about 30 bytes in every stabilize answer. It is also the size up to which a network is founding.</remarks>
    public int SuccessorListLength { get; init; } = 8;

    /// <summary>Successors that are kept linked; the other entries of the list are known only.</summary>
    /// <value>Default 2; 1 … <see cref="SuccessorListLength"/>. More only for comparison with the literature, where whoever is known can be talked to.</value>
    public int LinkedSuccessors { get; init; } = 2;

    /// <summary>Which way messages go.</summary>
    /// <value>Default <see cref="RoutingWays.BothWays"/>; the other only for comparison with the literature.</value>
    public RoutingWays Routing { get; init; } = RoutingWays.BothWays;

    /// <summary>Distinct fingers that are linked, the farthest ones.</summary>
    /// <value>Default 16; 0 … 48.</value>
    /// <remarks>Fewer make longer paths, more cost links.</remarks>
    public int MaxFingers { get; init; } = 16;

    /// <summary>Links that a node holds at the most.</summary>
    /// <value>Default 48; successor list length + 4 … 1,024.</value>
    /// <remarks>A full node refuses fingers and makes room for ring neighbours.</remarks>
    public int MaxLinks { get; init; } = 48;

    /// <summary>Links that a node of this topology holds at the most: on a tree twice <see cref="MaxDegree"/> and 5, and never more than <see cref="MaxLinks"/>.</summary>
    public int DegreeCap => Topology == Topology.Tree ? Math.Min(MaxLinks, (2 * MaxDegree) + 5) : MaxLinks;

    /// <summary>Link set-ups in flight at the most.</summary>
    /// <value>Default 4; 1 … 16.</value>
    public int MaxSetUps { get; init; } = 4;

    /// <summary>Children of a node in a tree.</summary>
    /// <value>Default 10; 2 … 64, the same at every node of a network.</value>
    /// <remarks>More make shorter paths and more links: a node has up to twice as many and 5.</remarks>
    public int MaxDegree { get; init; } = 10;

    /// <summary>How long a place in a tree is kept for who was promised it, and a request for one that is not there yet.</summary>
    /// <value>Default 30 s; 1 s … 10 min.</value>
    public TimeSpan CandidateTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two stabilize rounds without a change.</summary>
    /// <value>Default 2 s; 100 ms … 60 s.</value>
    /// <remarks>A change of neighbours stabilizes at once. Shorter repairs faster and costs upkeep in proportion.</remarks>
    public TimeSpan StabilizePeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two finger refreshes, one row each.</summary>
    /// <value>Default 5 s; 100 ms … 10 min.</value>
    public TimeSpan FixFingersPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one ring query may stay unanswered before the step is given up (and tried again in the next round).</summary>
    /// <value>Default 3 s; 100 ms … 30 s. Longer than a round trip through the ring.</value>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Silence of the first successor or predecessor after which it is probed; also the time a probe may take before suspicion.</summary>
    /// <value>Default 1 s; 100 ms … 30 s.</value>
    /// <remarks>Ring neighbours are evicted after about 2.5 times this.</remarks>
    public TimeSpan ProbePeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence of any other link after which it is probed.</summary>
    /// <value>Default 15 s; <see cref="ProbePeriod"/> … 1 h.</value>
    public TimeSpan IdleProbePeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a suspect without helpers, or an unlinked one, may stay silent before it is dead.</summary>
    /// <value>Default 10 s; <see cref="LeastLoneSuspicionTimeout"/> … 1 h.</value>
    /// <remarks>Also how long an owner answers for its arc unconfirmed, so it must outlive a round of stabilizing.</remarks>
    public TimeSpan LoneSuspicionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The whole of a link set-up.</summary>
    /// <value>Default 15 s; 100 ms … 10 min.</value>
    public TimeSpan LinkSetUpTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a sender waits for the receipt.</summary>
    /// <value>Default 10 s; 100 ms … 10 min.</value>
    public TimeSpan ReceiptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a look-up waits for its answer before it is asked a second, and last, time: a third of <see cref="ReceiptTimeout"/>.</summary>
    /// <remarks>A hop whose next link is dead takes the question back and finds another way after one to two seconds; asked again sooner, both would be under way.</remarks>
    public TimeSpan SecondTryAfter => ReceiptTimeout / 3;

    /// <summary>Whether the node tells who asks: its tables, what it does with traced messages, how its links fare, whom it lost.</summary>
    /// <value>Default true. Without it questions for its tables are answered <see cref="DropReason.Declined"/>, and on traces it is a hop that says nothing.</value>
    public bool AnswersDiagnostics { get; init; } = true;

    /// <summary>Commands that may wait for their results.</summary>
    /// <value>Default 4,096. One more is answered <see cref="Outcome.Busy"/>.</value>
    public int MaxPendingCommands { get; init; } = 4096;

    /// <summary>Messages of one neighbour that are passed on in a second; as many again may be saved up.</summary>
    /// <value>Default 20,000; at least 1.</value>
    /// <remarks>One more is dropped as <see cref="DropReason.Quota"/>. Smaller protects the others from a flood, and slows a busy neighbour.</remarks>
    public int MaxForwardsPerSecond { get; init; } = 20_000;

    /// <summary>Names that a node keeps for others.</summary>
    /// <value>Default 65,536. One more is answered <see cref="Outcome.Refused"/>.</value>
    public int MaxRecords { get; init; } = 65_536;

    /// <summary>Time between two refreshes of a registered name.</summary>
    /// <value>Default 30 s; 100 ms … 1 h. A record lapses after three missed refreshes.</value>
    public TimeSpan NameRefreshPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Nodes that keep copies of what the responsible one keeps: on the ring its first successors.</summary>
    /// <value>Default 3; 0 … 16. A name is registered when the responsible node and a majority of these have it.</value>
    public int NameReplicas { get; init; } = 3;

    /// <summary>How long a name that lapsed stays reserved for its key.</summary>
    /// <value>Default 7 days; 0 … 90 days. A name that its owner gave up is free at once.</value>
    public TimeSpan NameReservation { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Time between two digests that a keeper of names sends its replicas.</summary>
    /// <value>Default 15 s; 100 ms … 1 h. Replicas that have the same are silent; who keeps no names sends nothing.</value>
    public TimeSpan NameSyncPeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Watches of names that a node serves at a time.</summary>
    /// <value>Default 4,096. One more is answered <see cref="Outcome.Refused"/>.</value>
    public int MaxNameWatches { get; init; } = 4096;

    /// <summary>Broadcasts of one origin that are passed on in a second; as many again may be saved up.</summary>
    /// <value>Default 20; 1 … 10,000. One more is dropped; the origin's own node answers <see cref="Outcome.Busy"/>.</value>
    public int MaxBroadcastsPerSecond { get; init; } = 20;

    /// <summary>Connections with other members for the application's channels.</summary>
    /// <value>Default 1,024; 1 … 65,536. One more is refused as <see cref="LinkFailure.Full"/>.</value>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Idle time after which a link that neither side needs is closed.</summary>
    /// <value>Default 30 s; 100 ms … 1 h.</value>
    public TimeSpan UnneededLinkTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
