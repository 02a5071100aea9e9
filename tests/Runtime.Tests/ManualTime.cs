namespace Overlay.Runtime.Tests;

/// <summary>A clock that stands still until it is told otherwise; tells when somebody waits for it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly Signal _armed = new();
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until somebody waits for no longer than <paramref name="atMost"/>.</summary>
    public Task UntilArmedAsync(TimeSpan atMost) => _armed.UntilAsync(() =>
    {
        lock (_gate)
        {
            return _timers.Any(timer => timer.Due - _now <= atMost);
        }
    });

    /// <summary>Lets time pass and calls what is due, in the order of its time.</summary>
    public void Advance(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
        }

        while (TakeDue() is { } timer)
        {
            timer.Callback(timer.State);
        }
    }

    private ManualTimer? TakeDue()
    {
        lock (_gate)
        {
            var timer = _timers.Where(timer => timer.Due <= _now).MinBy(timer => timer.Due);
            if (timer is not null)
            {
                _timers.Remove(timer); // No user of this clock has periodic timers.
            }

            return timer;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimerCallback Callback { get; } = callback;

        public object? State { get; } = state;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            time._armed.Set();
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
