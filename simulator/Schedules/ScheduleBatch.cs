using Overlay.Simulator.Engine;
using Overlay.Simulator.Rings;

namespace Overlay.Simulator.Schedules;

/// <summary>What many schedules of one family came to.</summary>
public sealed record BatchReport
{
    /// <summary>The family.</summary>
    public required ScheduleKind Kind { get; init; }

    /// <summary>The first seed; the others follow one by one.</summary>
    public required ulong FirstSeed { get; init; }

    /// <summary>Schedules run.</summary>
    public int Count { get; set; }

    /// <summary>Schedules that ended in one correct ring.</summary>
    public int Converged { get; set; }

    /// <summary>Schedules in which something happened that must not.</summary>
    public int Violated { get; set; }

    /// <summary>Schedules in which an assumption of the proof broke.</summary>
    public int WithBrokenAssumptions { get; set; }

    /// <summary>Nodes that lost their whole successor list.</summary>
    public long Rejoins { get; set; }

    /// <summary>Changes of ring state, each followed by a check.</summary>
    public long ChangesChecked { get; set; }

    /// <summary>Events performed.</summary>
    public long Events { get; set; }

    /// <summary>Joins, leaves and crashes performed, and those that the assumptions forbade.</summary>
    public (long Joins, long Leaves, long Crashes, long Forbidden) Operations { get; set; }

    /// <summary>The longest time from the last operation to the ideal ring.</summary>
    public TimeSpan LongestQuietTime { get; set; }

    /// <summary>The sum of those times.</summary>
    public TimeSpan TotalQuietTime { get; set; }

    /// <summary>A hash over the hashes of all runs, in order of their seeds.</summary>
    public ulong Hash { get; set; }

    /// <summary>The runs that did not succeed, at most <see cref="ScheduleBatch.MaxFailures"/>.</summary>
    public ICollection<ScheduleResult> Failures { get; } = [];

    /// <summary>Whether every run kept its promise.</summary>
    public bool Succeeded => Failures.Count == 0;
}

/// <summary>Runs many schedules, each in a world of its own.</summary>
public static class ScheduleBatch
{
    /// <summary>Failed runs kept in a report.</summary>
    public const int MaxFailures = 10;

    /// <summary>Makes a world for a schedule.</summary>
    public delegate IRingWorld WorldMaker(Schedule schedule);

    /// <summary>A world of bare ring machines.</summary>
    public static IRingWorld RingWorld(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new RingWorld(schedule.Seed, schedule.Options, schedule.Network);
    }

    /// <summary>Runs <paramref name="count"/> schedules on <paramref name="threads"/> threads; the report does not depend on how many those are.</summary>
    public static BatchReport Run(ScheduleKind kind, ulong firstSeed, int count, int threads, WorldMaker make, Action<int>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentNullException.ThrowIfNull(make);
        var results = new ScheduleResult[count];
        var done = 0;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, index =>
        {
            var schedule = Schedule.Draw(firstSeed + (ulong)index, kind);
            results[index] = ScheduleRun.Perform(schedule, make(schedule));
            progress?.Invoke(Interlocked.Increment(ref done));
        });

        var report = new BatchReport { Kind = kind, FirstSeed = firstSeed };
        var hash = default(EffectHash);
        foreach (var result in results)
        {
            hash.Add(result.Hash);
            Add(report, result);
        }

        report.Hash = hash.Value;
        return report;
    }

    private static void Add(BatchReport report, ScheduleResult result)
    {
        report.Count++;
        report.Converged += result.Converged ? 1 : 0;
        report.Violated += result.Violations.Count > 0 ? 1 : 0;
        report.WithBrokenAssumptions += result.BrokenAssumptions > 0 ? 1 : 0;
        report.Rejoins += result.Rejoins;
        report.ChangesChecked += result.ChangesChecked;
        report.Events += result.Events;
        var (joins, leaves, crashes, forbidden) = report.Operations;
        var (newJoins, newLeaves, newCrashes, newForbidden) = result.Operations;
        report.Operations = (joins + newJoins, leaves + newLeaves, crashes + newCrashes, forbidden + newForbidden);
        report.TotalQuietTime += result.QuietTime;
        report.LongestQuietTime = result.QuietTime > report.LongestQuietTime ? result.QuietTime : report.LongestQuietTime;
        if (!result.Succeeded && report.Failures.Count < MaxFailures)
        {
            report.Failures.Add(result);
        }
    }
}
