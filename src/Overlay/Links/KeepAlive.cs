using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>Where the watch over a peer stands that was asked. A peer that was heard lately has no such state.</summary>
internal enum KeepAliveState : byte
{
    /// <summary>Asked, not heard since.</summary>
    Asked,

    /// <summary>Others ask for us.</summary>
    AskedByOthers,

    /// <summary>There is nobody to ask: we go on asking ourselves.</summary>
    AskedAlone,

    /// <summary>No link at all: asked by routed messages.</summary>
    Unlinked,
}

/// <summary>What has to be done about one peer now.</summary>
internal enum KeepAliveDecision : byte
{
    None,

    /// <summary>It takes long: ask it by other ways too, before there is anything to suspect.</summary>
    AskRound,

    /// <summary>It did not answer: suspect it.</summary>
    Suspect,

    /// <summary>No verdict yet: ask it once more.</summary>
    AskAgain,

    /// <summary>Time for the verdict.</summary>
    Judge,
}

/// <summary>A question to one peer: when it was asked, and what follows from the time. A decision, never a deed.</summary>
internal struct KeepAlive
{
    public RingId Peer;

    /// <summary>The question's number, drawn for each suspicion.</summary>
    public ulong Nonce;

    /// <summary>When the peer was asked last.</summary>
    public Moment Since;

    /// <summary>When the suspicion ends in a verdict.</summary>
    public Moment VerdictAt;

    public KeepAliveState State;

    /// <summary>Whether the suspect answered the question of this suspicion by another way than its link.</summary>
    public bool IsAnswered;

    /// <summary>Whether it is yet to be asked by other ways than its link, half way to the suspicion: where these cross several links, they need the time.</summary>
    public bool IsToBeAskedRound;

    /// <summary>Probes so far, those that others were asked to send included.</summary>
    public byte Probes;

    public readonly bool IsSuspect => State is KeepAliveState.AskedByOthers or KeepAliveState.AskedAlone;

    /// <summary>When there is something to decide next.</summary>
    public readonly Instant Due(OverlayOptions options) => State switch
    {
        KeepAliveState.Asked => Since + (IsToBeAskedRound ? options.ProbePeriod / 2 : options.ProbePeriod),
        KeepAliveState.AskedByOthers => VerdictAt,
        _ => Instant.Min(VerdictAt, Since + (options.ProbePeriod * (State == KeepAliveState.Unlinked ? 2 : 1))), // Routed pings cost hops of others.
    };

    public readonly KeepAliveDecision Decide(Instant now, OverlayOptions options)
    {
        if (now < Due(options))
        {
            return KeepAliveDecision.None;
        }

        return State == KeepAliveState.Asked ? (now >= Since + options.ProbePeriod ? KeepAliveDecision.Suspect : KeepAliveDecision.AskRound)
            : now >= VerdictAt ? KeepAliveDecision.Judge
            : KeepAliveDecision.AskAgain;
    }

    /// <summary>Another probe is on its way.</summary>
    public void CountProbe() => Probes = (byte)Math.Min(byte.MaxValue, Probes + 1);

    public void BecomeSuspect(KeepAliveState how, Instant now, Instant verdictAt, ulong nonce) =>
        (State, IsAnswered, Nonce, Since, VerdictAt) = (how, false, nonce, now, verdictAt);
}
