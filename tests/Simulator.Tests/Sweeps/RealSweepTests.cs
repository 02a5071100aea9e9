using Overlay.Simulator.Commands;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Sweeps;

namespace Overlay.Simulator.Tests.Sweeps;

public sealed class RealSweepTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-real-sweep-");

    [Fact]
    public void Real_runs_on_one_thread_and_on_three_give_the_same_numbers()
    {
        var plan = SweepPlan.Create(
            SweepGrid.Parse(["nodes=20,40", "network.loss=0,0.05"]), [1, 2], values => ScenarioReader.Find("weibull-churn", values).WithDuration(TimeSpan.FromSeconds(40)));

        foreach (var jobs in new[] { 1, 3 })
        {
            new SweepSession(() => new SimulationRun(), Terminal.CreatePlain(TextWriter.Null), TextWriter.Null)
                .Run(plan, new() { Folder = At(jobs), Jobs = jobs }, CancellationToken.None);
        }

        Assert.Equal(File.ReadAllText(Path.Combine(At(1), "summary.json")), File.ReadAllText(Path.Combine(At(3), "summary.json")));
        Assert.Equal(File.ReadAllText(Path.Combine(At(1), "summary.csv")), File.ReadAllText(Path.Combine(At(3), "summary.csv")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string At(int jobs) => Path.Combine(_folder.FullName, FormattableString.Invariant($"jobs{jobs}"));
}
