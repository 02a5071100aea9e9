namespace Overlay.WebRtc.Dtls;

/// <summary>Which half of the handshake an endpoint plays. It has nothing to do with who offered.</summary>
public enum DtlsRole : byte
{
    /// <summary>Sends the ClientHello (<c>a=setup:active</c>).</summary>
    Client,

    /// <summary>Waits for it (<c>a=setup:passive</c>).</summary>
    Server,
}

/// <summary>Where a <see cref="DtlsEndpoint"/> is in its life.</summary>
public enum DtlsState : byte
{
    /// <summary>Made, not started: packets that come early are kept.</summary>
    New,

    /// <summary>The handshake is under way, or done and waiting for the fingerprint to compare with.</summary>
    Handshaking,

    /// <summary>The peer holds the key of the promised certificate. Data flows.</summary>
    Connected,

    /// <summary>Over, see <see cref="DtlsFailure"/>.</summary>
    Failed,

    /// <summary>Closed by close_notify, ours or the peer's.</summary>
    Closed,
}

/// <summary>Why a <see cref="DtlsEndpoint"/> failed.</summary>
public enum DtlsFailure : byte
{
    /// <summary>It did not fail.</summary>
    None,

    /// <summary>libssl was not found; see <see cref="DtlsLibraryException"/>.</summary>
    LibraryMissing,

    /// <summary>No complete handshake in <see cref="DtlsOptions.HandshakeTimeout"/>.</summary>
    HandshakeTimeout,

    /// <summary>The peer's certificate is not the promised one.</summary>
    FingerprintMismatch,

    /// <summary>The peer sent a fatal alert; <see cref="DtlsEndpoint.AlertNumber"/> has its number (RFC 5246 §7.2).</summary>
    Alert,

    /// <summary>libssl gave up: nothing in common, or messages that are not DTLS.</summary>
    Protocol,
}
