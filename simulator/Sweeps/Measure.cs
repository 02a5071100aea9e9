using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Sweeps;

/// <summary>A number that a run ends with, decided by scenario and seed alone: a sweep that is run again gives the same.</summary>
/// <param name="Name">Its name in CSV and JSON.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Unit">Its unit; empty for a mere number.</param>
/// <param name="Of">The number of a run; null where there was nothing to measure.</param>
public sealed record Measure(string Name, string Title, string Unit, Func<RunResult, double?> Of)
{
    /// <summary>A share, shown in percent.</summary>
    public bool IsShare { get; init; }

    /// <summary>All of them, the most telling first.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("lookupSuccess", "Look-up success", "", run => run.Totals.LookupSuccess) { IsShare = true },
        new("firstTrySuccess", "First-try success", "", run => run.Totals.FirstTrySuccess) { IsShare = true },
        new("meanHops", "Mean hops", "links", run => run.Totals.MeanHops),
        new("p99Hops", "p99 hops", "links", run => run.Totals.P99Hops),
        new("meanLatencyMs", "Mean latency", "ms", run => run.Totals.MeanLatencyMs),
        new("p99LatencyMs", "p99 latency", "ms", run => run.Totals.P99LatencyMs),
        new("upkeepBytes", "Upkeep", "B/s a node", run => run.Totals.UpkeepBytesPerNodeSecond),
        new("linkBytes", "Links", "B/s a node", run => run.Totals.LinkBytesPerNodeSecond),
        new("messages", "Messages", "1/s a node", run => run.Totals.MessagesPerNodeSecond),
        new("deliverySuccess", "Delivery success", "", run => run.Totals.DeliverySuccess) { IsShare = true },
        new("medianDetectionMs", "Median detection", "ms", run => run.Totals.MedianDetectionMs),
        new("p99DetectionMs", "p99 detection", "ms", run => run.Totals.P99DetectionMs),
        new("falseEvictions", "False evictions", "", run => run.Totals.FalseEvictions),
        new("joins", "Joins", "", run => run.Totals.Joins),
        new("departures", "Departures", "", run => run.Totals.Crashes + run.Totals.Leaves),
        new("ringCorrectAtEnd", "Ring correct at the end", "of runs", run => run.Totals.RingCorrectAtEnd ? 1 : 0) { IsShare = true },
        new("brokenAssumptions", "Broken assumptions", "", run => run.Totals.BrokenAssumptions),
        new("violations", "Violations", "", run => run.ViolationCount),
        new("succeeded", "Everything held", "of runs", run => run.Succeeded ? 1 : 0) { IsShare = true },
        new("events", "Events", "", run => run.Events),
    ];
}

/// <summary>Several runs of one measure: their mean, and how sure it is.</summary>
/// <param name="Count">Runs in which there was something to measure.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">The sample's standard deviation; 0 for one run.</param>
/// <param name="HalfWidth">The mean ± this holds the true mean in 95 of 100 cases, if runs are alike normal ones (Student's t); null for one run.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
public sealed record Estimate(int Count, double Mean, double Deviation, double? HalfWidth, double Min, double Max)
{
    /// <summary>The estimate, or null where there is no value.</summary>
    public static Estimate? Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        var mean = values.Sum() / values.Count;
        var deviation = values.Count == 1 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
        double? half = values.Count == 1 ? null : StudentT.Quantile975(values.Count - 1) * deviation / Math.Sqrt(values.Count);
        return new(values.Count, mean, deviation, half, values.Min(), values.Max());
    }
}

/// <summary>The 97.5 % quantile of Student's t, for two-sided intervals of 95 %.</summary>
internal static class StudentT
{
    private static readonly double[] Small =
    [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
        2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    ];

    /// <summary>For <paramref name="freedom"/> degrees of freedom, at least 1; within 0.0001.</summary>
    public static double Quantile975(int freedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(freedom, 1);
        if (freedom <= Small.Length)
        {
            return Small[freedom - 1];
        }

        // Cornish and Fisher's expansion around the normal quantile (Abramowitz and Stegun 26.7.5).
        const double Z = 1.959964;
        double n = freedom;
        var z3 = Z * Z * Z;
        var z5 = z3 * Z * Z;
        return Z + ((z3 + Z) / (4 * n)) + (((5 * z5) + (16 * z3) + (3 * Z)) / (96 * n * n))
            + (((3 * z5 * Z * Z) + (19 * z5) + (17 * z3) - (15 * Z)) / (384 * n * n * n));
    }
}
