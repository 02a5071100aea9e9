using System.Globalization;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Metrics;

/// <summary>Holds what a phase asked for against what came out.</summary>
public static class RequirementCheck
{
    /// <summary>One result for each requirement that was stated.</summary>
    public static IReadOnlyList<RequirementResult> Check(Requirements asked, Totals totals)
    {
        var results = new List<RequirementResult>();
        AtLeast("lookupSuccess", asked.LookupSuccess, totals.LookupSuccess);
        AtLeast("firstTrySuccess", asked.FirstTrySuccess, totals.FirstTrySuccess);
        AtLeast("deliverySuccess", asked.DeliverySuccess, totals.DeliverySuccess);
        AtLeast("resolveSuccess", asked.ResolveSuccess, totals.ResolveSuccess);
        AtMost("contestedNames", asked.ContestedNames, totals.NamesContested, "");
        AtMost("lostNames", asked.LostNames, totals.NamesLost, "");
        if (asked.Gateways is { } gateways)
        {
            results.Add(new("gateways", "≥ " + Number(gateways), Number(totals.GatewaysAtEnd), totals.GatewaysAtEnd >= gateways));
        }

        AtLeast("broadcastReach", asked.BroadcastReach, totals.BroadcastReach);
        AtMost("broadcastForwards", asked.BroadcastForwards, totals.BroadcastForwards, " a member");
        AtMost("meanHops", asked.MeanHops, totals.MeanHops, "");
        AtMost("p99Hops", asked.P99Hops, totals.P99Hops, "");
        AtMost("meanLatency", asked.MeanLatency?.TotalMilliseconds, totals.MeanLatencyMs, " ms");
        AtMost("p99Latency", asked.P99Latency?.TotalMilliseconds, totals.P99LatencyMs, " ms");
        AtMost("upkeepBytes", asked.UpkeepBytes, totals.UpkeepBytesPerNodeSecond, " B/s");
        AtMost("medianDetection", asked.MedianDetection?.TotalMilliseconds, totals.MedianDetectionMs, " ms");
        AtMost("p99Detection", asked.P99Detection?.TotalMilliseconds, totals.P99DetectionMs, " ms");
        AtMost("p99NeighbourDetection", asked.P99NeighbourDetection?.TotalMilliseconds, totals.P99NeighbourDetectionMs, " ms");
        AtMost("falseEvictionsPerHour", asked.FalseEvictionsPerHour, totals.FalseEvictionsPerHour, " a node");
        AtMost("medianJoin", asked.MedianJoin?.TotalMilliseconds, totals.MedianJoinMs, " ms");
        AtMost("medianFirstMessage", asked.MedianFirstMessage?.TotalMilliseconds, totals.MedianFirstMessageMs, " ms");
        AtMost("medianAllFingers", asked.MedianAllFingers?.TotalMilliseconds, totals.MedianAllFingersMs, " ms");
        AtMost("treeBrokenFor", asked.TreeBrokenFor?.TotalSeconds, totals.Tree?.BrokenFor.TotalSeconds, " s");
        if (asked.OrphansAtOnce is { } orphans)
        {
            results.Add(new("orphansAtOnce", "≥ " + Number(orphans), totals.Tree is { } tree ? Number(tree.MostOrphans) : null, totals.Tree?.MostOrphans >= orphans));
        }

        AtLeast("atOptimalDepth", asked.AtOptimalDepth, totals.Tree?.AtOptimalDepth);
        AtLeast("withinOneOfOptimal", asked.WithinOneOfOptimal, totals.Tree?.WithinOneOfOptimal);
        AtMost("longestPath", asked.LongestPath, totals.Tree?.LongestPath, " × the best");
        if (asked.CorrectRing)
        {
            results.Add(new("ring", "correct", totals.RingCorrectAtEnd ? "correct" : "not correct", totals.RingCorrectAtEnd));
        }

        return results;

        void AtLeast(string name, double? limit, double? actual)
        {
            if (limit is { } least)
            {
                results.Add(new(name, "≥ " + Percent(least), actual is { } share ? Percent(share) : null, actual >= least));
            }
        }

        void AtMost(string name, double? limit, double? actual, string unit)
        {
            if (limit is { } most)
            {
                results.Add(new(name, "≤ " + Number(most) + unit, actual is { } value ? Number(value) + unit : null, actual <= most));
            }
        }
    }

    private static string Percent(double share) => (100 * share).ToString("0.####", CultureInfo.InvariantCulture) + " %";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
