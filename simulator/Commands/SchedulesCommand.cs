using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Overlay.Simulator.Schedules;
using Spectre.Console;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator schedules</c>: random schedules of joins, leaves, crashes, delays and failed set-ups, the corrected-Chord invariant checked after every change.</summary>
internal static class SchedulesCommand
{
    public static Command Create()
    {
        var count = CommonOptions.Number("--count", 1, 100_000_000, 1000, "Schedules of each family.");
        var seed = CommonOptions.Seed("The first seed.");
        var kinds = CommonOptions.Several<ScheduleKind>("--kind", "kept: the proof's assumptions are kept; free: nodes die as they like; founding: 1 to 10 nodes. Default: all.");
        var threads = CommonOptions.Number("--threads", 1, 1024, Environment.ProcessorCount, "Schedules run at a time.");
        var json = CommonOptions.Json();
        var command = new Command("schedules", "Random schedules against the corrected-Chord invariant.") { count, seed, kinds, threads, json };
        command.SetAction(parsed => Run(
            parsed.GetValue(count), parsed.GetValue(seed), parsed.GetValue(kinds)!, parsed.GetValue(threads), parsed.GetValue(json)));
        return command;
    }

    private static int Run(int count, ulong seed, ScheduleKind[] kinds, int threads, bool json)
    {
        var watch = Stopwatch.StartNew();
        var reports = new List<BatchReport>();
        if (json)
        {
            reports.AddRange(kinds.Select(kind => ScheduleBatch.Run(kind, seed, count, threads, ScheduleBatch.RingWorld)));
            Console.WriteLine(JsonSerializer.Serialize(ToJson(count, seed, reports, watch.Elapsed), CommonOptions.JsonForm));
        }
        else
        {
            Terminal.OfProcess.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} schedules of each family, seeds {seed} to {seed + (ulong)count - 1}"));
            Terminal.OfProcess.Progress().Start(context =>
            {
                foreach (var kind in kinds)
                {
                    var task = context.AddTask(kind.ToString(), maxValue: count);
                    reports.Add(ScheduleBatch.Run(kind, seed, count, threads, ScheduleBatch.RingWorld, _ => task.Increment(1)));
                }
            });
            Print(reports, watch.Elapsed);
        }

        return reports.TrueForAll(report => report.Succeeded) ? CommandFailures.Done : CommandFailures.PromiseBroken;
    }

    private static void Print(List<BatchReport> reports, TimeSpan elapsed)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in new[] { "family", "runs", "violated", "converged", "assumptions broken", "rejoins", "checks", "events", "joins/leaves/crashes (forbidden)", "quiet s mean/max", "hash" })
        {
            table.AddColumn(column);
        }

        foreach (var report in reports)
        {
            var (joins, leaves, crashes, forbidden) = report.Operations;
            table.AddRow(
                report.Kind.ToString(),
                Invariant($"{report.Count}"),
                Invariant($"{report.Violated}"),
                Invariant($"{report.Converged}"),
                Invariant($"{report.WithBrokenAssumptions}"),
                Invariant($"{report.Rejoins}"),
                Invariant($"{report.ChangesChecked}"),
                Invariant($"{report.Events}"),
                Invariant($"{joins}/{leaves}/{crashes} ({forbidden})"),
                Invariant($"{report.TotalQuietTime.TotalSeconds / report.Count:F1}/{report.LongestQuietTime.TotalSeconds:F1}"),
                report.Hash.ToString("x16", CultureInfo.InvariantCulture));
        }

        Terminal.OfProcess.Write(table);
        foreach (var failure in reports.SelectMany(report => report.Failures))
        {
            Console.WriteLine(failure.Schedule);
            Console.WriteLine("  " + (failure.Converged ? "converged" : "not converged: " + failure.FinalVerdict));
            foreach (var line in failure.Violations)
            {
                Console.WriteLine("  " + line);
            }
        }

        foreach (var line in reports.SelectMany(report => report.Failures).Take(1).SelectMany(failure => failure.LastEvents).TakeLast(60))
        {
            Console.WriteLine("    " + line);
        }

        Console.WriteLine(Invariant($"{elapsed.TotalSeconds:F1} s"));
    }

    private static object ToJson(int count, ulong seed, List<BatchReport> reports, TimeSpan elapsed) => new
    {
        count,
        seed,
        seconds = elapsed.TotalSeconds,
        succeeded = reports.TrueForAll(report => report.Succeeded),
        families = reports.Select(report => new
        {
            kind = report.Kind.ToString(),
            runs = report.Count,
            violated = report.Violated,
            converged = report.Converged,
            withBrokenAssumptions = report.WithBrokenAssumptions,
            rejoins = report.Rejoins,
            checks = report.ChangesChecked,
            events = report.Events,
            joins = report.Operations.Joins,
            leaves = report.Operations.Leaves,
            crashes = report.Operations.Crashes,
            forbidden = report.Operations.Forbidden,
            quietSecondsMean = report.TotalQuietTime.TotalSeconds / report.Count,
            quietSecondsMax = report.LongestQuietTime.TotalSeconds,
            hash = report.Hash.ToString("x16", CultureInfo.InvariantCulture),
            failures = report.Failures.Select(failure => new
            {
                seed = failure.Schedule.Seed,
                schedule = failure.Schedule.ToString(),
                verdict = failure.FinalVerdict,
                violations = failure.Violations,
                lastEvents = failure.LastEvents.TakeLast(60),
            }),
        }),
    };
}
