using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Reports;

/// <summary>Results as a run would give them, made up from a seed: for tests of what is written and drawn, not of what is simulated.</summary>
internal static class MadeUpRun
{
    public static RunResult Of(Scenario scenario, ulong seed = 1)
    {
        var random = new Prng(seed);
        var samples = new List<Sample>();
        for (var t = scenario.SampleEvery; t <= scenario.Duration; t += scenario.SampleEvery)
        {
            samples.Add(SampleAt(t, scenario, ref random, samples.Count));
        }

        var phases = new List<PhaseResult>();
        var from = TimeSpan.Zero;
        foreach (var phase in scenario.Phases)
        {
            var totals = TotalsOf(ref random);
            phases.Add(new() { Name = phase.Name, From = from, To = from + phase.Duration, Totals = totals, Requirements = RequirementCheck.Check(phase.Require, totals) });
            from += phase.Duration;
        }

        return new()
        {
            Scenario = scenario,
            Seed = seed,
            Version = "0.1.0",
            DrawnOptions = [new("hub slots", "8")],
            EffectHash = random.Next().ToString("x16", CultureInfo.InvariantCulture),
            Simulated = scenario.Duration,
            RunAt = DateTimeOffset.UnixEpoch,
            Wall = TimeSpan.FromSeconds(12.3),
            Cpu = TimeSpan.FromSeconds(11.9),
            Events = 12_345_678 + (long)seed,
            Messages = 9_876_543,
            PeakBytes = 123_456_789,
            BytesPerNode = 1840,
            Phases = phases,
            Totals = TotalsOf(ref random),
            Samples = samples,
            Distributions = SpreadOf(ref random),
            MessagesByKind = [new("findOwner", 500_000, 40_000_000), new("getNeighbours", 250_000, 60_000_000), new("ping", 1_000_000, 12_000_000)],
            Checks = [.. scenario.Checks.Select((check, i) => new CheckResult { Name = check, TimesChecked = 1000 * (i + 1), BrokenAssumptions = i == 0 ? 3 : 0 })],
        };
    }

    /// <summary>The same, ended by a violation that has markup in its text.</summary>
    public static RunResult WithViolation(Scenario scenario, ulong seed = 1) => Of(scenario, seed) with
    {
        IsPartial = true,
        Checks = [new() { Name = CheckKind.Invariant, TimesChecked = 10, ViolationCount = 1, Violations = [new("</script><b>two rings</b> [at] 0a1b2c3d4e5f", seed, TimeSpan.FromSeconds(61.5))] }],
        LastEvents = ["61.4 s node 7: Stabilize <x> & [y]", "61.5 s node 9: Rectify"],
    };

    private static Sample SampleAt(TimeSpan t, Scenario scenario, ref Prng random, int i)
    {
        var dip = i % 47 is > 20 and < 26 ? 0.9 : 1;
        var quiet = i % 31 == 7;
        return new()
        {
            T = t,
            Live = scenario.Nodes - random.Next(10),
            Members = scenario.Nodes - 10 - random.Next(10),
            Joining = random.Next(10),
            LookupsOk = quiet ? 0 : (long)(1000 * dip) - random.Next(3),
            LookupsFailed = quiet ? new Dictionary<string, long>() : new Dictionary<string, long> { ["timedOut"] = (long)(1000 * (1 - dip)) + random.Next(3), ["noRoute"] = random.Next(2) },
            MeanHops = quiet ? null : 3.9 + 0.01 * random.Next(60),
            P99Hops = quiet ? null : 6 + random.Next(3),
            MeanLatencyMs = quiet ? null : 300 / dip + random.Next(60),
            P99LatencyMs = quiet ? null : 900 / dip / dip + random.Next(200),
            UpkeepBytesPerNodeSecond = 320 / dip + random.Next(40),
            LinkBytesPerNodeSecond = 110 + random.Next(20),
            MessagesPerNodeSecond = 6 + 0.01 * random.Next(100),
            MeanLinks = 21 + 0.1 * random.Next(10),
            RingCorrect = dip < 1 ? 0.985 : 1 - 0.001 * random.Next(3),
            BrokenAssumptions = i / 40,
            EventsPerSecond = 1_800_000 + random.Next(300_000),
        };
    }

    private static Totals TotalsOf(ref Prng random) => new()
    {
        LookupsOk = 99_700 + random.Next(200),
        LookupsFirstTry = 99_400 + random.Next(200),
        LookupsFailed = new Dictionary<string, long> { ["timedOut"] = random.Next(90), ["noRoute"] = random.Next(20) },
        MessagesDelivered = 20_000,
        LinksMade = 7_000,
        LinksFailed = new Dictionary<string, long> { ["check"] = 12 },
        Joins = 220,
        Crashes = 150,
        Leaves = 70,
        MeanHops = 4 + 0.001 * random.Next(300),
        P99Hops = 7,
        MeanLatencyMs = 310 + random.Next(50),
        P99LatencyMs = 1100 + random.Next(100),
        MedianDetectionMs = 2600,
        P99DetectionMs = 7000,
        UpkeepBytesPerNodeSecond = 330 + random.Next(20),
        LinkBytesPerNodeSecond = 118,
        MessagesPerNodeSecond = 6.3,
        RingCorrectAtEnd = true,
        BrokenAssumptions = 3,
    };

    private static Distributions SpreadOf(ref Prng random)
    {
        var (hops, latency, setUp, detection) = (new Histogram(), new Histogram(), new Histogram(), new Histogram());
        for (var i = 0; i < 20_000; i++)
        {
            var crossed = 1 + random.Next(3) + random.Next(3) + random.Next(3);
            hops.Add(crossed);
            latency.Add(crossed * (20_000 + random.Next(120_000)) + (random.Next(100) == 0 ? 3_000_000 : 0));
            setUp.Add(300_000 + random.Next(400_000) + random.Next(400_000));
            detection.Add(1_000_000 + (random.Next(2_000_000) + random.Next(2_000_000)));
        }

        return new()
        {
            Hops = hops.ToDistribution("hops"),
            Latency = latency.ToDistribution("ms", 0.001),
            SetUp = setUp.ToDistribution("ms", 0.001),
            Detection = detection.ToDistribution("ms", 0.001),
        };
    }
}
