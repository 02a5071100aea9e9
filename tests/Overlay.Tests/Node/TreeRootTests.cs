using Overlay.Admission;
using Overlay.Checks;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Tests.Node;

/// <summary>Whole nodes on a tree: who is root by whose word, what becomes of two roots, and of one that stood still.</summary>
public sealed class TreeRootTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly OverlayOptions Tree = OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 3 };

    [Fact]
    public void Everybody_is_shown_that_the_hub_appointed_the_root()
    {
        var network = Whole(12);

        Assert.All(network.Nodes, node => Assert.Equal((network.Nodes[0].Id, 0), (WarrantOf(node)?.Root, WarrantOf(node)?.Successions.Count)));
    }

    [Fact]
    public void A_root_without_the_hub_is_shown_to_be_rightful_by_the_dead_root_and_its_children()
    {
        var network = Whole(12);
        network.Run(TimeSpan.FromSeconds(40));
        network.StopHub();
        for (var death = 1; death <= 3; death++)
        {
            network.Kill(RootOf(network));
            network.RunUntil(() => IsWhole(network), Limit);
            network.Run(TimeSpan.FromSeconds(40));

            var root = RootOf(network);
            Assert.All(network.Living, node => Assert.Equal((root.Id, death), (WarrantOf(node)?.Root, WarrantOf(node)?.Successions.Count)));
        }
    }

    [Fact]
    public void Who_knows_the_secret_becomes_root_and_the_network_goes_over_to_it()
    {
        var network = new TestNetwork { Options = Tree, HubOptions = HubAdmissionOptions.Loopback with { RootSecret = "open sesame" } };
        var early = network.Add();
        network.Run(TimeSpan.FromSeconds(20));
        Assert.False(early.IsMember); // Nobody founds without it.
        var first = network.Add(rootSecret: "open sesame");
        network.RunUntil(() => IsWhole(network), Limit);
        network.AddMembers(9);
        network.RunUntil(() => IsWhole(network), Limit);
        Assert.Equal(first, RootOf(network));

        var second = network.Add(rootSecret: "open sesame");
        network.RunUntil(() => IsWhole(network), Limit);

        Assert.Equal(second, RootOf(network));
        Assert.Equal(1, first.Count(Observation.SteppedDown));
        Assert.All(network.Nodes, node => Assert.Equal(second.Id, WarrantOf(node)?.Root));
    }

    [Fact]
    public void A_wrong_secret_ends_the_start()
    {
        var network = new TestNetwork { Options = Tree, HubOptions = HubAdmissionOptions.Loopback with { RootSecret = "open sesame" } };
        var node = network.Add(rootSecret: "open simsim");

        network.Run(TimeSpan.FromSeconds(5));

        var ending = Assert.Single(node.Endings.Values);
        Assert.Equal((Outcome.AdmissionRefused, AdmitRefusal.RootSecretWrong), (ending.Outcome, ((AdmitRefused)ending.Result!).Reason));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Two_halves_of_a_tree_become_one_again_because_their_hub_sees_both(ulong seed)
    {
        var isCut = false;
        var network = new TestNetwork { Options = Tree, Seed = seed, Loses = (from, to, _) => isCut && to is not null && (from.Index % 2) != (to.Index % 2) };
        network.AddMembers(16);
        network.RunUntil(() => IsWhole(network), Limit);
        network.Run(TimeSpan.FromSeconds(40));

        isCut = true;
        network.Run(TimeSpan.FromSeconds(150));
        Assert.False(IsWhole(network));
        isCut = false;
        network.RunUntil(() => IsWhole(network), TimeSpan.FromSeconds(180));

        var from = network.Nodes[0];
        var requests = network.Nodes.Skip(1).Select(to => from.Send(to.Id, "again")).ToList();
        network.RunUntil(() => requests.TrueForAll(from.Endings.ContainsKey), Limit);
        Assert.All(requests, request => Assert.Equal(Outcome.Done, from.Endings[request].Outcome));
    }

    [Fact]
    public void A_root_that_stood_still_owns_nothing_until_it_joined_the_tree_of_its_stand_in()
    {
        var network = Whole(12);
        network.Run(TimeSpan.FromSeconds(40));
        var old = RootOf(network);

        network.Pause(old, TimeSpan.FromSeconds(40));
        var others = network.Nodes.Where(node => node != old).ToList();
        Assert.Single(others, node => node.Node.Tree!.IsRoot);
        Assert.True(old.Node.Tree!.IsRoot && old.Node.Tree.IsFenced);
        var random = new Prng(5);
        for (var i = 0; i < 100; i++)
        {
            Assert.False(old.Node.OwnsKey(Overlay.Ring.RingId.From(random.Next())));
        }

        network.RunUntil(() => IsWhole(network), Limit);
        Assert.False(old.Node.Tree.IsRoot || old.Node.Tree.IsFenced);
    }

    [Fact]
    public void A_node_that_stood_still_for_a_moment_is_counted_on_as_before()
    {
        var network = Whole(12);
        network.Run(TimeSpan.FromSeconds(40));
        var parent = network.Nodes[5].Node.Tree!.Parent;

        network.Pause(network.Nodes[5], TimeSpan.FromSeconds(1.5));
        network.Run(TimeSpan.FromSeconds(5));

        Assert.True(IsWhole(network));
        Assert.Equal(parent, network.Nodes[5].Node.Tree!.Parent);
        Assert.False(network.Nodes[5].Node.Tree!.IsFenced);
    }

    private static RootWarrant? WarrantOf(TestNode node) => node.Node.Tree?.Warrant;

    private static TestNode RootOf(TestNetwork network) => Assert.Single(network.Living, node => node.Node.Tree is { IsRoot: true });

    private static TestNetwork Whole(int count)
    {
        var network = new TestNetwork { Options = Tree };
        network.AddMembers(count);
        network.RunUntil(() => IsWhole(network), Limit);
        return network;
    }

    private static bool IsWhole(TestNetwork network) =>
        network.Living.All(node => node.IsMember)
        && TreeChecker.CheckIdeal(new(Tree.MaxDegree, [.. network.Living.Select(node => TreeNodeState.Of(node.Id, node.Node.Tree))])).IsClean;
}
