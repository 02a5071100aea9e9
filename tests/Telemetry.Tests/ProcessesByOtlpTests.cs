using System.Text.Json;

namespace Overlay.Exporting.Tests;

/// <summary>Nodes in processes of their own, exporting as the standard variables say.</summary>
public sealed class ProcessesByOtlpTests : CommandTest
{
    private const int Nodes = 15; // With two children each, six links between two leaves.

    [SlowFact]
    public async Task A_message_between_processes_is_one_trace_with_a_service_instance_for_every_hop()
    {
        await using var collector = await Collector.StartAsync();
        string[] place = ["/usr/bin/env", $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "OTEL_BSP_SCHEDULE_DELAY=300", "OTEL_METRIC_EXPORT_INTERVAL=1000", "OTEL_SERVICE_NAME=separate"];
        var (_, hub) = await StartHubAsync();
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < Nodes; i++)
        {
            var node = StartIn(place, "node", "--json", "--hub", hub, "--listen", "127.0.0.1", "--topology", "tree", "--degree", "2");
            nodes.Add((node, (await node.NextAsync("joined")).GetProperty("id").GetString()!));
        }

        string from;
        string[] route;
        do
        {
            (from, var to) = await FarthestAsync(nodes);
            await UntilAnotherExportAsync(collector); // So the budgets for others' spans fill up again.
            route = await RouteAsync(nodes.Single(node => node.Id == from), to);
            await UntilAnotherExportAsync(collector);
        }
        while (route.Length < 5 || !IsWhole(collector, from, route)); // A young tree may still move.

        Trail.Check(collector, from, route, route[..^1]);
        Assert.All(collector.Spans, seen => Assert.Equal("separate", seen.Service));
    }

    private static bool IsWhole(Collector collector, string from, string[] route)
    {
        var sent = collector.Spans.LastOrDefault(seen => seen.Name == "send data" && seen.Instance == from && seen.Text("overlay.target.id") == route[^1]);
        var trace = sent is null ? [] : collector.Spans.Where(seen => seen.Trace == sent.Trace).ToArray();
        return trace.Count(seen => seen.Name == "forward data") == route.Length - 1 && trace.Any(seen => seen.Name == "process data");
    }

    /// <summary>Every node exports its metrics once a second: after two of each, its spans have been sent, too.</summary>
    private static Task UntilAnotherExportAsync(Collector collector)
    {
        var wanted = collector.Metrics.Count(one => one.Metric.Name == "overlay.links") + (2 * Nodes);
        return collector.Changed.UntilAsync(() => collector.Metrics.Count(one => one.Metric.Name == "overlay.links") >= wanted);
    }

    private static async Task<(string From, string To)> FarthestAsync(List<(OverlayProcess Process, string Id)> nodes)
    {
        var one = await FarthestFromAsync(nodes[^1], nodes);
        var other = await FarthestFromAsync(nodes.Single(node => node.Id == one[^1]), nodes);
        return (one[^1], other[^1]);
    }

    private static async Task<string[]> FarthestFromAsync((OverlayProcess Process, string Id) from, List<(OverlayProcess Process, string Id)> nodes)
    {
        string[] longest = [];
        foreach (var (_, to) in nodes.Where(node => node.Id != from.Id))
        {
            var route = await RouteAsync(from, to);
            longest = route.Length > longest.Length ? route : longest;
        }

        return longest;
    }

    private static async Task<string[]> RouteAsync((OverlayProcess Process, string Id) from, string to)
    {
        JsonElement sent;
        do
        {
            await from.Process.WriteAsync($"{to} how far?");
            sent = await from.Process.NextAsync("sent");
        }
        while (!sent.GetProperty("delivered").GetBoolean());
        return [.. sent.GetProperty("route").EnumerateArray().Select(id => id.GetString()!)];
    }
}
