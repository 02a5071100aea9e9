namespace Overlay.WebRtc.Ice;

/// <summary>Who of the two agents nominates (RFC 8445 §6.1.1): the offerer begins as controlling one.</summary>
public enum IceRole : byte
{
    /// <summary>Nominates the pair both will use.</summary>
    Controlling,

    /// <summary>Follows the other side's nomination.</summary>
    Controlled,
}
