using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Reports;

/// <summary>The figures of one run.</summary>
internal static class RunCharts
{
    private const int MaxPoints = 1200;
    private const int MaxBars = 56;

    /// <summary>The course of the run.</summary>
    public static List<Chart> Course(RunResult result)
    {
        var samples = result.Samples;
        List<Chart> charts =
        [
            new TimeChart("success", "Look-up success", "of those ended", [Curve("answered rightly", samples, one => one.LookupSuccess)]) { Percent = true },
            new TimeChart("hops", "Hops of a look-up", "links crossed", [Curve("mean", samples, one => one.MeanHops), Curve("p99", samples, one => one.P99Hops)]),
            new TimeChart("latency", "Latency of a look-up", "ms", [Curve("mean", samples, one => one.MeanLatencyMs), Curve("p99", samples, one => one.P99LatencyMs)]),
            new TimeChart("upkeep", "Upkeep", "bytes per node and second", [Curve("overlay messages", samples, one => one.UpkeepBytesPerNodeSecond), Curve("links", samples, one => one.LinkBytesPerNodeSecond)]) { Stacked = true },
            new TimeChart("nodes", "Nodes", "", [Curve("live", samples, one => one.Live), Curve("members", samples, one => one.Members), Curve("joining", samples, one => one.Joining)]),
            new TimeChart("ring", "Ring health", "members with the right neighbours", [Curve("correct", samples, one => one.RingCorrect) with { Color = 2 }]) { Percent = true },
            new TimeChart("links", "Links and messages", "per node", [Curve("links held", samples, one => one.MeanLinks), Curve("messages per second", samples, one => one.MessagesPerNodeSecond)]),
            new TimeChart("speed", "Speed of the simulation", "events per real second", [Curve("events", samples, one => one.EventsPerSecond) with { Color = 6 }]),
        ];
        var reasons = samples.SelectMany(sample => sample.LookupsFailed.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (reasons.Count > 0)
        {
            charts.Insert(1, new TimeChart("failures", "Failed look-ups", "in each sample, by reason", [.. reasons.Select((reason, i) => Curve(reason, samples, one => one.LookupsFailed.GetValueOrDefault(reason)) with { Color = (i + 7) % 8 })]) { Stacked = true });
        }

        if (samples.Any(sample => sample.BrokenAssumptions + sample.Violations > 0))
        {
            charts.Insert(charts.Count - 2, new TimeChart("faults", "Found by the checkers", "since the start", [Curve("broken assumptions", samples, one => one.BrokenAssumptions) with { Color = 1 }, Curve("violations", samples, one => one.Violations) with { Color = 7 }]));
        }

        return charts;
    }

    /// <summary>The distributions that counted anything.</summary>
    public static List<Chart> Spread(RunResult result)
    {
        var all = result.Distributions;
        (string Id, string Title, Distribution Spread, int Color)[] wanted =
        [
            ("hopsSpread", "Hops of look-ups", all.Hops, 0), ("latencySpread", "Latency of look-ups", all.Latency, 0), ("setUpSpread", "Link set-up", all.SetUp, 2),
            ("detectionSpread", "Detection of dead neighbours", all.Detection, 1), ("repairSpread", "Repair of the ring", all.Repair, 4),
        ];
        return [.. wanted.Where(one => one.Spread.Count > 0).Select(one => Bars(one.Id, one.Title, one.Spread, one.Color))];
    }

    /// <summary>The phases that began.</summary>
    public static IReadOnlyList<Band> Bands(RunResult result) =>
        [.. result.Phases.Select(phase => new Band(phase.Name, phase.From.TotalSeconds, phase.To.TotalSeconds))];

    /// <summary>What was done to the network until the run ended.</summary>
    public static IReadOnlyList<FaultMark> Faults(RunResult result)
    {
        var marks = new List<FaultMark>();
        var from = TimeSpan.Zero;
        foreach (var phase in result.Scenario.Phases)
        {
            marks.AddRange(phase.Faults.Where(fault => from + fault.At <= result.Simulated)
                .Select(fault => new FaultMark((from + fault.At).TotalSeconds, ScenarioText.Of(fault))));
            from += phase.Duration;
        }

        return marks;
    }

    private static ChartSeries Curve(string name, IReadOnlyList<Sample> samples, Func<Sample, double?> value) =>
        new(name, [.. TimeSeries.Of(name, "", samples, value).Reduced(MaxPoints).Points.Select(point => new[] { Rounded(point.T), Rounded(point.Value) })]);

    private static BarChart Bars(string id, string title, Distribution spread, int color)
    {
        var isLog = spread.Unit == "ms";
        var from = isLog ? Math.Max(spread.Min, spread.Max / 5000) : 0;
        from = isLog && from <= 0 ? 0.1 : from;
        var to = isLog ? Math.Max(spread.Max, from * 2) : spread.Max + 1;
        return new(id, title, spread.Unit)
        {
            Count = spread.Count,
            Mean = spread.Mean,
            P50 = spread.P50,
            P99 = spread.P99,
            Max = spread.Max,
            From = from,
            To = to,
            Log = isLog,
            Color = color,
            Bars = isLog ? LogBars(spread, from, to) : [.. spread.Bars.Select(bar => new[] { bar.From, bar.To + 1, bar.Count })],
        };
    }

    /// <summary>Bars of equal width on a logarithmic axis.</summary>
    private static List<double[]> LogBars(Distribution spread, double from, double to)
    {
        var counts = new double[MaxBars];
        foreach (var bar in spread.Bars)
        {
            var middle = Math.Clamp((bar.From + bar.To) / 2, from, to);
            counts[Math.Min(MaxBars - 1, (int)(MaxBars * Math.Log(middle / from) / Math.Log(to / from)))] += bar.Count;
        }

        double Edge(int i) => from * Math.Pow(to / from, (double)i / MaxBars);
        return [.. Enumerable.Range(0, MaxBars).Where(i => counts[i] > 0).Select(i => new[] { Edge(i), Edge(i + 1), counts[i] })];
    }

    /// <summary>Six digits are more than a screen shows, and half the size of the file.</summary>
    private static double? Rounded(double? value)
    {
        if (value is not { } number || number == 0 || !double.IsFinite(number))
        {
            return value is { } some && !double.IsFinite(some) ? null : value;
        }

        var digits = 5 - (int)Math.Floor(Math.Log10(Math.Abs(number)));
        return digits is > 0 and <= 15 ? Math.Round(number, digits) : Math.Round(number);
    }
}
