using System.Text;
using Overlay.Admission;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Signalling;

namespace Overlay.Tests.Node;

/// <summary>Pages at hubs: signals from and to members, through gateways.</summary>
public sealed class GuestTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = SignalPost.Patience + TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    public void A_page_and_any_member_signal_each_other(int members)
    {
        var network = new TestNetwork().Settle(members);
        var page = network.AddPage();

        foreach (var member in network.Nodes)
        {
            page.Send(member.Id, """{"type":"offer"}""");
            network.RunUntil(() => member.Signals.Count > 0, Soon);
            var arrived = Assert.Single(member.Signals);
            var answer = Send(network, member, arrived.From, """{"type":"answer"}""");

            Assert.Equal((page.Id, true), (arrived.From, arrived.IsVouched));
            Assert.Equal("""{"type":"offer"}""", Encoding.UTF8.GetString(arrived.Json.Span));
            Assert.Equal(Outcome.Done, answer.Outcome);
            Assert.Equal((member.Id, """{"type":"answer"}"""), page.Inbox[^1]);
        }

        Assert.Equal(members, page.Inbox.Count);
        Assert.Equal(0, network.Hub!.Statistics.GuestDrops);
    }

    [Fact]
    public void A_tree_serves_its_pages_as_a_ring_does()
    {
        var network = new TestNetwork { Options = OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 3 } };
        for (var i = 0; i < 12; i++)
        {
            network.Add();
            network.Run(TimeSpan.FromSeconds(2));
        }

        network.RunUntil(() => network.Nodes.TrueForAll(node => node.IsMember), TimeSpan.FromSeconds(60));
        network.Run(TimeSpan.FromSeconds(15));
        var page = network.AddPage();

        foreach (var member in network.Nodes)
        {
            page.Send(member.Id, "1");
            network.RunUntil(() => member.Signals.Count > 0, Soon);

            Assert.Equal(Outcome.Done, Send(network, member, page.Id, "2").Outcome);
        }
    }

    [Fact]
    public void Members_signal_each_other_and_themselves()
    {
        var network = new TestNetwork().Settle(12);
        var (a, b) = (network.Nodes[0], network.Nodes[7]);

        Assert.Equal(Outcome.Done, Send(network, a, b.Id, "[1]").Outcome);
        Assert.Equal(Outcome.Done, Send(network, a, a.Id, "[2]").Outcome);

        Assert.False(Assert.Single(b.Signals).IsVouched);
        Assert.Equal(a.Id, Assert.Single(a.Signals).From);
    }

    [Fact]
    public void Pages_at_two_hubs_signal_each_other_through_two_gateways()
    {
        var network = new TestNetwork { HubCount = 2 }.Settle(20);
        var (alice, bob) = (network.AddPage(0), network.AddPage(1));

        alice.Send(bob.Id, "\"offer\"");
        network.RunUntil(() => bob.Inbox.Count > 0, Soon);
        bob.Send(bob.Inbox[0].From, "\"answer\"");
        network.RunUntil(() => alice.Inbox.Count > 0, Soon);

        Assert.Equal((alice.Id, "\"offer\""), Assert.Single(bob.Inbox));
        Assert.Equal((bob.Id, "\"answer\""), Assert.Single(alice.Inbox));
    }

    [Fact]
    public void A_member_without_a_place_on_the_ring_reaches_pages_too()
    {
        var network = new TestNetwork().Settle(10);
        var page = network.AddPage();
        var guest = network.Add(isGuest: true);
        network.RunUntil(() => guest.Node.Phase == NodePhase.Guest, Soon);

        Assert.Equal(Outcome.Done, Send(network, guest, page.Id, "1").Outcome);
        Assert.Equal(guest.Id, Assert.Single(page.Inbox).From);
    }

    [Fact]
    public void Who_signals_a_page_that_is_away_hears_so_from_its_hub()
    {
        var network = new TestNetwork().Settle(12);
        var (page, other) = (network.AddPage(), network.AddPage());
        page.Close();

        var gone = Send(network, network.Nodes[5], page.Id, "1");
        var there = Send(network, network.Nodes[5], other.Id, "1");

        Assert.Equal((Outcome.Unreachable, DropReason.GuestGone), (gone.Outcome, gone.Result));
        Assert.Equal(Outcome.Done, there.Outcome);
    }

    [Fact]
    public void A_gateway_that_says_a_page_is_gone_is_not_believed()
    {
        var network = new TestNetwork().Settle(12);
        var page = network.AddPage();
        var sender = network.Nodes[5];
        var liars = 0;
        network.Loses = (from, to, message) =>
        {
            if (to is not null || message.Kind != MessageKind.GuestSignal || liars == 2)
            {
                return false;
            }

            liars++;
            network.After(TimeSpan.Zero, () => Lie(network, from, sender, message));
            return true;
        };

        var ending = Send(network, sender, page.Id, "1");

        Assert.Equal((Outcome.Done, 2), (ending.Outcome, liars));
        Assert.Single(page.Inbox);
    }

    [Fact]
    public void Without_any_hub_the_sender_soon_hears_that_no_gateway_has_a_way()
    {
        var network = new TestNetwork().Settle(12);
        var page = network.AddPage();
        network.StopHub();
        network.Run(TimeSpan.FromSeconds(1));

        var ending = Send(network, network.Nodes[3], page.Id, "1");

        Assert.Equal((Outcome.Unreachable, DropReason.NoRoute), (ending.Outcome, ending.Result));
    }

    [Fact]
    public void Signals_arrive_once_and_in_order_where_nothing_is_lost()
    {
        var network = new TestNetwork { Jitter = TimeSpan.FromMilliseconds(30) }.Settle(15);
        var page = network.AddPage();
        var member = network.Nodes[9];

        for (var i = 0; i < 40; i++)
        {
            page.Send(member.Id, $"{i}");
            member.Step((node, now, outbox) => node.SendGuestSignal(now, page.Id, Encoding.UTF8.GetBytes($"{i}"), outbox));
        }

        network.Run(Patience);

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), member.Signals.Select(signal => Encoding.UTF8.GetString(signal.Json.Span)));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), page.Inbox.Select(signal => signal.Json));
    }

    [Fact]
    public void Lost_signals_and_lost_answers_are_sent_again_and_delivered_once()
    {
        var network = new TestNetwork().Settle(10);
        var page = network.AddPage();
        var member = network.Nodes[4];
        var random = new Prng(5);
        network.Loses = (_, _, message) => message.Kind is MessageKind.GuestSignal or MessageKind.GuestAnswer && random.Next(6) == 0;

        for (var i = 0; i < 5; i++)
        {
            page.Send(member.Id, $"{i}");
        }

        var endings = Enumerable.Range(0, 5).Select(i => Send(network, member, page.Id, $"{i}").Outcome).ToArray();
        network.Run(Patience);

        Assert.All(endings, outcome => Assert.Equal(Outcome.Done, outcome));
        Assert.Equal(["0", "1", "2", "3", "4"], page.Inbox.Select(one => one.Json).Order());
        Assert.Equal(["0", "1", "2", "3", "4"], member.Signals.Select(one => Encoding.UTF8.GetString(one.Json.Span)).Order());
    }

    [Fact]
    public void A_signal_waits_at_a_hub_that_has_forgotten_everything_until_its_first_gateway_is_back()
    {
        var network = new TestNetwork().Settle(10);
        network.StopHub();
        network.Run(TimeSpan.FromSeconds(2));
        network.StartHub(remembers: false);
        network.Pages.Clear();
        var page = network.AddPage();

        page.Send(network.Nodes[4].Id, "1");
        var hasGateway = network.Hub!.Statistics.Gateways > 0;
        network.Run(Patience);

        Assert.False(hasGateway);
        Assert.Equal("1", Encoding.UTF8.GetString(Assert.Single(network.Nodes[4].Signals).Json.Span));
    }

    [Fact]
    public void After_the_death_of_a_gateway_the_next_slot_serves()
    {
        var network = new TestNetwork().Settle(20);
        var page = network.AddPage();
        var member = network.Nodes.First(node => node.Sessions.Count == 0);
        Assert.Equal(Outcome.Done, Send(network, member, page.Id, "0").Outcome);
        var gateway = network.Living.Single(node => node.Node.OwnsKey(SlotOf(network, page)));

        network.Kill(gateway);
        page.Send(member.Id, "1");
        var ending = Send(network, member, page.Id, "2");
        network.Run(Patience);

        Assert.Equal(Outcome.Done, ending.Outcome);
        Assert.Equal("1", Encoding.UTF8.GetString(Assert.Single(member.Signals).Json.Span));
        Assert.Equal("2", page.Inbox[^1].Json);
    }

    [Fact]
    public void While_one_gateway_after_the_other_vanishes_every_signal_arrives()
    {
        var network = new TestNetwork { Seed = 3 }.Settle(24);
        var page = network.AddPage();
        var member = network.Nodes.First(node => node.Sessions.Count == 0);
        var (sent, slowest) = (0, TimeSpan.Zero);

        for (var second = 0; second < 60; second++)
        {
            if (second % 6 == 3)
            {
                network.GatewaysOf(0).First(node => node != member).IsAlive = false; // Without a word: hub and neighbours find out.
            }

            page.Send(member.Id, $"{sent}");
            var before = network.Now;
            Assert.Equal(Outcome.Done, Send(network, member, page.Id, $"{sent++}").Outcome);
            slowest = slowest > network.Now - before ? slowest : network.Now - before;
            network.Run(TimeSpan.FromSeconds(1));
        }

        network.Run(Patience);
        Assert.Equal(sent, member.Signals.Count);
        Assert.Equal(sent, page.Inbox.Count);
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(7));
    }

    [Fact]
    public void A_gateway_that_vanishes_without_closing_its_socket_does_not_hold_a_page_up()
    {
        var network = new TestNetwork().Settle(20);
        var page = network.AddPage();
        var member = network.Nodes.First(node => node.Sessions.Count == 0);
        var gateway = network.Living.Single(node => node.Node.OwnsKey(SlotOf(network, page)));

        gateway.IsAlive = false; // The hub has not noticed: its socket stands.
        page.Send(member.Id, "1");
        network.RunUntil(() => member.Signals.Count == 1, TimeSpan.FromSeconds(3));
        var ending = Send(network, member, page.Id, "2");

        Assert.Equal(Outcome.Done, ending.Outcome);
    }

    [Fact]
    public void What_is_no_JSON_or_too_long_is_not_sent()
    {
        var network = new TestNetwork().Settle(2);
        var page = network.AddPage();

        foreach (var text in new[] { "", "{", "1 2", "\"\u0001\"", "nul" })
        {
            Assert.Equal(Outcome.Refused, Send(network, network.Nodes[0], page.Id, text).Outcome);
            page.Send(network.Nodes[0].Id, text);
        }

        var long_ = "\"" + new string('x', GuestSignal.MaxJsonBytes - 2) + "\"";
        Assert.Equal(Outcome.TooLarge, Send(network, network.Nodes[0], page.Id, long_ + " ").Outcome);
        Assert.Equal(Outcome.Done, Send(network, network.Nodes[0], page.Id, long_).Outcome);
        network.Run(Patience);

        Assert.Empty(network.Nodes[0].Signals);
        Assert.Equal(5, network.Hub!.Statistics.DroppedFor(DropReason.Malformed));
        Assert.Equal(long_, Assert.Single(page.Inbox).Json);
    }

    [Fact]
    public void Nobody_but_the_hub_speaks_for_a_page()
    {
        var network = new TestNetwork().Settle(4);
        var page = network.AddPage();
        var (liar, victim) = (network.Nodes[1], network.Nodes[2]);
        var body = network.Body(new GuestSignal(victim.Id, 1, null, "1"u8.ToArray()));
        var forged = new Message { Kind = MessageKind.GuestSignal, HopsLeft = 9, Source = page.Id, Destination = victim.Id, MessageId = 5, Body = body };
        MessageSecurity.Sign(forged, body, liar.Signing);

        network.Inject(liar, forged, victim);
        network.Inject(liar, forged with { Body = network.Body(new GuestSignal(victim.Id, 1, null, "1"u8.ToArray())) }, victim);
        network.Inject(liar, forged with { Kind = MessageKind.Ping, Body = network.Body(new Ping(1)) }, victim);
        network.Run(Soon);

        Assert.Empty(victim.Signals);
        Assert.True(victim.Observed.Count(effect => effect.Drop == DropReason.BadSignature) >= 3);
    }

    [Fact]
    public void A_signal_that_was_overheard_is_not_delivered_a_second_time()
    {
        var network = new TestNetwork().Settle(4);
        var page = network.AddPage();
        var member = network.Nodes[2];
        var heard = new List<(TestNode From, Message Message)>();
        network.Sending = (from, _, message) =>
        {
            if (message.Kind == MessageKind.GuestSignal)
            {
                heard.Add((from, message));
            }
        };
        page.Send(member.Id, "1");
        Send(network, member, page.Id, "2");
        network.Run(Soon);

        foreach (var (from, message) in heard.Where(one => one.From != member).ToArray())
        {
            network.Inject(from, message, member);
        }

        var session = new SessionId(network.GatewaysOf(0).First().Sessions.Values.First());
        foreach (var (_, message) in heard.Where(one => one.Message.Source == member.Id).ToArray())
        {
            network.HubStep(0, (hub, outbox) => hub.Receive(network.Now, session, message, outbox));
        }

        network.Run(Soon);

        Assert.Single(member.Signals);
        Assert.Single(page.Inbox);
    }

    [Fact]
    public void A_page_and_a_gateway_that_flood_cost_only_themselves()
    {
        var network = new TestNetwork { HubOptions = HubAdmissionOptions.Loopback with { SignalsPerGuest = new(1, 10), SignalsPerGateway = new(1, 20) } }.Settle(12);
        var (flood, calm) = (network.AddPage(), network.AddPage());
        var member = network.Nodes[5];

        for (var i = 0; i < 100; i++)
        {
            flood.Send(member.Id, $"{i}");
        }

        calm.Send(member.Id, "\"calm\"");
        network.Run(TimeSpan.FromSeconds(2));

        Assert.Equal(11, member.Signals.Count);
        Assert.Contains(member.Signals, signal => signal.From == calm.Id);
        Assert.True(network.Hub!.Statistics.DroppedFor(DropReason.Quota) >= 90);
    }

    [Fact]
    public void Bits_that_turn_on_their_way_harm_nobody()
    {
        var network = new TestNetwork().Settle(6);
        var page = network.AddPage();
        var random = new Prng(7);
        network.Alters = (_, _, message) => message.Kind is MessageKind.GuestSignal or MessageKind.GuestAnswer ? Turned(ref random, message) : message;

        for (var i = 0; i < 200; i++)
        {
            page.Send(network.Nodes[i % 6].Id, "1");
            network.Nodes[i % 6].Step((node, now, outbox) => node.SendGuestSignal(now, page.Id, "2"u8.ToArray(), outbox));
            network.Run(TimeSpan.FromMilliseconds(200));
        }

        network.Run(Patience);
        network.Alters = (_, _, message) => message;
        page.Send(network.Nodes[3].Id, "\"after\"");
        network.RunUntil(() => Encoding.UTF8.GetString(network.Nodes[3].Signals.Last().Json.Span) == "\"after\"", Soon);

        Assert.All(page.Inbox, one => Assert.Equal("2", one.Json));
        Assert.All(network.Nodes.SelectMany(node => node.Signals), one => Assert.True(Encoding.UTF8.GetString(one.Json.Span) is "1" or "\"after\""));
    }

    private static Message Turned(ref Prng random, Message message)
    {
        var bytes = MessageCodec.Encode(message);
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return MessageCodec.TryRead(bytes, null, out var turned) && turned.Kind == message.Kind ? turned : message with { Kind = MessageKind.None };
    }

    /// <summary>A gateway keeps the signal for itself and says that the page is gone.</summary>
    private static void Lie(TestNetwork network, TestNode gateway, TestNode sender, Message signal)
    {
        var body = network.Body(new Unreachable(signal.MessageId, DropReason.GuestGone));
        var lie = new Message { Kind = MessageKind.Unreachable, HopsLeft = 60, Source = gateway.Id, Destination = sender.Id, MessageId = 1_000_000 + signal.MessageId, Body = body };
        var forged = network.Body(new GuestAnswer(((GuestSignal)Opened(signal)).Nonce, GuestOutcome.Gone, null));
        var answer = lie with { Kind = MessageKind.GuestAnswer, Source = ((GuestSignal)Opened(signal)).To, MessageId = 2_000_000 + signal.MessageId, Body = forged };
        MessageSecurity.Sign(answer, forged, gateway.Signing);
        var neighbour = sender.Ends.Values.First(end => end.IsOpen).Other!.Node;
        network.Inject(neighbour, answer, sender);
        MessageSecurity.Sign(lie, body, gateway.Signing);
        network.Inject(neighbour, lie, sender);
    }

    private static Payload Opened(Message message) => MessageCodec.TryOpen(message, out var body, out _) ? body.Payload : throw new InvalidOperationException();

    private static RingId SlotOf(TestNetwork network, TestPage page) =>
        HubSlots.KeyOf(network.Nodes[0].Node.HubKey.Span, (byte)page.Hub, (int)(page.Address % Attach.SlotCount));

    private static Ending Send(TestNetwork network, TestNode from, RingId to, string json)
    {
        var request = from.Step((node, now, outbox) => node.SendGuestSignal(now, to, Encoding.UTF8.GetBytes(json), outbox));
        network.RunUntil(() => from.Endings.ContainsKey(request), Patience);
        return from.Endings[request];
    }
}
