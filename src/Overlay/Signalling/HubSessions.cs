using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>What a hub decided, for the node.</summary>
public enum HubEventKind : byte
{
    None,

    /// <summary>Be the first.</summary>
    Found,

    /// <summary>Certificate given, uplink open: look for your place.</summary>
    Introduced,

    /// <summary>Refused for good.</summary>
    Refused,

    /// <summary>The hub has another key than the one remembered.</summary>
    KeyChanged,

    /// <summary>The node's own certificate is a new one.</summary>
    Renewed,

    /// <summary>Another member claims what this node claims: <see cref="HubSessions.Other"/>.</summary>
    OtherGateway,

    /// <summary>A member that introduces said who it is: <see cref="HubSessions.Other"/>, perhaps of another ring.</summary>
    MetIntroducer,
}

/// <summary>The node's side of the hubs: admission while it is a newcomer or guest, gateway slots while it is a member.</summary>
/// <remarks>
/// <para>newcomer: OpenHub → HubHello → Admit → Admitted(found | introduce | retry); the session stays the uplink until there is a link to a member.</para>
/// <para>member: whoever is responsible for the ring key of a slot holds the session and retries it (back-off ≤ 10 s); whoever no longer is lets go. So
/// gateways are replaced when they die, and come back when the hub does, and the hub's sockets stay few (mechanisms §4).</para>
/// </remarks>
public sealed partial class HubSessions
{
    /// <summary>A guest's session is kept alive this often; the hub closes silent ones after 60 s.</summary>
    private static readonly TimeSpan KeepAlivePeriod = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan SlotPeriod = TimeSpan.FromSeconds(10);

    /// <summary>A newcomer that is none for longer asks the hub again: its gateway may be gone, or everybody, and then somebody has to found.</summary>
    private static readonly TimeSpan IntroductionLife = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RenewRetry = TimeSpan.FromMinutes(10);

    private readonly NodeContext _context;
    private readonly Courier _courier;
    private readonly int _hubCount;
    private readonly string _token;
    private readonly bool _isGuest;
    private string _rootSecret;
    private byte[]? _rememberedKey;
    private HubSlots? _slots;
    private byte[]? _numbers; // Of the hubs in the host's list; null where each has its place as number.

    /// <summary>By the number of their hub; null where there is nothing to say of a session.</summary>
    private HubSession?[]? _sessions;

    private int _current;
    private bool _isNewcomer;
    private Moment _admitAt = Instant.Never;
    private Moment _slotsAt = Instant.Never;
    private Moment _renewAt = Instant.Never;
    private RingId? _gateway;

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => _admitAt.Ticks + _slotsAt.Ticks + _current + (_sessions is null ? 0 : 1);

    public HubSessions(
        NodeContext context, Courier courier, int hubCount, NodeIntroductions introductions, byte[]? rememberedKey, string token, bool isGuest, string rootSecret = "")
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(courier);
        ArgumentNullException.ThrowIfNull(introductions);
        (_context, _courier, _rememberedKey, _token, _isGuest, _rootSecret) = (context, courier, rememberedKey, token, isGuest, rootSecret);
        _introductions = introductions.IsNone ? null : new(hubCount, introductions);
        _hubCount = hubCount + introductions.Seeds;
    }

    /// <summary>What the hub decided last; taken by <see cref="TakeEvent"/>.</summary>
    public HubEventKind Event { get; private set; }

    /// <summary>With <see cref="HubEventKind.Refused"/>: the hub's words.</summary>
    public AdmitRefused? Refusal { get; private set; }

    /// <summary>With <see cref="HubEventKind.Found"/>: should the network be a tree, this node is its root by that word.</summary>
    public RootAppointment? Appointment { get; private set; }

    /// <summary>The key of the hub, empty before the first hello.</summary>
    public ReadOnlyMemory<byte> HubKey => _rememberedKey;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue
    {
        get
        {
            var due = Instant.Min(Instant.Min(_admitAt, _slotsAt), Instant.Min(_renewAt, Instant.Min(_introductions?.AskAt ?? Moment.Never, _introductions?.MeetAt ?? Moment.Never)));
            foreach (var hub in _sessions.AsSpan())
            {
                if (hub is null)
                {
                    continue;
                }

                if (hub.State is HubState.Dialling or HubState.Greeting || IsWanted(hub))
                {
                    due = Instant.Min(due, hub.Due);
                }

                if (hub is { State: HubState.Ready, Errand: HubErrand.Meeting })
                {
                    due = Instant.Min(due, hub.ContestedUntil);
                }

                if (hub.State == HubState.Ready && hub.Id == _courier.HubUplink)
                {
                    due = Instant.Min(due, hub.SentAt + KeepAlivePeriod);
                }
            }

            return due;
        }
    }

    /// <summary>Goes to the hubs, one after the other, until one admits this node: at the start, and again when every link is lost.</summary>
    public void BecomeNewcomer(Instant now)
    {
        if (!_isNewcomer)
        {
            _isNewcomer = true;
            LeaveOwnEndpoint();
            LeaveMeetings();
            var hub = SessionWith(_current);
            if (hub.State == HubState.Ready)
            {
                Admit(now, hub);
            }
            else
            {
                Open(now, hub);
            }
        }
    }

    /// <summary>The node has its place in the ring: the session goes on only as a gateway.</summary>
    public void BecomeMember(Instant now)
    {
        _isNewcomer = false;
        _admitAt = Instant.Never;
        _courier.HubUplink = default;
        PlanToAsk(now);
        PlanToMeet(now);
        JudgeSlots(now);
    }

    /// <summary>The node begins as a member: nothing to ask of a hub, but for the slots that it may be responsible for, and its certificate when that grows old.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="slots">The slots' keys, where the host has them for many nodes.</param>
    public void BeginIdeal(Instant now, HubSlots? slots)
    {
        _slots = slots?.HubCount == HubsWithSlots ? slots : null;
        TakeCertificate(now, _context.Self.Certificate);
        PlanToAsk(now);
        PlanToMeet(now);
        JudgeSlots(now);
    }

    /// <summary>This node leaves as the last of its network: a hub that hears so need not wait for anybody.</summary>
    public void TellNetworkEnds(Instant now)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is { State: HubState.Ready, Asked: Attach.AllSlots, Hello.Delegation: null })
            {
                _courier.SendToHub(now, hub.Id, new NetworkEnded());
            }
        }
    }

    /// <summary>Closes every session.</summary>
    public void CloseAll()
    {
        _isNewcomer = false;
        (_admitAt, _slotsAt, _renewAt) = (Instant.Never, Instant.Never, Instant.Never);
        _courier.HubUplink = default;
        if (_introductions is not null)
        {
            (_introductions.AskAt, _introductions.MeetAt, _introductions.IsOpen) = (Instant.Never, Instant.Never, false);
        }

        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is not null)
            {
                Close(hub);
            }
        }
    }

    /// <summary>What happened since the last call.</summary>
    public HubEventKind TakeEvent()
    {
        var happened = Event;
        Event = HubEventKind.None;
        return happened;
    }

    /// <summary>Whether <paramref name="id"/> is an open hub session.</summary>
    public bool IsSession(LinkId id) => Find(id) is not null;

    /// <summary>Whether guests may come over session <paramref name="id"/>: it claims slots.</summary>
    public bool IsGateway(LinkId id) => Find(id) is { Asked: not null and not 0 };

    /// <summary>The host's WebSocket is open.</summary>
    public void Opened(Instant now, LinkId id)
    {
        if (Find(id) is { State: HubState.Dialling } hub)
        {
            hub.BecomeGreeting(now);
        }
    }

    /// <summary>The host could not connect, or the session was closed.</summary>
    public void Lost(Instant now, LinkId id)
    {
        if (Find(id) is { } hub)
        {
            Ended(now, hub);
        }
    }

    /// <summary>A message that only hubs and their clients exchange.</summary>
    public void Receive(Instant now, LinkId id, Payload payload)
    {
        if (Find(id) is not { } hub)
        {
            return;
        }

        switch (payload)
        {
            case HubHello hello when hub.State == HubState.Greeting:
                Greeted(now, hub, hello);
                break;
            case Admitted admitted when hub.State == HubState.Ready && IsAdmitting(hub):
                Admitted(now, hub, admitted);
                break;
            case AdmitRefused refused when hub.State == HubState.Ready && IsAdmitting(hub):
                Refuse(now, hub, refused);
                break;
            case KnownHubs known when hub.State == HubState.Ready:
                Learn(now, known.Places, id);
                break;
            case OtherGateway other when hub.State == HubState.Ready && !_isNewcomer:
                HearOfOther(now, hub, other);
                break;
            case Attached attached when hub.State == HubState.Ready:
                Attached(now, hub, attached);
                break;
            case Delegated delegated when hub is { State: HubState.Ready, Errand: HubErrand.Delegation }:
                Delegated(now, hub, delegated);
                break;
            case Admitted admitted when hub is { State: HubState.Ready, Errand: HubErrand.Renewal }:
                RenewedByIntroducer(now, hub, admitted.Certificate);
                break;
            case AdmitRefused refused when hub.State == HubState.Ready && hub.Errand != HubErrand.None:
                ErrandRefused(now, hub, refused);
                break;
        }
    }

    /// <summary>Time passed: dials, second requests, slots, renewal, signs of life.</summary>
    public void Advance(Instant now)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is null)
            {
                continue;
            }

            if (hub.State is HubState.Dialling or HubState.Greeting && hub.Due <= now)
            {
                _context.Outbox.CloseHub(hub.Id);
                Ended(now, hub);
            }
            else if (hub.State == HubState.Closed && IsWanted(hub) && hub.Due <= now)
            {
                Open(now, hub);
            }
            else if (hub is { State: HubState.Ready, Errand: HubErrand.Meeting } && hub.ContestedUntil <= now)
            {
                EndErrand(hub);
            }
            else if (hub.State == HubState.Ready && hub.Id == _courier.HubUplink && hub.SentAt + KeepAlivePeriod <= now)
            {
                KeepAlive(now, hub);
            }
        }

        if (_admitAt <= now)
        {
            _admitAt = Instant.Never;
            if (_isNewcomer && SessionWith(_current) is { State: HubState.Ready } hub)
            {
                Admit(now, hub);
            }
        }

        if (_slotsAt <= now)
        {
            JudgeSlots(now);
        }

        if (_renewAt <= now)
        {
            Renew(now);
        }

        if (_introductions?.AskAt <= now)
        {
            AskDelegation(now);
        }

        if (_introductions?.MeetAt <= now)
        {
            Meet(now);
        }
    }

    private HubSession? Find(LinkId id)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is not null && hub.Id == id && hub.State != HubState.Closed)
            {
                return hub;
            }
        }

        return null;
    }

    private HubSession SessionWith(int hub)
    {
        if (_sessions is null || hub >= _sessions.Length)
        {
            Array.Resize(ref _sessions, hub >= FirstLearned ? FirstLearned + KnownHubs.MaxPlaces : _hubCount + (Introduces ? 1 : 0));
        }

        return _sessions[hub] ??= new HubSession(hub);
    }

    private bool IsAdmitting(HubSession hub) => _isNewcomer && hub.Hub == _current;

    private bool IsWanted(HubSession hub) => hub.State == HubState.Closed && (_isNewcomer ? IsAdmitting(hub) : hub.Wanted != 0 || hub.Errand != HubErrand.None);

    private void Open(Instant now, HubSession hub)
    {
        if (hub.State != HubState.Closed)
        {
            return;
        }

        var id = _context.NextLink();
        hub.BecomeDialling(now, id);
        _context.Outbox.OpenHub(id, hub.Hub, IsLearned(hub) ? PlaceOf(hub).Address : null);
    }

    private void Close(HubSession hub)
    {
        if (hub.State == HubState.Closed)
        {
            return;
        }

        _context.Outbox.CloseHub(hub.Id);
        Forget(hub);
        hub.BecomeIdle();
    }

    private void Ended(Instant now, HubSession hub)
    {
        Forget(hub);
        hub.Errand = HubErrand.None; // Somebody else is asked, or later.
        hub.BecomeClosed(now, ref _context.Prng);
        if (IsAdmitting(hub))
        {
            _admitAt = Instant.Never;
            _current = (_current + 1) % _hubCount; // The next hub of the list; each has its own back-off.
            SessionWith(_current); // Wanted from now on.
        }
    }

    private void Forget(HubSession hub)
    {
        _courier.SessionEnded(hub.Id);
        if (_courier.HubUplink == hub.Id)
        {
            _courier.HubUplink = default;
        }
    }

    private void Greeted(Instant now, HubSession hub, HubHello hello)
    {
        if (hello.Version != Message.Version || !HubProofs.IsWellFormed(hello) || !IsCredible(now, hello) || !IsWhoWasMeant(hub, hello))
        {
            _context.Outbox.CloseHub(hub.Id);
            Ended(now, hub);
            return;
        }

        if (_rememberedKey is not null && !hello.HubKey.Span.SequenceEqual(_rememberedKey))
        {
            _context.Outbox.Observe(new Effect { Observation = Observation.HubKeyChanged, Number = hub.Hub, Link = hub.Id });
            _context.Outbox.CloseHub(hub.Id);
            Ended(now, hub);
            if (_isNewcomer && !_context.IsAdmitted && hub.Hub < HubsWithSlots)
            {
                CloseAll();
                Event = HubEventKind.KeyChanged; // A remembered seed may be anybody's address by now; a hub that was named may not.
            }

            return;
        }

        _rememberedKey ??= hello.HubKey.ToArray();
        _context.Certificates.Trust(_rememberedKey);
        hub.BecomeReady(now, hello);
        NoteSpeaker(hub, hello);
        NoteNumber(hub, hello);
        if (IsAdmitting(hub))
        {
            Admit(now, hub);
            return;
        }

        if (hub.Errand == HubErrand.None && _learned is not null && hello.Delegation is null && IsMetElsewhere(hub.Hub, hello.HubNumber))
        {
            Close(hub);
        }
        else if (hub.Errand != HubErrand.None)
        {
            RunErrand(now, hub);
        }

        JudgeSlots(now);
    }

    private void Admit(Instant now, HubSession hub)
    {
        (hub.SentAt, hub.Asked) = (now, null); // Whoever asks for admission is nobody's gateway any more.
        _admitAt = now + TimeSpan.FromSeconds(5); // Unanswered: once more.
        var admit = HubProofs.SignAdmit(_context.Signing, hub.Hello!, _context.Self.Instance, _isGuest, _token, CertificateToShow(hub.Hello!));
        if (_rootSecret.Length > 0 && hub.Hello!.Delegation is null)
        {
            admit = admit with { RootProof = HubProofs.ProveRoot(_rootSecret, hub.Hello.Challenge.Span, hub.Hello.GetSpeakerKey(), _context.Signing.PublicKey) };
        }

        _courier.SendToHub(now, hub.Id, admit);
    }

    private void Admitted(Instant now, HubSession hub, Admitted admitted)
    {
        if (!_context.Certificates.TrySetOwn(now, admitted.Certificate))
        {
            _context.Outbox.CloseHub(hub.Id);
            Ended(now, hub);
            return;
        }

        hub.Served();
        HomeHub = hub.Hello is { Delegation: null } hello ? unchecked((byte)hello.HubNumber) : HomeHub;
        TakeCertificate(now, admitted.Certificate);
        _context.Outbox.Observe(new Effect { Observation = Observation.Admitted, Link = hub.Id, Detail = admitted });
        _admitAt = Instant.Never;
        switch (admitted.Mode)
        {
            case AdmitMode.Found:
                Event = HubEventKind.Found;
                Appointment = admitted.Appointment;
                _rootSecret = ""; // Once: whoever steps down later for a newer root is not to be it again.
                break;
            case AdmitMode.Introduce:
                _gateway = admitted.Gateway?.Id;
                _courier.HubUplink = hub.Id;
                _admitAt = _isGuest ? Instant.Never : now + IntroductionLife;
                Event = HubEventKind.Introduced;
                break;
            default:
                if (hub.Hello is { Delegation: not null } && _hubCount > 1)
                {
                    _context.Outbox.CloseHub(hub.Id); // The one member behind it has no place itself at the moment; another may.
                    Ended(now, hub);
                    break;
                }

                _admitAt = now + TimeSpan.FromMilliseconds(Math.Clamp(admitted.RetryAfterMilliseconds, 100, 60_000));
                break;
        }
    }

    private void Refuse(Instant now, HubSession hub, AdmitRefused refused)
    {
        var isOneOfMany = hub.Hello is { Delegation: not null } && _hubCount > 1; // What one member will not do, another may.
        _context.Outbox.CloseHub(hub.Id);
        Ended(now, hub);
        if (!_context.IsAdmitted && !isOneOfMany)
        {
            CloseAll();
            (Refusal, Event) = (refused, HubEventKind.Refused);
        }
    }

    private void TakeCertificate(Instant now, NodeCertificate certificate)
    {
        if (!ReferenceEquals(_context.Self.Certificate, certificate))
        {
            _context.Self = new(certificate.Id, _context.Self.Instance, certificate);
        }

        var left = ((certificate.NotBefore + certificate.NotAfter) / 2) - (now.UnixMilliseconds / 1000);
        _renewAt = now + TimeSpan.FromSeconds(Math.Clamp(left, 60, (long)TimeSpan.FromDays(365).TotalSeconds));
    }

    /// <summary>A sign of life through the hub to its gateway, so that neither forgets this session.</summary>
    private void KeepAlive(Instant now, HubSession hub)
    {
        hub.SentAt = now;
        if (_gateway is { } gateway)
        {
            _courier.Send(now, new Letter(gateway, new Ping(_context.NextNonce())));
        }
    }
}
