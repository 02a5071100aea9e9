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
        Assert.All(resolved, ending => Assert.Equal(owner.Id, Assert.IsType<NameEntry>(ending.Result).Record.Owner.Id));
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
    public void A_name_survives_the_crash_of_its_keeper_and_of_the_next_without_its_owner()
    {
        var network = RepairTests.Ring(14);
        network.StopHub();
        var key = NodeName.KeyOf("alice");
        var byDistance = network.Nodes.OrderBy(node => key.ClockwiseTo(node.Id)).ToArray();
        var owner = byDistance[9];
        Register(network, owner, "alice");
        Assert.All(byDistance[..4], node => Assert.Equal(1, node.Node.RecordCount));
        Assert.All(byDistance[4..], node => Assert.Equal(0, node.Node.RecordCount));

        network.Kill(owner); // Nobody refreshes it from here on: what is found was kept.
        network.Kill(byDistance[0]);
        network.RunUntil(() => byDistance[1].Node.OwnsKey(key), Limit);
        Assert.Equal(Outcome.Done, Resolve(network, byDistance[6], "alice").Outcome);
        network.Run(TimeSpan.FromSeconds(5));
        network.Kill(byDistance[1]);
        network.RunUntil(() => byDistance[2].Node.OwnsKey(key), Limit);

        Assert.Equal(Outcome.Done, Resolve(network, byDistance[6], "alice").Outcome);
    }

    [Fact]
    public void A_newcomer_that_becomes_the_keeper_gets_the_name_and_copies_that_are_not_needed_go()
    {
        var network = RepairTests.Ring(10);
        var owner = network.Nodes[3];
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(Outcome.Done, Register(network, owner, $"name{i}").Outcome);
        }

        network.AddMembers(8);
        network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(60));
        network.Run(TimeSpan.FromMinutes(3));

        Assert.Equal(40 * 4, network.Living.Sum(node => node.Node.RecordCount));
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(Outcome.Done, Resolve(network, network.Nodes[15], $"name{i}").Outcome));
    }

    [Fact]
    public void A_name_that_was_given_up_can_be_taken_by_another_whose_epoch_is_higher_and_watchers_are_told()
    {
        var network = RepairTests.Ring(12);
        var watcher = network.Nodes[7];
        Register(network, network.Nodes[3], "alice");
        var watch = End(network, watcher, watcher.Step((n, now, outbox) => n.Watch(now, "alice", outbox)));
        Assert.Equal(1, Assert.IsType<NameEntry>(watch.Result).Tenancy.Epoch);

        var given = network.Nodes[3];
        Assert.Equal(Outcome.Done, End(network, given, given.Step((n, now, outbox) => n.Unregister(now, "alice", outbox))).Outcome);
        network.Run(TimeSpan.FromSeconds(2));
        var taken = Register(network, network.Nodes[5], "alice");
        network.Run(TimeSpan.FromSeconds(3));

        Assert.Equal(2, Assert.IsType<NameEntry>(taken.Result).Tenancy.Epoch);
        Assert.Equal([null, network.Nodes[5].Id], watcher.Names.Select(change => change.Entry?.Record.Owner.Id));
    }

    [Fact]
    public void Members_without_names_send_and_keep_nothing_for_the_directory()
    {
        var network = RepairTests.Ring(12);
        var sent = 0;
        network.Sending = (_, _, message) => sent += message.Kind is >= MessageKind.PutRecord and <= MessageKind.NameChanged ? 1 : 0;

        network.Run(TimeSpan.FromMinutes(5));

        Assert.Equal(0, sent);
        Assert.All(network.Nodes, node => Assert.Equal(0, node.Node.RecordCount));
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
