using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Node;

/// <summary>Names on a tree: at the end of the walk to their key, handed down and inherited as places are taken and given up. Nobody refreshes anything here.</summary>
public sealed class TreeNameTests
{
    private const int Names = 60;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly OverlayOptions Options = OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 3, NameRefreshPeriod = TimeSpan.FromHours(1) };

    [Fact]
    public void A_name_is_found_from_everywhere_has_one_owner_and_is_free_again_when_it_is_given_up()
    {
        var network = Settled(14);
        var (owner, other) = (network.Nodes[3], network.Nodes[9]);

        var registered = Ask(network, owner, (node, now, outbox) => node.Register(now, "alice", outbox));
        Assert.Equal((Outcome.Done, 1), (registered.Outcome, ((NameEntry)registered.Result!).Tenancy.Epoch));
        Assert.All(network.Nodes, asker => Assert.Equal(owner.Id, Holder(network, asker, "alice")));
        Assert.Equal(Outcome.NameTaken, Ask(network, other, (node, now, outbox) => node.Register(now, "alice", outbox)).Outcome);

        Assert.Equal(Outcome.Done, Ask(network, owner, (node, now, outbox) => node.Unregister(now, "alice", outbox)).Outcome);
        Assert.Null(Holder(network, other, "alice"));
        var taken = Ask(network, other, (node, now, outbox) => node.Register(now, "alice", outbox));
        Assert.Equal((Outcome.Done, 2), (taken.Outcome, ((NameEntry)taken.Result!).Tenancy.Epoch));
    }

    [Fact]
    public void A_name_lies_at_the_end_of_its_walk_and_at_the_parent_and_two_others()
    {
        var network = Settled(14);

        for (var i = 0; i < 20; i++)
        {
            var name = $"name{i}";
            Ask(network, network.Nodes[i % 14], (node, now, outbox) => node.Register(now, name, outbox));
            var keeper = Assert.Single(network.Nodes, node => node.Node.OwnsKey(NodeName.KeyOf(name)));
            var holders = network.Nodes.Where(node => node.Node.KeepsName(network.Now, NodeName.MarkOf(name))).ToArray();

            Assert.Contains(keeper, holders);
            Assert.InRange(holders.Length, 3, 4); // A child of the root that has none itself has two neighbours only.
            Assert.True(keeper.Node.Tree!.IsRoot || holders.Any(node => node.Id == keeper.Node.Tree.Parent!.Value.Id));
        }
    }

    [Fact]
    public void Who_takes_a_place_has_its_names_before_anybody_can_ask_for_them()
    {
        var network = Settled(5, withHub: true);
        Register(network);

        for (var i = 0; i < 12; i++)
        {
            var newcomer = network.Add();
            network.RunUntil(() => newcomer.IsMember && newcomer.Node.Tree!.HasPlace, Limit);
            foreach (var name in Enumerable.Range(0, Names).Select(one => $"name{one}").Where(one => newcomer.Node.OwnsKey(NodeName.KeyOf(one))))
            {
                Assert.NotNull(Holder(network, network.Nodes[1], name));
            }
        }

        Assert.Contains(network.Nodes.Skip(5), node => node.Node.RecordCount > 0);
        AssertAllAreFound(network);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_leaf_leaves_its_names_to_its_parent(bool isGraceful)
    {
        var network = Settled(14);
        Register(network);
        var leaf = network.Nodes.First(node => node.Node.Tree!.ChildCount == 0 && Enumerable.Range(0, Names).Any(one => node.Node.OwnsKey(NodeName.KeyOf($"name{one}")) && one % 14 != node.Index));

        if (isGraceful)
        {
            leaf.Step((node, now, outbox) => node.Leave(now, outbox));
            network.Run(TimeSpan.FromSeconds(2));
        }

        network.Kill(leaf);
        network.RunUntil(() => network.Living.All(node => !node.Node.Tree!.IsNeighbour(leaf.Id)), Limit);

        AssertAllAreFound(network, except: leaf);
    }

    [Theory]
    [InlineData(0)] // The root,
    [InlineData(1)] // and those with children.
    [InlineData(2)]
    [InlineData(3)]
    public void A_dead_inner_node_is_replaced_and_all_other_keepers_stay_what_they_are(int victim)
    {
        var network = Settled(30);
        Register(network);
        var dead = network.Nodes[victim];
        var keepers = Enumerable.Range(0, Names).ToDictionary(one => one, one => network.Nodes.Single(node => node.Node.OwnsKey(NodeName.KeyOf($"name{one}"))));

        network.Kill(dead);
        network.RunUntil(() => TreeTests.IsWhole(network), Limit);
        network.Run(TimeSpan.FromSeconds(25));

        AssertAllAreFound(network, except: dead);
        var moved = keepers.Count(one => one.Value != dead && !one.Value.Node.OwnsKey(NodeName.KeyOf($"name{one.Key}")));
        Assert.InRange(moved, 0, 6); // Those of the leaf that took the place; ids on the way do not count.
    }

    [Fact]
    public void Names_are_kept_while_a_third_of_the_nodes_is_replaced_one_after_the_other()
    {
        var network = Settled(30, withHub: true);
        Register(network);

        for (var i = 0; i < 10; i++)
        {
            network.Kill(network.Living.ElementAt((i * 7) % network.Living.Count()));
            network.Add();
            network.RunUntil(() => network.Living.All(node => node.IsMember) && TreeTests.IsWhole(network), Limit);
            network.Run(TimeSpan.FromSeconds(20));
        }

        var asker = network.Living.First();
        Assert.All(Enumerable.Range(0, Names), one => Assert.NotNull(Holder(network, asker, $"name{one}")));
    }

    [Fact]
    public void Who_watches_a_name_hears_when_it_is_given_up_and_taken()
    {
        var network = Settled(14);
        Ask(network, network.Nodes[3], (node, now, outbox) => node.Register(now, "alice", outbox));
        var watcher = network.Nodes[8];
        var watched = Ask(network, watcher, (node, now, outbox) => node.Watch(now, "alice", outbox));
        Assert.Equal(network.Nodes[3].Id, ((NameEntry)watched.Result!).Record.Owner.Id);

        Ask(network, network.Nodes[3], (node, now, outbox) => node.Unregister(now, "alice", outbox));
        network.RunUntil(() => watcher.Names.Count == 1, Limit);
        Ask(network, network.Nodes[5], (node, now, outbox) => node.Register(now, "alice", outbox));
        network.RunUntil(() => watcher.Names.Count == 2, Limit);

        Assert.Equal([null, network.Nodes[5].Id], watcher.Names.Select(one => one.Entry?.Record.Owner.Id));
    }

    private static TestNetwork Settled(int count, bool withHub = false)
    {
        var network = new TestNetwork { Options = Options };
        network.AddMembers(count);
        network.RunUntil(() => TreeTests.IsWhole(network), Limit);
        network.Run(TimeSpan.FromSeconds(40)); // With spare links and stand-ins.
        if (!withHub)
        {
            network.StopHub();
        }

        return network;
    }

    private static void Register(TestNetwork network)
    {
        for (var i = 0; i < Names; i++)
        {
            var name = $"name{i}";
            Assert.Equal(Outcome.Done, Ask(network, network.Nodes[i % network.Nodes.Count], (node, now, outbox) => node.Register(now, name, outbox)).Outcome);
        }
    }

    private static void AssertAllAreFound(TestNetwork network, TestNode? except = null)
    {
        var count = network.Nodes.Count;
        foreach (var one in Enumerable.Range(0, Names))
        {
            var holder = Holder(network, network.Living.ElementAt(one % network.Living.Count()), $"name{one}");
            if (except is null || network.Nodes.FindIndex(node => node == except) is var index && one % count != index)
            {
                Assert.NotNull(holder);
            }
        }
    }

    private static RingId? Holder(TestNetwork network, TestNode asker, string name) =>
        ((NameEntry?)Ask(network, asker, (node, now, outbox) => node.Resolve(now, name, outbox)).Result)?.Record.Owner.Id;

    private static Ending Ask(TestNetwork network, TestNode node, Func<OverlayNode, Instant, Outbox, RequestId> command)
    {
        var request = node.Step(command);
        network.RunUntil(() => node.Endings.ContainsKey(request), Limit);
        return node.Endings[request];
    }
}
