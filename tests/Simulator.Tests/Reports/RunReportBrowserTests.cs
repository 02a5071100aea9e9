using Microsoft.Playwright;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Reports;

/// <summary>The report of a run as a real browser shows it, opened from disk.</summary>
public sealed class RunReportBrowserTests(ReportBrowser browser) : IClassFixture<ReportBrowser>, IDisposable
{
    private static readonly string[] Courses = ["success", "failures", "hops", "latency", "upkeep", "nodes", "ring", "faults", "links", "speed"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-report-");

    [Fact]
    public async Task Every_figure_is_drawn_without_an_error_and_without_the_network()
    {
        var result = MadeUpRun.Of(ScenarioReader.Find("heavy-churn"));

        await using var report = await browser.OpenAsync(ReportFolder.Write(result, _folder.FullName));

        foreach (var id in Courses)
        {
            Assert.True(await PointsAsync(report, id, ".line") >= result.Samples.Count / 2, id);
        }

        foreach (var id in new[] { "hopsSpread", "latencySpread", "setUpSpread", "detectionSpread" })
        {
            Assert.True(await PointsAsync(report, id, ".bars") > 4, id);
        }

        Assert.Equal(Courses.Length + 4, await report.Page.Locator("svg.plot > title").CountAsync());
        Assert.Equal(3, await report.Page.Locator("#success line.fault").CountAsync());
        Assert.Equal(2, await report.Page.Locator("#success text.name").CountAsync());
        Assert.Empty(report.Complaints);
        Assert.Empty(report.Requests);
    }

    [Fact]
    public async Task Pointing_at_one_figure_shows_the_same_moment_in_all()
    {
        await using var report = await browser.OpenAsync(ReportFolder.Write(MadeUpRun.Of(ScenarioReader.Find("heavy-churn")), _folder.FullName));

        await report.Page.Locator("#hops svg").HoverAsync(new LocatorHoverOptions { Position = new Position { X = 200, Y = 80 } });

        var moment = await report.Page.Locator("#hops .when").TextContentAsync();
        Assert.StartsWith("at ", moment, StringComparison.Ordinal);
        Assert.Equal(moment, await report.Page.Locator("#speed .when").TextContentAsync());
        Assert.Matches(@"mean\d\.\d+p99\d", (await report.Page.Locator("#hops .legend").TextContentAsync())!);
    }

    [Theory]
    [InlineData(390, true)]
    [InlineData(1400, false)]
    public async Task The_page_fits_its_window_and_nothing_hides(int width, bool dark)
    {
        await using var report = await browser.OpenAsync(ReportFolder.Write(MadeUpRun.Of(ScenarioReader.Find("heavy-churn")), _folder.FullName), width, 900, dark);

        var wider = await report.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        var contrast = await report.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

        Assert.True(wider <= 0, $"{wider} pixels too wide");
        Assert.Equal(dark ? "rgb(15, 19, 24)" : "rgb(246, 247, 249)", contrast);
    }

    [Fact]
    public async Task A_violation_is_shown_as_text_whatever_it_says()
    {
        await using var report = await browser.OpenAsync(ReportFolder.Write(MadeUpRun.WithViolation(ScenarioReader.Find("quiet")), _folder.FullName));

        var text = await report.Page.Locator("main").InnerTextAsync();

        Assert.Contains("</script><b>two rings</b> [at] 0a1b2c3d4e5f", text, StringComparison.Ordinal);
        Assert.Contains("61.4 s node 7: Stabilize <x> & [y]", text, StringComparison.Ordinal);
        Assert.Contains("something did not hold", text, StringComparison.Ordinal);
        Assert.Empty(report.Complaints);
    }

    [Fact]
    public async Task A_run_that_was_interrupted_at_once_still_has_its_page()
    {
        var scenario = ScenarioReader.Find("quiet");
        var result = new RunResult { Scenario = scenario, Seed = 1, EffectHash = "0000000000000000", IsPartial = true };

        await using var report = await browser.OpenAsync(ReportFolder.Write(result, _folder.FullName));

        Assert.Contains("partial", await report.Page.Locator("header").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(report.Complaints);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<int> PointsAsync(OpenReport report, string id, string path) =>
        await report.Page.Locator($"#{id} svg path{path}").EvaluateAllAsync<int>("all => Math.max(...all.map(one => one.getAttribute('d').length > 10 ? +one.dataset.points : 0))");
}
