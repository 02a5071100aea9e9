using System.Diagnostics;
using System.Text.Json;
using Overlay.Simulator.Commands;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Commands;

/// <summary>The <c>simulator</c> command as a user starts it: exit codes, outputs, Ctrl-C.</summary>
public sealed class CommandLineTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-command-");

    [Theory]
    [InlineData("run quiet --nodes 0", "--nodes=0: nodes: must be a whole number in 1 … 10,000,000, not '0'")]
    [InlineData("run quiet --set workloads[0].rate=-1", "--set workloads[0].rate=-1: workloads[0].rate: must be a number in 0 … 1,000, not '-1'")]
    [InlineData("run quiet --set network.delay.model=gauss", "must be one of constant, uniform, plane, logNormal, matrix, not 'gauss'")]
    [InlineData("run quiet --duration soon", "--duration: 'soon' is no duration such as 500ms, 30s, 10m or 1h")]
    [InlineData("run quiet --duration 8000h", "--duration: more than 100,000 samples in 8000h, one every 10s")]
    [InlineData("run weibull-churn --set churn.session.model=pareto --set churn.session.shape=1", "take a shape above 1, or another law")]
    [InlineData("run quiet --set overlay.stabilizePeriod=30s", "make loneSuspicionTimeout at least 34500ms")]
    [InlineData("run quiet --report /dev/null/x", "--report '/dev/null/x': no folder can be made there")]
    [InlineData("sweep quiet --out /dev/null", "--out '/dev/null': no folder can be made there")]
    [InlineData("run quite", "Did you mean 'quiet'?")]
    [InlineData("run quiet --tries 0 --shrink", "--tries must be a whole number in 1 … 1,000,000, not '0'.")]
    [InlineData("run quiet --seed x", "--seed=x: seed: must be a whole number")]
    [InlineData("bench step --nodes many", "--nodes must be a whole number in 10 … 10,000,000, not 'many'.")]
    [InlineData("bench chord --nodes 1000,5", "--nodes must be whole numbers in 10 … 10,000,000 apart by commas, such as 1000,1000000, not '1000,5'.")]
    [InlineData("bench chord --mode free", "--mode must be one of links, contact, not 'free'.")]
    [InlineData("schedules --count few", "--count must be a whole number in 1 … 100,000,000, not 'few'.")]
    [InlineData("schedules --kind odd", "--kind must be one of kept, free, founding, not 'odd'.")]
    [InlineData("reproduce chord-churn --nodes 1e3", "--nodes must be a whole number in 32 … 1,000,000, not '1e3'.")]
    [InlineData("bench step --seed 1", "See 'simulator bench step --help'.")]
    [InlineData("run quiet --frobnicate", "'--frobnicate'")]
    [InlineData("sweep quiet --grid nodes=10,0 --out x", "--nodes=0: nodes")]
    [InlineData("sweep quiet --seeds 9..1 --out x", "--seeds 9..1: must be seeds such as 1..20")]
    [InlineData("replay missing.json", "missing.json")]
    [InlineData("show", "name a scenario. Built in: broadcast,")]
    public async Task Bad_input_is_named_and_ends_with_code_2(string arguments, string says)
    {
        var (code, _, error) = await RunAsync(arguments.Split(' '));

        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bench chord --nodes 100 --seconds 60 --json", 0.9)] // With churn: what was asked of a key whose owner died may be lost.
    [InlineData("bench sgchord --nodes 100 --seconds 60 --json", 1)]
    public async Task A_benchmark_plays_a_ring_that_answers(string arguments, double least)
    {
        var (code, output, error) = await RunAsync(arguments.Split(' '));

        Assert.True(code == 0, error);
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("rows")[0].GetProperty("lookupSuccess").GetDouble() >= least, output);
    }

    [Theory]
    [InlineData("node,up,down\n0,0,100\n0,50,200\n", "bad.csv(3): node 0 is up since line 2")]
    [InlineData("node,up,down\n0,100,200\n1,50,200\n", "bad.csv(3): up at 50 s comes after")]
    public async Task A_trace_out_of_order_is_named_with_its_line(string trace, string says)
    {
        var path = Path.Combine(_folder.FullName, "trace.json");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "bad.csv"), trace);
        await File.WriteAllTextAsync(path, """{ "name": "x", "nodes": 10, "churn": { "renewal": "trace", "trace": "bad.csv" } }""");

        var (code, _, error) = await RunAsync("run", path);

        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_as_JSON_is_one_object_and_its_replay_has_the_same_hash()
    {
        var (code, output, _) = await RunAsync("run", "weibull-churn", "--nodes", "30", "--duration", "1m", "--seed", "5", "--json", "--report", _folder.FullName);
        var (replayed, told, _) = await RunAsync("replay", Path.Combine(_folder.FullName, "seed.json"), "--quiet");

        using var json = JsonDocument.Parse(output);
        var hash = json.RootElement.GetProperty("effectHash").GetString();
        Assert.Matches("^[0-9a-f]{16}$", hash);
        Assert.Equal(code, replayed);
        Assert.Contains($"effect hash {hash}, recorded {hash}: the same run", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_with_code_130_and_a_valid_partial_report()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent by kill");
        using var process = Start("run", "quiet", "--nodes", "500", "--duration", "100h", "--report", _folder.FullName);
        using var patience = new CancellationTokenSource(Patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line && !line.Contains("drawn:", StringComparison.Ordinal))
        {
        }

        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var rest = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);

        var result = ResultJson.Read<RunResult>(await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "result.json")), "result.json");
        Assert.Equal((130, true), (process.ExitCode, result.IsPartial));
        Assert.Contains("interrupted after", rest, StringComparison.Ordinal);
        Assert.True(SeedFile.Read(Path.Combine(_folder.FullName, "seed.json")).WasInterrupted);
    }

    [Fact]
    public async Task List_show_and_schema_print_what_the_reader_knows()
    {
        var (_, list, _) = await RunAsync("list", "--json");
        var (_, show, _) = await RunAsync("show", "million", "--set", "nodes=7");
        var (_, schema, _) = await RunAsync("schema");

        using var names = JsonDocument.Parse(list);
        Assert.Equal(BuiltIns.Names, names.RootElement.EnumerateArray().Select(one => one.GetProperty("name").GetString()!));
        Assert.Equal(7, ScenarioReader.Read(System.Text.Encoding.UTF8.GetBytes(show), "show").Nodes);
        Assert.Equal(ScenarioSchema.ToText(), schema.ReplaceLineEndings("\n"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        using var patience = new CancellationTokenSource(Patience);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, output, await error);
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(DotNet())
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        start.ArgumentList.Add(typeof(RunSession).Assembly.Location);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>The host that runs this test, wherever it is installed.</summary>
    private static string DotNet()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return Path.GetFullPath(Path.Combine(framework, "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
    }
}
