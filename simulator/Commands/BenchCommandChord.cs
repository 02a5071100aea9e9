using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;
using Spectre.Console;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary>
/// <c>simulator bench chord</c> and <c>bench sgchord</c>: delivered messages a second of processor time with the real nodes, beside PeerSim's and SimGrid's figures.
/// </summary>
internal static class BenchCommandChord
{
    private const double TimesPeerSimAtLeast = 10;
    private const double SimGridMessages = 338_703_114;
    private static readonly TimeSpan SimGridLimit = TimeSpan.FromMinutes(20);

    // PeerSim 1.0.5 with the public ChordSim protocol: simulated seconds, messages a second of processor time, peak resident bytes.
    private static readonly Dictionary<int, (double Seconds, double PerSecond, double PeakBytes)> PeerSim = new()
    {
        [1_000] = (1800, 644e3, 169e6),
        [10_000] = (300, 485e3, 193e6),
        [100_000] = (60, 293e3, 452e6),
        [1_000_000] = (22, 156e3, 2.65e9),
    };

    public static Command CreateChord() => Create(
        "chord",
        "Workload PCHORD: nodes with their own periods, delays of 1 to 100 ms, N/60 look-ups a second, mean sessions of 1 h, crashes found by real timeouts.",
        PChord,
        [1_000, 10_000, 100_000, 1_000_000],
        PrintPeerSim);

    public static Command CreateSgChord() => Create(
        "sgchord",
        "Workload SGCHORD: SimGrid's periods (stabilize 20 s, a finger 120 s, a look-up of one fixed key 10 s), 1,000 s, no churn.",
        SgChord,
        [1_000_000],
        PrintSimGrid);

    private static Command Create(string name, string description, Func<int, int, ulong, LinkMode, Scenario> workload, int[] counts, Action<List<Row>> print)
    {
        var nodes = CommonOptions.Nodes(10, 10_000_000, counts);
        var seconds = CommonOptions.Number("--seconds", 0, 1_000_000, 0, "Simulated seconds, up to 1,000,000; 0: those of the published run.");
        var seed = CommonOptions.Seed();
        var mode = CommonOptions.Word("--mode", LinkMode.Contact, "contact: links are free, as in the published runs; links: they are signalled and set up.");
        var json = CommonOptions.Json();
        var command = new Command(name, description) { nodes, seconds, seed, mode, json };
        command.SetAction(parsed =>
        {
            var all = parsed.GetValue(nodes)!;
            var (asked, first, how) = (parsed.GetValue(seconds), parsed.GetValue(seed), parsed.GetValue(mode));
            var rows = new List<Row>();
            if (parsed.GetValue(json))
            {
                rows.AddRange(all.Select(count => Measure(workload(count, asked, first, how), (_, _) => { })));
                Console.WriteLine(JsonSerializer.Serialize(new { workload = name, seed = first, mode = how.ToString(), rows }, CommonOptions.JsonForm));
            }
            else
            {
                Terminal.OfProcess.Progress().Start(context =>
                {
                    var tasks = all.Select(count => context.AddTask(Invariant($"{count:N0} nodes"), maxValue: 1)).ToArray();
                    rows.AddRange(all.Select((count, at) => Measure(workload(count, asked, first, how), (done, _) => tasks[at].Value = done)));
                });
                print(rows);
            }

            return CommandFailures.Done;
        });
        return command;
    }

    private static Scenario PChord(int nodes, int seconds, ulong seed, LinkMode mode)
    {
        var published = PeerSim.TryGetValue(nodes, out var row) ? row.Seconds : Math.Clamp(2e7 / nodes, 20, 1800);
        return new Scenario
        {
            Name = "pchord",
            Nodes = nodes,
            Seed = seed,
            Mode = mode,
            Options = OverlayOptions.Default with
            {
                StabilizePeriod = TimeSpan.FromSeconds(10),
                FixFingersPeriod = TimeSpan.FromSeconds(10),
                ProbePeriod = TimeSpan.FromSeconds(10), // There an oracle tells who died; here whoever is silent for so long is asked.
                IdleProbePeriod = TimeSpan.FromSeconds(60),
                LoneSuspicionTimeout = TimeSpan.FromSeconds(15),
            },
            Network = new NetworkSpec { Delay = new DelaySpec { Law = DelayLaw.Uniform } },
            Churn = new ChurnSpec { Renewal = RenewalKind.Fixed, Session = new DurationSpec(DurationLaw.Exponential) { Mean = TimeSpan.FromHours(1) } },
            Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 1 / 60.0)],
            Checks = [],
            Phases = [new Phase { Name = "all", Duration = TimeSpan.FromSeconds(seconds > 0 ? seconds : published) }],
        };
    }

    private static Scenario SgChord(int nodes, int seconds, ulong seed, LinkMode mode) => new()
    {
        Name = "sgchord",
        Nodes = nodes,
        Seed = seed,
        Mode = mode,
        Options = OverlayOptions.Default with
        {
            StabilizePeriod = TimeSpan.FromSeconds(20),
            FixFingersPeriod = TimeSpan.FromSeconds(120),
            LoneSuspicionTimeout = TimeSpan.FromSeconds(30), // An arc is owned as long as each round confirms it: a lease must outlive a round.
            ProbePeriod = TimeSpan.FromSeconds(30),
            IdleProbePeriod = TimeSpan.FromSeconds(120),
            MaxForwardsPerSecond = 1_000_000, // One key is asked for by everybody: its owner's neighbours pass on N/10 messages a second.
        },
        Network = new NetworkSpec { Delay = new DelaySpec { Law = DelayLaw.Constant, OneWay = TimeSpan.FromMicroseconds(100) } },
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.1) { Keys = new KeySpec { Law = KeyLaw.Zipf, Universe = 1 } }],
        Checks = [],
        Phases = [new Phase { Name = "all", Duration = TimeSpan.FromSeconds(seconds > 0 ? seconds : 1000) }],
        SampleEvery = TimeSpan.FromSeconds(60),
    };

    private static Row Measure(Scenario scenario, Action<double, TimeSpan> progress)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        PeakMemory.Reset();
        var (wall, building) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var driver = new RunDriver(scenario, scenario.Seed);
        var heap = new HeapTrim();
        driver.Begin();
        var (playing, end) = (Environment.CpuUsage.TotalTime, scenario.Duration.Ticks);
        for (var slice = 1; slice <= 1000; slice++)
        {
            driver.World.RunUntil(end / 1000 * slice);
            heap.Look();
            progress(slice / 1000.0, wall.Elapsed);
        }

        driver.World.RunUntil(end);
        driver.Stop();
        var done = Environment.CpuUsage.TotalTime;
        var totals = driver.Whole.ToTotals(driver.Meter, driver.Health.IsCorrect);
        return new Row
        {
            Nodes = scenario.Nodes,
            SimulatedSeconds = scenario.Duration.TotalSeconds,
            Events = driver.World.Counters.Events,
            Messages = driver.World.Counters.Delivered,
            BuildSeconds = (playing - building).TotalSeconds,
            CpuSeconds = (done - playing).TotalSeconds,
            WallSeconds = wall.Elapsed.TotalSeconds,
            PeakBytes = PeakMemory.Bytes,
            MeanHops = totals.MeanHops,
            LookupSuccess = totals.LookupSuccess,
            UpkeepBytesPerNodeSecond = totals.UpkeepBytesPerNodeSecond,
            Hash = driver.World.Hash.ToString("x16", CultureInfo.InvariantCulture),
            PeerSimPerSecond = scenario.Name == "pchord" && PeerSim.TryGetValue(scenario.Nodes, out var row) ? row.PerSecond : null,
        };
    }

    private static void PrintPeerSim(List<Row> rows)
    {
        var table = new Table().Border(TableBorder.Simple).Title("Workload PCHORD: delivered messages a second of processor time");
        AddColumns(table, "nodes", "sim s", "M msgs", "k/s", "PeerSim", "times", "MB", "B/node", "hops", "ok %", "build s", "cpu s");
        foreach (var row in rows)
        {
            table.AddRow(
                Invariant($"{row.Nodes}"),
                Invariant($"{row.SimulatedSeconds:0}"),
                Invariant($"{row.Messages / 1e6:F2}"),
                Invariant($"{row.MessagesPerSecond / 1e3:F0}"),
                row.PeerSimPerSecond is { } other ? Invariant($"{other / 1e3:F0}") : "-",
                row.PeerSimPerSecond is { } slower ? Invariant($"{row.MessagesPerSecond / slower:F1}") : "-",
                Invariant($"{row.PeakBytes / 1e6:F0}"),
                Invariant($"{(double)row.PeakBytes / row.Nodes:F0}"),
                Invariant($"{row.MeanHops:F2}"),
                Invariant($"{row.LookupSuccess * 100:F2}"),
                Invariant($"{row.BuildSeconds:F1}"),
                Invariant($"{row.CpuSeconds:F1}"));
        }

        Terminal.OfProcess.Write(table);
        Console.WriteLine(Invariant($"Bar: {TimesPeerSimAtLeast:F0} times PeerSim at 1,000,000 nodes, and no more memory than its 2.65 GB."));
    }

    private static void PrintSimGrid(List<Row> rows)
    {
        var table = new Table().Border(TableBorder.Simple).Title("Workload SGCHORD: SimGrid's periods with the real nodes");
        AddColumns(table, "nodes", "simulated s", "M messages", "k/s", "wall s", "peak MB", "kB/node", "hops", "look-ups ok");
        foreach (var row in rows)
        {
            table.AddRow(
                Invariant($"{row.Nodes}"),
                Invariant($"{row.SimulatedSeconds:0}"),
                Invariant($"{row.Messages / 1e6:F1}"),
                Invariant($"{row.MessagesPerSecond / 1e3:F0}"),
                Invariant($"{row.WallSeconds:F0}"),
                Invariant($"{row.PeakBytes / 1e6:F0}"),
                Invariant($"{(double)row.PeakBytes / row.Nodes / 1e3:F2}"),
                Invariant($"{row.MeanHops:F2}"),
                Invariant($"{row.LookupSuccess * 100:F2}%"));
        }

        Terminal.OfProcess.Write(table);
        Console.WriteLine(Invariant($"SimGrid's published run of 1,000,000 nodes: {SimGridMessages / 1e6:F1} M messages, 14,742 s, 25.7 GB. Bar: as many messages, {SimGridLimit.TotalSeconds:F0} s, 8 GB."));
    }

    private static void AddColumns(Table table, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap().Padding(1, 0, 0, 0));
        }
    }

    private sealed record Row
    {
        public required int Nodes { get; init; }
        public required double SimulatedSeconds { get; init; }
        public required long Events { get; init; }
        public required long Messages { get; init; }
        public required double BuildSeconds { get; init; }
        public required double CpuSeconds { get; init; }
        public required double WallSeconds { get; init; }
        public required long PeakBytes { get; init; }
        public required double? MeanHops { get; init; }
        public required double? LookupSuccess { get; init; }
        public required double UpkeepBytesPerNodeSecond { get; init; }
        public required string Hash { get; init; }
        public required double? PeerSimPerSecond { get; init; }
        public double MessagesPerSecond => Messages / Math.Max(CpuSeconds, 1e-6);
    }
}
