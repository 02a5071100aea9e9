using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests.Admission;

/// <summary>A hub in virtual time, with parties that know how to talk to it.</summary>
internal sealed class HubWorld
{
    public const long UnixStart = 1_800_000_000_000;

    private readonly HubOutbox _outbox = new();
    private readonly Dictionary<SessionId, Party> _parties = [];
    private long _sessions;

    /// <param name="options">Default: a hub on loopback.</param>
    /// <param name="state">Of an earlier run.</param>
    /// <param name="rule">Where keys are put.</param>
    /// <param name="hubKey">The hub's key.</param>
    /// <param name="delegation">What a hub granted to <paramref name="delegateKey"/>: this is the endpoint of that member.</param>
    /// <param name="delegateKey">A party's key.</param>
    public HubWorld(
        HubAdmissionOptions? options = null, HubState? state = null, PositionRule? rule = null, ulong hubKey = 0, Delegation? delegation = null, ulong delegateKey = 0)
    {
        Options = options ?? HubAdmissionOptions.Loopback;
        NetworkSigning = new(1, hubKey);
        Signing = delegation is null ? NetworkSigning : new(1, 1000 + delegateKey);
        var secret = new byte[HubIdentity.CaSecretBytes];
        secret[0] = (byte)delegateKey;
        Hub = new(Now, Options, new(Signing, new SeededSecrets(9), secret) { Delegation = delegation, NetworkKey = NetworkSigning.PublicKey.ToArray() }, state, rule);
    }

    /// <summary>The key that names the network, also where a member introduces.</summary>
    public KeyedSigning NetworkSigning { get; }

    public HubAdmissionOptions Options { get; }

    public KeyedSigning Signing { get; }

    public HubAdmission Hub { get; }

    public Instant Now { get; private set; } = new(0, UnixStart);

    public Instant WakeAt => _outbox.WakeAt;

    public int Persisted { get; private set; }

    public List<HubEffect> Observations { get; } = [];

    /// <summary>Every effect as a line, for comparing runs; null where nobody does.</summary>
    public List<string>? Trace { get; init; }

    public HubStatistics Statistics => Hub.Statistics;

    /// <summary>A party that has opened a session.</summary>
    public Party Open(ulong key, ulong prefix = 0, long instance = 1)
    {
        var party = new Party(this, new(++_sessions), new(1, 1000 + key), instance);
        _parties.Add(party.Session, party);
        Step((now, outbox) => Hub.SessionOpened(now, party.Session, new(prefix), outbox));
        return party;
    }

    /// <summary>A party that was admitted and holds slots.</summary>
    public Party OpenGateway(ulong key, params int[] slots)
    {
        var party = Open(key);
        party.Admit();
        party.Attach(slots.Length == 0 ? [0, 1, 2, 3, 4, 5, 6, 7] : slots);
        return party;
    }

    /// <summary>The member that introduces here, attached to its own endpoint with the hub's certificate.</summary>
    public Party OpenOwn(ulong key)
    {
        var party = Open(key);
        var from = Now.UnixMilliseconds / 1000;
        party.Certificate = NodeCertificate.Issue(NetworkSigning, party.Signing.PublicKey, new byte[16], from, from + (14 * 24 * 3600));
        party.Attach(0, 1, 2, 3, 4, 5, 6, 7);
        return party;
    }

    /// <summary>What the network's hub would grant now to the member that introduces here.</summary>
    public Delegation Grant(uint admissions) => Grant(Now, Signing, admissions);

    public static Delegation Grant(Instant now, ulong key, uint admissions) => Grant(now, new KeyedSigning(1, 1000 + key), admissions);

    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        while (_outbox.WakeAt <= end)
        {
            Now = _outbox.WakeAt > Now ? _outbox.WakeAt : Now;
            var due = _outbox.WakeAt;
            Step(Hub.Advance);
            Assert.True(_outbox.WakeAt > due, "an advance must move the wake-up on");
        }

        Now = end;
    }

    public void Step(Action<Instant, HubOutbox> step)
    {
        step(Now, _outbox);
        foreach (var effect in _outbox.Effects)
        {
            Trace?.Add($"{Now} {effect.Kind} {effect.Session} {effect.Close} {effect.Observation} {effect.Peer} {effect.Message.Kind} {Encoded(effect.Message)}");
            Perform(effect);
        }

        _outbox.Clear();
    }

    private static Delegation Grant(Instant now, KeyedSigning signing, uint admissions)
    {
        var from = now.UnixMilliseconds / 1000;
        return Delegation.Issue(new KeyedSigning(1, 0), signing.PublicKey, from, from + (30 * 24 * 3600), admissions, 14 * 24 * 3600);
    }

    private void Perform(in HubEffect effect)
    {
        var party = _parties.GetValueOrDefault(effect.Session);
        switch (effect.Kind)
        {
            case HubEffectKind.Send:
                Assert.NotNull(party);
                Assert.Equal(HubClose.None, party.Closed);
                party.Inbox.Add(effect.Message);
                break;
            case HubEffectKind.CloseSession:
                Assert.NotNull(party);
                party.Closed = effect.Close;
                break;
            case HubEffectKind.Persist:
                Persisted++;
                break;
            case HubEffectKind.Observed:
                Observations.Add(effect);
                break;
        }
    }

    private static string Encoded(in Message message) => message.Body is SignedBody { Payload: { } payload } ? payload.ToString()! : "";
}

/// <summary>One client of a hub: its key, its session, and what it heard.</summary>
internal sealed class Party(HubWorld world, SessionId session, KeyedSigning signing, long instance)
{
    public SessionId Session => session;

    public KeyedSigning Signing => signing;

    public List<Message> Inbox { get; } = [];

    public HubClose Closed { get; set; }

    public NodeCertificate? Certificate { get; set; }

    public RingId Id => Certificate!.Id;

    public HubHello Hello => Last<HubHello>();

    public T Last<T>()
        where T : Payload => Inbox.Select(message => (message.Body as SignedBody)?.Payload).OfType<T>().Last();

    public bool Heard<T>()
        where T : Payload => Inbox.Exists(message => message.Body is SignedBody { Payload: T });

    public Admitted Admit(bool isGuest = false, string token = "", string rootSecret = "")
    {
        SendAdmit(isGuest, token, rootSecret);
        var admitted = Last<Admitted>();
        Certificate = admitted.Certificate;
        return admitted;
    }

    public AdmitRefusal Refused(string token = "", string rootSecret = "")
    {
        SendAdmit(isGuest: false, token, rootSecret);
        Assert.Equal(HubClose.Refused, Closed);
        return Last<AdmitRefused>().Reason;
    }

    public void SendAdmit(bool isGuest = false, string token = "", string rootSecret = "") =>
        SendHub(HubProofs.SignAdmit(signing, Hello, instance, isGuest, token) with
        {
            RootProof = rootSecret.Length == 0 ? default : HubProofs.ProveRoot(rootSecret, Hello.Challenge.Span, Hello.GetSpeakerKey(), signing.PublicKey),
        });

    public void Attach(params int[] slots) => SendHub(HubProofs.SignAttach(signing, Hello, Certificate!, instance, slots));

    public void Ask(string address, string token = "") => SendHub(HubProofs.SignAskDelegation(signing, Hello, Certificate!, instance, token, address));

    public void SendHub(Payload payload) => Send(new() { Kind = payload.Kind, HopsLeft = 1, Body = Body(payload) });

    public void Send(Message message) => world.Step((now, outbox) => world.Hub.Receive(now, session, message, outbox));

    public void SendTo(RingId destination, Payload payload, ulong messageId = 1) => Send(new()
    {
        Kind = payload.Kind,
        HopsLeft = Message.HopBudget,
        Source = Id,
        Destination = destination,
        MessageId = messageId,
        Body = Body(payload),
    });

    public void Close()
    {
        world.Step((now, outbox) => world.Hub.SessionClosed(now, session, outbox));
    }

    public static SignedBody Body(Payload payload) => new() { Instance = 1, ExpiresAt = long.MaxValue, Payload = payload };
}
