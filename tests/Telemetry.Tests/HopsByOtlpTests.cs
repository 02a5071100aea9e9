using Overlay.Runtime;
using Overlay.Runtime.Telemetry;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Exporting.Tests;

/// <summary>A message over several hops, as a collector sees it.</summary>
[Collection("live nodes")]
public sealed class HopsByOtlpTests
{
    /// <summary>Every message on the way to the right one is traced, too.</summary>
    private static readonly TelemetryOptions Generous = new() { RemoteSpansPerSecond = 100_000, RemoteSpansPerNeighbour = 100_000 };

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_message_over_five_links_or_more_arrives_as_one_trace_of_as_many_service_instances(string protocol)
    {
        await using var collector = await Collector.StartAsync(isGrpc: protocol == "grpc");
        string[] route;
        string from;
        await using (var network = new TestNetwork())
        {
            var export = OtlpExport.Create(new OtlpOptions { Endpoint = collector.Address, Protocol = protocol, ServiceName = "hops" });
            var nodes = await TreeOfNodes.StartAsync(network, (_, options) => options with { Export = export, Telemetry = Generous });
            do
            {
                var (one, other) = await TreeOfNodes.FarApartAsync(nodes);
                var report = await one.SendAsync(other.Id, "the traced one"u8.ToArray(), new() { RecordRoute = true }, Cancelled);
                (from, route) = (one.Id.ToString(), [.. report.Route.Select(id => id.ToString())]);
            }
            while (route.Length < TreeOfNodes.LongWay); // A young tree may still move.
        } // Nodes that stop send what is left.

        Trail.Check(collector, from, route, route[..^1]);
        Assert.All(collector.Spans, seen => Assert.Equal(("hops", "Overlay"), (seen.Service, seen.Scope)));
        Assert.Contains(collector.Spans, seen => seen.Name == "overlay join");
        Assert.Contains(collector.Spans, seen => seen.Name == "link accept");
        Assert.Equal(TreeOfNodes.Count, collector.Metrics.Where(one => one.Metric.Name == "overlay.links").Select(one => one.Instance).Distinct().Count());
        var hops = collector.Metrics.First(one => one.Instance == route[^1] && one.Metric.Name == "overlay.route.hops").Metric;
        Assert.Equal(("{hop}", 18), (hops.Unit, hops.Histogram.DataPoints[0].ExplicitBounds.Count));
    }

    [Fact]
    public async Task Sender_and_receiver_are_joined_where_half_of_the_hops_export_nothing()
    {
        await using var collector = await Collector.StartAsync();
        string[] route;
        string[] silent;
        string from;
        await using (var network = new TestNetwork())
        {
            var export = OtlpExport.Create(new OtlpOptions { Endpoint = collector.Address });
            var exporting = new HashSet<int>();
            var nodes = await TreeOfNodes.StartAsync(network, (i, options) => options with
            {
                Export = i % 2 == 0 && exporting.Add(i) ? export : null,
                Telemetry = Generous with { Spans = i % 2 == 0 }, // The others' listeners hear it, too.
            });
            var (one, other, way) = await WayAsync(nodes, exporting);
            (from, route) = (one.Id.ToString(), way);
            silent = [.. nodes.Where((_, i) => !exporting.Contains(i)).Select(node => node.Id.ToString())];
        }

        Trail.Check(collector, from, route, [.. route[..^1].Except(silent)]);
        Assert.NotEmpty(route[..^1].Intersect(silent));
    }

    /// <summary>A message between two that export, with somebody between them who does not.</summary>
    private static async Task<(OverlayHost From, OverlayHost To, string[] Route)> WayAsync(OverlayHost[] nodes, HashSet<int> exporting)
    {
        var speaking = nodes.Where((_, i) => exporting.Contains(i)).ToArray();
        var begun = TimeProvider.System.GetTimestamp();
        while (true) // A young tree may still move.
        {
            foreach (var from in speaking)
            {
                foreach (var to in speaking.Where(to => to != from))
                {
                    var report = await from.SendAsync(to.Id, "the traced one"u8.ToArray(), new() { RecordRoute = true }, Cancelled);
                    var hops = report.Route.SkipLast(1).ToArray();
                    if (hops.Length >= 3 && hops.Any(id => speaking.Any(node => node.Id == id)) && hops.Any(id => speaking.All(node => node.Id != id)))
                    {
                        return (from, to, [.. report.Route.Select(id => id.ToString())]);
                    }
                }
            }

            Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.Zero, Patience.Long);
        }
    }
}
