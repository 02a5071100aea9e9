using System.CommandLine;
using System.Text.Json;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;
using Spectre.Console;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench memory</c>: how bytes a node and time an event grow with the number of nodes, beside a bare timing wheel in the same run.</summary>
internal static class BenchCommandMemory
{
    private const double GrowthAtMost = 3;
    private static readonly TimeSpan Simulated = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var nodes = CommonOptions.Nodes(10, 10_000_000, 1_000, 10_000, 100_000, 1_000_000);
        var json = CommonOptions.Json();
        var command = new Command("memory", "Live bytes a node and time an event, from few nodes to many. Wants a quiet machine.") { nodes, json };
        command.SetAction(parsed =>
        {
            var counts = parsed.GetValue(nodes)!;
            var alone = Live(ScenarioOf(1)).Bytes;
            var rows = counts.Select(count => Measure(count, alone)).ToList();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { growthOfBytes = GrowthOf(rows, row => row.BytesPerNode), rows }, CommonOptions.JsonForm));
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
        var before = Environment.CpuUsage.TotalTime;
        wheel.Play(null);
        var wheelSeconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        return new Row(nodes, (double)(bytes - aloneBytes) / nodes, seconds / events * 1e9, wheelSeconds / wheel.Events * 1e9);
    }

    /// <summary>Plays a scenario to its end; what is alive then, and what an event cost.</summary>
    private static (long Bytes, long Events, double CpuSeconds) Live(Scenario scenario)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var driver = new RunDriver(scenario, 1);
        driver.Begin();
        var from = Environment.CpuUsage.TotalTime;
        driver.World.RunUntil(scenario.Duration.Ticks);
        var seconds = (Environment.CpuUsage.TotalTime - from).TotalSeconds;
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
                Invariant($"{row.Nodes}"),
                Invariant($"{row.BytesPerNode:F0}"),
                Invariant($"{row.NanosecondsAnEvent:F0}"),
                Invariant($"{row.NanosecondsAnEvent / rows[0].NanosecondsAnEvent:F2}"),
                Invariant($"{row.WheelNanoseconds:F1}"),
                Invariant($"{row.WheelNanoseconds / rows[0].WheelNanoseconds:F2}"));
        }

        Terminal.OfProcess.Write(table);
        Console.WriteLine(Invariant($"Bars: bytes a node grow at most {GrowthAtMost:F0} times; time an event grows no more than the bare wheel's."));
    }

    private sealed record Row(int Nodes, double BytesPerNode, double NanosecondsAnEvent, double WheelNanoseconds);
}
