using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Node;

public sealed class RepairTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void Without_the_hub_new_links_are_signalled_through_the_overlay_alone()
    {
        var network = Ring(16);
        network.StopHub();
        network.Run(TimeSpan.FromSeconds(1));
        var pairs = Unlinked(network).Take(4).ToArray();
        foreach (var node in network.Nodes)
        {
            node.Observed.Clear();
        }

        var requests = pairs.Select(pair => (pair.From, Request: pair.From.Connect(pair.To.Id))).ToArray();
        network.RunUntil(() => requests.All(one => one.From.Endings.ContainsKey(one.Request)), Limit);

        Assert.Equal(4, pairs.Length);
        Assert.All(requests, one => Assert.Equal(Outcome.Done, one.From.Endings[one.Request].Outcome));
        Assert.All(pairs, pair => Assert.Contains(pair.To.Id, pair.From.LinkedTo));
        var signals = network.Nodes.SelectMany(node => node.Observed).Where(effect => effect.Observation == Observation.Signalled).ToArray();
        Assert.True(signals.Length >= 8, "an offer and an answer each");
        Assert.All(signals, signal => Assert.Equal(0, signal.Number));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(6)]
    public void Two_killed_nodes_are_noticed_and_the_ring_closes_without_a_hub(int count)
    {
        var network = Ring(count);
        network.StopHub();

        network.Kill(network.Nodes[2]);
        network.Kill(network.Nodes[4]);
        var began = network.Now;
        network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(count > 9 ? 15 : 40));

        AllPairsTalk(network);
        Assert.DoesNotContain(network.Living.SelectMany(node => node.LinkedTo), id => !network.Living.Any(node => node.Id == id) && network.Now - began > TimeSpan.FromSeconds(25));
    }

    [Fact]
    public void A_node_that_leaves_tells_its_neighbours_and_nothing_is_lost()
    {
        var network = Ring(12);
        var leaver = network.Nodes[5];
        var neighbours = leaver.Node.Successors.ToArray().Append(leaver.Node.Predecessor!.Value).Select(contact => contact.Id).ToHashSet();

        var request = leaver.Leave();
        network.RunUntil(() => leaver.Endings.ContainsKey(request), TimeSpan.FromSeconds(3));
        leaver.IsAlive = false;
        network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(5));
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(Outcome.Done, leaver.Endings[request].Outcome);
        Assert.Equal(NodePhase.Left, leaver.Node.Phase);
        Assert.Empty(leaver.LinkedTo);
        Assert.All(network.Living.Where(node => neighbours.Contains(node.Id)), node => Assert.Equal(1, node.Count(Observation.PeerLeft)));
        Assert.DoesNotContain(network.Living, node => node.Observed.Any(effect => effect.Observation == Observation.Evicted));
        Assert.DoesNotContain(network.Living.SelectMany(node => node.LinkedTo), id => id == leaver.Id);
        AllPairsTalk(network);
    }

    [Fact]
    public void A_broken_connection_is_set_up_again()
    {
        var network = Ring(12);
        var node = network.Nodes.OrderBy(one => one.Id.Value).First();
        var next = network.Nodes.Single(one => one.Id == node.Node.Successors[0].Id);

        network.Break(node, next);
        var wasBroken = !node.Node.IsLinked(next.Id);
        network.RunUntil(() => node.Node.IsLinked(next.Id) && next.Node.IsLinked(node.Id), TimeSpan.FromSeconds(5));

        Assert.True(wasBroken);
        Assert.True(network.IsIdealRing());
    }

    [Fact]
    public void What_a_dead_neighbour_did_not_acknowledge_goes_another_way()
    {
        var network = Ring(16);
        var (from, to, hop) = ByOneHop(network);

        network.Kill(hop);
        var request = from.Send(to.Id, "around");
        network.RunUntil(() => to.Delivered.Count == 1, OverlayOptions.Default.ProbePeriod * 3 / 4); // Half of it is patience.

        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);
        Assert.Equal(Outcome.Done, from.Endings[request].Outcome);
        Assert.Single(to.Delivered);
    }

    [Fact]
    public void A_killed_node_that_comes_back_joins_the_same_ring()
    {
        var network = Ring(9);
        var id = network.Nodes[3].Id;
        network.Kill(network.Nodes[3]);

        var again = network.Add(index: 3);
        network.RunUntil(() => again.IsMember && network.IsIdealRing(), Limit);

        Assert.Equal(id, again.Id);
    }

    [Fact]
    public void Nodes_that_start_all_at_once_form_one_ring()
    {
        var network = new TestNetwork();

        for (var i = 0; i < 12; i++)
        {
            network.Add();
        }

        network.RunUntil(() => network.Nodes.All(node => node.IsMember) && network.IsIdealRing(), Limit);
        AllPairsTalk(network);
    }

    internal static TestNetwork Ring(int count, ulong seed = 1)
    {
        var network = new TestNetwork { Seed = seed };
        network.AddMembers(count);
        network.RunUntil(network.IsIdealRing, Limit);
        network.Run(TimeSpan.FromSeconds(5));
        return network;
    }

    internal static IEnumerable<(TestNode From, TestNode To)> Unlinked(TestNetwork network) =>
        from a in network.Living from b in network.Living where a.Id.Value < b.Id.Value && !a.Node.IsLinked(b.Id) select (a, b);

    internal static void AllPairsTalk(TestNetwork network)
    {
        var sent = (from a in network.Living from b in network.Living select (From: a, Request: a.Send(b.Id, "hello"))).ToArray();
        network.RunUntil(() => sent.All(one => one.From.Endings.ContainsKey(one.Request)), Limit);
        Assert.All(sent, one => Assert.Equal(Outcome.Done, one.From.Endings[one.Request].Outcome));
    }

    private static (TestNode From, TestNode To, TestNode Hop) ByOneHop(TestNetwork network)
    {
        foreach (var (from, to) in Unlinked(network))
        {
            var request = from.Send(to.Id, "probe", new SendOptions { RecordRoute = true });
            network.RunUntil(() => from.Endings.ContainsKey(request), Limit);
            if (from.Endings[request].Result is DeliveryReport { Hops: 2 } report)
            {
                to.Delivered.Clear();
                return (from, to, network.Nodes.Single(node => node.Id == report.Route[0]));
            }
        }

        throw new InvalidOperationException("There is always a pair two hops apart.");
    }
}
