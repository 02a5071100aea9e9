using System.Text;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>
/// A full ICE agent for one data stream with one component (RFC 8445, trickle by RFC 8838, consent by RFC 7675): finds and keeps
/// a way to the other side. It has no socket and no clock.
/// </summary>
/// <remarks>
/// <para>Handle: <see cref="Receive"/>, <see cref="Advance"/>. Commands: <see cref="AddLocalCandidate"/>,
/// <see cref="SetRemoteCredentials"/>, <see cref="AddRemoteCandidate"/>, <see cref="Restart"/>, <see cref="Close"/>. Outputs:
/// <see cref="TryGetDatagram"/>, <see cref="TryGetEvent"/>, <see cref="WakeAt"/>.</para>
/// <para>The law of the loop: after every handle or command the host drains <see cref="TryGetDatagram"/> and
/// <see cref="TryGetEvent"/>, then waits for the next input or for <see cref="WakeAt"/>, at which it calls <see cref="Advance"/>.</para>
/// <para>Requests that are not authenticated by our password get no answer at all, so a forged source address gains nothing.</para>
/// </remarks>
public sealed partial class IceAgent
{
    private const int MaxEvents = 64;

    private readonly IceOptions _options;
    private readonly ISecrets _secrets;
    private readonly CheckList _pairs;
    private readonly AnswerQueue _answers;
    private readonly Queue<IceEvent> _events = new();
    private readonly ConsentMonitor _consent;

    private CheckPacer _pacer;
    private ulong _tieBreaker;
    private byte[] _localKey;
    private byte[] _localUfrag;
    private byte[] _remoteKey = [];
    private byte[] _remoteUfrag = [];
    private byte[] _checkUsername = [];
    private CandidatePair? _selected;
    private Instant _deadlineAt = Instant.Never;

    /// <summary>The last moment the host told; what is ready to be sent is due since then.</summary>
    private Instant _now = new(long.MinValue);

    /// <summary>Makes an agent that waits for candidates and for the other side's credentials.</summary>
    /// <param name="options">Tunables; validated here.</param>
    /// <param name="role">Controlling for the offerer, controlled for the answerer (RFC 8445 §6.1.1).</param>
    /// <param name="secrets">Source of credentials, tie breaker and transaction ids.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public IceAgent(IceOptions options, IceRole role, ISecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        options.Validate();
        _options = options;
        _secrets = secrets;
        Role = role;
        _pairs = new CheckList(options.MaxPairs);
        _answers = new AnswerQueue(options.MaxPendingAnswers);
        _pacer = new CheckPacer(options.CheckPacing, options.CheckBurst);
        _consent = new ConsentMonitor(options, new Prng(DrawUInt64()));
        _tieBreaker = DrawUInt64();
        LocalCredentials = IceCredentials.Create(secrets);
        _localKey = Encoding.ASCII.GetBytes(LocalCredentials.Password);
        _localUfrag = Encoding.ASCII.GetBytes(LocalCredentials.Ufrag);
    }

    /// <summary>The role now; a conflict may have turned it round.</summary>
    public IceRole Role { get; private set; }

    /// <summary>How far the agent is.</summary>
    public IceState State { get; private set; }

    /// <summary>Why it failed, while the state is <see cref="IceState.Failed"/>.</summary>
    public IceFailure Failure { get; private set; }

    /// <summary>Our credentials of this generation, for the offer or answer.</summary>
    public IceCredentials LocalCredentials { get; private set; }

    /// <summary>The other side's credentials, or null until they are known.</summary>
    public IceCredentials? RemoteCredentials { get; private set; }

    /// <summary>Whether the other side is a lite agent, which never checks by itself.</summary>
    public bool IsRemoteLite { get; private set; }

    /// <summary>What was dropped.</summary>
    public IceCounters Counters { get; } = new();

    /// <summary>Where data goes now, or null. During a restart the pair of the generation before stays until a new one works.</summary>
    public SelectedPair? SelectedPair => _selected?.ToSelected() ?? _heldPair;

    /// <summary>When <see cref="Advance"/> is due next.</summary>
    public Instant WakeAt
    {
        get
        {
            if (State is IceState.Failed or IceState.Closed)
            {
                return Instant.Never;
            }

            if (!_answers.IsEmpty)
            {
                return _now;
            }

            var next = Instant.Min(Instant.Min(_deadlineAt, _heldUntil), Instant.Min(_consent.DueAt, _consent.ExpiresAt));
            return RemoteCredentials is null ? next : Instant.Min(next, NextCheckAt());
        }
    }

    /// <summary>Takes the other side's credentials: checks begin, those remembered from before included.</summary>
    /// <returns>False when other credentials are known already; <see cref="Restart"/> comes first then.</returns>
    public bool SetRemoteCredentials(Instant now, IceCredentials credentials, bool isLite = false)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (RemoteCredentials is not null || State is IceState.Failed or IceState.Closed)
        {
            return RemoteCredentials == credentials;
        }

        _now = now;
        RemoteCredentials = credentials;
        IsRemoteLite = isLite;
        _remoteKey = Encoding.ASCII.GetBytes(credentials.Password);
        _remoteUfrag = Encoding.ASCII.GetBytes(credentials.Ufrag);
        _checkUsername = Encoding.ASCII.GetBytes($"{credentials.Ufrag}:{LocalCredentials.Ufrag}");
        if (isLite)
        {
            // RFC 8445 §6.1.1: of a full and a lite agent the full one controls.
            Role = IceRole.Controlling;
        }

        _deadlineAt = now + _options.CheckTimeout;
        BecomeState(IceState.Checking);
        DropForeignGenerations();
        FormAllPairs();
        TakeUpEarlyChecks(now);
        return true;
    }

    /// <summary>Lets time pass: gives up what was not answered, nominates what has waited long enough.</summary>
    public void Advance(Instant now)
    {
        _now = now;
        if (State is IceState.Failed or IceState.Closed)
        {
            return;
        }

        while (_pairs.NextDue(now, _options.CheckTransmissions, spent: true) is { } pair)
        {
            FailPair(now, pair, PairOutcome.NoAnswer);
        }

        if (now >= _heldUntil)
        {
            DropHeldPair();
        }

        ConsiderNomination(now);
        AdvanceConsent(now);
        if (now >= _deadlineAt)
        {
            _deadlineAt = Instant.Never;
            if (_selected is null)
            {
                BecomeFailed(_pairs.Count == 0 ? IceFailure.NoPairs : IceFailure.NoResponse);
            }
        }
    }

    /// <summary>Fetches the next event. False when there is none.</summary>
    public bool TryGetEvent(out IceEvent iceEvent) => _events.TryDequeue(out iceEvent);

    /// <summary>Ends the agent. Nothing more is sent; the other side notices by consent.</summary>
    public void Close(Instant now)
    {
        _now = now;
        if (State != IceState.Closed)
        {
            Cease();
            BecomeState(IceState.Closed);
        }
    }

    private void BecomeFailed(IceFailure reason)
    {
        Failure = reason;
        _triedBeforeFailing = ToReports();
        Cease();
        BecomeState(IceState.Failed);
    }

    /// <summary>Forgets all that could still lead to a datagram.</summary>
    private void Cease()
    {
        _pairs.Clear();
        _answers.Clear();
        _consent.Stop();
        _earlyChecks.Clear();
        _deadlineAt = Instant.Never;
        _nominateAt = Instant.Never;
        _heldUntil = Instant.Never;
        _heldPair = null;
        _nominating = null;
        Select(null);
    }

    private void BecomeState(IceState state)
    {
        if (State != state)
        {
            State = state;
            Raise(IceEventKind.StateChanged);
        }
    }

    private void Raise(IceEventKind kind)
    {
        if (_events.Count >= MaxEvents)
        {
            // State and pair can always be read from the agent, so the oldest news is the one to lose.
            _events.Dequeue();
            Counters.OverBound++;
        }

        _events.Enqueue(new IceEvent(kind, State, SelectedPair));
    }

    private ulong DrawUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _secrets.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
