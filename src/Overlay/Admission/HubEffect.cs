using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Admission;

/// <summary>What a step of the hub wants done.</summary>
public enum HubEffectKind : byte
{
    None,

    /// <summary>Send <see cref="HubEffect.Message"/> over <see cref="HubEffect.Session"/>.</summary>
    Send,

    /// <summary>Close <see cref="HubEffect.Session"/> for <see cref="HubEffect.Close"/>, after what was sent before. The hub has forgotten it already.</summary>
    CloseSession,

    /// <summary>Keep <see cref="HubAdmission.ExportState"/> across restarts: it changed.</summary>
    Persist,

    /// <summary>Something worth a metric or a log line: see <see cref="HubEffect.Observation"/>.</summary>
    Observed,

    /// <summary>Give page <see cref="HubEffect.Guest"/> the signal <see cref="HubEffect.Json"/> of <see cref="HubEffect.Peer"/>: one JSON value, checked.</summary>
    GuestSignal,

    /// <summary>
    /// The question <see cref="HubEffect.Ticket"/> of page <see cref="HubEffect.Guest"/> about a name ended with <see cref="HubEffect.Outcome"/>; <see cref="HubEffect.Peer"/> is whom
    /// the name leads to, where it is done.
    /// </summary>
    GuestNameEnded,

    /// <summary>Page <see cref="HubEffect.Guest"/> does not have name <see cref="HubEffect.Name"/> (in its normal form) any more: another has.</summary>
    GuestNameLost,
}

/// <summary>Why the hub closes a session.</summary>
public enum HubClose : byte
{
    None,

    /// <summary>A newer session or instance of the same key is here.</summary>
    Superseded,

    /// <summary>Admission or attachment was refused; the reason was sent.</summary>
    Refused,

    /// <summary>It was not admitted in time, or did not found the network that it was to found.</summary>
    TimedOut,

    /// <summary>There are too many sessions, in all or of one origin.</summary>
    TooMany,

    /// <summary>It sent what is no message of this protocol.</summary>
    BadMessage,

    /// <summary>It holds no gateway slot any more.</summary>
    NoSlots,

    /// <summary>It was silent for too long.</summary>
    Idle,
}

/// <summary>What was observed at the hub.</summary>
public enum HubObservation : byte
{
    None,

    /// <summary><see cref="HubEffect.Peer"/> was admitted, to do <see cref="HubEffect.Mode"/>.</summary>
    Admitted,

    /// <summary>A session was refused for <see cref="HubEffect.Refusal"/>.</summary>
    Refused,

    /// <summary><see cref="HubEffect.Peer"/> is a gateway now.</summary>
    GatewayAttached,

    /// <summary><see cref="HubEffect.Peer"/> is no gateway any more.</summary>
    GatewayLost,

    /// <summary>The network was founded by <see cref="HubEffect.Peer"/>.</summary>
    Founded,

    /// <summary>The network ended: <see cref="HubEffect.Peer"/> was its last member and left.</summary>
    Ended,

    /// <summary>A message was dropped for <see cref="HubEffect.Drop"/>.</summary>
    Dropped,

    /// <summary><see cref="HubEffect.Peer"/> may introduce newcomers.</summary>
    Delegated,
}

/// <summary>One thing that the host of a hub must do after a step.</summary>
public readonly record struct HubEffect
{
    public HubEffectKind Kind { get; init; }

    public HubObservation Observation { get; init; }

    public HubClose Close { get; init; }

    public AdmitMode Mode { get; init; }

    public AdmitRefusal Refusal { get; init; }

    public DropReason Drop { get; init; }

    public SessionId Session { get; init; }

    public RingId Peer { get; init; }

    public Message Message { get; init; }

    /// <summary>The address of a page here.</summary>
    public uint Guest { get; init; }

    public ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>The host's number of a page's question.</summary>
    public long Ticket { get; init; }

    public Outcome Outcome { get; init; }

    public string? Name { get; init; }
}
