using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>The hub as a machine: admits newcomers, issues their certificates, and introduces them through at most 8 gateway members.</summary>
/// <remarks>
/// <para>The same machine in a member that introduces (<see cref="HubIdentity.Delegation"/>): it signs with the member's key under the hub's delegation, founds
/// nothing, and its only gateway is that member.</para>
/// <para>Used by the hub server, by the in-process hub and by the simulator. It knows sessions, not sockets: the host opens, receives and closes.</para>
/// <para>Law: after each call the host drains the outbox in order, waits for the next input or for <see cref="HubOutbox.WakeAt"/>, and does not call back in between.</para>
/// <para>Every table has a bound with a stated outcome (<see cref="HubAdmissionOptions"/>); a session's input can end that session and nobody else's.</para>
/// <code>
/// hub → HubHello → node;  node → Admit → hub;  hub → Admitted | AdmitRefused → node
/// node → Attach → hub;    hub → Attached → node
/// newcomer → … → hub → … → its gateway;   gateway → … → hub → … → the newcomer named by dstId
/// </code>
/// </remarks>
public sealed partial class HubAdmission
{
    // A half-open session younger than this is not pushed out: an honest start answers within a round trip or two.
    private static readonly TimeSpan HalfOpenGrace = TimeSpan.FromSeconds(1);

    private readonly HubAdmissionOptions _options;
    private readonly HubIdentity _identity;
    private readonly byte[] _hubKey;     // Names the network, and judges certificates.
    private readonly byte[] _speakerKey; // Whose sessions these are: the hub's own, or that of a member that introduces.
    private readonly TokenList _tokens;
    private readonly Dictionary<SessionId, HubSession> _sessions = [];
    private readonly Dictionary<RingId, HubSession> _byMember = [];
    private readonly Dictionary<RemotePrefix, int> _perPrefix = [];
    private readonly LinkedList<HubSession> _halfOpen = new(); // In order of opening.
    private readonly LinkedList<HubSession> _quiet = new();    // Admitted, no gateway; in order of the last message.
    private readonly PositionBook _positions;
    private readonly MemberBook _members;
    private readonly AdmissionLimits _limits;
    private readonly GatewaySlots _gateways = new();
    private readonly List<HubSession> _losers = new(Attach.SlotCount);
    private readonly List<HubSession> _contested = new(Attach.SlotCount + 1); // Lost their slots to somebody of perhaps another ring; at most one for each slot, the oldest first.
    private readonly HubCounters _counters = new();
    private bool _isFounded;
    private uint _rootEpoch;
    private HubSession? _founder;
    private Instant _founderDue = Instant.Never;
    private Instant _gatewaySeenAt;

    /// <summary>A hub that begins (or comes back) now.</summary>
    /// <param name="now">The moment from which gateways may come back.</param>
    /// <param name="options">Validated here.</param>
    /// <param name="identity">Keys and secrets, the host's.</param>
    /// <param name="state">What an earlier run asked to keep; null for a new hub.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the CA secret is not 32 bytes.</exception>
    public HubAdmission(Instant now, HubAdmissionOptions options, HubIdentity identity, HubState? state = null)
        : this(now, options, identity, state, rule: null)
    {
    }

    internal HubAdmission(Instant now, HubAdmissionOptions options, HubIdentity identity, HubState? state, PositionRule? rule)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfNotEqual(identity.CaSecret.Length, HubIdentity.CaSecretBytes);
        options.Validate();
        _options = options;
        _identity = identity;
        CheckDelegation(identity);
        _speakerKey = identity.Signing.PublicKey.ToArray();
        _hubKey = identity.Delegation is null ? _speakerKey : identity.NetworkKey.ToArray();
        _delegates = new(options.MaxDelegates);
        _delegation = identity.Delegation;
        _seeds = options.Seeds;
        _numbersUsed = state?.Numbers is { } numbers && numbers.Since == _delegation?.NotBefore ? numbers.Used : 0;
        _tokens = new(options.Tokens);
        _positions = new(identity.CaSecret.Span, state ?? HubState.New, rule);
        _members = new(options.MaxKnownKeys);
        _limits = new(options);
        _isFounded = state?.IsFounded ?? false;
        _rootEpoch = state?.RootEpoch ?? 0;
        _gatewaySeenAt = now;
        _guestInstance = now.UnixMilliseconds;
        _senders = new(identity.Signing, MaxVerifiedSenders);
        _senders.Trust(_hubKey);
        _judge = new(OverlayOptions.Default with { NameRefreshPeriod = options.NameRefreshPeriod }, identity.Signing, _senders);
        _delegatedUntil = state?.DelegatedUntil ?? 0;
        if (options.Address.Length > 0 && !IsDelegate)
        {
            Announce(now, options.Address);
        }
    }

    /// <summary>The network that this hub's key names.</summary>
    public NetworkId Network => NodeCertificate.NetworkOf(_hubKey);

    /// <summary>Whether a network was founded, now or in an earlier run.</summary>
    public bool IsFounded => _isFounded;

    /// <summary>The hub in numbers.</summary>
    public HubStatistics Statistics => new()
    {
        Sessions = _sessions.Count,
        MaxSessions = _counters.MaxSessions,
        Gateways = _gateways.Count,
        Joiners = _quiet.Count,
        HalfOpen = _halfOpen.Count,
        KnownMembers = _members.Count,
        IsFounded = _isFounded,
        Founders = _counters.Modes[(int)AdmitMode.Found],
        Introduced = _counters.Modes[(int)AdmitMode.Introduce],
        Retried = _counters.Modes[(int)AdmitMode.Retry],
        Attachments = _counters.Attachments,
        Renewals = _counters.Renewals,
        Delegations = _counters.Delegations,
        Delegates = _delegates.Count,
        Superseded = _counters.Closed[(int)HubClose.Superseded],
        ToGateways = _counters.ToGateways,
        FromGateways = _counters.FromGateways,
        Signals = _counters.Signals,
        ToGuests = _counters.ToGuests,
        FromGuests = _counters.FromGuests,
        GuestDrops = _counters.GuestDrops,
        Unreachable = _counters.Unreachable,
        RefusedBy = _counters.Refused.AsSpan().ToArray(),
        DroppedBy = _counters.Dropped.AsSpan().ToArray(),
        ClosedBy = _counters.Closed.AsSpan().ToArray(),
    };

    /// <summary>What must survive a restart; asked for by <see cref="HubEffectKind.Persist"/>.</summary>
    public HubState ExportState() => new(_isFounded, _positions.Export())
    {
        RootEpoch = _rootEpoch,
        DelegatedUntil = _delegatedUntil,
        Numbers = _delegation is { } delegation ? new(delegation.NotBefore, _numbersUsed) : null,
    };

    /// <summary>A session opened: it is greeted, or closed where there is no room.</summary>
    public void SessionOpened(Instant now, SessionId session, RemotePrefix remote, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (_sessions.ContainsKey(session))
        {
            throw new ArgumentException($"{session} is open already; names of sessions are never reused.", nameof(session));
        }

        if (!MakeRoom(now, remote, outbox))
        {
            _counters.Closed[(int)HubClose.TooMany]++;
            outbox.Close(session, HubClose.TooMany);
            SetWakeUp(outbox);
            return;
        }

        var challenge = new byte[HubProofs.ChallengeBytes];
        _identity.Secrets.Fill(challenge);
        var opened = new HubSession(session, remote, challenge, _options) { HeardAt = now };
        _sessions.Add(session, opened);
        _perPrefix[remote] = _perPrefix.GetValueOrDefault(remote) + 1;
        _halfOpen.AddLast(opened.Node);
        _counters.MaxSessions = Math.Max(_counters.MaxSessions, _sessions.Count);
        Reply(now, opened, new HubHello(Message.Version, _hubKey, _options.HubNumber, challenge, _isFounded) { Delegation = _delegation }, outbox);
        TellPlaces(now, opened, outbox);
        SetWakeUp(outbox);
    }

    /// <summary>A message arrived, with its body as it came: the hub opens what is meant for it and passes the rest on unopened.</summary>
    public void Receive(Instant now, SessionId session, in Message message, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (_sessions.TryGetValue(session, out var from))
        {
            Hear(now, from);
            Dispatch(now, from, message, outbox);
            SetWakeUp(outbox);
        }
    }

    /// <summary>Bytes arrived that are no message: whoever sends such things is closed.</summary>
    public void Malformed(Instant now, SessionId session, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (_sessions.TryGetValue(session, out var from))
        {
            Drop(from, DropReason.Malformed, outbox);
            Close(now, from, HubClose.BadMessage, outbox);
            SetWakeUp(outbox);
        }
    }

    /// <summary>The session is gone. Nothing happens where the hub closed it itself.</summary>
    public void SessionClosed(Instant now, SessionId session, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (_sessions.TryGetValue(session, out var closed))
        {
            Forget(now, closed, outbox);
            SetWakeUp(outbox);
        }
    }

    private void Dispatch(Instant now, HubSession from, in Message message, HubOutbox outbox)
    {
        var payload = PayloadForHub(message);
        switch (message.Kind)
        {
            case MessageKind.GuestSignal or MessageKind.GuestAnswer or MessageKind.Unreachable or MessageKind.RecordStored or MessageKind.Record when TryTakeForGuest(now, from, message, outbox):
                break;
            case MessageKind.Admit when payload is Admit admit:
                OnAdmit(now, from, admit, outbox);
                break;
            case MessageKind.Attach when payload is Attach attach:
                OnAttach(now, from, attach, outbox);
                break;
            case MessageKind.Renew when payload is Renew renew:
                OnRenew(now, from, message, renew, outbox);
                break;
            case MessageKind.AskDelegation when payload is AskDelegation ask:
                OnAskDelegation(now, from, ask, outbox);
                break;
            case MessageKind.NetworkEnded when payload is NetworkEnded:
                OnNetworkEnded(now, from, outbox);
                break;
            case MessageKind.None or MessageKind.Admit or MessageKind.Attach or MessageKind.Renew:
            case MessageKind.HubHello or MessageKind.Admitted or MessageKind.AdmitRefused or MessageKind.Attached or MessageKind.OtherGateway:
            case MessageKind.Proof or MessageKind.LinkStatus or MessageKind.AskDelegation or MessageKind.Delegated or MessageKind.KnownHubs or MessageKind.NetworkEnded:
                Drop(from, DropReason.Malformed, outbox); // Never a client's to send, or without the content that its kind promises.
                break;
            default:
                Pass(now, from, message, outbox);
                break;
        }
    }

    private static Payload? PayloadForHub(in Message message) =>
        message.Kind is MessageKind.Admit or MessageKind.Attach or MessageKind.Renew or MessageKind.AskDelegation or MessageKind.NetworkEnded && MessageCodec.TryOpen(message, out var body, out _)
            ? body.Payload
            : null;
}
