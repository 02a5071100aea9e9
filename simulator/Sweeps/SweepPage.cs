using Overlay.Simulator.Reports;

namespace Overlay.Simulator.Sweeps;

/// <summary>The page of a sweep: each measure over the first key of the grid, a curve for each combination of the others, and the table.</summary>
internal static class SweepPage
{
    private const int MaxSeries = 8;

    public static string Of(SweepSummary summary)
    {
        var html = new Html();
        var charts = summary.Keys.Count > 0 ? Charts(summary) : [];
        var others = summary.Keys.Skip(1).ToList();
        html.Raw("<header><h1>").Text(summary.Scenario).Raw("</h1>")
            .Raw(summary.Failed == 0 ? "<span class=\"chip ok\">everything held</span>" : $"<span class=\"chip bad\">{Formats.Count(summary.Failed)} runs failed</span>").Raw("</header>\n");
        html.Raw("<p class=\"soft\">").Text($"{Formats.Count(summary.Runs)} runs at {Formats.Count(summary.Points.Count)} points of {(summary.Keys.Count > 0 ? string.Join(", ", summary.Keys) : "no grid")}. Means with their 95 % confidence intervals over the seeds.").Raw("</p>\n");
        html.Raw("<ul class=\"meta\"><li>hash over all runs <code>").Text(summary.Hash).Raw("</code></li></ul>\n");
        if (charts.Count > 0)
        {
            html.Part("Over " + summary.Keys[0] + (others.Count > 0 ? ", a curve for each " + string.Join(", ", others) : "")).Figures(charts);
        }

        var measures = Measure.All.Where(measure => summary.Points.Any(point => point.Estimates.ContainsKey(measure.Name))).ToList();
        html.Part("All measures").Raw("<div class=\"panel\">").Table(
            [.. summary.Keys.Select(key => "#" + key), "#runs", "#failed", .. measures.Select(measure => "#" + (measure.Unit.Length > 0 ? $"{measure.Title}, {measure.Unit}" : measure.Title))],
            summary.Points.Select(point => (Cell[])
            [
                .. summary.Keys.Select(key => (Cell)SweepReport.ValueOf(point, key)), Formats.Count(point.Runs), new Cell(Formats.Count(point.Failed), point.Failed > 0 ? "bad" : ""),
                .. measures.Select(measure => (Cell)SweepReport.Text(measure, point.Estimates.GetValueOrDefault(measure.Name))),
            ])).Raw("</div>\n");
        html.Raw("<footer>The numbers of this page: summary.csv and summary.json beside it.</footer>\n");
        return html.ToPage(summary.Scenario + ", sweep", new(0, [], [], charts));
    }

    private static List<Chart> Charts(SweepSummary summary)
    {
        var key = summary.Keys[0];
        var values = summary.Points.Select(point => SweepReport.ValueOf(point, key)).Distinct(StringComparer.Ordinal).ToList();
        var isNumeric = values.TrueForAll(value => GridNumber.Of(value) is not null);
        var places = values.Select((value, i) => new SweepPlace(isNumeric ? GridNumber.Of(value)!.Value : i, value)).ToList();
        var isLog = isNumeric && places.Count > 2 && places[0].Value > 0 && places[^1].Value / places[0].Value >= 10;
        var groups = summary.Points.GroupBy(point => string.Join(' ', summary.Keys.Skip(1).Select(other => SweepReport.ValueOf(point, other))), StringComparer.Ordinal).Take(MaxSeries).ToList();
        return
        [
            .. Measure.All.Where(measure => IsTelling(measure, summary)).Select(measure => new SweepChart(measure.Name, measure.Title, measure.Unit, key)
            {
                Percent = measure.IsShare,
                LogX = isLog,
                X = places,
                Series = [.. groups.Select(group => new ChartSeries(group.Key.Length > 0 ? group.Key : "mean", [.. group.Select(point => Triple(point, measure, places.Find(place => place.Label == SweepReport.ValueOf(point, key))!))]))],
            }),
        ];
    }

    /// <summary>A measure that is the same in every run, such as no violation at all, is told by the table and needs no figure.</summary>
    private static bool IsTelling(Measure measure, SweepSummary summary)
    {
        var estimates = summary.Points.Select(point => point.Estimates.GetValueOrDefault(measure.Name)).OfType<Estimate>().ToList();
        return estimates.Count > 0 && (measure.Name == Measure.All[0].Name || estimates.Exists(one => one.Min != estimates[0].Min || one.Max != one.Min));
    }

    private static double?[] Triple(PointSummary point, Measure measure, SweepPlace place)
    {
        var estimate = point.Estimates.GetValueOrDefault(measure.Name);
        return [place.Value, estimate?.Mean, estimate?.HalfWidth ?? 0];
    }
}
