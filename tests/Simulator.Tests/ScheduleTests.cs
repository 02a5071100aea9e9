using Overlay.Simulator.Schedules;

namespace Overlay.Simulator.Tests;

/// <summary>Random schedules of joins, leaves, crashes, link delays and failed set-ups; the corrected-Chord invariant is checked after every change of ring state.</summary>
/// <remarks>A failure names the schedule with its seed: <c>simulator schedules --seed N --count 1 --kind K</c> tells the same story again.</remarks>
public sealed class ScheduleTests
{
    private const int Threads = 2;

    [Theory]
    [InlineData(ScheduleKind.Kept, 250)]
    [InlineData(ScheduleKind.Free, 150)]
    [InlineData(ScheduleKind.Founding, 500)]
    public void No_schedule_breaks_the_invariant_and_each_ends_in_one_correct_ring(ScheduleKind kind, int count) => Holds(kind, 1, count);

    [Theory]
    [InlineData(ScheduleKind.Founding, 16_018)] // Inherited from a leaver what that one had granted to a newcomer a moment ago.
    [InlineData(ScheduleKind.Kept, 12_641)] // Left behind by a founding, two took each other back into it again and again,
    [InlineData(ScheduleKind.Kept, 13_883)]
    [InlineData(ScheduleKind.Kept, 15_405)]
    [InlineData(ScheduleKind.Kept, 19_129)] // until those who knew better were gone, and they owned a ring of their own.
    [InlineData(ScheduleKind.Kept, 31_914)] // Held itself for an orphan long after its successor knew of others in between.
    [InlineData(ScheduleKind.Kept, 14_481)] // Took an old notifier for one that has it as its successor now.
    [InlineData(ScheduleKind.Kept, 11_575)] // Took a gap on the word of a predecessor that the ring did not know.
    [InlineData(ScheduleKind.Free, 19_517)] // Full founding sets told each other of the departed that they had no room for, for ever.
    public void A_schedule_that_once_failed_holds(ScheduleKind kind, int seed) => Holds(kind, (ulong)seed, 1);

    [Fact]
    public void A_schedule_that_does_not_end_is_stopped_and_reported()
    {
        var schedule = Schedule.Draw(3, ScheduleKind.Free);

        var result = ScheduleRun.Perform(schedule, ScheduleBatch.RingWorld(schedule), maxEvents: 2000);

        Assert.False(result.Converged || result.Succeeded);
        Assert.Equal(2000, result.Events);
        Assert.StartsWith("stopped after 2000 events", result.FinalVerdict, StringComparison.Ordinal);
        Assert.NotEmpty(result.LastEvents);
    }

    [Fact]
    public void A_world_in_which_two_members_own_the_same_keys_is_caught_with_its_last_events()
    {
        var schedule = Schedule.Draw(3, ScheduleKind.Kept);

        var result = ScheduleRun.Perform(schedule, new GreedyWorld(ScheduleBatch.RingWorld(schedule), from: TimeSpan.FromSeconds(60)));

        Assert.False(result.Succeeded);
        Assert.Contains("OneOwner", result.Violations[0], StringComparison.Ordinal);
        Assert.NotEmpty(result.LastEvents);
        Assert.Contains("seed 3 Kept", result.Schedule.ToString(), StringComparison.Ordinal);
    }

    [SlowFact]
    public void Ten_thousand_schedules_that_keep_the_assumptions_hold() => Holds(ScheduleKind.Kept, 10_001, 10_000);

    [SlowFact]
    public void Ten_thousand_schedules_in_which_nodes_die_as_they_like_end_in_one_correct_ring() => Holds(ScheduleKind.Free, 10_001, 10_000);

    [SlowFact]
    public void Ten_thousand_founding_networks_hold() => Holds(ScheduleKind.Founding, 10_001, 10_000);

    [Theory]
    [InlineData(ScheduleKind.Kept)]
    [InlineData(ScheduleKind.Free)]
    [InlineData(ScheduleKind.Founding)]
    public void The_same_seed_gives_the_same_effects_on_any_number_of_threads(ScheduleKind kind)
    {
        var alone = ScheduleBatch.Run(kind, 7, 8, threads: 1, ScheduleBatch.RingWorld);
        var again = ScheduleBatch.Run(kind, 7, 8, threads: 2, ScheduleBatch.RingWorld);
        var other = ScheduleBatch.Run(kind, 8, 8, threads: 1, ScheduleBatch.RingWorld);

        Assert.Equal(alone.Hash, again.Hash);
        Assert.Equal(alone.Events, again.Events);
        Assert.NotEqual(alone.Hash, other.Hash);
    }

    private static void Holds(ScheduleKind kind, ulong firstSeed, int count)
    {
        var report = ScheduleBatch.Run(kind, firstSeed, count, Threads, ScheduleBatch.RingWorld);

        Assert.True(report.Succeeded, string.Join('\n', report.Failures.Select(Describe)));
        Assert.Equal(count, report.Count);
        Assert.Equal(count, report.Converged);
        Assert.True(report.ChangesChecked > 10 * count, $"only {report.ChangesChecked} changes were checked");
    }

    private static string Describe(ScheduleResult failure) =>
        $"{failure.Schedule}: {failure.FinalVerdict} {string.Join(' ', failure.Violations)}";
}
