using System.Text;
using System.Text.Json;
using Overlay.Simulator.Reports;
using Spectre.Console;

namespace Overlay.Simulator.Sweeps;

/// <summary>A summary as a table, CSV, JSON and a page.</summary>
public static class SweepReport
{
    private static readonly string[] Shown = ["lookupSuccess", "meanHops", "p99Hops", "meanLatencyMs", "p99LatencyMs", "upkeepBytes", "linkBytes"];

    /// <summary>Writes <c>summary.csv</c>, <c>summary.json</c> and <c>summary.html</c>.</summary>
    /// <returns>The full path of the page.</returns>
    public static string Write(SweepSummary summary, string folder)
    {
        AtomicFile.Write(Path.Combine(folder, "summary.csv"), ToCsv(summary));
        AtomicFile.Write(Path.Combine(folder, "summary.json"), ToJson(summary) + "\n");
        var page = Path.GetFullPath(Path.Combine(folder, "summary.html"));
        AtomicFile.Write(page, SweepPage.Of(summary));
        return page;
    }

    /// <summary>The summary in JSON.</summary>
    public static string ToJson(SweepSummary summary) => JsonSerializer.Serialize(summary, ResultJson.Options);

    /// <summary>One line for each point and measure: the values of the grid, the measure, runs, mean, half of the 95 % interval, deviation, least and greatest.</summary>
    public static string ToCsv(SweepSummary summary)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', summary.Keys.Concat(["measure", "unit", "runs", "mean", "ci95", "deviation", "min", "max"]).Select(SamplesCsv.Field)).Append("\r\n");
        foreach (var point in summary.Points)
        {
            foreach (var measure in Measure.All.Where(one => point.Estimates.ContainsKey(one.Name)))
            {
                var estimate = point.Estimates[measure.Name];
                text.AppendJoin(',', summary.Keys.Select(key => SamplesCsv.Field(ValueOf(point, key))).Concat(
                [
                    measure.Name, SamplesCsv.Field(measure.Unit), SamplesCsv.Number(estimate.Count), SamplesCsv.Number(estimate.Mean), SamplesCsv.Number(estimate.HalfWidth),
                    SamplesCsv.Number(estimate.Deviation), SamplesCsv.Number(estimate.Min), SamplesCsv.Number(estimate.Max),
                ])).Append("\r\n");
            }
        }

        return text.ToString();
    }

    /// <summary>The most telling measures as a table.</summary>
    public static void Write(IAnsiConsole console, SweepSummary summary)
    {
        var measures = Measure.All.Where(measure => Shown.Contains(measure.Name) && summary.Points.Any(point => point.Estimates.ContainsKey(measure.Name))).ToList();
        var table = new Table().Border(TableBorder.Simple);
        foreach (var key in summary.Keys)
        {
            table.AddColumn(new TableColumn(Markup.Escape(key)).RightAligned());
        }

        table.AddColumn(new TableColumn("runs").RightAligned()).AddColumn(new TableColumn("failed").RightAligned());
        foreach (var title in measures.Select(measure => measure.Unit.Length > 0 ? $"{measure.Title}, {measure.Unit}" : measure.Title))
        {
            table.AddColumn(new TableColumn(Markup.Escape(title)).RightAligned());
        }

        foreach (var point in summary.Points)
        {
            table.AddRow(
            [
                .. summary.Keys.Select(key => Markup.Escape(ValueOf(point, key))), Formats.Count(point.Runs), point.Failed == 0 ? "0" : $"[red]{Formats.Count(point.Failed)}[/]",
                .. measures.Select(measure => Markup.Escape(Text(measure, point.Estimates.GetValueOrDefault(measure.Name)))),
            ]);
        }

        console.Write(table);
        console.MarkupLineInterpolated(System.Globalization.CultureInfo.InvariantCulture, $"{summary.Runs} runs, {summary.Failed} failed   mean ± half of the 95 % interval   hash over all runs [bold]{summary.Hash}[/]");
    }

    internal static string ValueOf(PointSummary point, string key) => point.Values.FirstOrDefault(value => value.Key == key).Value ?? "";

    internal static string Text(Measure measure, Estimate? estimate)
    {
        if (estimate is null)
        {
            return Formats.Nothing;
        }

        string Shape(double value) => measure.IsShare ? Formats.Percent(value) : Formats.Number(value);
        return estimate.HalfWidth is { } half ? $"{Shape(estimate.Mean)} ± {Shape(half)}" : Shape(estimate.Mean);
    }
}
