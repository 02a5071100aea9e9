using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>Consent freshness of one pair (RFC 7675 §5.1): when to ask, and whether the other side still agrees to be sent to.</summary>
/// <remarks>Consent checks are never retransmitted; each is a transaction of its own, and only the newest can be answered.</remarks>
internal sealed class ConsentMonitor(IceOptions options, Prng prng)
{
    /// <summary>While a check is unanswered the next one does not wait longer, however long the period is.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private Prng _prng = prng;
    private StunTransactionId _transaction;

    /// <summary>When the next check is due; never while not running.</summary>
    public Instant DueAt { get; private set; } = Instant.Never;

    /// <summary>When consent ends unless an answer comes.</summary>
    public Instant ExpiresAt { get; private set; } = Instant.Never;

    /// <summary>Checks sent since the last answer.</summary>
    public int UnansweredCount { get; private set; }

    /// <summary>When the newest check was sent.</summary>
    public Instant SentAt { get; private set; }

    /// <summary>Begins anew for a pair whose check has just been answered.</summary>
    public void Start(Instant now) => Renew(now);

    public void Stop()
    {
        DueAt = Instant.Never;
        ExpiresAt = Instant.Never;
        UnansweredCount = 0;
    }

    /// <summary>Whether the next check would follow as many unanswered ones as the options call a disconnection.</summary>
    public bool IsSilentAt(Instant now) => now >= DueAt && UnansweredCount >= options.DisconnectedAfter;

    /// <summary>Notes the check that is sent now.</summary>
    public void NoteSent(Instant now, in StunTransactionId transaction)
    {
        (_transaction, SentAt) = (transaction, now);
        UnansweredCount++;
        DueAt = now + Jittered(TimeSpan.FromTicks(Math.Min(options.ConsentPeriod.Ticks, LongestRetry.Ticks)));
    }

    public bool IsAwaited(in StunTransactionId transaction) => UnansweredCount > 0 && transaction == _transaction;

    /// <summary>Takes a valid answer: consent lasts from now on.</summary>
    public void Renew(Instant now)
    {
        UnansweredCount = 0;
        ExpiresAt = now + options.ConsentExpiry;
        DueAt = now + Jittered(options.ConsentPeriod);
    }

    /// <summary>0.8 to 1.2 times the period, so that many connections do not ask in step (RFC 7675 §5.1).</summary>
    private TimeSpan Jittered(TimeSpan period) => (period * 0.8) + _prng.NextDuration(period * 0.4);
}
