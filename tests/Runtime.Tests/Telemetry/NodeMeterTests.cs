using System.Diagnostics.Metrics;
using Overlay.Runtime.Telemetry;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Runtime.Tests.Telemetry;

public sealed class NodeMeterTests
{
    [Fact]
    public async Task A_node_counts_what_it_sends_and_gets_its_links_and_what_they_took()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);
        using var instruments = new Instruments(nodes[0].Id);
        using var others = new Instruments(nodes[1].Id);
        var third = await network.StartAsync();
        await network.UntilFullMeshAsync(nodes[0], nodes[1], third);

        await nodes[0].SendAsync(nodes[1].Id, "counted"u8.ToArray(), cancellationToken: Cancelled);
        await Assert.ThrowsAsync<OverlayException>(() => nodes[0].SendAsync(Ring.RingId.From(1), "to nobody"u8.ToArray(), cancellationToken: Cancelled));

        const string sending = "messaging.system=overlay messaging.operation.name=send";
        Assert.Equal(1, instruments.Last("messaging.client.sent.messages", sending));
        Assert.Equal(1, instruments.Last("messaging.client.sent.messages", sending + " error.type=unreachable"));
        Assert.InRange(instruments.Last("messaging.client.operation.duration", sending), 0, 60);
        Assert.InRange(instruments.Last("overlay.route.duration", "outcome=done"), 0, 60);
        Assert.Equal(1, others.Last("messaging.client.consumed.messages", "messaging.system=overlay messaging.operation.name=process"));
        Assert.Equal(1, others.Last("overlay.route.hops", "outcome=done"));
        Assert.Equal(2, instruments.Last("overlay.links", "kind=direct state=open"));
        Assert.InRange(instruments.Last("overlay.link.setup.duration", "outcome=open phase=open kind=direct"), 0, 60);
        Assert.True(instruments.Last("overlay.upkeep.io", "purpose=ring") > 0);
        Assert.True(instruments.Last("overlay.signal.messages", "carrier=overlay") + instruments.Last("overlay.signal.messages", "carrier=hub") > 0);
        foreach (var phase in (string[])["gather", "signal", "check", "proof"])
        {
            Assert.Contains(instruments.Collect(), one => one.Name == "overlay.link.phase.duration" && one.Tags == $"phase={phase}");
        }
    }

    [Fact]
    public async Task A_link_that_ended_has_its_reason()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);
        using var instruments = new Instruments(nodes[0].Id);

        await nodes[1].LeaveAsync(Cancelled);
        await network.Changed.UntilAsync(() => instruments.Collect().Any(one => one.Name == "overlay.link.ends"));

        var ended = instruments.Collect().Last(one => one.Name == "overlay.link.ends");
        Assert.Contains(ended.Tags, (string[])["phase=open error.type=leaving", "phase=open error.type=closed_by_peer", "phase=open error.type=unneeded"]);
        Assert.Equal(1, instruments.Last("overlay.links", "kind=direct state=open"));
        Assert.Equal(0, instruments.Last("overlay.links", "state=setup"));
    }

    [Fact]
    public async Task No_attribute_of_a_metric_is_an_id()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);
        using var instruments = new Instruments(nodes[0].Id);

        await nodes[0].SendAsync(nodes[1].Id, "counted"u8.ToArray(), cancellationToken: Cancelled);

        Assert.DoesNotContain(instruments.Collect(), one => nodes.Any(node => one.Tags.Contains(node.Id.ToString(), StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task The_documentation_has_every_instrument_with_its_unit_and_its_type()
    {
        await using var network = new TestNetwork();
        var node = await network.StartAsync();
        using var instruments = new Instruments(node.Id);

        Assert.Equal(instruments.Rows(), Documentation.RowsOf("telemetry.md", "Instrument").Select(Instruments.BeginningOf).Order(StringComparer.Ordinal));
    }
}
