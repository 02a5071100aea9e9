using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Scenarios.Reading;
using Spectre.Console;

namespace Overlay.Simulator.Reports;

/// <summary>A run on the terminal: its parameters before it, its tables after it.</summary>
public static class ResultTables
{
    private const int MaxShown = 5;
    private const int MaxEvents = 40;

    /// <summary>Scenario, seed and parameters.</summary>
    public static void WriteHead(IAnsiConsole console, Scenario scenario, string version)
    {
        console.MarkupLineInterpolated($"[bold]{scenario.Name}[/]  seed [bold]{scenario.Seed}[/]  [grey]simulator {version}[/]");
        var lines = ScenarioText.Lines(scenario);
        var width = lines.Max(line => line.Name.Length);
        foreach (var (name, value) in lines)
        {
            console.MarkupLineInterpolated($"  [grey]{name.PadRight(width)}[/]  {value}");
        }
    }

    /// <summary>What was drawn from the seed.</summary>
    public static void WriteDrawn(IAnsiConsole console, IReadOnlyList<DrawnOption> drawn)
    {
        foreach (var (name, value) in drawn)
        {
            console.MarkupLineInterpolated($"  [grey]drawn: {name}[/] {value}");
        }
    }

    /// <summary>The result.</summary>
    public static void Write(IAnsiConsole console, RunResult result)
    {
        console.WriteLine();
        WritePhases(console, result);
        WriteRequirements(console, result);
        WriteChecks(console, result);
        WriteFailures(console, result);
        console.MarkupLineInterpolated($"simulated {Formats.Duration(result.Simulated)} in {Formats.Duration(result.Wall)} ({Formats.Duration(result.Cpu)} of processor time)   {Formats.Count(result.Events)} events, {Formats.Number(result.EventsPerCpuSecond)}/s   {Formats.Count(result.Messages)} messages");
        console.MarkupLineInterpolated($"memory {Formats.Bytes(result.PeakBytes)} at most, {Formats.Bytes(result.BytesPerNode)} a node   effect hash [bold]{result.EffectHash}[/]");
        var verdict = (result.Succeeded, result.IsPartial) switch
        {
            (true, false) => "[green]everything held[/]",
            (true, true) => $"[yellow]interrupted after {Formats.Duration(result.Simulated)}; nothing failed so far[/]",
            (false, true) => $"[red]stopped after {Formats.Duration(result.Simulated)}: something did not hold[/]",
            (false, false) => "[red]something did not hold[/]",
        };
        console.MarkupLine(verdict);
    }

    private static void WritePhases(IAnsiConsole console, RunResult result)
    {
        var lookups = Start("phase", "#time", "#look-ups", "#success", "#1st try", "#hops", "#p99", "#latency", "#p99");
        var network = Start("phase", "#upkeep B/s", "#links B/s", "#links made", "#joins", "#crashes", "#leaves", "ring at its end");
        var rows = result.Phases.Select(phase => (Name: phase.Name + (phase.IsComplete ? "" : " (not over)"), Time: phase.To - phase.From, phase.Totals)).ToList();
        if (rows.Count > 1)
        {
            rows.Add(("all", result.Simulated, result.Totals));
        }

        foreach (var (name, time, totals) in rows)
        {
            lookups.AddRow(
                Markup.Escape(name), Formats.Duration(time), Formats.Count(totals.LookupsOk + totals.LookupsFailedTotal), Formats.Percent(totals.LookupSuccess), Formats.Percent(totals.FirstTrySuccess),
                Formats.Number(totals.MeanHops), Formats.Number(totals.P99Hops), Formats.Milliseconds(totals.MeanLatencyMs), Formats.Milliseconds(totals.P99LatencyMs));
            network.AddRow(
                Markup.Escape(name), Formats.Number(totals.UpkeepBytesPerNodeSecond), Formats.Number(totals.LinkBytesPerNodeSecond), Formats.Count(totals.LinksMade),
                Formats.Count(totals.Joins), Formats.Count(totals.Crashes), Formats.Count(totals.Leaves), totals.RingCorrectAtEnd ? "[green]correct[/]" : "not correct");
        }

        console.Write(lookups);
        console.Write(network);
        WriteOverlay(console, [.. rows.Select(row => (row.Name, row.Totals))]);
    }

    /// <summary>Names and broadcasts, where there were any.</summary>
    private static void WriteOverlay(IAnsiConsole console, IReadOnlyList<(string Name, Totals Totals)> rows)
    {
        if (rows.Any(row => row.Totals.NamesRegistered + row.Totals.ResolvesOk + row.Totals.ResolvesFailedTotal > 0))
        {
            var names = Start("phase", "#names registered", "#attempts refused", "#resolutions", "#success", "#names lost", "#owners told", "#was first", "#contested");
            foreach (var (name, totals) in rows)
            {
                names.AddRow(
                    Markup.Escape(name), Formats.Count(totals.NamesRegistered), Formats.Count(totals.NamesDefended), Formats.Count(totals.ResolvesOk + totals.ResolvesFailedTotal),
                    Formats.Percent(totals.ResolveSuccess), Formats.Count(totals.NamesLost), Formats.Count(totals.NamesYielded), Formats.Count(totals.FirstYielded),
                    Formats.Count(totals.NamesContested));
            }

            console.Write(names);
        }

        if (rows.Any(row => row.Totals.Tree is not null))
        {
            WriteTree(console, rows);
        }

        if (rows.Any(row => row.Totals.Broadcasts > 0))
        {
            var broadcasts = Start("phase", "#broadcasts", "#messages a member", "#due", "#reached", "#share");
            foreach (var (name, totals) in rows)
            {
                broadcasts.AddRow(
                    Markup.Escape(name), Formats.Count(totals.Broadcasts), Formats.Number(totals.BroadcastForwards), Formats.Count(totals.BroadcastsDue),
                    Formats.Count(totals.BroadcastsReached), Formats.Percent(totals.BroadcastReach));
            }

            console.Write(broadcasts);
        }
    }

    private static void WriteTree(IAnsiConsole console, IReadOnlyList<(string Name, Totals Totals)> rows)
    {
        var trees = Start("phase", "#roots", "#attached", "#not whole for", "#at the best depth", "#within one", "#depth", "#longest path", "#re-attached", "#at once", "#root's table", "#root passes on /s", "#mean /s", "#root sends B/s");
        foreach (var (name, totals) in rows)
        {
            if (totals.Tree is { } tree)
            {
                trees.AddRow(
                    Markup.Escape(name), Formats.Count(tree.Roots), Formats.Percent(tree.Attached), Formats.Duration(tree.BrokenFor), Formats.Percent(tree.AtOptimalDepth),
                    Formats.Percent(tree.WithinOneOfOptimal), $"{tree.Depth} of {tree.OptimalDepth}", $"{Formats.Number(tree.LongestPath)} ×", Formats.Count(tree.Reattachments), Formats.Count(tree.MostOrphans), Formats.Count(tree.RootTable),
                    Formats.Number(tree.RootForwardsPerSecond), Formats.Number(tree.MeanForwardsPerSecond), Formats.Number(tree.RootBytesPerSecond));
            }
        }

        console.Write(trees);
    }

    private static void WriteRequirements(IAnsiConsole console, RunResult result)
    {
        var asked = result.Phases.SelectMany(phase => phase.Requirements.Select(one => (phase.Name, Requirement: one))).ToList();
        if (asked.Count == 0)
        {
            return;
        }

        var table = Start("asked for", "phase", "#limit", "#came out", "");
        foreach (var (phase, requirement) in asked)
        {
            table.AddRow(Markup.Escape(requirement.Name), Markup.Escape(phase), Markup.Escape(requirement.Limit), Markup.Escape(requirement.Actual ?? "nothing measured"), Verdict(requirement.Met));
        }

        console.Write(table);
    }

    private static void WriteChecks(IAnsiConsole console, RunResult result)
    {
        if (result.Checks.Count == 0)
        {
            return;
        }

        var table = Start("check", "#times", "#violations", "#broken assumptions", "#excused", "");
        foreach (var check in result.Checks)
        {
            table.AddRow(WordShape<CheckKind>.WordOf(check.Name), Formats.Count(check.TimesChecked), Formats.Count(check.ViolationCount), Formats.Count(check.BrokenAssumptions), Formats.Count(check.Excused), Verdict(check.ViolationCount == 0));
        }

        console.Write(table);
    }

    private static void WriteFailures(IAnsiConsole console, RunResult result)
    {
        var totals = result.Totals;
        foreach (var (things, failed) in new[] { ("look-ups", totals.LookupsFailed), ("messages", totals.MessagesFailed), ("links", totals.LinksFailed), ("resolutions", totals.ResolvesFailed) })
        {
            var reasons = failed.Where(pair => pair.Value > 0).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
            if (reasons.Count > 0)
            {
                console.MarkupLineInterpolated($"{things} failed: {string.Join(", ", reasons.Select(pair => $"{pair.Key} {Formats.Count(pair.Value)}"))}");
            }
        }

        foreach (var violation in result.Checks.SelectMany(check => check.Violations).OrderBy(one => one.At).Take(MaxShown))
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]violation[/] at {violation.At.TotalSeconds:0.0000} s, seed {violation.Seed}: {violation.Text}");
        }

        foreach (var line in result.LastEvents.TakeLast(MaxEvents))
        {
            console.MarkupLineInterpolated($"  [grey]{line}[/]");
        }
    }

    private static Table Start(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(column.StartsWith('#') ? new TableColumn(column[1..]).RightAligned().NoWrap() : new TableColumn(column).NoWrap());
        }

        return table;
    }

    private static string Verdict(bool held) => held ? "[green]held[/]" : "[red]did not hold[/]";
}
