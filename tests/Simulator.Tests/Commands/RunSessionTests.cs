using System.Text.Json;
using Overlay.Simulator.Commands;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Commands;

public sealed class RunSessionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-run-");
    private readonly StringWriter _seen = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void A_network_being_built_says_how_many_nodes_stand()
    {
        var told = new List<RunProgress>();
        var scenario = new Scenario { Name = "big", Nodes = 2_000, Mode = LinkMode.Contact, Checks = [], Phases = [new Phase { Name = "all", Duration = TimeSpan.FromMilliseconds(1) }] };

        new SimulationRun().Run(scenario, new RunSettings { Progress = told.Add });

        var building = told.FindAll(progress => progress.IsBuilding);
        Assert.NotEmpty(building);
        Assert.Equal($"building {Formats.Count(building[0].Live)} of 2,000 nodes", ProgressView.Line(building[0], scenario.Nodes));
    }

    [Fact]
    public void A_network_is_not_built_to_its_end_once_the_run_is_interrupted()
    {
        using var stop = new CancellationTokenSource();
        var stood = 0;
        var scenario = new Scenario { Name = "big", Nodes = 5_000, Mode = LinkMode.Contact, Phases = [new Phase { Name = "all", Duration = TimeSpan.FromSeconds(1) }] };

        var result = new SimulationRun().Run(scenario, new RunSettings { Stop = stop.Token, Progress = Interrupt });

        Assert.True(result.IsPartial);
        Assert.Equal(TimeSpan.Zero, result.Simulated);
        Assert.InRange(stood, 0, 4_999);
        Assert.Empty(result.Phases);

        void Interrupt(RunProgress progress)
        {
            stood = progress.Live;
            stop.Cancel();
        }
    }

    [Fact]
    public void Json_alone_is_on_the_output_and_progress_on_the_other_stream()
    {
        var errors = new StringWriter();
        var session = new RunSession(new MadeUpSimulation(), Terminal.CreatePlain(_seen), _output, errors) { LineEvery = TimeSpan.Zero };

        session.Run(ScenarioReader.Find("quiet"), new() { Json = true }, CancellationToken.None);

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal("", _seen.ToString());
        Assert.Contains("5 m 00 s of 10 m 00 s", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Seed_and_parameters_come_first_and_the_tables_last()
    {
        var code = Session(new()).Run(ScenarioReader.Find("heavy-churn", ["seed=42"]), new(), CancellationToken.None);

        var lines = _seen.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()).ToList();
        Assert.Equal(0, code);
        Assert.StartsWith("heavy-churn  seed 42  simulator 0.1", lines[0], StringComparison.Ordinal);
        Assert.True(lines.IndexOf("drawn: hub slots 8") > lines.FindIndex(line => line.StartsWith("churn ", StringComparison.Ordinal)));
        Assert.True(lines.FindIndex(line => line.StartsWith("phase ", StringComparison.Ordinal) && line.Contains("1st try", StringComparison.Ordinal)) > lines.IndexOf("drawn: hub slots 8"));
        Assert.Contains(lines, line => line.StartsWith("safety", StringComparison.Ordinal) && line.Contains(" % ", StringComparison.Ordinal));
        Assert.Equal("everything held", lines[^1]);
    }

    [Fact]
    public void A_report_holds_the_page_the_result_the_samples_and_the_seed()
    {
        var scenario = ScenarioReader.Find("quiet");

        Session(new()).Run(scenario, new() { ReportFolder = _folder.FullName }, CancellationToken.None);

        Assert.Equal(["report.html", "result.json", "samples.csv", "seed.json"], _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal));
        var result = ResultJson.Read<RunResult>(File.ReadAllText(Path.Combine(_folder.FullName, "result.json")), "result.json");
        Assert.Equal(60, result.Samples.Count);
        Assert.Equal(ScenarioReader.ToText(scenario), ScenarioReader.ToText(result.Scenario));
        Assert.Equal(61, File.ReadAllLines(Path.Combine(_folder.FullName, "samples.csv")).Length);
    }

    [Fact]
    public void Json_is_the_whole_output()
    {
        var code = Session(new()).Run(ScenarioReader.Find("quiet"), new() { Json = true }, CancellationToken.None);

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(0, code);
        Assert.Equal("", _seen.ToString());
        Assert.Equal(16, json.RootElement.GetProperty("effectHash").GetString()!.Length);
        Assert.Equal("quiet", json.RootElement.GetProperty("scenario").GetProperty("name").GetString());
        Assert.Equal(600, json.RootElement.GetProperty("simulated").GetDouble());
        Assert.InRange(json.RootElement.GetProperty("totals").GetProperty("lookupSuccess").GetDouble(), 0.9, 1);
    }

    [Fact]
    public void A_violation_ends_with_code_1_and_shows_seed_and_last_events()
    {
        var request = new RunRequest { SeedFile = Path.Combine(_folder.FullName, "failed.json") };

        var code = Session(new() { Fails = _ => true }).Run(ScenarioReader.Find("quiet", ["seed=7"]), request, CancellationToken.None);

        Assert.Equal(1, code);
        Assert.Contains("violation at 61.5000 s, seed 7: </script><b>two rings</b> [at] 0a1b2c3d4e5f", _seen.ToString(), StringComparison.Ordinal);
        Assert.Contains("61.5 s node 9: Rectify", _seen.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(request.SeedFile));
    }

    [Fact]
    public void An_interrupted_run_ends_with_code_130_and_a_valid_partial_report()
    {
        using var stop = new CancellationTokenSource();
        var simulation = new MadeUpSimulation { Started = _ => stop.Cancel() };

        var code = Session(simulation).Run(ScenarioReader.Find("quiet"), new() { ReportFolder = _folder.FullName }, stop.Token);

        var result = ResultJson.Read<RunResult>(File.ReadAllText(Path.Combine(_folder.FullName, "result.json")), "result.json");
        Assert.Equal((130, true), (code, result.IsPartial));
        Assert.Contains("interrupted after 2 m 30 s", _seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_quiet_run_is_one_line_that_says_so_when_it_was_interrupted()
    {
        using var stop = new CancellationTokenSource();
        var simulation = new MadeUpSimulation { Started = _ => stop.Cancel() };

        Session(simulation).Run(ScenarioReader.Find("quiet"), new() { Quiet = true }, stop.Token);

        Assert.StartsWith("quiet  seed 1  interrupted after 2 m 30 s  effect hash ", Assert.Single(_seen.ToString().Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void A_replay_of_the_same_run_says_so()
    {
        var path = Path.Combine(_folder.FullName, "seed.json");
        Session(new()).Run(ScenarioReader.Find("heavy-churn", ["seed=18446744073709551615"]), new() { SeedFile = path }, CancellationToken.None);

        var code = Session(new()).Replay(SeedFile.Read(path), new(), CancellationToken.None);

        Assert.Equal(0, code);
        Assert.Contains("the same run", _seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_replay_with_other_effects_ends_with_code_1()
    {
        var path = Path.Combine(_folder.FullName, "seed.json");
        Session(new()).Run(ScenarioReader.Find("quiet"), new() { SeedFile = path }, CancellationToken.None);

        var code = Session(new() { Variant = 5 }).Replay(SeedFile.Read(path), new(), CancellationToken.None);

        Assert.Equal(1, code);
        Assert.Contains("NOT the same run", _seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_seed_file_is_refused()
    {
        var path = Path.Combine(_folder.FullName, "other.json");
        File.WriteAllText(path, """{ "name": "x" }""");

        Assert.Throws<InvalidDataException>(() => SeedFile.Read(path));
    }

    [Fact]
    public void A_failing_run_is_shrunk_and_the_smaller_scenario_is_written()
    {
        // Fails whenever there are at least 12 nodes and the mass failure is there.
        var simulation = new MadeUpSimulation { Fails = scenario => scenario.Nodes >= 12 && scenario.Phases.Any(phase => phase.Faults.Any(fault => fault.Kind == FaultKind.MassFailure)) };
        var request = new RunRequest { Shrink = true, MaxTries = 200, ReportFolder = _folder.FullName };

        var code = Session(simulation).Run(ScenarioReader.Find("heavy-churn"), request, CancellationToken.None);

        var smaller = ScenarioReader.ReadFile(Path.Combine(_folder.FullName, "heavy-churn-1.shrunk.json"));
        Assert.Equal(1, code);
        Assert.Equal((12, 1, 0), (smaller.Nodes, smaller.Phases.Count, smaller.Workloads.Count));
        Assert.Equal(FaultKind.MassFailure, Assert.Single(smaller.Phases[0].Faults).Kind);
        Assert.True(smaller.Duration < TimeSpan.FromSeconds(20));
        Assert.Equal(ChurnSpec.None, smaller.Churn);
    }

    [Fact]
    public void Shrinking_stops_after_its_tries()
    {
        var simulation = new MadeUpSimulation { Fails = _ => true };
        var failed = simulation.Run(ScenarioReader.Find("heavy-churn"), RunSettings.Quiet);

        new Shrinker(simulation) { MaxTries = 5 }.Shrink(failed, CancellationToken.None);

        Assert.Equal(6, simulation.Runs);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private RunSession Session(MadeUpSimulation simulation) => new(simulation, Terminal.CreatePlain(_seen), _output);
}
