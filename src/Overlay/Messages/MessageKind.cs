namespace Overlay.Messages;

/// <summary>The kinds of messages. A receiver ignores kinds it does not know.</summary>
public enum MessageKind : byte
{
    None = 0,

    // Between the two ends of a link or a hub session; never forwarded.
    HubHello = 1,
    Admit = 2,
    Admitted = 3,
    AdmitRefused = 4,
    Attach = 5,
    Attached = 6,
    OtherGateway = 7,
    Proof = 8,
    LinkStatus = 9,
    AskDelegation = 10,
    Delegated = 11,
    KnownHubs = 12,
    NetworkEnded = 13,

    // Ring upkeep; routed where there is no direct link.
    FindOwner = 16,
    Owner = 17,
    GetNeighbours = 18,
    Neighbours = 19,
    Notify = 20,
    Leaving = 21,
    Grant = 22,
    Granted = 23,
    FoundingState = 24,
    MergeLookup = 25,
    TryMerge = 26,
    SameNeighbours = 27,

    // Liveness.
    Ping = 32,
    Pong = 33,
    ProbeFor = 34,

    // Identity.
    GetCertificates = 40,
    Certificates = 41,
    Renew = 42,
    Renewed = 43,

    // Link set-up.
    Offer = 48,
    Answer = 49,
    Candidates = 50,
    Refuse = 51,

    // Connections for the application's channels.
    ConnectionOffer = 52,
    ConnectionAnswer = 53,
    ConnectionCandidates = 54,
    ConnectionRefuse = 55,

    // Application.
    Data = 64,
    Receipt = 65,
    Unreachable = 66,

    // Between members and the pages at hubs.
    GuestSignal = 67,
    GuestAnswer = 68,

    // Peers, and their streams.
    PeerRequest = 70,
    PeerOffer = 71,
    PeerAnswer = 72,
    PeerPing = 73,
    PeerPong = 74,
    PeerClose = 75,
    PeerBytes = 76,
    PeerReceived = 77,

    // Directory.
    PutRecord = 80,
    RecordStored = 81,
    GetRecord = 82,
    Record = 83,
    Replicate = 84,
    Replicated = 85,
    NameDigest = 86,
    GetNameList = 87,
    NameList = 88,
    GetRecords = 89,
    WatchName = 90,
    Watching = 91,
    NameChanged = 92,

    // To all members.
    Broadcast = 104,
    BroadcastDone = 105,
    BroadcastAsk = 106,

    // Inspection.
    GetState = 96,
    State = 97,
    TraceRoute = 98,
    TracedRoute = 99,

    // The tree.
    TreeJoin = 112,
    TreePlace = 113,
    TreeAttach = 114,
    TreeAttached = 115,
    TreeBeacon = 116,
    TreeEcho = 117,
    TreePosition = 118,
    TreeTable = 119,
    TreeDigest = 120,
    TreeErrand = 121,
    TreeNotice = 122,
    TreeStandIn = 123,
    TreeNotHere = 124,
}

/// <summary>What hops must know of a message besides its ends.</summary>
[Flags]
public enum MessageFlags : byte
{
    None = 0,

    /// <summary>Deliver to whoever is responsible for <c>dstId</c>, not to exactly that node.</summary>
    Responsible = 1,

    /// <summary>Phase 2 of routing: only predecessor steps from here on (mechanisms §2).</summary>
    Final = 2,

    /// <summary>Each hop appends its id to the route.</summary>
    RecordRoute = 4,

    /// <summary>The destination answers with a signed receipt.</summary>
    WantReceipt = 8,

    /// <summary>The payload is sealed for the destination.</summary>
    Sealed = 16,

    /// <summary>A hop had to send it once more, because the link it took first had died. Each try costs a hop; below half of the budget there is no other.</summary>
    Rerouted = 32,

    /// <summary>
    /// Phase 3: the place cannot be entered from its clockwise side, so the message comes from the other one; only successor steps from here on. Together with
    /// <see cref="Final"/>: the step over the key was taken, there is no other.
    /// </summary>
    Around = 64,

    /// <summary>From a neighbour in a tree to another: whoever does not take the source for one does not take the message.</summary>
    ToNeighbour = 128,
}
