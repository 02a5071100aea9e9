using System.Runtime.CompilerServices;

namespace Overlay.WebRtc.Sctp;

/// <summary>The timers of an association, by the names RFC 9260 §16 gives them where it does.</summary>
internal enum SctpTimer : byte
{
    /// <summary>INIT stays unanswered.</summary>
    T1Init,

    /// <summary>COOKIE ECHO stays unanswered.</summary>
    T1Cookie,

    /// <summary>SHUTDOWN or SHUTDOWN ACK stays unanswered.</summary>
    T2Shutdown,

    /// <summary>Data or FORWARD TSN stays unacknowledged.</summary>
    T3Rtx,

    /// <summary>The closing sequence as a whole takes too long.</summary>
    T5ShutdownGuard,

    /// <summary>A received packet waits for a second one before it is acknowledged.</summary>
    DelayedAck,

    /// <summary>The path may have been idle for too long.</summary>
    Heartbeat,

    /// <summary>A heartbeat stays unanswered.</summary>
    HeartbeatTimeout,

    /// <summary>A re-configuration request stays unanswered.</summary>
    Reconfig,
}

/// <summary>One deadline for each <see cref="SctpTimer"/>. The host only ever sees <see cref="NextDue"/>.</summary>
internal sealed class SctpTimers
{
    private const int Count = (int)SctpTimer.Reconfig + 1;

    private Deadlines _due;

    public SctpTimers() => StopAll();

    /// <summary>The earliest deadline, or <see cref="Instant.Never"/>.</summary>
    public Instant NextDue
    {
        get
        {
            var earliest = Instant.Never;
            for (var i = 0; i < Count; i++)
            {
                earliest = Instant.Min(earliest, _due[i]);
            }

            return earliest;
        }
    }

    public void Set(SctpTimer timer, Instant due) => _due[(int)timer] = due;

    public void Stop(SctpTimer timer) => _due[(int)timer] = Instant.Never;

    public void StopAll()
    {
        for (var i = 0; i < Count; i++)
        {
            _due[i] = Instant.Never;
        }
    }

    public bool IsRunning(SctpTimer timer) => !_due[(int)timer].IsNever;

    /// <summary>Takes one timer whose time has come, in the order of declaration, and stops it.</summary>
    public bool TryTakeDue(Instant now, out SctpTimer timer)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_due[i] <= now && !_due[i].IsNever)
            {
                timer = (SctpTimer)i;
                _due[i] = Instant.Never;
                return true;
            }
        }

        timer = default;
        return false;
    }

    [InlineArray(Count)]
    private struct Deadlines
    {
        private Instant _first;
    }
}
