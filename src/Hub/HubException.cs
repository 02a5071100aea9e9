namespace Overlay.Hub;

/// <summary>Why a hub could not start, or keep its data.</summary>
public enum HubError
{
    /// <summary>An option is out of range or contradicts another.</summary>
    InvalidOptions,

    /// <summary>Another program listens on the address and port.</summary>
    AddressInUse,

    /// <summary>The address is not one of this machine.</summary>
    AddressNotAvailable,

    /// <summary>The system forbids listening there.</summary>
    PermissionDenied,

    /// <summary>The data directory cannot be read or written.</summary>
    DataNotAccessible,

    /// <summary>The key file is torn or was altered.</summary>
    DataDamaged,

    /// <summary>Another hub uses the data directory.</summary>
    DataInUse,
}

/// <summary>A hub could not do what its caller wanted. The message names the cause and the cure.</summary>
public sealed class HubException : Exception
{
    public HubException(HubError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>The cause, for programs.</summary>
    public HubError Reason { get; }
}
