using System.Text.Json;
using Overlay.Simulator.Commands;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Sweeps;
using Overlay.Simulator.Tests.Commands;

namespace Overlay.Simulator.Tests.Sweeps;

public sealed class SweepSessionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-sweep-");
    private readonly StringWriter _seen = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void One_thread_and_several_give_the_same_summary()
    {
        Session(new()).Run(Plan(), new() { Folder = At("one"), Jobs = 1 }, CancellationToken.None);
        Session(new()).Run(Plan(), new() { Folder = At("four"), Jobs = 4 }, CancellationToken.None);

        Assert.Equal(File.ReadAllText(At("one/summary.csv")), File.ReadAllText(At("four/summary.csv")));
        Assert.Equal(File.ReadAllText(At("one/summary.json")), File.ReadAllText(At("four/summary.json")));
        Assert.Equal(12, Directory.GetFiles(At("four/cells")).Length);
    }

    [Fact]
    public void Parts_run_apart_and_merged_equal_the_whole()
    {
        Session(new()).Run(Plan(), new() { Folder = At("whole") }, CancellationToken.None);
        for (var i = 1; i <= 3; i++)
        {
            Session(new()).Run(Plan(), new() { Folder = At("part" + i), Shard = new(i, 3) }, CancellationToken.None);
        }

        var code = Session(new()).Merge([At("part1"), At("part2"), At("part3"), At("part1")], At("merged"), json: false);

        Assert.Equal(0, code);
        Assert.Equal(File.ReadAllText(At("whole/summary.csv")), File.ReadAllText(At("merged/summary.csv")));
    }

    [Fact]
    public void An_interrupted_sweep_goes_on_where_it_ended()
    {
        using var stop = new CancellationTokenSource();
        var interrupted = new MadeUpSimulation { Started = run => (run == 5 ? stop : new()).Cancel() };
        var rest = new MadeUpSimulation();

        var first = Session(interrupted).Run(Plan(), new() { Folder = At("a") }, stop.Token);
        Assert.Throws<InvalidDataException>(() => Session(rest).Run(Plan(), new() { Folder = At("a") }, CancellationToken.None));
        var second = Session(rest).Run(Plan(), new() { Folder = At("a"), Resume = true }, CancellationToken.None);

        Assert.Equal((130, 0), (first, second));
        Assert.Equal(8, rest.Runs); // The fifth run was stopped midway: four are kept of twelve.
        Session(new()).Run(Plan(), new() { Folder = At("b") }, CancellationToken.None);
        Assert.Equal(File.ReadAllText(At("b/summary.csv")), File.ReadAllText(At("a/summary.csv")));
    }

    [Fact]
    public void A_failed_run_is_counted_and_leaves_a_seed_file()
    {
        var code = Session(new() { Fails = scenario => scenario.Nodes == 20 && scenario.Seed == 2 }).Run(Plan(), new() { Folder = At("a"), Json = true }, CancellationToken.None);

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(1, code);
        Assert.Equal(2, json.RootElement.GetProperty("failed").GetInt32());
        Assert.Equal(2, Directory.GetFiles(At("a/failed")).Length);
        Assert.Equal(20, SeedFile.Read(Directory.GetFiles(At("a/failed"))[0]).Scenario.Nodes);
    }

    [Fact]
    public void Points_are_in_order_of_their_numbers_and_durations()
    {
        var plan = SweepPlan.Create(SweepGrid.Parse(["nodes=1000,20,300", "sampleEvery=2m,30s"]), [1], values => ScenarioReader.Find("quiet", values));
        Session(new()).Run(plan, new() { Folder = At("a") }, CancellationToken.None);

        var summary = SweepSummary.Of(CellFile.Find([At("a")]).Select(CellFile.Read));

        Assert.Equal(["20 30s", "20 2m", "300 30s", "300 2m", "1000 30s", "1000 2m"], summary.Points.Select(point => string.Join(' ', point.Values.Select(value => value.Value))));
    }

    [Fact]
    public void The_same_run_with_different_effects_is_refused()
    {
        Session(new()).Run(Plan(), new() { Folder = At("a") }, CancellationToken.None);
        Session(new() { Variant = 9 }).Run(Plan(), new() { Folder = At("b") }, CancellationToken.None);

        var refused = Assert.Throws<InvalidDataException>(() => Session(new()).Merge([At("a"), At("b")], At("c"), json: false));

        Assert.Contains("twice with different effects", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_merge_is_refused() => Assert.Throws<InvalidDataException>(() => Session(new()).Merge([_folder.FullName], At("c"), json: false));

    [Fact]
    public void The_table_has_a_line_for_each_line_of_the_csv()
    {
        Session(new()).Run(Plan(), new() { Folder = At("a") }, CancellationToken.None);

        var lines = File.ReadAllLines(At("a/summary.csv"));

        Assert.Equal("nodes,network.loss,measure,unit,runs,mean,ci95,deviation,min,max", lines[0]);
        Assert.StartsWith("10,0,lookupSuccess,,3,0.99", lines[1], StringComparison.Ordinal);
        Assert.Contains("12 runs, 0 failed", _seen.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static SweepPlan Plan() => SweepPlan.Create(SweepGrid.Parse(["nodes=10,20", "network.loss=0,0.1"]), [1, 2, 3], values => ScenarioReader.Find("quiet", values));

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private SweepSession Session(MadeUpSimulation simulation) => new(() => simulation, Terminal.CreatePlain(_seen), _output);
}
