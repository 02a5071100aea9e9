namespace Overlay.WebRtc.Sdp;

/// <summary>Who begins the DTLS handshake (RFC 8842 §5.2, the words of RFC 4145).</summary>
public enum SdpSetup : byte
{
    /// <summary>Either; only in an offer.</summary>
    ActPass,

    /// <summary>We begin: DTLS client.</summary>
    Active,

    /// <summary>The other side begins: DTLS server.</summary>
    Passive,
}
