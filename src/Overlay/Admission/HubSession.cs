using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>What the hub knows of one session.</summary>
internal sealed class HubSession
{
    public HubSession(SessionId id, RemotePrefix remote, byte[] challenge, HubAdmissionOptions options)
    {
        Id = id;
        Remote = remote;
        Challenge = challenge;
        Requests = new(options.RequestsPerSession);
        Messages = new(options.MessagesPerNewcomer);
        ForGuests = new(options.SignalsPerGateway);
        Node = new(this);
    }

    public SessionId Id { get; }

    public RemotePrefix Remote { get; }

    public byte[] Challenge { get; }

    /// <summary>Its place in the list of half-open or of quiet sessions; gateways are in neither.</summary>
    public LinkedListNode<HubSession> Node { get; }

    /// <summary>Whether it proved a key: <see cref="Member"/> and <see cref="Instance"/> are set.</summary>
    public bool IsBound => Certificate is not null;

    public RingId Member => Certificate?.Id ?? default;

    public NodeCertificate? Certificate { get; set; }

    public UInt128 KeyName { get; set; }

    public long Instance { get; set; }

    /// <summary>When it opened, or spoke last.</summary>
    public Instant HeardAt { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>The gateway slots it holds, one bit each.</summary>
    public byte Slots { get; set; }

    public bool IsGateway => Slots != 0;

    /// <summary>The gateway that its messages go to, while that is one.</summary>
    public HubSession? Gateway { get; set; }

    /// <summary>Another member took a slot of it, and the two may have to speak with each other: not closed for holding none.</summary>
    public bool IsContested { get; set; }

    /// <summary>Whether a first request was charged to its origin already.</summary>
    public bool IsCharged { get; set; }

    /// <summary>Requests for admission and slots that it may make. A field: the bucket is a mutable struct.</summary>
    public TokenBucket Requests;

    /// <summary>Messages that it may pass. A field: the bucket is a mutable struct.</summary>
    public TokenBucket Messages;

    /// <summary>Messages for pages that it may bring as a gateway. A field: the bucket is a mutable struct.</summary>
    public TokenBucket ForGuests;

    public Descriptor Descriptor => new(Member, Instance, Certificate!.Hash);
}
