using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Effects;

/// <summary>What a step wants done.</summary>
public enum EffectKind : byte
{
    None,

    /// <summary>
    /// Send <see cref="Effect.Message"/> over <see cref="Effect.Link"/> (a peer link or a hub session). <see cref="Effect.Number"/> is 1 where the node waits for a
    /// sign that it arrived; a host whose links acknowledge everything need not look.
    /// </summary>
    Send,

    /// <summary>
    /// Give the application <see cref="Effect.Message"/>; its body is opened and verified, its payload a <see cref="Data"/>. <see cref="Effect.Number"/> is the
    /// <see cref="TreeSide"/> of a neighbour in a tree that sent it as such, else 0.
    /// </summary>
    Deliver,

    /// <summary>
    /// Begin a connection for <see cref="Effect.Link"/>. Without <see cref="Effect.Detail"/> this side offers: describe it
    /// (<c>LinkDescribed</c>) as soon as candidates are gathered. With a <see cref="LinkDescription"/> as detail this side answers.
    /// </summary>
    OpenLink,

    /// <summary>The answer is here: <see cref="Effect.Detail"/> is the other side's <see cref="LinkDescription"/>.</summary>
    AcceptAnswer,

    /// <summary>Late candidates of the other side: <see cref="Effect.Detail"/> is an <c>IReadOnlyList&lt;string&gt;</c>.</summary>
    AddCandidates,

    /// <summary>Close the connection of <see cref="Effect.Link"/>, for <see cref="Effect.Failure"/>. No <c>LinkLost</c> follows.</summary>
    CloseLink,

    /// <summary>
    /// The link is silent: hand its un-acknowledged messages back through <c>HandBack</c>. The connection stays. With <see cref="Effect.Number"/> 1 it is not under suspicion yet, and
    /// those that can wait (<see cref="OverlayNode.CanWait"/>) may be kept.
    /// </summary>
    TakeBack,

    /// <summary>
    /// Connect to hub number <see cref="Effect.Number"/> of the host's list as session <see cref="Effect.Link"/>, or to the address that is <see cref="Effect.Detail"/>; answer
    /// with <c>HubOpened</c> or <c>HubLost</c>.
    /// </summary>
    OpenHub,

    /// <summary>Close hub session <see cref="Effect.Link"/>. No <c>HubLost</c> follows.</summary>
    CloseHub,

    /// <summary>Command <see cref="Effect.Request"/> ended with <see cref="Effect.Outcome"/>; <see cref="Effect.Detail"/> holds its result, if any.</summary>
    Completed,

    /// <summary>Something worth a span, a metric or a log line: see <see cref="Effect.Observation"/>.</summary>
    Observed,

    /// <summary>A name watched by command <see cref="Effect.Request"/> changed: <see cref="Effect.Detail"/> is the <c>NameChange</c>.</summary>
    NameChanged,

    /// <summary>Give the application a broadcast: <see cref="Effect.Detail"/> is the <c>BroadcastMessage</c>, <see cref="Effect.Peer"/> its origin.</summary>
    Broadcast,

    /// <summary>Something happened among the peers: <see cref="Effect.Detail"/> is the <c>MeshEvent</c>.</summary>
    Peer,

    /// <summary>A signal of Smoke's protocol for this node: <see cref="Effect.Detail"/> is the <c>GuestSignalArrival</c>, <see cref="Effect.Peer"/> who sent it.</summary>
    GuestSignal,

    /// <summary>A connection of the application's begins, goes on or ends: <see cref="Effect.Detail"/> is the <c>ConnectionEvent</c>.</summary>
    Connection,
}

/// <summary>What was observed.</summary>
public enum Observation : byte
{
    None,

    /// <summary>A message was passed on over <see cref="Effect.Link"/>.</summary>
    Forwarded,

    /// <summary>A message ended here for <see cref="Effect.Drop"/>.</summary>
    Dropped,

    /// <summary>The node's phase is now <see cref="Effect.Phase"/>.</summary>
    PhaseChanged,

    /// <summary>Predecessor, successor list or fingers changed.</summary>
    NeighboursChanged,

    /// <summary>A link reached <see cref="Effect.LinkPhase"/>; <see cref="LinkPhase.Open"/>: it is usable. <see cref="Effect.Peer"/> is the other end.</summary>
    LinkPhase,

    /// <summary>A link or its set-up ended for <see cref="Effect.Failure"/> in <see cref="Effect.LinkPhase"/>.</summary>
    LinkEnded,

    /// <summary>An offer, answer or candidate batch left this node, its origin; <see cref="Effect.Number"/> is 1 where a hub session was crossed first, else 0.</summary>
    Signalled,

    /// <summary>A neighbour is suspected.</summary>
    Suspected,

    /// <summary>A neighbour's death is confirmed.</summary>
    Evicted,

    /// <summary>A neighbour said good-bye.</summary>
    PeerLeft,

    /// <summary>The proof's assumptions broke: the successor list ran empty.</summary>
    AssumptionBroken,

    /// <summary>The hub's key is not the one remembered: <see cref="Effect.Number"/> is the hub.</summary>
    HubKeyChanged,

    /// <summary>The id, certificate and ICE servers given by the hub: <see cref="Effect.Detail"/> is the <see cref="Messages.Admitted"/>.</summary>
    Admitted,

    /// <summary>A name of this node belongs to another key now: <see cref="Effect.Detail"/> is the lost <see cref="Messages.NameRecord"/>, or null where it was never confirmed.</summary>
    NameLost,

    /// <summary>Hub number <see cref="Effect.Number"/> lets this node introduce others: <see cref="Effect.Detail"/> is the <see cref="Messages.Delegated"/>, to be kept.</summary>
    Delegated,

    /// <summary>A hub does not let this node introduce others: <see cref="Effect.Detail"/> is the <see cref="Messages.AdmitRefused"/>.</summary>
    DelegationRefused,

    /// <summary>On a tree: <see cref="Effect.Peer"/> is the parent now.</summary>
    ParentConnected,

    /// <summary>It is the parent no more: it left or let this node go, or this node moved.</summary>
    ParentClosed,

    /// <summary>The parent is dead, or there is no way to it.</summary>
    ParentFailed,

    /// <summary><see cref="Effect.Peer"/> is a child, or a foster child, now.</summary>
    ChildConnected,

    /// <summary>It is a child no more: it left, moved, or was let go.</summary>
    ChildClosed,

    /// <summary>The child is dead, or there is no way to it.</summary>
    ChildFailed,

    /// <summary>This node is the root now.</summary>
    BecameRoot,

    /// <summary>This node is the root no more: its tree joined another one.</summary>
    SteppedDown,

    /// <summary>This leaf stands in for the root <see cref="Effect.Peer"/> when that dies; <see cref="Effect.Number"/> is its rank, the first has the highest.</summary>
    StandsIn,

    /// <summary>Where a hub of the network can be dialled: <see cref="Effect.Detail"/> is the <see cref="Identity.HubPlace"/>, to be kept.</summary>
    HubLearned,
}

/// <summary>One thing that the host must do after a step. A value of at most 64 bytes.</summary>
public readonly record struct Effect
{
    public EffectKind Kind { get; init; }

    public Observation Observation { get; init; }

    public Outcome Outcome { get; init; }

    public DropReason Drop { get; init; }

    public LinkFailure Failure { get; init; }

    public LinkPhase LinkPhase { get; init; }

    public NodePhase Phase { get; init; }

    public LinkPurpose Purpose { get; init; }

    public LinkId Link { get; init; }

    public int Number { get; init; }

    public object? Detail { get; init; }

    public Message Message { get; init; }

    /// <summary>The other end of the link, where there is no message.</summary>
    public RingId Peer => Message.Source;

    /// <summary>The command that ended.</summary>
    public RequestId Request => new((long)Message.MessageId);
}
