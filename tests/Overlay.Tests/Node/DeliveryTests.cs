using System.Text;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Node;

public sealed class DeliveryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_reach_every_node_from_every_node_and_are_receipted(bool isSealed)
    {
        var network = Ring(12, isSealed);

        var sent = new List<(TestNode From, TestNode To, RequestId Request)>();
        foreach (var from in network.Nodes)
        {
            foreach (var to in network.Nodes)
            {
                sent.Add((from, to, from.Send(to.Id, $"{from.Index} to {to.Index}", new SendOptions { RecordRoute = true })));
            }
        }

        network.RunUntil(() => sent.All(one => one.From.Endings.ContainsKey(one.Request)), Limit);

        foreach (var (from, to, request) in sent)
        {
            var ending = from.Endings[request];
            Assert.Equal(Outcome.Done, ending.Outcome);
            var report = Assert.IsType<DeliveryReport>(ending.Result);
            Assert.Equal(to.Id, report.Destination);
            Assert.Equal(from == to ? 0 : report.Route.Count, report.Hops);
            Assert.Equal(from == to ? default(RingId?) : to.Id, report.Route.Count > 0 ? report.Route[^1] : null);
            Assert.Single(to.Delivered, message => TextOf(message) == $"{from.Index} to {to.Index}");
        }
    }

    [Fact]
    public void Sealed_bytes_are_never_seen_on_their_way()
    {
        var network = Ring(12, isSealed: true);
        var seen = new List<Message>();
        network.Loses = (_, _, message) =>
        {
            seen.Add(message);
            return false;
        };

        var (from, to) = FarApart(network);
        var request = from.Send(to.Id, "a marker that nobody may see");
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(Outcome.Done, from.Endings[request].Outcome);
        Assert.Contains(seen, message => message.Kind == MessageKind.Data);
        Assert.DoesNotContain(seen, message => Encoding.UTF8.GetString(MessageCodec.Encode(message)).Contains("a marker", StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_to_nobody_is_unreachable()
    {
        var network = Ring(9);

        var request = network.Nodes[0].Send(RingId.From(12345), "hello");
        network.RunUntil(() => network.Nodes[0].Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.Unreachable, DropReason.NoRoute), network.Nodes[0].Endings[request]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_for_a_key_reaches_the_member_responsible_for_it(bool isSealed)
    {
        var network = Ring(12, isSealed);
        var key = network.Nodes[5].Id.Plus(RingId.RingSize - 1000);
        var owner = network.Nodes.MinBy(node => key.ClockwiseTo(node.Id))!;

        var request = network.Nodes[0].Step((node, now, outbox) => node.SendToResponsible(now, key, "hello"u8.ToArray(), default, outbox));
        network.RunUntil(() => network.Nodes[0].Endings.ContainsKey(request), Limit);

        Assert.Equal(owner.Id, Assert.IsType<DeliveryReport>(network.Nodes[0].Endings[request].Result).Destination);
        Assert.Single(owner.Delivered);
    }

    [Fact]
    public void A_message_that_is_too_large_is_refused_at_once()
    {
        var network = Ring(2);

        var request = network.Nodes[0].Step((node, now, outbox) =>
            node.Send(now, network.Nodes[1].Id, new byte[Deliveries.MaxDataBytes + 1], default, outbox));

        Assert.Equal(Outcome.TooLarge, network.Nodes[0].Endings[request].Outcome);
    }

    [Fact]
    public void The_largest_message_crosses_the_network()
    {
        var network = Ring(12, isSealed: true);
        var (from, to) = FarApart(network);

        var request = from.Step((node, now, outbox) =>
            node.Send(now, to.Id, new byte[Deliveries.MaxDataBytes], new SendOptions { RecordRoute = true }, outbox));
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(Outcome.Done, from.Endings[request].Outcome);
    }

    [Fact]
    public void A_message_that_everybody_swallows_times_out()
    {
        var network = Ring(9);
        network.Loses = (_, _, message) => message.Kind == MessageKind.Data;

        var request = network.Nodes[0].Send(network.Nodes[4].Id, "hello");
        network.Run(TimeSpan.FromSeconds(11));

        Assert.Equal(Outcome.TimedOut, network.Nodes[0].Endings[request].Outcome);
    }

    [Fact]
    public void A_lost_message_is_sent_again_and_delivered_once()
    {
        var network = Ring(9);
        var losses = 0;
        network.Loses = (_, _, message) => message.Kind == MessageKind.Receipt && losses++ == 0;

        var request = network.Nodes[0].Send(network.Nodes[4].Id, "hello");
        network.RunUntil(() => network.Nodes[0].Endings.ContainsKey(request), Limit);

        Assert.Equal(Outcome.Done, network.Nodes[0].Endings[request].Outcome);
        Assert.Single(network.Nodes[4].Delivered);
    }

    [Fact]
    public void A_message_whose_hops_are_used_up_is_dropped_and_its_sender_told()
    {
        var network = Ring(12);
        var (from, to) = FarApart(network);
        network.Alters = (_, _, message) => message.Kind == MessageKind.Data ? message with { HopsLeft = 0 } : message;

        var request = from.Send(to.Id, "hello");
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);

        Assert.Equal(new Ending(Outcome.Unreachable, DropReason.HopBudget), from.Endings[request]);
    }

    [Fact]
    public void A_node_that_is_not_in_the_network_sends_nothing()
    {
        var network = new TestNetwork();
        network.StopHub();
        var node = network.Add();

        var request = node.Send(RingId.From(1), "hello");

        Assert.Equal(Outcome.NotJoined, node.Endings[request].Outcome);
    }

    [Fact]
    public void A_guest_sends_and_receives_through_its_gateway()
    {
        var network = Ring(9, isSealed: true);
        var guest = network.Add(isGuest: true);
        network.RunUntil(() => guest.Node.Phase == NodePhase.Guest, Limit);

        var there = guest.Send(network.Nodes[4].Id, "from a guest");
        network.RunUntil(() => guest.Endings.ContainsKey(there), Limit);

        Assert.Equal(Outcome.Done, guest.Endings[there].Outcome);
        Assert.Equal("from a guest", TextOf(network.Nodes[4].Delivered[^1]));
        Assert.Empty(guest.LinkedTo);
    }

    [Fact]
    public void A_guest_that_spoke_can_be_answered()
    {
        var network = Ring(9, isSealed: true);
        var guest = network.Add(isGuest: true);
        network.RunUntil(() => guest.Node.Phase == NodePhase.Guest, Limit);
        guest.Send(network.Nodes[4].Id, "from a guest");
        network.RunUntil(() => network.Nodes[4].Delivered.Count == 1, Limit);

        var back = network.Nodes[4].Send(guest.Id, "to a guest");
        network.RunUntil(() => network.Nodes[4].Endings.ContainsKey(back), Limit);

        Assert.Equal(Outcome.Done, network.Nodes[4].Endings[back].Outcome);
        Assert.Equal("to a guest", TextOf(guest.Delivered[^1]));
    }

    [Fact]
    public void Only_its_anchor_delivers_to_a_guest()
    {
        var network = Ring(12);
        var (from, anchor) = (network.Nodes[3], network.Nodes.First(node => network.Nodes[3].Node.IsLinked(node.Id)));

        var gone = new Message { Kind = MessageKind.Ping, HopsLeft = 9, Source = from.Id, Destination = RingId.From(1), HasDestinationVia = true, DestinationVia = anchor.Id };
        network.Inject(from, gone, anchor);

        Assert.Contains(anchor.Observed, effect => effect.Drop == DropReason.GuestGone);
    }

    private static string TextOf(Message message) => Encoding.UTF8.GetString(((Data)((SignedBody)message.Body!).Payload).Bytes.Span);

    private static TestNetwork Ring(int count, bool isSealed = false) => new TestNetwork { IsSealed = isSealed }.Settle(count);

    private static (TestNode From, TestNode To) FarApart(TestNetwork network) =>
        (from a in network.Nodes from b in network.Nodes where a != b && !a.Node.IsLinked(b.Id) select (a, b)).First();
}
