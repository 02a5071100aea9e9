namespace Overlay.Runtime;

/// <summary>Why an operation of a node failed, for programs.</summary>
public enum OverlayError
{
    /// <summary>See <see cref="OverlayException.Outcome"/>.</summary>
    Command,

    /// <summary>No hub answered at the addresses given.</summary>
    HubUnreachable,

    /// <summary>What answers there is no Overlay hub.</summary>
    NotAHub,

    /// <summary>The hub holds another key than the one remembered for this data directory.</summary>
    HubKeyChanged,

    /// <summary>The hub refused admission.</summary>
    AdmissionRefused,

    /// <summary>The secret by which the node was to become the root of a tree is not the hub's.</summary>
    RootSecretWrong,

    /// <summary>The UDP port is in use or the address is not of this machine.</summary>
    SocketUnavailable,

    /// <summary>A native library is missing.</summary>
    LibraryMissing,

    /// <summary>The data directory cannot be used.</summary>
    DataUnusable,

    /// <summary>The endpoint at which the node introduces others cannot be opened.</summary>
    IntroductionFailed,

    /// <summary>The node was stopped.</summary>
    Stopped,

    /// <summary>The channel is closed: nothing more can be sent on it.</summary>
    ChannelClosed,

    /// <summary>The channel broke off: the other side has crashed, or no way to it is left.</summary>
    ChannelLost,

    /// <summary>The message is longer than the other side takes, or than this kind of connection allows.</summary>
    MessageTooLarge,

    /// <summary>Nobody listens on that port there.</summary>
    ConnectionRefused,

    /// <summary>Somebody listens on that port of this node already.</summary>
    PortInUse,

    /// <summary>The address is of no node that can be reached now.</summary>
    HostUnreachable,

    /// <summary>The other side did not answer in time.</summary>
    TimedOut,

    /// <summary>What the other side sent is not what the protocol spoken there allows.</summary>
    InvalidMessage,

    /// <summary>The other side reads no further.</summary>
    Cancelled,

    /// <summary>The other side has ended the stream with an error; the message is its text.</summary>
    RemoteFailed,

    /// <summary>The address is of no node, and this way leads to nodes only.</summary>
    NotAnOverlayHost,

    /// <summary>The node has nothing that makes or carries media.</summary>
    MediaUnavailable,
}

/// <summary>An operation of a node failed. The message names the cause and the cure.</summary>
public sealed class OverlayException : Exception
{
    public OverlayException(OverlayError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    public OverlayException(Outcome outcome, string message, DropReason drop = DropReason.None)
        : base(message) => (Reason, Outcome, Drop) = (OverlayError.Command, outcome, drop);

    /// <summary>The kind of failure.</summary>
    public OverlayError Reason { get; }

    /// <summary>How the command ended, where <see cref="Reason"/> is <see cref="OverlayError.Command"/>.</summary>
    public Outcome Outcome { get; }

    /// <summary>With <see cref="Outcome.Unreachable"/>: why it could not be passed on, where that is known; <see cref="DropReason.GuestGone"/>: its hub says that the page is away.</summary>
    public DropReason Drop { get; }
}
