namespace Overlay.WebRtc.Ice;

/// <summary>Tunables of an <see cref="IceAgent"/>. The defaults suit any peer; <see cref="OwnNodes"/> suits links between our own.</summary>
public sealed record IceOptions
{
    /// <summary>Towards our own nodes: a short check phase, since both sides begin at once, and few consent checks on many links.</summary>
    public static IceOptions OwnNodes { get; } = new()
    {
        CheckTimeout = TimeSpan.FromSeconds(5),
        ConsentPeriod = TimeSpan.FromSeconds(15),
    };

    /// <summary>How long the check phase lasts, from the remote credentials on, before an agent without a working pair has failed.</summary>
    /// <value>Default 30 s, range 1 … 120 s.</value>
    /// <remarks>RFC 8863 asks for patience even when all pairs have failed: the other side may still reach us. People take
    /// seconds to pass an offer on; our own nodes do not.</remarks>
    public TimeSpan CheckTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Ta: the time between two new checks once <see cref="CheckBurst"/> is used up (RFC 8445 §14.2).</summary>
    /// <value>Default 20 ms, range 5 … 500 ms.</value>
    public TimeSpan CheckPacing { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How many new checks may leave at once before pacing begins.</summary>
    /// <value>Default 8, range 1 … 32.</value>
    /// <remarks>Lets a link open in one round trip where a handful of pairs exist; the total stays bounded by <see cref="MaxPairs"/>.</remarks>
    public int CheckBurst { get; init; } = 8;

    /// <summary>Wait before the first retransmission of a check; doubles from one to the next up to <see cref="MaxRetransmission"/>.</summary>
    /// <value>Default 100 ms, range 50 … 500 ms.</value>
    public TimeSpan FirstRetransmission { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between two transmissions of a check.</summary>
    /// <value>Default 500 ms, range <see cref="FirstRetransmission"/> … 5 s.</value>
    public TimeSpan MaxRetransmission { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often a check is sent before its pair has failed (Rc, RFC 8489 §6.2.1).</summary>
    /// <value>Default 7, range 1 … 16.</value>
    public int CheckTransmissions { get; init; } = 7;

    /// <summary>The longest a controlling agent waits for a better pair once one works. It waits one round trip of the pair that works,
    /// since a better pair checked at the same time answers about then, and never longer than this.</summary>
    /// <value>Default 100 ms, range 0 … 5 s.</value>
    public TimeSpan NominationPatience { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Middle of the time between two consent checks, each drawn from 0.8 to 1.2 of it (RFC 7675 §5.1).</summary>
    /// <value>Default 5 s, range 1 … 20 s.</value>
    /// <remarks>Once a check is unanswered the next ones come after at most 5 s, so a long period does not weaken the verdict.</remarks>
    public TimeSpan ConsentPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long consent lasts after the last answer (RFC 7675 §5.1).</summary>
    /// <value>Default 30 s, range 2 × <see cref="ConsentPeriod"/> at most 120 s.</value>
    public TimeSpan ConsentExpiry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Unanswered consent checks in a row until the state is <see cref="IceState.Disconnected"/>.</summary>
    /// <value>Default 2, range 1 … 10.</value>
    public int DisconnectedAfter { get; init; } = 2;

    /// <summary>Pairs at most; the lowest priorities give way (RFC 8445 §6.1.2.5).</summary>
    /// <value>Default 100, range 1 … 256.</value>
    public int MaxPairs { get; init; } = 100;

    /// <summary>Local candidates at most; further ones are refused.</summary>
    /// <value>Default 16, range 1 … 64.</value>
    public int MaxLocalCandidates { get; init; } = 16;

    /// <summary>Remote candidates at most, learnt ones included; further ones are dropped and counted.</summary>
    /// <value>Default 32, range 1 … 256.</value>
    public int MaxRemoteCandidates { get; init; } = 32;

    /// <summary>Checks that came before the remote credentials and are remembered.</summary>
    /// <value>Default 8, range 1 … 32.</value>
    public int MaxEarlyChecks { get; init; } = 8;

    /// <summary>Answers that wait to be fetched; further ones are dropped and counted, the other side asks again.</summary>
    /// <value>Default 32, range 1 … 256.</value>
    public int MaxPendingAnswers { get; init; } = 32;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        CheckRange(CheckTimeout, 1_000, 120_000, nameof(CheckTimeout));
        CheckRange(CheckPacing, 5, 500, nameof(CheckPacing));
        CheckRange(FirstRetransmission, 50, 500, nameof(FirstRetransmission));
        CheckRange(MaxRetransmission, FirstRetransmission.TotalMilliseconds, 5_000, nameof(MaxRetransmission));
        CheckRange(NominationPatience, 0, 5_000, nameof(NominationPatience));
        CheckRange(ConsentPeriod, 1_000, 20_000, nameof(ConsentPeriod));
        CheckRange(ConsentExpiry, 2 * ConsentPeriod.TotalMilliseconds, 120_000, nameof(ConsentExpiry));
        CheckRange(CheckBurst, 1, 32, nameof(CheckBurst));
        CheckRange(CheckTransmissions, 1, 16, nameof(CheckTransmissions));
        CheckRange(DisconnectedAfter, 1, 10, nameof(DisconnectedAfter));
        CheckRange(MaxPairs, 1, 256, nameof(MaxPairs));
        CheckRange(MaxLocalCandidates, 1, 64, nameof(MaxLocalCandidates));
        CheckRange(MaxRemoteCandidates, 1, 256, nameof(MaxRemoteCandidates));
        CheckRange(MaxEarlyChecks, 1, 32, nameof(MaxEarlyChecks));
        CheckRange(MaxPendingAnswers, 1, 256, nameof(MaxPendingAnswers));
    }

    private static void CheckRange(TimeSpan value, double minMs, double maxMs, string name) =>
        CheckRange(value.TotalMilliseconds, minMs, maxMs, name);

    private static void CheckRange(double value, double min, double max, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, max, name);
    }
}
