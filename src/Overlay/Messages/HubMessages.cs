using Overlay.Identity;

namespace Overlay.Messages;

// Over a hub session:
//   hub → HubHello;  newcomer → Admit → hub;  hub → Admitted | AdmitRefused
//   member → Attach(slots) → hub;  hub → Attached            (a gateway; the hub drops the session that held these slots before)
// All other messages pass through the hub: from a newcomer to a gateway, from a gateway to the newcomer named by dstId.

/// <summary><c>[version, hubKey (bin 64), hubNumber, challenge (bin 32), founded]</c>: the first message of a hub session.</summary>
public sealed record HubHello(byte Version, ReadOnlyMemory<byte> HubKey, int HubNumber, ReadOnlyMemory<byte> Challenge, bool Founded) : Payload
{
    public override MessageKind Kind => MessageKind.HubHello;
}

/// <summary><c>[key (bin 64), instance, guest, token, signature]</c>: a newcomer proves its key by signing label ‖ challenge ‖ hub key ‖ instance.</summary>
/// <param name="PublicKey">The newcomer's key; its id follows from it (mechanisms §5).</param>
/// <param name="Instance">Its instance.</param>
/// <param name="IsGuest">It wants to send through a gateway only, not to join.</param>
/// <param name="Token">A join token, empty where none is needed.</param>
/// <param name="Signature">The proof.</param>
public sealed record Admit(ReadOnlyMemory<byte> PublicKey, long Instance, bool IsGuest, string Token, ReadOnlyMemory<byte> Signature) : Payload
{
    public override MessageKind Kind => MessageKind.Admit;
}

/// <summary>What the hub wants an admitted newcomer to do.</summary>
public enum AdmitMode : byte
{
    /// <summary>Be the first: found the network.</summary>
    Found,

    /// <summary>Send your look-up; a gateway takes it.</summary>
    Introduce,

    /// <summary>No gateway is here now; ask again after the time given.</summary>
    Retry,
}

/// <summary><c>[certificate, mode, retryAfterMs, gateway | nil, [[url, user, credential]…]]</c>.</summary>
/// <param name="Certificate">The newcomer's certificate, signed by the hub.</param>
/// <param name="Mode">What to do.</param>
/// <param name="RetryAfterMilliseconds">With <see cref="AdmitMode.Retry"/>.</param>
/// <param name="Gateway">The gateway chosen for this session, with <see cref="AdmitMode.Introduce"/>.</param>
/// <param name="IceServers">STUN and TURN servers.</param>
public sealed record Admitted(
    NodeCertificate Certificate,
    AdmitMode Mode,
    int RetryAfterMilliseconds,
    Descriptor? Gateway,
    IReadOnlyList<IceServer> IceServers) : Payload
{
    public override MessageKind Kind => MessageKind.Admitted;
}

/// <summary>A STUN or TURN server: <c>[url, user, credential]</c>, the last two empty for STUN.</summary>
public sealed record IceServer(string Url, string User, string Credential);

/// <summary>Why a hub refused.</summary>
public enum AdmitRefusal : byte
{
    BadSignature,
    TokenNeeded,
    TokenUnknown,
    TooMany,
    Closed,
    WrongNetwork,
    BadCertificate,
    OldInstance,
}

/// <summary><c>[reason, text]</c>.</summary>
public sealed record AdmitRefused(AdmitRefusal Reason, string Text) : Payload
{
    public override MessageKind Kind => MessageKind.AdmitRefused;
}

/// <summary><c>[certificate, instance, [slot…], signature]</c>: a member that is responsible for gateway slots takes them.</summary>
public sealed record Attach(NodeCertificate Certificate, long Instance, IReadOnlyList<int> Slots, ReadOnlyMemory<byte> Signature) : Payload
{
    /// <summary>Gateway slots of a hub.</summary>
    public const int SlotCount = 8;

    public override MessageKind Kind => MessageKind.Attach;
}

/// <summary><c>[[slot…], [[url, user, credential]…]]</c>: the slots now held by this session (none: superseded, close it).</summary>
public sealed record Attached(IReadOnlyList<int> Slots, IReadOnlyList<IceServer> IceServers) : Payload
{
    public override MessageKind Kind => MessageKind.Attached;
}

/// <summary>
/// <c>[certificate, instance]</c>: another living member took a slot that the receiver held. Both think that the slot's key is theirs: they may be on two rings that do
/// not know each other. The session stays open for a while, so that they can signal for a link.
/// </summary>
/// <param name="Certificate">The other's.</param>
/// <param name="Instance">The other's.</param>
public sealed record OtherGateway(NodeCertificate Certificate, long Instance) : Payload
{
    public override MessageKind Kind => MessageKind.OtherGateway;
}

/// <summary><c>[certificate]</c>: a member past half of its certificate's life asks for another, routed through a gateway.</summary>
public sealed record Renew(NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.Renew;
}

/// <summary><c>[certificate]</c>: same id and key, a new life.</summary>
public sealed record Renewed(NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.Renewed;
}
