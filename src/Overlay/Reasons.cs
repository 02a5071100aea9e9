namespace Overlay;

/// <summary>How a command ended.</summary>
public enum Outcome : byte
{
    /// <summary>Done; for a send: the destination's signed receipt is here.</summary>
    Done,

    /// <summary>Nobody with that id is in the network (the owner of the place said so).</summary>
    Unreachable,

    /// <summary>No answer within the time allowed.</summary>
    TimedOut,

    /// <summary>The message is larger than the limit.</summary>
    TooLarge,

    /// <summary>This node is not in the network, or is leaving it.</summary>
    NotJoined,

    /// <summary>Too many commands wait already.</summary>
    Busy,

    /// <summary>The name belongs to another key.</summary>
    NameTaken,

    /// <summary>Nobody registered the name.</summary>
    NameUnknown,

    /// <summary>The destination would not have it (full, or closing).</summary>
    Refused,

    /// <summary>The hub holds another key than the one remembered.</summary>
    HubKeyChanged,

    /// <summary>The hub refused the newcomer (no token, closed, over quota).</summary>
    AdmissionRefused,

    /// <summary>The application cancelled, or the node stopped.</summary>
    Cancelled,
}

/// <summary>The steps of a link set-up, each with its own deadline (design §15).</summary>
public enum LinkPhase : byte
{
    /// <summary>The host collects candidates; at most 1 s.</summary>
    Gather,

    /// <summary>Offer and answer travel; at most 5 s.</summary>
    Signal,

    /// <summary>ICE connectivity checks; at most 5 s.</summary>
    Check,

    /// <summary>DTLS handshake; at most 5 s.</summary>
    Dtls,

    /// <summary>SCTP association and channels; at most 3 s.</summary>
    Sctp,

    /// <summary>Both sides prove their identity in-band; at most 2 s.</summary>
    Proof,

    /// <summary>Usable.</summary>
    Open,
}

/// <summary>Why a link set-up failed or a link ended.</summary>
public enum LinkFailure : byte
{
    None,

    /// <summary>The phase's deadline passed.</summary>
    PhaseTimeout,

    /// <summary>The whole set-up took longer than 15 s.</summary>
    SetUpTimeout,

    /// <summary>The other side has no room (its answer names alternatives).</summary>
    Full,

    /// <summary>The other side refused for another reason (leaving, fenced).</summary>
    Refused,

    /// <summary>Nobody with that id was found to take the offer.</summary>
    Unreachable,

    /// <summary>The proof, the certificate or the fingerprint was wrong.</summary>
    ProofFailed,

    /// <summary>The connection stack reported a failure.</summary>
    Transport,

    /// <summary>The other side closed it.</summary>
    ClosedByPeer,

    /// <summary>No sign of life; death confirmed or path lost.</summary>
    Silent,

    /// <summary>Nobody needs it any more.</summary>
    Unneeded,

    /// <summary>Another link between the same two nodes stands (simultaneous offers).</summary>
    Duplicate,

    /// <summary>Dropped to make room for a link that is needed more.</summary>
    Preempted,

    /// <summary>A newer instance of the same node came.</summary>
    Superseded,

    /// <summary>This node is leaving or stopping.</summary>
    Leaving,
}

/// <summary>Why a message was dropped here.</summary>
public enum DropReason : byte
{
    None,
    Malformed,
    UnknownKind,
    HopBudget,
    Expired,
    BadSignature,
    UnknownCertificate,
    Duplicate,
    NoRoute,
    GuestGone,
    Quota,
    NotProved,
    QueueFull,

    /// <summary>The node does not answer diagnostics (<see cref="OverlayOptions.AnswersDiagnostics"/>).</summary>
    Declined,
}

/// <summary>The life of a node.</summary>
public enum NodePhase : byte
{
    /// <summary>Made, not started.</summary>
    Idle,

    /// <summary>Asking the hub for a certificate and an introduction.</summary>
    Admitting,

    /// <summary>Admitted, sends through the hub and a gateway, and wants no place in the ring.</summary>
    Guest,

    /// <summary>Looking for its place and opening its first links.</summary>
    Joining,

    /// <summary>A member while the network has at most r members: full mesh, replicated set.</summary>
    Founding,

    /// <summary>A member of the ring.</summary>
    Member,

    /// <summary>Its successor list ran empty: it keeps id and records and joins again.</summary>
    Rejoin,

    /// <summary>Handing over and saying good-bye.</summary>
    Leaving,

    /// <summary>Gone; the object is not used again.</summary>
    Left,
}
