using Overlay.Identity;

namespace Overlay.Messages;

// Over a hub session:
//   hub → HubHello;  newcomer → Admit → hub;  hub → Admitted | AdmitRefused
//   member → AskDelegation → hub;  hub → Delegated | AdmitRefused       (a member that will introduce others)
//   member → Attach(slots) → hub;  hub → Attached            (a gateway; the hub drops the session that held these slots before)
//   hub → KnownHubs, after its HubHello                      (also from member to neighbour, over a link)
// All other messages pass through the hub: from a newcomer to a gateway, from a gateway to the newcomer named by dstId.

/// <summary><c>[version, hubKey (bin 64), hubNumber, challenge (bin 32), founded (, delegation (bin 161))]</c>: the first message of a hub session.</summary>
/// <param name="Version">The protocol's version.</param>
/// <param name="HubKey">The key that names the network, also where a member introduces.</param>
/// <param name="HubNumber">The hub's number; of no meaning where a member introduces.</param>
/// <param name="Challenge">What the other side signs for this session.</param>
/// <param name="Founded">Whether the network was founded.</param>
public sealed record HubHello(byte Version, ReadOnlyMemory<byte> HubKey, int HubNumber, ReadOnlyMemory<byte> Challenge, bool Founded) : Payload
{
    /// <summary>What the hub granted to the member that introduces here; null where the hub itself speaks.</summary>
    public Delegation? Delegation { get; init; }

    /// <summary>The key of who speaks: the delegate's, or the hub's. Proofs are made for it, so that nobody can pass them on.</summary>
    public ReadOnlySpan<byte> GetSpeakerKey() => Delegation is null ? HubKey.Span : Delegation.Key;

    public override MessageKind Kind => MessageKind.HubHello;
}

/// <summary><c>[key (bin 64), instance, guest, token, signature (, certificate | nil (, root proof (bin 32)))]</c>: a newcomer proves its key by signing label ‖ challenge ‖ hub key ‖ instance.</summary>
/// <param name="PublicKey">The newcomer's key; its id follows from it (mechanisms §5).</param>
/// <param name="Instance">Its instance.</param>
/// <param name="IsGuest">It wants to send through a gateway only, not to join.</param>
/// <param name="Token">A join token, empty where none is needed.</param>
/// <param name="Signature">The proof.</param>
public sealed record Admit(ReadOnlyMemory<byte> PublicKey, long Instance, bool IsGuest, string Token, ReadOnlyMemory<byte> Signature) : Payload
{
    /// <summary>The certificate that it has from an earlier time: whoever admits it now leaves it its id. Not signed; it proves itself.</summary>
    public NodeCertificate? Certificate { get; init; }

    /// <summary>Shows that the newcomer knows the secret of the tree's root and means to be it (<see cref="HubProofs.ProveRoot"/>); empty where it does not.</summary>
    public ReadOnlyMemory<byte> RootProof { get; init; }

    public override MessageKind Kind => MessageKind.Admit;

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(Admit);
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

/// <summary><c>[certificate, mode, retryAfterMs, gateway | nil, [[url, user, credential]…] (, [seed…] (, appointment (bin 83)))]</c>.</summary>
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
    /// <summary>Addresses of hubs and introducing members at the most.</summary>
    public const int MaxSeeds = 8;

    /// <summary>Characters of such an address at the most.</summary>
    public const int MaxSeedLength = 256;

    /// <summary>Other places where one is admitted to this network, to be remembered for the day when this one is gone.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>With <see cref="AdmitMode.Found"/>: should the network be a tree, then the newcomer is its root.</summary>
    public RootAppointment? Appointment { get; init; }

    public override MessageKind Kind => MessageKind.Admitted;
}

/// <summary>A STUN or TURN server: <c>[url, user, credential]</c>, the last two empty for STUN.</summary>
public sealed record IceServer(string Url, string User, string Credential)
{
    /// <summary>The address alone: what is written out ends in logs and dumps.</summary>
    public override string ToString() => Url;
}

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

    /// <summary>The member that introduces here may admit nobody more: its number is used up, or its time is over.</summary>
    DelegationEnded,

    /// <summary>The newcomer wants to be the tree's root, and its secret is not the hub's, or the hub has none.</summary>
    RootSecretWrong,
}

/// <summary><c>[reason, text]</c>.</summary>
public sealed record AdmitRefused(AdmitRefusal Reason, string Text) : Payload
{
    public override MessageKind Kind => MessageKind.AdmitRefused;
}

/// <summary>
/// <c>[certificate, instance, [slot…], signature]</c>: a member that is responsible for gateway slots takes them. Who names none as its first word asks who is a gateway:
/// <see cref="OtherGateway"/>.
/// </summary>
public sealed record Attach(NodeCertificate Certificate, long Instance, IReadOnlyList<int> Slots, ReadOnlyMemory<byte> Signature) : Payload
{
    /// <summary>Gateway slots of a hub.</summary>
    public const int SlotCount = 8;

    /// <summary>Every slot, a bit for each.</summary>
    public const byte AllSlots = (1 << SlotCount) - 1;

    public override MessageKind Kind => MessageKind.Attach;
}

/// <summary><c>[[slot…], [[url, user, credential]…]]</c>: the slots now held by this session (none: superseded, close it).</summary>
public sealed record Attached(IReadOnlyList<int> Slots, IReadOnlyList<IceServer> IceServers) : Payload
{
    public override MessageKind Kind => MessageKind.Attached;
}

/// <summary>
/// <c>[certificate, instance]</c>: another living member took a slot that the receiver held, and both think that the slot's key is theirs; or the receiver asked who is a
/// gateway. They may be on two rings that do not know each other. The session stays open for a while, so that they can signal for a link.
/// </summary>
/// <param name="Certificate">The other's.</param>
/// <param name="Instance">The other's.</param>
public sealed record OtherGateway(NodeCertificate Certificate, long Instance) : Payload
{
    public override MessageKind Kind => MessageKind.OtherGateway;
}

/// <summary>
/// <c>[]</c>: the gateway of all slots leaves, and is all the network there is. The next newcomer may found it again at once; without that word the hub waits for members that it
/// cannot see.
/// </summary>
public sealed record NetworkEnded : Payload
{
    public override MessageKind Kind => MessageKind.NetworkEnded;
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

/// <summary><c>[certificate, instance, token, address, signature]</c>: a member asks a hub for the right to introduce, and says where it will do so.</summary>
/// <param name="Certificate">The member's.</param>
/// <param name="Instance">Its instance.</param>
/// <param name="Token">A join token, where the hub asks for one: who may not come in may not let others in.</param>
/// <param name="Address">Where newcomers will reach it, <c>ws://…</c>; empty where nobody is to be told.</param>
/// <param name="Signature">Proves the key for this session (<see cref="HubProofs"/>).</param>
public sealed record AskDelegation(NodeCertificate Certificate, long Instance, string Token, string Address, ReadOnlyMemory<byte> Signature) : Payload
{
    public override MessageKind Kind => MessageKind.AskDelegation;

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(AskDelegation);
}

/// <summary><c>[delegation (bin 161), [seed…]]</c>: what the hub grants, and who else introduces.</summary>
public sealed record Delegated(Delegation Delegation, IReadOnlyList<string> Seeds) : Payload
{
    public override MessageKind Kind => MessageKind.Delegated;
}

/// <summary><c>[[place (bin)…]]</c>: where hubs of the network can be dialled; each place proves itself, so whoever knows it may hand it on.</summary>
/// <param name="Places">At most <see cref="MaxPlaces"/>.</param>
public sealed record KnownHubs(IReadOnlyList<HubPlace> Places) : Payload
{
    /// <summary>Hubs that a node remembers at the most.</summary>
    public const int MaxPlaces = 8;

    public override MessageKind Kind => MessageKind.KnownHubs;
}
