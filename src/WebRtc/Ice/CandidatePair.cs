using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>Where a pair stands (RFC 8445 §6.1.2.6).</summary>
/// <remarks>
/// There is no Frozen: freezing lets one data stream learn from another, and here is exactly one stream with one component.
/// </remarks>
internal enum PairState : byte
{
    /// <summary>Will be checked as soon as pacing allows.</summary>
    Waiting,

    /// <summary>A check is under way.</summary>
    InProgress,

    /// <summary>A check was answered.</summary>
    Succeeded,

    /// <summary>A check was refused or never answered.</summary>
    Failed,

    /// <summary>Put aside because a pair is nominated; checked again when that one falls silent.</summary>
    Idle,
}

/// <summary>One check under way: the same request, sent again until it is answered (RFC 8489 §6.2.1).</summary>
internal struct CheckTransaction
{
    public StunTransactionId Id;
    public bool IsActive;

    /// <summary>Carries USE-CANDIDATE.</summary>
    public bool Nominates;

    /// <summary>The role the request claims; a 487 answer refers to it.</summary>
    public IceRole Role;

    public int Transmissions;
    public Instant LastSentAt;

    /// <summary>When to send again, or to give up once all transmissions are spent.</summary>
    public Instant NextAt;
}

/// <summary>A local and a remote candidate, and how checking them against each other goes.</summary>
/// <remarks>
/// A pair is identified by path and remote address: what the other side sees as our address changes neither, so the valid pair
/// of RFC 8445 §7.2.5.3.2 is this same object even when its mapped address is a peer-reflexive one.
/// Invariant: <see cref="Check"/> is active exactly while the state is InProgress, or Succeeded with a nomination under way.
/// </remarks>
internal sealed class CandidatePair(LocalCandidate local, RemoteCandidate remote)
{
    public CheckTransaction Check;

    public LocalCandidate Local { get; set; } = local;

    public RemoteCandidate Remote { get; } = remote;

    public PathId Path => Local.Path;

    public ulong Priority { get; private set; }

    public PairState State { get; set; }

    /// <summary>A check was answered, and nothing has cast doubt on the pair since.</summary>
    public bool IsValid { get; set; }

    /// <summary>Both sides are agreed to use it.</summary>
    public bool IsNominated { get; set; }

    /// <summary>The controlling side has nominated it before our own check succeeded (RFC 8445 §7.3.1.5).</summary>
    public bool NominateOnSuccess { get; set; }

    /// <summary>Place in the triggered-check queue, 0 when not in it.</summary>
    public long TriggeredOrder { get; set; }

    /// <summary>The round trip of the last answered check, from its last transmission.</summary>
    public TimeSpan RoundTrip { get; set; }

    public SelectedPair ToSelected() => new(Path, Local.Address, Remote.Address, IsNominated);

    public void Reprioritise(IceRole ownRole) =>
        Priority = ownRole == IceRole.Controlling
            ? CandidatePriority.OfPair(Local.Priority, Remote.Priority)
            : CandidatePriority.OfPair(Remote.Priority, Local.Priority);

    /// <summary>While it is <see cref="PairState.Failed"/>: why.</summary>
    public PairOutcome Failure { get; set; } = PairOutcome.NoAnswer;

    /// <summary>Ends the check under way, if any, and sets where the pair stands now.</summary>
    public void Become(PairState state)
    {
        Check.IsActive = false;
        TriggeredOrder = 0;
        State = state;
    }
}
