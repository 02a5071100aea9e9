using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Messages;

namespace Overlay.Tests.Node;

/// <summary>Messages to all members of a tree: over all edges, and over those that come while it is repaired.</summary>
public sealed class TreeBroadcastTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public void A_broadcast_reaches_every_other_member_once_with_one_message_each(int count)
    {
        var network = TreeTests.Whole(count);
        network.StopHub();

        foreach (var origin in new[] { network.Nodes[0], network.Nodes[count / 2], network.Nodes[^1] }.Distinct())
        {
            var forwards = Count(network, MessageKind.Broadcast);
            var before = network.Nodes.ConvertAll(node => node.Broadcasts.Count);
            var ending = Send(network, origin);

            Assert.Equal((Outcome.Done, count - 1), (ending.Outcome, ((BroadcastReport)ending.Result!).Reached));
            Assert.Equal(count - 1, forwards());
            Assert.All(network.Nodes, (node, at) => Assert.Equal(before[at] + (node == origin ? 0 : 1), node.Broadcasts.Count));
        }
    }

    [Theory]
    [InlineData(0)] // The root,
    [InlineData(1)] // and those with children.
    [InlineData(2)]
    [InlineData(3)]
    public void Who_loses_its_parent_at_the_very_moment_gets_it_from_the_next_one(int victim)
    {
        var network = Settled(16);
        var children = network.Nodes.Where(node => node.Node.Tree!.Parent?.Id == network.Nodes[victim].Id).ToArray();
        var origin = network.Nodes.Last(node => node != network.Nodes[victim] && !children.Contains(node));
        network.Kill(network.Nodes[victim]); // The links still stand, for all that the others know.

        var request = origin.Step((node, now, outbox) => node.Broadcast(now, new byte[100], outbox));
        network.RunUntil(() => network.Living.All(node => node == origin || node.Broadcasts.Count == 1), Limit);
        network.RunUntil(() => origin.Endings.ContainsKey(request), Limit);

        Assert.NotEmpty(children);
        Assert.Equal(Outcome.Done, origin.Endings[request].Outcome);
        network.Run(TimeSpan.FromSeconds(30));
        Assert.All(network.Living.Where(node => node != origin), node => Assert.Single(node.Broadcasts));
    }

    [Fact]
    public void What_an_orphan_sends_comes_to_all_when_it_has_a_parent_again()
    {
        var network = Settled(16);
        var victim = network.Nodes[1];
        var orphan = network.Nodes.First(node => node.Node.Tree!.Parent?.Id == victim.Id);
        network.Kill(victim);
        network.RunUntil(() => orphan.Node.Tree!.IsOrphan, Limit);

        orphan.Step((node, now, outbox) => node.Broadcast(now, new byte[100], outbox));

        network.RunUntil(() => network.Living.All(node => node == orphan || node.Broadcasts.Count == 1), Limit);
    }

    [Fact]
    public void Who_was_cut_off_catches_up_with_more_than_the_quota_of_a_second()
    {
        var network = Settled(16);
        var victim = network.Nodes[1];
        var orphans = network.Nodes.Where(node => node.Node.Tree!.Parent?.Id == victim.Id).ToArray();
        network.Kill(victim);

        for (var i = 0; i < 40; i++)
        {
            network.Nodes[0].Step((node, now, outbox) => node.Broadcast(now, new byte[10], outbox));
            network.Run(TimeSpan.FromMilliseconds(50));
        }

        Assert.All(orphans, node => Assert.Empty(node.Broadcasts));
        network.RunUntil(() => network.Living.All(node => node == network.Nodes[0] || node.Broadcasts.Count == 40), Limit);
    }

    [Fact]
    public void A_message_that_was_lost_is_asked_for_and_sent_again()
    {
        var network = Settled(9);
        var left = 2;
        network.Loses = (_, _, message) => message.Kind == MessageKind.Broadcast && left-- > 0;

        var ending = Send(network, network.Nodes[0]);

        Assert.Equal((Outcome.Done, 8), (ending.Outcome, ((BroadcastReport)ending.Result!).Reached));
        Assert.All(network.Nodes.Skip(1), node => Assert.Single(node.Broadcasts));
    }

    [Fact]
    public void A_newcomer_gets_what_is_sent_from_now_on_and_nothing_older()
    {
        var network = TreeTests.Whole(9);
        Send(network, network.Nodes[0]);

        var newcomer = network.Add();
        network.RunUntil(() => newcomer.IsMember, Limit);
        Send(network, network.Nodes[0]);
        network.Run(TimeSpan.FromSeconds(5));

        Assert.Single(newcomer.Broadcasts);
    }

    [Fact]
    public void A_replay_is_neither_delivered_nor_passed_on()
    {
        var network = Settled(9);
        var captured = default(BroadcastData);
        network.Sending = (_, _, message) => captured ??= (message.Body as SignedBody)?.Payload as BroadcastData;
        Send(network, network.Nodes[0]);
        var forwards = Count(network, MessageKind.Broadcast);

        for (var round = 0; round < 80; round++)
        {
            foreach (var victim in network.Nodes.Skip(1))
            {
                var sender = network.Nodes.First(node => node != network.Nodes[0] && node != victim && victim.LinkedTo.Contains(node.Id));
                network.Inject(sender, Message(network, sender, victim, captured!), victim);
            }

            network.Run(TimeSpan.FromSeconds(1)); // Beyond the minute for which it is remembered.
        }

        Assert.Equal(0, forwards());
        Assert.All(network.Nodes.Skip(1), node => Assert.Single(node.Broadcasts));
    }

    [Fact]
    public void A_neighbour_that_always_says_it_has_nothing_is_sent_it_three_times()
    {
        var network = Settled(9);
        var (origin, liar) = (network.Nodes[0], network.Nodes.First(node => node.Node.Tree!.Parent?.Id == network.Nodes[0].Id));
        network.Loses = (from, to, message) => message.Kind == MessageKind.Broadcast && from == origin && to == liar;
        var toLiar = 0;
        network.Sending = (from, _, message) => toLiar += message.Kind == MessageKind.Broadcast && from == origin && message.Destination == liar.Id ? 1 : 0;

        var ending = Send(network, origin);

        Assert.Equal((Outcome.TimedOut, TreeBroadcasts.MaxSends), (ending.Outcome, toLiar));
    }

    private static TestNetwork Settled(int count)
    {
        var network = TreeTests.Whole(count);
        network.Run(TimeSpan.FromSeconds(40)); // With spare links, stand-ins and far links.
        network.StopHub();
        return network;
    }

    private static Ending Send(TestNetwork network, TestNode origin)
    {
        var request = origin.Step((node, now, outbox) => node.Broadcast(now, new byte[100], outbox));
        network.RunUntil(() => origin.Endings.ContainsKey(request), Limit);
        return origin.Endings[request];
    }

    private static Func<int> Count(TestNetwork network, MessageKind kind)
    {
        var count = 0;
        network.Sending = (_, _, message) => count += message.Kind == kind ? 1 : 0;
        return () => count;
    }

    private static Message Message(TestNetwork network, TestNode from, TestNode to, BroadcastData payload) => new()
    {
        Kind = MessageKind.Broadcast,
        HopsLeft = 1,
        Source = from.Id,
        Destination = to.Id,
        MessageId = 1_000_000,
        Body = new SignedBody { Instance = from.Node.Self.Instance, ExpiresAt = network.Now.UnixMilliseconds + 30_000, Payload = payload },
    };
}
