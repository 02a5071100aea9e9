using System.Globalization;
using System.Text;
using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Reports;

/// <summary>Samples as CSV (RFC 4180, a header, decimal points, an empty field where there was nothing to measure).</summary>
public static class SamplesCsv
{
    private static readonly (string Name, Func<Sample, double?> Value)[] Columns =
    [
        ("seconds", sample => sample.T.TotalSeconds),
        ("live", sample => sample.Live),
        ("members", sample => sample.Members),
        ("joining", sample => sample.Joining),
        ("lookupsOk", sample => sample.LookupsOk),
        ("lookupsFailed", sample => sample.LookupsFailedTotal),
        ("lookupSuccess", sample => sample.LookupSuccess),
        ("meanHops", sample => sample.MeanHops),
        ("p99Hops", sample => sample.P99Hops),
        ("meanLatencyMs", sample => sample.MeanLatencyMs),
        ("p99LatencyMs", sample => sample.P99LatencyMs),
        ("upkeepBytesPerNodeSecond", sample => sample.UpkeepBytesPerNodeSecond),
        ("linkBytesPerNodeSecond", sample => sample.LinkBytesPerNodeSecond),
        ("messagesPerNodeSecond", sample => sample.MessagesPerNodeSecond),
        ("meanLinks", sample => sample.MeanLinks),
        ("ringCorrect", sample => sample.RingCorrect),
        ("brokenAssumptions", sample => sample.BrokenAssumptions),
        ("violations", sample => sample.Violations),
        ("eventsPerSecond", sample => sample.EventsPerSecond),
    ];

    /// <summary>All samples; after the fixed columns one for each reason of failure that occurred, in alphabetical order.</summary>
    public static string ToText(IReadOnlyList<Sample> samples)
    {
        var reasons = samples.SelectMany(sample => sample.LookupsFailed.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        text.AppendJoin(',', Columns.Select(column => column.Name).Concat(reasons.Select(reason => Field("failed:" + reason)))).Append("\r\n");
        foreach (var sample in samples)
        {
            text.AppendJoin(',', Columns.Select(column => Number(column.Value(sample)))
                .Concat(reasons.Select(reason => Number(sample.LookupsFailed.TryGetValue(reason, out var count) ? count : 0)))).Append("\r\n");
        }

        return text.ToString();
    }

    internal static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    internal static string Field(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
