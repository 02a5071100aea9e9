using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Runs;

/// <summary>Runs scenarios on worlds of real nodes, one world and one thread for each run.</summary>
public sealed class SimulationRun : ISimulation
{
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>The version that results carry.</summary>
    public static string Version { get; } =
        typeof(SimulationRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <inheritdoc/>
    public RunResult Run(Scenario scenario, RunSettings settings)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(settings);
        var (wall, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var drawn = new List<DrawnOption> { new("seed", scenario.Seed.ToString(CultureInfo.InvariantCulture)) };
        settings.Drawn?.Invoke(drawn);
        var driver = new RunDriver(scenario, scenario.Seed);
        var pace = new Pace(settings, driver.World, scenario.Duration);
        driver.Speed = pace.Speed;
        try
        {
            driver.Begin(pace.TellBuilding, settings.Stop);
            Play(driver, scenario, settings, pace);
        }
        catch (OperationCanceledException) when (settings.Stop.IsCancellationRequested)
        {
            // While the network was being built: the result says that nothing was simulated.
        }

        driver.Stop();
        var peak = PeakMemory.Bytes;
        return ResultOf(driver, scenario, drawn) with
        {
            Wall = wall.Elapsed,
            Cpu = Environment.CpuUsage.TotalTime - cpu,
            RunAt = DateTimeOffset.UtcNow,
            PeakBytes = peak,
            BytesPerNode = (double)peak / Math.Max(1, scenario.Nodes),
        };
    }

    private static void Play(RunDriver driver, Scenario scenario, RunSettings settings, Pace pace)
    {
        var end = scenario.Duration.Ticks;
        while (!driver.IsOver && !settings.Stop.IsCancellationRequested)
        {
            driver.World.RunFor(pace.NextSlice(), end, settings.Stop);
            pace.Tell();
            if (driver.Checks.HasViolation)
            {
                return; // It stops the run: what happens after it follows from it.
            }
        }
    }

    private static RunResult ResultOf(RunDriver driver, Scenario scenario, IReadOnlyList<DrawnOption> drawn)
    {
        var world = driver.World;
        return new()
        {
            Scenario = scenario,
            Seed = scenario.Seed,
            Version = Version,
            DrawnOptions = drawn,
            EffectHash = world.Hash.ToString("x16", CultureInfo.InvariantCulture),
            IsPartial = driver.IsPartial,
            Simulated = world.Elapsed,
            Events = world.Counters.Events,
            Messages = world.Counters.Delivered,
            Phases = driver.Phases,
            Totals = driver.TotalsOf(driver.Whole),
            Samples = driver.Samples,
            Distributions = new()
            {
                Hops = driver.Whole.Hops.ToDistribution("links"),
                Latency = driver.Whole.Latency.ToDistribution("ms", 0.001),
                SetUp = driver.Whole.SetUp.ToDistribution("ms", 0.001),
                Detection = driver.Whole.Detection.ToDistribution("ms", 0.001),
                Repair = driver.Whole.Repair.ToDistribution("ms", 0.001),
            },
            MessagesByKind = MessageKinds.Totals(world.Counters),
            Checks = driver.Checks.Results(),
            LastEvents = driver.Checks.HasViolation ? world.LastEvents(200, driver.Checks.Concerned) : [],
        };
    }

    /// <summary>How fast the run is, and whom to tell.</summary>
    private sealed class Pace(RunSettings settings, Worlds.World world, TimeSpan total)
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly HeapTrim _heap = new();
        private long _toldEvents;
        private TimeSpan _toldAt;
        private long _sampleEvents;
        private TimeSpan _sampleAt;
        private long _slice = 4096;

        /// <summary>Events until it is time to look at the clock again: about a twentieth of a second.</summary>
        public long NextSlice() => _slice;

        /// <summary>Events in a second since it was asked last.</summary>
        public double Speed()
        {
            var (events, at) = (world.Counters.Events - _sampleEvents, _watch.Elapsed - _sampleAt);
            (_sampleEvents, _sampleAt) = (world.Counters.Events, _watch.Elapsed);
            return at > TimeSpan.Zero ? events / at.TotalSeconds : 0;
        }

        /// <summary>While the network is built.</summary>
        public void TellBuilding(int nodes)
        {
            if (nodes == 0 || _watch.Elapsed - _toldAt >= ProgressPeriod)
            {
                _toldAt = _watch.Elapsed;
                settings.Progress?.Invoke(new RunProgress(TimeSpan.Zero, total, 0, 0, nodes, null) { IsBuilding = true });
            }
        }

        public void Tell()
        {
            var since = _watch.Elapsed - _toldAt;
            var events = world.Counters.Events - _toldEvents;
            if (since < ProgressPeriod)
            {
                _slice = Math.Min(_slice * 2, 1 << 20);
                return;
            }

            _heap.Look();
            _slice = Math.Max(1024, (long)(events / since.TotalSeconds / 20));
            (_toldAt, _toldEvents) = (_watch.Elapsed, world.Counters.Events);
            var done = world.Elapsed / total;
            settings.Progress?.Invoke(new RunProgress(
                world.Elapsed,
                total,
                world.Counters.Events,
                events / since.TotalSeconds,
                world.LiveCount,
                done > 0.001 ? _watch.Elapsed * ((1 - done) / done) : null));
        }
    }
}
