using Overlay.Time;

namespace Overlay.Tests.Time;

public sealed class TimerTableTests
{
    [Fact]
    public void Nothing_is_due_in_a_new_table()
    {
        var timers = new TimerTable();

        Assert.Equal(Instant.Never, timers.NextDue);
        Assert.False(timers.TryTakeDue(At(1_000_000), out _));
    }

    [Fact]
    public void The_earliest_deadline_is_the_one_a_host_sees()
    {
        var timers = new TimerTable();

        timers.Set(OverlayTimer.Links, At(30));
        timers.Set(OverlayTimer.Probe, At(10));
        timers.SetIfEarlier(OverlayTimer.Probe, At(20));

        Assert.Equal(At(10), timers.NextDue);
        timers.Stop(OverlayTimer.Probe);
        Assert.Equal(At(30), timers.NextDue);
    }

    [Fact]
    public void Due_timers_are_taken_once_each_in_the_order_of_declaration()
    {
        var timers = new TimerTable();
        timers.Set(OverlayTimer.Links, At(1));
        timers.Set(OverlayTimer.Stabilize, At(2));
        timers.Set(OverlayTimer.Hub, At(3));
        var taken = new List<OverlayTimer>();

        while (timers.TryTakeDue(At(2), out var timer))
        {
            taken.Add(timer);
        }

        Assert.Equal([OverlayTimer.Stabilize, OverlayTimer.Links], taken);
        Assert.Equal(At(3), timers.NextDue);
    }

    private static Instant At(int seconds) => new(seconds * TimeSpan.TicksPerSecond, 0);
}
