using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Overlay.Simulator.Metrics;
using Spectre.Console;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench engine</c>: events a second of processor time on workload BARE, beside a bare timing wheel in the same run and beside PeerSim's published figures.</summary>
internal static class BenchCommandEngine
{
    private const double TimesPeerSimAtLeast = 10;
    private const double OfControlAtLeast = 0.6;
    private const double MaxBytesPerNode = 120;

    // PeerSim 1.0.5, event-driven, JDK 17, the same workload: events a second of processor time.
    private static readonly Dictionary<int, double> PeerSim = new() { [10_000] = 6.53e6, [100_000] = 3.91e6, [1_000_000] = 1.16e6 };

    public static Command Create()
    {
        var nodes = CommonOptions.Nodes(1, 20_000_000, 10_000, 100_000, 1_000_000);
        var seed = CommonOptions.Seed("The first seed.");
        var seeds = CommonOptions.Number("--seeds", 1, 99, 3, "Seeds to take the median of, 1 to 99.");
        var json = CommonOptions.Json();
        var command = new Command("engine", "Workload BARE: the event queue alone. Wants a quiet machine.") { nodes, seed, seeds, json };
        command.SetAction(parsed => Run(parsed.GetValue(nodes)!, parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(json)));
        return command;
    }

    private static int Run(int[] counts, ulong seed, int seeds, bool json)
    {
        // Before there is a progress display, whose own memory would be counted.
        var memory = MeasureMemory(counts, seed);
        var rows = new List<Row>();
        if (json)
        {
            rows.AddRange(Measure(memory, seed, seeds, (_, _) => { }));
            Console.WriteLine(JsonSerializer.Serialize(new { workload = "BARE", seed, seeds, met = rows.TrueForAll(row => row.IsMet), rows }, CommonOptions.JsonForm));
        }
        else
        {
            Terminal.OfProcess.Progress().Start(context =>
            {
                var tasks = counts.Select(count => context.AddTask(Invariant($"{count:N0} nodes"), maxValue: 1)).ToArray();
                rows.AddRange(Measure(memory, seed, seeds, (row, done) => tasks[row].Value = done));
            });
            Print(rows);
        }

        return rows.TrueForAll(row => row.IsMet) ? CommandFailures.Done : CommandFailures.PromiseBroken;
    }

    private static Footprint[] MeasureMemory(int[] counts, ulong seed)
    {
        // The first run brings in what every run shares.
        Footprint.Of(1, seed);
        var alone = Footprint.Of(1, seed);
        return [.. counts.Select(count => Footprint.Of(count, seed)).Select(one => one with { LiveBytes = one.LiveBytes - alone.LiveBytes })];
    }

    private static IEnumerable<Row> Measure(Footprint[] memory, ulong seed, int seeds, Action<int, double> progress)
    {
        // The first versions of the compiled loops are not what is measured, nor is the compiler's own work.
        Play(new BareOnQueue(1_000, seed), null);
        Play(new BareOnWheel(1_000, seed), null);
        for (var row = 0; row < memory.Length; row++)
        {
            var (count, at) = (memory[row].Nodes, row);
            var (engine, control, ratios) = (new Played[seeds], new Played[seeds], new double[seeds]);
            for (var index = 0; index < seeds; index++)
            {
                var done = (double)index / seeds;
                engine[index] = Play(new BareOnQueue(count, seed + (ulong)index), part => progress(at, done + (part / (2 * seeds))));
                control[index] = Play(new BareOnWheel(count, seed + (ulong)index), part => progress(at, done + ((1 + part) / (2 * seeds))));
                ratios[index] = engine[index].PerSecond / control[index].PerSecond;
            }

            yield return new Row
            {
                Nodes = count,
                SimulatedMilliseconds = engine[0].Milliseconds,
                Events = engine[0].Events,
                EventsPerSecond = Median(engine.Select(one => one.PerSecond)),
                ControlPerSecond = Median(control.Select(one => one.PerSecond)),
                OfControl = Median(ratios),
                PeerSimPerSecond = PeerSim.TryGetValue(count, out var peerSim) ? peerSim : null,
                PeakBytes = memory[at].PeakBytes,
                BytesPerNode = (double)memory[at].LiveBytes / count,
                Hash = engine[0].Hash.ToString("x16", CultureInfo.InvariantCulture),
                Checks = engine.Concat(control).All(one => one.IsSound) && memory[at].Hash == engine[0].Hash
                    && engine.Zip(control).All(pair => pair.First.Hash == pair.Second.Hash),
            };
        }
    }

    private static Played Play(BareWorkload run, Action<double>? progress)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Environment.CpuUsage.TotalTime;
        run.Play(progress);
        var seconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        var (mean, deviation) = BareWorkload.Expected(run.Nodes, run.Milliseconds);
        var isSound = run.Received == run.Events && Math.Abs(run.Events - mean) <= Math.Max(mean * 0.001, 6 * deviation);
        return new Played(run.Milliseconds, run.Events, run.Events / Math.Max(seconds, 1e-6), run.Hash, isSound);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Print(List<Row> rows)
    {
        var table = new Table().Border(TableBorder.Simple).Title("Workload BARE: million events a second of processor time");
        foreach (var column in new[] { "nodes", "M events", "M/s", "wheel", "of it", "PeerSim", "times", "peak MB", "B/node" })
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap().Padding(1, 0, 0, 0));
        }

        foreach (var row in rows)
        {
            table.AddRow(
                Invariant($"{row.Nodes}"),
                Invariant($"{row.Events / 1e6:F2}"),
                Invariant($"{row.EventsPerSecond / 1e6:F1}"),
                Invariant($"{row.ControlPerSecond / 1e6:F1}"),
                Invariant($"{row.OfControl * 100:F0}%"),
                row.PeerSimPerSecond is { } peerSim ? Invariant($"{peerSim / 1e6:F2}") : "-",
                row.TimesPeerSim is { } times ? Invariant($"{times:F1}") : "-",
                Invariant($"{row.PeakBytes / 1e6:F0}"),
                Invariant($"{row.BytesPerNode:F1}"));
        }

        Terminal.OfProcess.Write(table);
        foreach (var row in rows)
        {
            Console.WriteLine(Invariant($"{row.Nodes} nodes, {row.SimulatedMilliseconds / 1000.0:0.###} s: hash {row.Hash}, checks {(row.Checks ? "sound" : "WRONG")}, bars {(row.IsMet ? "met" : "MISSED")}"));
        }

        Console.WriteLine("Checks: counters = events, events as expected, the same hash from the bare wheel.");
        Console.WriteLine(Invariant($"Bars: {TimesPeerSimAtLeast:F0} times PeerSim, {OfControlAtLeast * 100:F0} % of the bare wheel, at most {MaxBytesPerNode:F0} B a node."));
    }

    private readonly record struct Played(long Milliseconds, long Events, double PerSecond, ulong Hash, bool IsSound);

    /// <summary>A run of its own, with nothing beside it: what is alive at its end, and the most that was resident.</summary>
    private readonly record struct Footprint(int Nodes, ulong Hash, long LiveBytes, long PeakBytes)
    {
        public static Footprint Of(int nodes, ulong seed)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            PeakMemory.Reset();
            var run = new BareOnQueue(nodes, seed);
            run.Play(null);
            var peak = PeakMemory.Bytes;
            var live = GC.GetTotalMemory(forceFullCollection: true) - before;
            GC.KeepAlive(run);
            return new Footprint(nodes, run.Hash, live, peak);
        }
    }

    private sealed record Row
    {
        public required int Nodes { get; init; }
        public required long SimulatedMilliseconds { get; init; }
        public required long Events { get; init; }
        public required double EventsPerSecond { get; init; }
        public required double ControlPerSecond { get; init; }
        public required double OfControl { get; init; }
        public required double? PeerSimPerSecond { get; init; }
        public double? TimesPeerSim => EventsPerSecond / PeerSimPerSecond;
        public required long PeakBytes { get; init; }
        public required double BytesPerNode { get; init; }
        public required string Hash { get; init; }
        public required bool Checks { get; init; }

        // Few nodes are all overhead: bars hold where there are published figures.
        public bool IsMet => Checks
            && (TimesPeerSim is not { } times || (times >= TimesPeerSimAtLeast && OfControl >= OfControlAtLeast && BytesPerNode <= MaxBytesPerNode));
    }
}
