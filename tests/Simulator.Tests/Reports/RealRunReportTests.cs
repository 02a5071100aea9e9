using Overlay.Simulator.Reports;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Reports;

/// <summary>The report of a run that really happened, in a real browser.</summary>
public sealed class RealRunReportTests(ReportBrowser browser) : IClassFixture<ReportBrowser>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-real-");

    [Fact]
    public async Task A_run_under_churn_draws_its_figures()
    {
        var scenario = ScenarioReader.Find("heavy-churn", ["nodes=60", "sampleEvery=5s", "seed=3"]).WithDuration(TimeSpan.FromMinutes(4));
        var result = new SimulationRun().Run(scenario, new());

        await using var report = await browser.OpenAsync(ReportFolder.Write(result, _folder.FullName));

        foreach (var id in new[] { "success", "hops", "latency", "upkeep", "nodes", "ring", "speed" })
        {
            var points = await report.Page.Locator($"#{id} path.line").First.GetAttributeAsync("data-points");
            Assert.True(int.Parse(points!) > result.Samples.Count / 2, $"{id}: {points} points of {result.Samples.Count} samples");
        }

        foreach (var id in new[] { "hopsSpread", "latencySpread" })
        {
            Assert.Equal(1, await report.Page.Locator($"#{id} path.bars").CountAsync());
        }

        Assert.Contains(result.EffectHash, await report.Page.Locator(".meta").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(report.Complaints);
        Assert.Empty(report.Requests);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
