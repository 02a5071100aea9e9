namespace Overlay.WebRtc.Stun;

/// <summary>The attributes this stack reads and writes (RFC 8489 §14, RFC 8445 §16.1).</summary>
/// <remarks>Types below 0x8000 must be understood by the receiver, the others may be skipped (RFC 8489 §14).</remarks>
public enum StunAttributeType : ushort
{
    /// <summary>The sender's address as the receiver saw it, in clear.</summary>
    MappedAddress = 0x0001,

    /// <summary>"receiver's fragment:sender's fragment" in a connectivity check.</summary>
    Username = 0x0006,

    /// <summary>HMAC-SHA1 over the message before it.</summary>
    MessageIntegrity = 0x0008,

    /// <summary>Why a request was refused.</summary>
    ErrorCode = 0x0009,

    /// <summary>The mandatory attributes the refusing side did not know.</summary>
    UnknownAttributes = 0x000A,

    /// <summary>HMAC-SHA256 over the message before it; ICE does not use it, so it is skipped where it stands behind the SHA-1 one.</summary>
    MessageIntegritySha256 = 0x001C,

    /// <summary>The sender's address as the receiver saw it, hidden from address-rewriting middle boxes.</summary>
    XorMappedAddress = 0x0020,

    /// <summary>The priority a candidate learnt from this check gets.</summary>
    Priority = 0x0024,

    /// <summary>The controlling agent nominates the pair.</summary>
    UseCandidate = 0x0025,

    /// <summary>Name of the software, for people.</summary>
    Software = 0x8022,

    /// <summary>CRC-32 that tells STUN from other traffic on the same port.</summary>
    Fingerprint = 0x8028,

    /// <summary>The sender believes that it is the controlled agent; carries its tie breaker.</summary>
    IceControlled = 0x8029,

    /// <summary>The sender believes that it is the controlling agent; carries its tie breaker.</summary>
    IceControlling = 0x802A,
}
