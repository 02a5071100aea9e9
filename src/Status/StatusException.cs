namespace Overlay.Status;

/// <summary>Why a status page cannot be served.</summary>
public enum StatusError
{
    /// <summary>Another program listens on the address and port.</summary>
    AddressInUse,

    /// <summary>The address is none of this machine's, or may not be listened on.</summary>
    AddressNotAvailable,
}

/// <summary>A status page could not be served. The message names cause and cure.</summary>
public sealed class StatusException(StatusError reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The cause, for programs.</summary>
    public StatusError Reason { get; } = reason;
}
