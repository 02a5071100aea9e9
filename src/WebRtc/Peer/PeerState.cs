namespace Overlay.WebRtc.Peer;

/// <summary>Which side of the signalling this end is.</summary>
public enum PeerRole
{
    /// <summary>Describes itself first, is ICE-controlling, and offers to take either DTLS role (<c>actpass</c>).</summary>
    Offerer,

    /// <summary>Answers a description, is ICE-controlled, and takes the DTLS client role (<c>active</c>) where it is free to.</summary>
    Answerer,
}

/// <summary>What a connection is good for at this moment; the words of the W3C's <c>RTCPeerConnectionState</c>.</summary>
public enum PeerState : byte
{
    /// <summary>No remote description yet: nothing is sent.</summary>
    New,

    /// <summary>Checks, DTLS or SCTP are under way.</summary>
    Connecting,

    /// <summary>Channels carry messages.</summary>
    Connected,

    /// <summary>Two consent checks in a row went unanswered and nothing else authenticated came. It may come back.</summary>
    Disconnected,

    /// <summary>Over, see <see cref="PeerFailure"/>. It does not come back.</summary>
    Failed,

    /// <summary>Closed by this side or by the other.</summary>
    Closed,
}

/// <summary>The steps of setting a connection up, in order. Each has its own deadline and its own reasons to fail.</summary>
public enum PeerPhase : byte
{
    /// <summary>Waiting for the remote description. The host owns this deadline.</summary>
    Signal,

    /// <summary>ICE connectivity checks look for a pair of addresses that works.</summary>
    Check,

    /// <summary>The DTLS handshake.</summary>
    Dtls,

    /// <summary>The SCTP handshake.</summary>
    Sctp,

    /// <summary>Done: channels carry messages.</summary>
    Open,
}

/// <summary>Why a connection failed. Each value names the phase it belongs to.</summary>
public enum PeerFailure : byte
{
    /// <summary>It did not fail.</summary>
    None,

    /// <summary>Check: no pair of addresses answered in <see cref="PeerOptions.CheckTimeout"/>.</summary>
    CheckTimeout,

    /// <summary>Dtls: no handshake in <see cref="PeerOptions.DtlsTimeout"/>.</summary>
    DtlsTimeout,

    /// <summary>Dtls: the peer's certificate is not the one its description announced.</summary>
    FingerprintMismatch,

    /// <summary>Dtls: the peer refused the handshake with an alert.</summary>
    DtlsAlert,

    /// <summary>Dtls: the handshake broke on this side (no suite in common, malformed messages).</summary>
    DtlsProtocol,

    /// <summary>Sctp: no association in <see cref="PeerOptions.SctpTimeout"/>.</summary>
    SctpTimeout,

    /// <summary>Sctp: the association broke (retransmissions exhausted, or the peer aborted it during the set-up).</summary>
    SctpFailed,

    /// <summary>Open: no consent to send for <see cref="PeerOptions.ConsentTimeout"/> (RFC 7675 §5.1).</summary>
    ConsentExpired,
}
