using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;

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

    [Fact]
    public void A_newcomer_whose_network_dies_before_it_is_in_founds_it_again()
    {
        var cuts = true;
        var network = new TestNetwork { Swallows = (_, _) => cuts };
        var first = network.Add();
        network.RunUntil(() => network.Hub!.Statistics.Gateways == 1, Limit);
        var newcomer = network.Add();
        network.RunUntil(() => newcomer.Node.Phase == NodePhase.Joining, Limit);

        network.Kill(first);
        cuts = false;
        network.RunUntil(() => newcomer.Node.Phase == NodePhase.Founding, Limit); // The hub takes its time before it believes that a network is gone.

        Assert.Equal(RingArc.Between(newcomer.Id, newcomer.Id), newcomer.Node.OwnedArc);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Newcomers_of_the_same_moment_stay_one_network_when_the_only_one_that_knew_both_dies(ulong seed)
    {
        var network = new TestNetwork { Seed = seed, Jitter = TimeSpan.FromMilliseconds(100) };
        var first = network.Add();
        network.RunUntil(() => network.Hub!.Statistics.Gateways == 1, Limit);
        var (one, other) = (network.Add(), network.Add());
        network.RunUntil(() => one.Node.Phase == NodePhase.Founding && other.Node.Phase == NodePhase.Founding, Limit);

        var wereLinked = one.Node.IsLinked(other.Id);
        network.Kill(first);
        network.RunUntil(network.IsIdealRing, Limit);

        Assert.True(wereLinked);
        Assert.True(one.Node.IsLinked(other.Id));
    }
}
