using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;
using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench memory</c>: how bytes a node and time an event grow with the number of nodes, beside a bare timing wheel in the same run.</summary>
internal static class BenchCommandMemory
{
    private const double GrowthAtMost = 3;
    private static readonly TimeSpan Simulated = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var nodes = new Option<string>("--nodes") { Description = "Numbers of nodes, 10 to 10,000,000, apart by commas.", DefaultValueFactory = _ => "1000,10000,100000,1000000" };
        var json = new Option<bool>("--json") { Description = "One JSON object instead of a table." };
        nodes.Validators.Add(result =>
        {
            if (!BenchCommand.TryReadNodes(result.GetValueOrDefault<string>(), 10, 10_000_000, out _))
            {
                result.AddError("--nodes takes whole numbers from 10 to 10,000,000 apart by commas, such as 1000,1000000.");
            }
        });
        var command = new Command("memory", "Live bytes a node and time an event, from few nodes to many. Wants a quiet machine.") { nodes, json };
        command.SetAction(parsed =>
        {
            BenchCommand.TryReadNodes(parsed.GetValue(nodes), 10, 10_000_000, out var counts);
            var alone = Live(ScenarioOf(1)).Bytes;
            var rows = counts.Select(count => Measure(count, alone)).ToList();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { growthOfBytes = GrowthOf(rows, row => row.BytesPerNode), rows }, Json));
            }
            else
            {
                Print(rows);
            }

            return GrowthOf(rows, row => row.BytesPerNode) <= GrowthAtMost ? CommandFailures.Done : CommandFailures.PromiseBroken;
        });
        return command;
    }

    private static Scenario ScenarioOf(int nodes) => new()
    {
        Name = "memory",
        Nodes = nodes,
        Mode = LinkMode.Contact,
        Network = new NetworkSpec { Delay = new DelaySpec { Law = DelayLaw.Uniform } },
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 1 / 60.0)],
        Checks = [],
        Phases = [new Phase { Name = "all", Duration = Simulated }],
    };

    private static Row Measure(int nodes, long aloneBytes)
    {
        var (bytes, events, seconds) = Live(ScenarioOf(nodes));
        var wheel = new BareOnWheel(nodes, 1);
        var before = Cpu();
        wheel.Play(null);
        var wheelSeconds = (Cpu() - before).TotalSeconds;
        return new Row(nodes, (double)(bytes - aloneBytes) / nodes, seconds / events * 1e9, wheelSeconds / wheel.Events * 1e9);
    }

    /// <summary>Plays a scenario to its end; what is alive then, and what an event cost.</summary>
    private static (long Bytes, long Events, double CpuSeconds) Live(Scenario scenario)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var driver = new RunDriver(scenario, 1);
        driver.Begin();
        var from = Cpu();
        driver.World.RunUntil(scenario.Duration.Ticks);
        var seconds = (Cpu() - from).TotalSeconds;
        var live = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(driver);
        return (live, driver.World.Counters.Events, seconds);
    }

    private static double GrowthOf(List<Row> rows, Func<Row, double> value) => value(rows[^1]) / value(rows[0]);

    private static void Print(List<Row> rows)
    {
        var table = new Table().Border(TableBorder.Simple).Title("Growth: live bytes a node, and nanoseconds an event");
        foreach (var column in new[] { "nodes", "B/node", "ns an event", "of the least", "bare wheel ns", "of the least" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var row in rows)
        {
            table.AddRow(
                Text($"{row.Nodes}"),
                Text($"{row.BytesPerNode:F0}"),
                Text($"{row.NanosecondsAnEvent:F0}"),
                Text($"{row.NanosecondsAnEvent / rows[0].NanosecondsAnEvent:F2}"),
                Text($"{row.WheelNanoseconds:F1}"),
                Text($"{row.WheelNanoseconds / rows[0].WheelNanoseconds:F2}"));
        }

        AnsiConsole.Write(table);
        Console.WriteLine(Text($"Bars: bytes a node grow at most {GrowthAtMost:F0} times; time an event grows no more than the bare wheel's."));
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private sealed record Row(int Nodes, double BytesPerNode, double NanosecondsAnEvent, double WheelNanoseconds);
}
