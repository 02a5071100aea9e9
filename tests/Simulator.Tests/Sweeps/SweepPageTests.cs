using Overlay.Simulator.Commands;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Sweeps;
using Overlay.Simulator.Tests.Commands;
using Overlay.Simulator.Tests.Reports;

namespace Overlay.Simulator.Tests.Sweeps;

/// <summary>The page of a sweep as a real browser shows it.</summary>
public sealed class SweepPageTests(ReportBrowser browser) : IClassFixture<ReportBrowser>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-page-");

    [Fact]
    public async Task Every_measure_has_a_curve_with_its_intervals()
    {
        var plan = SweepPlan.Create(SweepGrid.Parse(["nodes=10,100,1000,10000", "network.loss=0,0.1"]), [1, 2, 3], values => ScenarioReader.Find("quiet", values));
        new SweepSession(() => new MadeUpSimulation(), Terminal.CreatePlain(TextWriter.Null), TextWriter.Null).Run(plan, new() { Folder = _folder.FullName }, CancellationToken.None);

        await using var report = await browser.OpenAsync(Path.Combine(_folder.FullName, "summary.html"));

        Assert.Equal(2, await report.Page.Locator("#meanHops path.line").CountAsync());
        Assert.Equal(8, await report.Page.Locator("#meanHops path.error").CountAsync());
        Assert.Equal("4", await report.Page.Locator("#upkeepBytes path.line").First.GetAttributeAsync("data-points"));
        Assert.Equal(8, await report.Page.Locator("tbody tr").CountAsync());
        Assert.Empty(report.Complaints);
        Assert.Empty(report.Requests);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
