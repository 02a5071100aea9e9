using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;

namespace Overlay.Tests.Node;

public sealed class NameTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_name_is_registered_by_one_node_and_resolved_by_all_without_the_hub()
    {
        var network = RepairTests.Ring(12);
        network.StopHub();
        var owner = network.Nodes[3];

        var registered = Register(network, owner, "alice");
        var resolved = network.Nodes.Select(node => Resolve(network, node, "alice")).ToArray();

        Assert.Equal(Outcome.Done, registered.Outcome);
        Assert.All(resolved, ending => Assert.Equal(owner.Id, Assert.IsType<NameRecord>(ending.Result).Owner.Id));
        Assert.Equal(Outcome.NameUnknown, Resolve(network, network.Nodes[0], "bob").Outcome);
        Assert.Equal(Outcome.NameTaken, Register(network, network.Nodes[5], "alice").Outcome);
    }

    [Fact]
    public void A_name_survives_the_graceful_leave_of_its_keeper()
    {
        var network = RepairTests.Ring(12);
        var key = NodeName.KeyOf("alice");
        var keeper = network.Nodes.MinBy(node => key.ClockwiseTo(node.Id))!;
        var owner = network.Nodes.First(node => node != keeper);
        Register(network, owner, "alice");

        var leaving = keeper.Leave();
        network.RunUntil(() => keeper.Endings.ContainsKey(leaving), Limit);
        keeper.IsAlive = false;
        network.RunUntil(network.IsIdealRing, Limit);
        var asker = network.Living.First(node => node != owner);

        Assert.Equal(Outcome.Done, Resolve(network, asker, "alice").Outcome);
    }

    [Fact]
    public void A_name_comes_back_with_the_next_refresh_when_its_keeper_crashed()
    {
        var network = RepairTests.Ring(12);
        var key = NodeName.KeyOf("alice");
        var keeper = network.Nodes.MinBy(node => key.ClockwiseTo(node.Id))!;
        var owner = network.Nodes.First(node => node != keeper);
        Register(network, owner, "alice");

        network.Kill(keeper);
        network.Run(TimeSpan.FromSeconds(45));

        Assert.Equal(Outcome.Done, Resolve(network, network.Living.First(node => node != owner), "alice").Outcome);
    }

    private static Ending Register(TestNetwork network, TestNode node, string name) =>
        End(network, node, node.Step((n, now, outbox) => n.Register(now, name, outbox)));

    private static Ending Resolve(TestNetwork network, TestNode node, string name) =>
        End(network, node, node.Step((n, now, outbox) => n.Resolve(now, name, outbox)));

    private static Ending End(TestNetwork network, TestNode node, RequestId request)
    {
        network.RunUntil(() => node.Endings.ContainsKey(request), Limit);
        return node.Endings[request];
    }
}
