using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Scenarios.Reading;

namespace Overlay.Simulator.Reports;

/// <summary>The report of one run: a page that opens from disk, shows everything the result holds, and asks no network for anything.</summary>
public static class RunReport
{
    /// <summary>The whole page.</summary>
    public static string ToPage(RunResult result)
    {
        var html = new Html();
        var (course, spread) = (RunCharts.Course(result), RunCharts.Spread(result));
        AddHead(html, result);
        AddTiles(html, result);
        html.Part("Over simulated time").Figures(course);
        if (spread.Count > 0)
        {
            html.Part("Distributions").Figures(spread, "small");
        }

        AddPhases(html, result);
        AddChecks(html, result);
        AddCounts(html, result);
        AddParameters(html, result);
        html.Raw("<footer>").Text($"Overlay simulator {Formats.Version(result.Version)}{(result.RunAt is { } at ? FormattableString.Invariant($", {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC") : "")}. The numbers of this page: result.json and samples.csv beside it.").Raw("</footer>\n");

        var end = Math.Max(result.Simulated.TotalSeconds, result.Samples.Count > 0 ? result.Samples[^1].T.TotalSeconds : 0);
        return html.ToPage($"{result.Scenario.Name}, seed {result.Seed}", new(end, RunCharts.Bands(result), RunCharts.Faults(result), [.. course, .. spread]));
    }

    private static void AddHead(Html html, RunResult result)
    {
        var scenario = result.Scenario;
        html.Raw("<header><h1>").Text(scenario.Name).Raw("</h1>");
        Chip(html, result.Succeeded ? "ok" : "bad", result.Succeeded ? result.IsPartial ? "nothing failed so far" : "everything held" : "something did not hold");
        if (result.IsPartial)
        {
            Chip(html, "warn", $"partial: ended after {Formats.Duration(result.Simulated)} of {Formats.Duration(scenario.Duration)}");
        }

        html.Raw("</header>\n<p class=\"soft\">").Text(scenario.Description).Raw("</p>\n<ul class=\"meta\">");
        Meta(html, "seed", FormattableString.Invariant($"{result.Seed}"), isCode: true);
        Meta(html, "effect hash", result.EffectHash, isCode: true);
        Meta(html, "nodes", Formats.Count(scenario.Nodes));
        Meta(html, "topology", WordShape<Topology>.WordOf(scenario.Topology));
        Meta(html, "simulated", Formats.Duration(result.Simulated));
        Meta(html, "real time", Formats.Duration(result.Wall));
        Meta(html, "processor time", Formats.Duration(result.Cpu));
        html.Raw("</ul>\n");
    }

    private static void AddTiles(Html html, RunResult result)
    {
        var totals = result.Totals;
        html.Raw("<dl class=\"tiles\">");
        Tile(html, "Look-up success", Formats.Percent(totals.LookupSuccess), "", $"{Formats.Count(totals.LookupsOk)} right, {Formats.Count(totals.LookupsFailedTotal)} failed");
        Tile(html, "Hops", Formats.Number(totals.MeanHops), "mean", $"p99 {Formats.Number(totals.P99Hops)}");
        Tile(html, "Latency", Formats.Milliseconds(totals.MeanLatencyMs), "mean", $"p99 {Formats.Milliseconds(totals.P99LatencyMs)}");
        Tile(html, "Upkeep", Formats.Number(totals.UpkeepBytesPerNodeSecond), "B/s a node", $"links {Formats.Number(totals.LinkBytesPerNodeSecond)} B/s beside it");
        Tile(html, "Ring at the end", totals.RingCorrectAtEnd ? "correct" : "not correct", "", $"{Formats.Count(totals.BrokenAssumptions)} broken assumptions");
        Tile(html, "Violations", Formats.Count(result.ViolationCount), "", $"{Formats.Count(result.Checks.Sum(check => check.TimesChecked))} checks");
        Tile(html, "Speed", Formats.Number(result.EventsPerCpuSecond), "events/s", $"{Formats.Count(result.Events)} events");
        Tile(html, "Memory", Formats.Bytes(result.PeakBytes), "peak", $"{Formats.Bytes(result.BytesPerNode)} a node");
        html.Raw("</dl>\n");
    }

    private static void AddPhases(Html html, RunResult result)
    {
        html.Part("Phases").Raw("<div class=\"panel\">").Table(
            ["phase", "#from", "#to", "#look-ups", "#success", "#first try", "#hops", "#p99", "#latency", "#p99 ", "#upkeep B/s", "#links B/s", "#joins", "#crashes", "#leaves", "#false evictions", "ring at its end"],
            result.Phases.Select(PhaseRow)).Raw("</div>\n");
    }

    private static Cell[] PhaseRow(PhaseResult phase)
    {
        var totals = phase.Totals;
        return
        [
            phase.Name + (phase.IsComplete ? "" : " (not over)"), Formats.Duration(phase.From), Formats.Duration(phase.To),
            Formats.Count(totals.LookupsOk + totals.LookupsFailedTotal), Formats.Percent(totals.LookupSuccess), Formats.Percent(totals.FirstTrySuccess),
            Formats.Number(totals.MeanHops), Formats.Number(totals.P99Hops), Formats.Milliseconds(totals.MeanLatencyMs), Formats.Milliseconds(totals.P99LatencyMs),
            Formats.Number(totals.UpkeepBytesPerNodeSecond), Formats.Number(totals.LinkBytesPerNodeSecond),
            Formats.Count(totals.Joins), Formats.Count(totals.Crashes), Formats.Count(totals.Leaves), Formats.Count(totals.FalseEvictions),
            totals.RingCorrectAtEnd ? new Cell("correct", "ok") : new Cell("not correct"),
        ];
    }

    private static void AddChecks(Html html, RunResult result)
    {
        html.Part("What was asked for and checked").Raw("<div class=\"two\"><div class=\"panel\">").Table(
            ["phase", "requirement", "#limit", "#came out", ""],
            result.Phases.SelectMany(phase => phase.Requirements.Select(one => (Cell[])[phase.Name, one.Name, one.Limit, one.Actual ?? "nothing measured", Verdict(one.Met)])));
        html.Raw("</div><div class=\"panel\">").Table(
            ["check", "#times", "#violations", "#broken assumptions", "#excused", ""],
            result.Checks.Select(check => (Cell[])
            [
                WordShape<CheckKind>.WordOf(check.Name), Formats.Count(check.TimesChecked), Formats.Count(check.ViolationCount), Formats.Count(check.BrokenAssumptions), Formats.Count(check.Excused), Verdict(check.ViolationCount == 0),
            ])).Raw("</div></div>\n");
        var violations = result.Checks.SelectMany(check => check.Violations).OrderBy(one => one.At).ToList();
        if (violations.Count > 0)
        {
            html.Part("Violations").Raw("<div class=\"panel\">").Table(
                ["#at", "#seed", "what"],
                violations.Select(one => (Cell[])[FormattableString.Invariant($"{one.At.TotalSeconds:0.0000} s"), FormattableString.Invariant($"{one.Seed}"), one.Text])).Raw("</div>\n");
        }

        if (result.LastEvents.Count > 0)
        {
            html.Part("Last events of the nodes concerned").Raw("<div class=\"panel\"><pre>").Text(string.Join('\n', result.LastEvents)).Raw("</pre></div>\n");
        }
    }

    private static void AddCounts(Html html, RunResult result)
    {
        html.Part("What happened").Raw("<div class=\"two\"><div class=\"panel\">");
        var bytes = Math.Max(1, result.MessagesByKind.Sum(one => one.Bytes));
        html.Table(
            ["message", "#count", "#bytes", "share of bytes"],
            result.MessagesByKind.OrderByDescending(one => one.Bytes).Select(one => (Cell[])[one.Kind, Formats.Count(one.Count), Formats.Bytes(one.Bytes), new Cell("", Share: (double)one.Bytes / bytes)]));
        html.Raw("</div><div class=\"panel\">");
        var totals = result.Totals;
        html.Table(["outcome", "#count"], [.. Outcomes("look-ups", "answered rightly", totals.LookupsOk, totals.LookupsFailed), .. Outcomes("messages", "delivered", totals.MessagesDelivered, totals.MessagesFailed), .. Outcomes("links", "made", totals.LinksMade, totals.LinksFailed)]);
        html.Raw("</div></div>\n");
    }

    private static IEnumerable<Cell[]> Outcomes(string things, string good, long count, IReadOnlyDictionary<string, long> failed)
    {
        yield return [$"{things} {good}", Formats.Count(count)];
        foreach (var (reason, number) in failed.Where(pair => pair.Value > 0).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal))
        {
            yield return [new Cell($"{things} failed: {reason}", "bad"), Formats.Count(number)];
        }
    }

    private static void AddParameters(Html html, RunResult result)
    {
        html.Part("Parameters").Raw("<div class=\"panel\">").Table(
            ["", ""],
            [.. ScenarioText.Lines(result.Scenario).Select(line => (Cell[])[line.Name, line.Value]), .. result.DrawnOptions.Select(one => (Cell[])["drawn: " + one.Name, one.Value])]);
        html.Raw("<details><summary>The whole scenario, every default filled in</summary><pre>").Text(ScenarioReader.ToText(result.Scenario)).Raw("</pre></details></div>\n");
    }

    private static Cell Verdict(bool held) => held ? new("held", "ok") : new("did not hold", "bad");

    private static void Chip(Html html, string kind, string text) => html.Raw($"<span class=\"chip {kind}\">").Text(text).Raw("</span>");

    private static void Meta(Html html, string name, string value, bool isCode = false) =>
        html.Raw("<li>").Text(name).Raw(isCode ? " <code>" : " <b>").Text(value).Raw(isCode ? "</code></li>" : "</b></li>");

    private static void Tile(Html html, string name, string value, string unit, string note) =>
        html.Raw("<div class=\"tile\"><dt>").Text(name).Raw("</dt><dd>").Text(value).Raw("<small>").Text(unit).Raw("</small></dd><div class=\"note\">").Text(note).Raw("</div></div>");
}
