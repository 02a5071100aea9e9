using Overlay.Effects;
using Overlay.Identity;

namespace Overlay.Tests.Node;

public sealed class FormingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_first_node_founds_a_network_and_holds_every_gateway_slot()
    {
        var network = new TestNetwork();

        var first = network.Add();
        network.RunUntil(() => network.Hub!.Statistics.Gateways == 1, Limit);

        Assert.Equal(NodePhase.Founding, first.Node.Phase);
        Assert.Equal(new Ending(Outcome.Done, first.Node.Self), first.Endings[new RequestId(1)]);
    }

    [Fact]
    public void Two_nodes_find_each_other_and_link()
    {
        var network = new TestNetwork();

        network.AddMembers(2);
        network.RunUntil(network.IsIdealRing, Limit);

        Assert.Equal([network.Nodes[1].Id], network.Nodes[0].LinkedTo);
        Assert.Equal([network.Nodes[0].Id], network.Nodes[1].LinkedTo);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(16)]
    public void Nodes_that_join_one_after_the_other_form_an_ideal_ring(int count)
    {
        var network = new TestNetwork();

        network.AddMembers(count);
        network.RunUntil(network.IsIdealRing, Limit);

        Assert.All(network.Nodes, node => Assert.InRange(node.LinkedTo.Count(), Math.Min(4, count - 1), network.Options.MaxLinks));
    }
}
