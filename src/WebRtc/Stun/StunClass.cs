namespace Overlay.WebRtc.Stun;

/// <summary>What a STUN message is in its exchange (RFC 8489 §5). The numbers are the two class bits of the message type.</summary>
public enum StunClass : byte
{
    /// <summary>Asks for an answer.</summary>
    Request = 0,

    /// <summary>Wants no answer.</summary>
    Indication = 1,

    /// <summary>Answers a request that was carried out.</summary>
    Success = 2,

    /// <summary>Answers a request that was refused.</summary>
    Error = 3,
}
