using System.Text;
using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Node;

public sealed class BroadcastTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(30)]
    public void A_broadcast_reaches_every_other_member_once_with_one_message_each(int count)
    {
        var network = RepairTests.Ring(count);
        network.StopHub();
        var forwards = CountForwards(network);

        var ending = Broadcast(network, network.Nodes[count / 2], "all");

        Assert.Equal((Outcome.Done, count - 1), (ending.Outcome, ((BroadcastReport)ending.Result!).Reached));
        Assert.Equal(count - 1, forwards.Value);
        Assert.All(network.Nodes, node => Assert.Equal(node == network.Nodes[count / 2] ? 0 : 1, node.Broadcasts.Count));
        Assert.Equal("all", Encoding.UTF8.GetString(network.Nodes[0].Broadcasts[0].Bytes.Span));
        Assert.Equal(network.Nodes[count / 2].Id, network.Nodes[0].Broadcasts[0].Origin);
    }

    [Fact]
    public void A_thousand_broadcasts_of_twenty_nodes_are_nineteen_thousand_deliveries()
    {
        var network = RepairTests.Ring(20);

        for (var i = 0; i < 1000; i++)
        {
            network.Nodes[i % 20].Step((node, now, outbox) => node.Broadcast(now, BitConverter.GetBytes(i), outbox));
            network.Run(TimeSpan.FromMilliseconds(20));
        }

        network.Run(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 20; i++)
        {
            var numbers = network.Nodes[i].Broadcasts.Select(one => BitConverter.ToInt32(one.Bytes.Span)).Order().ToArray();
            Assert.Equal(Enumerable.Range(0, 1000).Where(number => number % 20 != i), numbers);
        }
    }

    [Fact]
    public void A_node_alone_has_broadcast_at_once()
    {
        var network = RepairTests.Ring(1);

        var ending = Broadcast(network, network.Nodes[0], "nobody");

        Assert.Equal((Outcome.Done, 0), (ending.Outcome, ((BroadcastReport)ending.Result!).Reached));
    }

    [Fact]
    public void Members_that_die_at_the_very_moment_leave_no_hole()
    {
        for (var seed = 1UL; seed <= 6; seed++)
        {
            var network = RepairTests.Ring(30, seed);
            var origin = network.Nodes[0];
            var request = origin.Step((node, now, outbox) => node.Broadcast(now, new byte[100], outbox));
            foreach (var index in new[] { 3, 11, 12, 25 })
            {
                network.Kill(network.Nodes[index]); // Their links still stand, for all that the others know.
            }

            network.RunUntil(() => origin.Endings.ContainsKey(request), Limit);

            Assert.Equal(Outcome.Done, origin.Endings[request].Outcome);
            Assert.All(network.Living.Where(node => node != origin), node => Assert.Single(node.Broadcasts));
        }
    }

    [Fact]
    public void Neighbours_that_die_in_the_middle_of_it_leave_no_hole()
    {
        for (var seed = 1UL; seed <= 6; seed++)
        {
            var network = RepairTests.Ring(30, seed);
            var origin = network.Nodes[0];
            var ring = network.Nodes.OrderBy(node => origin.Id.ClockwiseTo(node.Id)).ToArray();
            var request = origin.Step((node, now, outbox) => node.Broadcast(now, new byte[100], outbox));
            network.Run(TimeSpan.FromMilliseconds(15)); // The first have it, and their acknowledgements are on their way.
            network.Kill(ring[1]);
            network.Kill(ring[2]);
            network.Kill(ring[15]);

            network.RunUntil(() => origin.Endings.ContainsKey(request), Limit);

            Assert.All(network.Living.Where(node => node != origin), node => Assert.Single(node.Broadcasts));
        }
    }

    [Fact]
    public void A_neighbour_that_cannot_be_told_keeps_nobody_else_from_being_told()
    {
        var network = RepairTests.Ring(20);
        var origin = network.Nodes[0];
        var ring = network.Nodes.OrderBy(node => origin.Id.ClockwiseTo(node.Id)).ToArray();
        network.Loses = (from, to, message) => message.Kind == MessageKind.Broadcast && from == origin && to == ring[1];

        var ending = Broadcast(network, origin, "all");

        Assert.Equal(Outcome.TimedOut, ending.Outcome); // One member that lives has not reported.
        Assert.Empty(ring[1].Broadcasts);
        Assert.All(ring[2..], node => Assert.Single(node.Broadcasts));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_has_just_become_a_member_gets_it_even_if_the_only_one_before_it_that_knows_dies(bool predecessorDies)
    {
        for (var seed = 1UL; seed <= 8; seed++)
        {
            var network = RepairTests.Ring(24, seed);
            var newcomer = network.Add();
            network.RunUntil(() => newcomer.IsMember, Limit); // Not a message has left it since.
            var before = network.Nodes.Single(node => node.Id == newcomer.Node.Predecessor!.Value.Id);
            var origin = network.Nodes.First(node => node != newcomer && node != before && !newcomer.LinkedTo.Contains(node.Id));
            if (predecessorDies)
            {
                network.Kill(before);
            }

            Assert.Equal(Outcome.Done, Broadcast(network, origin, "new").Outcome);
            network.Run(TimeSpan.FromSeconds(10));

            Assert.All(network.Living.Where(node => node != origin), node => Assert.Single(node.Broadcasts));
        }
    }

    [Fact]
    public void A_replay_after_it_was_forgotten_is_old_by_its_number()
    {
        var network = RepairTests.Ring(12);
        var (origin, victim) = (network.Nodes[0], network.Nodes[5]);
        var sender = network.Nodes.First(node => node != origin && victim.LinkedTo.Contains(node.Id));
        Broadcast(network, origin, "once");

        network.Run(TimeSpan.FromSeconds(80)); // More than a minute; it looks good for five, by a clock that may be wrong.
        Inject(network, sender, victim, network.Captured! with { Limit = victim.Id });
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Single(victim.Broadcasts);
        Broadcast(network, origin, "twice");
        Assert.Equal(2, victim.Broadcasts.Count);
    }

    [Fact]
    public void What_is_forged_altered_or_too_old_is_neither_delivered_nor_passed_on_nor_remembered()
    {
        var network = RepairTests.Ring(12);
        var (origin, victim) = (network.Nodes[1], network.Nodes[2]);
        var sender = network.Nodes.First(node => victim.LinkedTo.Contains(node.Id));
        var good = Signed(network, origin, 1, [1, 2, 3]);
        var forwards = CountForwards(network);

        foreach (var bad in new[]
        {
            good with { Bytes = new byte[] { 1, 2, 4 } },
            good with { Number = 2 },
            good with { Origin = network.Nodes[3].Node.Self.Certificate },
            good with { ExpiresAt = good.ExpiresAt + 1 },
            good with { Depth = 0 },
            Signed(network, origin, 4, [1], network.Now.UnixMilliseconds - 600_000),
            Signed(network, origin, 5, [1], network.Now.UnixMilliseconds + 600_000),
            Signed(network, victim, 6, [1]),
        })
        {
            Inject(network, sender, victim, bad);
        }

        network.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(victim.Broadcasts);
        Assert.Equal(0, forwards.Value);
        Inject(network, sender, victim, good);
        network.Run(TimeSpan.FromSeconds(1));
        Assert.Single(victim.Broadcasts);
    }

    [Fact]
    public void A_replay_is_delivered_no_second_time_and_passed_on_a_bounded_number_of_times()
    {
        var network = RepairTests.Ring(20);
        var origin = network.Nodes[0];
        Broadcast(network, origin, "once");
        var forwards = CountForwards(network);
        var broadcast = network.Captured!;

        for (var round = 0; round < 50; round++)
        {
            foreach (var victim in network.Nodes.Skip(1))
            {
                var sender = network.Nodes.First(node => node != origin && victim.LinkedTo.Contains(node.Id));
                Inject(network, sender, victim, broadcast with { Limit = victim.Id });
            }

            network.Run(TimeSpan.FromMilliseconds(500));
        }

        Assert.All(network.Nodes.Skip(1), node => Assert.Single(node.Broadcasts));
        Assert.InRange(forwards.Value, 0, 20 * 20); // Each node once over what it had not covered, 950 replays notwithstanding.
    }

    [Fact]
    public void An_origin_has_a_quota_and_its_own_node_says_so()
    {
        var network = RepairTests.Ring(12);
        var origin = network.Nodes[0];
        var requests = Enumerable.Range(0, 25).Select(_ => origin.Step((node, now, outbox) => node.Broadcast(now, new byte[10], outbox))).ToArray();
        network.RunUntil(() => requests.All(origin.Endings.ContainsKey), Limit);

        Assert.Equal(20, requests.Count(request => origin.Endings[request].Outcome == Outcome.Done));
        Assert.Equal(5, requests.Count(request => origin.Endings[request].Outcome == Outcome.Busy));
        Assert.All(network.Nodes.Skip(1), node => Assert.Equal(20, node.Broadcasts.Count));
    }

    [Fact]
    public void What_is_too_large_is_not_sent()
    {
        var network = RepairTests.Ring(3);

        Assert.Equal(Outcome.TooLarge, Broadcast(network, network.Nodes[0], new string('x', BroadcastData.MaxDataBytes + 1)).Outcome);
        Assert.Equal(Outcome.Done, Broadcast(network, network.Nodes[0], new string('x', BroadcastData.MaxDataBytes)).Outcome);
        Assert.Equal(BroadcastData.MaxDataBytes, Assert.Single(network.Nodes[1].Broadcasts).Bytes.Length);
    }

    private static Box CountForwards(TestNetwork network)
    {
        var box = new Box();
        network.Sending = (_, _, message) => box.Value += message.Kind == MessageKind.Broadcast ? 1 : 0;
        return box;
    }

    private static Ending Broadcast(TestNetwork network, TestNode node, string text)
    {
        var before = network.Sending;
        network.Sending = (from, link, message) =>
        {
            before(from, link, message);
            network.Captured ??= (message.Body as SignedBody)?.Payload as BroadcastData;
        };
        var request = node.Step((n, now, outbox) => n.Broadcast(now, Encoding.UTF8.GetBytes(text), outbox));
        network.RunUntil(() => node.Endings.ContainsKey(request), Limit);
        return node.Endings[request];
    }

    private static BroadcastData Signed(TestNetwork network, TestNode origin, ulong number, byte[] bytes, long? expiresAt = null)
    {
        var self = origin.Node.Self;
        var signed = BroadcastSecurity.Sign(origin.Signing, self.Certificate, self.Instance, number, expiresAt ?? network.Now.UnixMilliseconds + 30_000, bytes);
        return signed with { Depth = 1 };
    }

    private static void Inject(TestNetwork network, TestNode from, TestNode to, BroadcastData payload) => network.Inject(from, new Message
    {
        Kind = MessageKind.Broadcast,
        HopsLeft = 1,
        Source = from.Id,
        Destination = to.Id,
        MessageId = 1_000_000,
        Body = new SignedBody { Instance = from.Node.Self.Instance, ExpiresAt = network.Now.UnixMilliseconds + 30_000, Payload = payload },
    }, to);

    private sealed class Box
    {
        public int Value { get; set; }
    }
}
