using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Node;

/// <summary>What a member does with messages that pass, come back, come twice, come too often, or are no messages at all.</summary>
public sealed class DoorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void An_own_message_handed_back_is_signed_and_goes_another_way_while_it_has_hops_left()
    {
        var network = RepairTests.Ring(12);
        var (node, peer) = Linked(network);
        var link = LinkTo(node, peer);
        var sent = Sent(network, node, () => node.Send(peer.Id, "hello")).Single(message => message.Kind == MessageKind.Data);

        var again = Sent(network, node, () => node.Step((n, now, outbox) => n.HandBack(now, link, Reread(sent), outbox)), link)
            .Where(message => message.Kind == MessageKind.Data).DistinctBy(message => message.MessageId); // The closed link gives its own copy back as well.
        var spent = again.Single() with { HopsLeft = (Message.HopBudget / 2) - 1 };
        var last = Sent(network, node, () => node.Step((n, now, outbox) => n.HandBack(now, link, Reread(spent), outbox)))
            .Where(message => message.Kind == MessageKind.Data);

        Assert.True(again.Single().Has(MessageFlags.Rerouted));
        Assert.Equal(sent.HopsLeft - 1, again.Single().HopsLeft);
        Assert.Equal(sent.MessageId, again.Single().MessageId);
        Assert.False(((SignedBody)again.Single().Body!).Signature.IsEmpty);
        Assert.Empty(last);
    }

    [Fact]
    public void A_passing_message_handed_back_goes_another_way_while_it_has_hops_left_and_then_its_sender_is_told()
    {
        var network = RepairTests.Ring(12);
        var (node, peer) = Linked(network);
        var source = network.Nodes.First(other => other != node && other != peer);
        var link = LinkTo(node, peer);
        var passing = new Message
        {
            Kind = MessageKind.Data,
            Flags = MessageFlags.WantReceipt,
            HopsLeft = Message.HopBudget / 2,
            Source = source.Id,
            Destination = peer.Id,
            MessageId = 9,
            Body = network.Body(new Data(new byte[3], default)),
        };

        var again = Sent(network, node, () => node.Step((n, now, outbox) => n.HandBack(now, link, passing, outbox)), link);
        var told = Sent(network, node, () => node.Step((n, now, outbox) => n.HandBack(now, link, again.Single(), outbox)));

        Assert.True(again.Single().Has(MessageFlags.Rerouted));
        Assert.Equal((MessageKind.Unreachable, source.Id), (told.Single().Kind, told.Single().Destination));
    }

    [Fact]
    public void A_neighbour_that_floods_is_held_to_its_quota()
    {
        var network = new TestNetwork { Options = OverlayOptions.Default with { MaxForwardsPerSecond = 50 } };
        network.AddMembers(12);
        network.RunUntil(network.IsIdealRing, Limit);
        var (node, flooder) = Linked(network);
        var far = network.Nodes.First(other => other != node && other != flooder && !node.Node.IsLinked(other.Id));

        for (var i = 0; i < 200; i++)
        {
            network.Inject(flooder, Flood(network, flooder, far, i), node);
        }

        var dropped = node.Observed.Count(effect => effect.Drop == DropReason.Quota);
        Assert.InRange(dropped, 150, 151);
        Assert.Equal(200 - dropped, node.Observed.Count(effect => effect.Observation == Observation.Forwarded && effect.Message.Source == flooder.Id && effect.Message.Kind == MessageKind.Data));
    }

    [Fact]
    public void Commands_beyond_the_limit_are_answered_busy()
    {
        var network = new TestNetwork { Options = OverlayOptions.Default with { MaxPendingCommands = 4 } };
        network.AddMembers(9);
        network.RunUntil(network.IsIdealRing, Limit);
        network.Loses = (_, _, message) => message.Kind == MessageKind.Data;

        var requests = Enumerable.Range(0, 6).Select(_ => network.Nodes[0].Send(network.Nodes[5].Id, "hello")).ToArray();

        Assert.Equal([Outcome.Busy, Outcome.Busy], requests.Where(network.Nodes[0].Endings.ContainsKey).Select(request => network.Nodes[0].Endings[request].Outcome));
    }

    [Fact]
    public void Passing_a_message_on_allocates_nothing()
    {
        var network = RepairTests.Ring(12);
        var (node, neighbour) = Linked(network);
        var far = network.Nodes.First(other => other != node && other != neighbour && !node.Node.IsLinked(other.Id));
        var link = LinkTo(node, neighbour);
        var message = Reread(Flood(network, neighbour, far, 1));
        var outbox = new Outbox();
        Pass(node, network, link, message, outbox, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(node, network, link, message, outbox, 1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Nothing_that_a_neighbour_sends_makes_a_node_throw()
    {
        var network = RepairTests.Ring(9);
        var (node, peer) = Linked(network);
        var prng = new Prng(5);
        var captured = new List<byte[]>();
        network.Loses = (_, to, message) =>
        {
            if (to == node)
            {
                captured.Add(MessageCodec.Encode(message));
            }

            return false;
        };
        node.Connect(network.Nodes.First(other => other != node).Id);
        network.Nodes[1].Send(node.Id, "hello");
        network.Run(TimeSpan.FromSeconds(20));

        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])captured[prng.Next(captured.Count)].Clone();
            for (var change = prng.Next(4); change >= 0; change--)
            {
                bytes[prng.Next(bytes.Length)] = (byte)prng.Next(256);
            }

            if (MessageCodec.TryRead(bytes, null, out var message))
            {
                read++;
                node.Step((n, now, outbox) => n.Receive(now, LinkTo(node, peer), message, outbox));
            }
        }

        Assert.True(read > 1_000);
        Assert.True(node.IsMember);
        Assert.InRange(node.Node.Snapshot().Links.Count, 1, 60);
    }

    [Fact]
    public void A_node_that_paused_owns_nothing_until_a_neighbour_answers()
    {
        var network = RepairTests.Ring(12);
        var node = network.Nodes[4];
        var asker = network.Nodes.First(other => other != node && other.Node.IsLinked(node.Id));
        var key = node.Id;

        network.Pause(node, TimeSpan.FromSeconds(2));
        var atOnce = node.Node.OwnsKey(key);
        network.Run(TimeSpan.FromSeconds(3));

        Assert.False(atOnce);
        Assert.True(node.Node.OwnsKey(key));
        Assert.NotNull(asker);
        Assert.True(network.IsIdealRing());
    }

    private static void Pass(TestNode node, TestNetwork network, LinkId link, Message message, Outbox outbox, int count)
    {
        for (var i = 0; i < count; i++)
        {
            node.Node.Receive(network.Now, link, message, outbox);
            outbox.Clear();
        }
    }

    private static Message Flood(TestNetwork network, TestNode from, TestNode to, int id) => new()
    {
        Kind = MessageKind.Data,
        HopsLeft = 20,
        Source = from.Id,
        Destination = to.Id,
        MessageId = (ulong)id + 1000,
        Body = network.Body(new Data(new byte[20], default)),
    };

    private static (TestNode Node, TestNode Peer) Linked(TestNetwork network) =>
        (from a in network.Nodes from b in network.Nodes where a != b && a.Node.IsLinked(b.Id) select (a, b)).First();

    private static LinkId LinkTo(TestNode node, TestNode peer) => node.Ends.Values.First(end => end.IsOpen && end.Peer == peer.Id).Link;

    private static Message Reread(Message message) => MessageCodec.TryRead(MessageCodec.Encode(message), null, out var read) ? read : default;

    /// <summary>The ordinary messages that leave the node in one step, and by other links than <paramref name="avoid"/>.</summary>
    private static List<Message> Sent(TestNetwork network, TestNode node, Action step, LinkId avoid = default)
    {
        var sent = new List<Message>();
        network.Sending = (from, link, message) =>
        {
            if (from == node && message.Kind is MessageKind.Data or MessageKind.Unreachable && link != avoid)
            {
                sent.Add(message);
            }
        };
        step();
        network.Sending = (_, _, _) => { };
        return sent;
    }
}
