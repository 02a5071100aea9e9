using Overlay.Admission;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Signalling;

namespace Overlay.Tests.Node;

/// <summary>Names of pages in the overlay's directory, and members' names seen from pages.</summary>
public sealed class GuestNameTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    public void Members_resolve_pages_names_and_pages_find_members_names(int members)
    {
        var network = new TestNetwork().Settle(members);
        var page = network.AddPage();

        Assert.Equal(Outcome.Done, page.Register("Page.one"));
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[^1], "member").Outcome);

        Assert.All(network.Nodes, node => Assert.Equal(page.Id, ((NameEntry)Resolve(network, node, "page.one").Result!).Record.Target));
        Assert.Equal((Outcome.Done, network.Nodes[^1].Id), page.LookUp("MEMBER"));
        Assert.Equal((Outcome.Done, page.Id), page.LookUp("page.one"));
        Assert.Equal((Outcome.NameUnknown, default(RingId)), page.LookUp("nobody"));
        Assert.Equal(Outcome.NameUnknown, page.LookUp("no name at all").Outcome);
    }

    [Fact]
    public void A_name_has_one_owner_whether_page_or_member()
    {
        var network = new TestNetwork { HubCount = 2 }.Settle(12);
        var (one, two, other) = (network.AddPage(0), network.AddPage(0), network.AddPage(1));

        Assert.Equal(Outcome.Done, one.Register("alice"));
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[3], "bob").Outcome);

        Assert.Equal(Outcome.NameTaken, one.Register("alice"));
        Assert.Equal(Outcome.NameTaken, two.Register("ALICE"));
        Assert.Equal(Outcome.NameTaken, other.Register("alice"));
        Assert.Equal(Outcome.NameTaken, Register(network, network.Nodes[5], "alice").Outcome);
        Assert.Equal(Outcome.NameTaken, two.Register("bob"));
        Assert.Equal((Outcome.Done, one.Id), other.LookUp("alice"));
    }

    [Fact]
    public void A_page_finds_a_page_at_another_hub_by_name_and_they_signal()
    {
        var network = new TestNetwork { HubCount = 2 }.Settle(16);
        var (alice, bob) = (network.AddPage(0), network.AddPage(1));

        Assert.Equal(Outcome.Done, alice.Register("alice"));
        var (_, found) = bob.LookUp("alice");
        bob.Send(found, "\"offer\"");
        network.RunUntil(() => alice.Inbox.Count == 1, Soon);
        alice.Send(alice.Inbox[0].From, "\"answer\"");
        network.RunUntil(() => bob.Inbox.Count == 1, Soon);

        Assert.Equal((alice.Id, "\"answer\""), bob.Inbox[0]);
    }

    [Fact]
    public void A_name_goes_with_its_page_and_is_free_at_once()
    {
        var network = new TestNetwork().Settle(12);
        var (page, next) = (network.AddPage(), network.AddPage());
        Assert.Equal(Outcome.Done, page.Register("alice"));

        page.Close();
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(Outcome.NameUnknown, next.LookUp("alice").Outcome);
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[4], "alice").Outcome);
        Assert.Equal((Outcome.Done, network.Nodes[4].Id), next.LookUp("alice"));
    }

    [Fact]
    public void A_page_that_comes_again_takes_its_name_back_even_while_it_is_being_given_up()
    {
        var network = new TestNetwork().Settle(12);
        var page = network.AddPage();
        Assert.Equal(Outcome.Done, page.Register("alice"));
        page.Close();
        var again = network.AddPage();

        Assert.Equal(Outcome.Done, again.Register("alice"));
        network.Run(TimeSpan.FromMinutes(3));

        Assert.Equal(again.Id, ((NameEntry)Resolve(network, network.Nodes[2], "alice").Result!).Record.Target);
    }

    [Fact]
    public void A_member_that_gave_its_name_up_has_it_again_when_it_registers_it_again()
    {
        var network = new TestNetwork().Settle(6);
        var node = network.Nodes[2];
        Assert.Equal(Outcome.Done, Register(network, node, "alice").Outcome);
        Assert.Equal(Outcome.Done, Await(network, node, node.Step((n, now, outbox) => n.Unregister(now, "alice", outbox))).Outcome);

        Assert.Equal(Outcome.Done, Register(network, node, "alice").Outcome);

        Assert.Equal(Outcome.Done, Resolve(network, network.Nodes[4], "alice").Outcome);
    }

    [Fact]
    public void One_name_for_each_page_and_the_earlier_one_is_given_up()
    {
        var network = new TestNetwork().Settle(6);
        var (page, other) = (network.AddPage(), network.AddPage());

        Assert.Equal(Outcome.Done, page.Register("first"));
        Assert.Equal(Outcome.Done, page.Register("second"));
        network.Run(TimeSpan.FromSeconds(1));

        Assert.Equal((Outcome.Done, page.Id), other.LookUp("second"));
        Assert.Equal(Outcome.Done, other.Register("first"));
    }

    [Fact]
    public void Names_are_refreshed_while_their_page_is_here_and_outlive_every_keeper()
    {
        var network = new TestNetwork().Settle(20);
        var page = network.AddPage();
        Assert.Equal(Outcome.Done, page.Register("alice"));

        for (var round = 0; round < 5; round++)
        {
            network.Kill(network.Living.First(node => node.Node.OwnsKey(NodeName.KeyOf("alice"))));
            network.Run(TimeSpan.FromMinutes(2));
        }

        Assert.Equal(page.Id, ((NameEntry)Resolve(network, network.Living.Last(), "alice").Result!).Record.Target);
    }

    [Fact]
    public void Names_of_a_hub_that_vanished_lapse_and_are_anybodys()
    {
        var network = new TestNetwork().Settle(10);
        var page = network.AddPage();
        Assert.Equal(Outcome.Done, page.Register("alice"));

        network.StopHub();
        network.Run(TimeSpan.FromMinutes(4));

        Assert.Equal(Outcome.NameUnknown, Resolve(network, network.Nodes[3], "alice").Outcome);
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[3], "alice").Outcome);
    }

    [Fact]
    public void A_hub_that_comes_back_with_an_empty_memory_has_its_pages_names_again()
    {
        var network = new TestNetwork().Settle(10);
        Assert.Equal(Outcome.Done, network.AddPage().Register("alice"));

        network.StopHub();
        network.Run(TimeSpan.FromSeconds(5));
        network.StartHub();
        network.Pages.Clear();
        network.Run(TimeSpan.FromSeconds(25));
        var page = network.AddPage();

        Assert.Equal(Outcome.Done, page.Register("alice"));
        Assert.Equal(page.Id, ((NameEntry)Resolve(network, network.Nodes[7], "alice").Result!).Record.Target);
    }

    [Fact]
    public void What_was_registered_before_there_was_an_overlay_is_registered_in_it()
    {
        var network = new TestNetwork();
        network.StartHub();
        var (page, late) = (network.AddPage(), network.AddPage());

        Assert.Equal(Outcome.Done, page.Register("alice"));
        Assert.Equal(Outcome.NameUnknown, late.LookUp("alice").Outcome); // Of its own pages the hub's host knows.
        network.AddMembers(3);
        network.Run(Soon);

        Assert.Equal(page.Id, ((NameEntry)Resolve(network, network.Nodes[1], "alice").Result!).Record.Target);
    }

    [Fact]
    public void A_page_whose_name_was_taken_while_no_gateway_was_here_loses_it()
    {
        var network = new TestNetwork().Settle(6);
        var page = network.AddPage();
        network.StopHub();
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[1], "alice").Outcome);
        network.StartHub();
        network.Pages.Clear();
        page = network.AddPage();

        Assert.Equal(Outcome.Done, page.Register("alice")); // No gateway yet.
        network.RunUntil(() => page.Lost.Count > 0, TimeSpan.FromSeconds(60));

        Assert.Equal(["alice"], page.Lost);
        Assert.Equal((Outcome.Done, network.Nodes[1].Id), page.LookUp("alice"));
    }

    [Fact]
    public void A_directory_that_does_not_answer_is_a_typed_failure_within_the_time_allowed()
    {
        var network = new TestNetwork().Settle(6);
        var page = network.AddPage();
        network.Loses = (_, to, message) => to is null && message.Kind is MessageKind.RecordStored or MessageKind.Record;
        var before = network.Now;

        Assert.Equal(Outcome.TimedOut, page.Register("alice"));
        Assert.Equal(Outcome.TimedOut, page.LookUp("bob").Outcome);
        Assert.True(network.Now - before < TimeSpan.FromSeconds(11));

        network.Loses = (_, _, _) => false;
        network.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(Outcome.NameUnknown, page.LookUp("alice").Outcome);
    }

    [Fact]
    public void A_name_is_answered_through_another_gateway_where_the_first_is_dead_and_nobody_knows()
    {
        var network = new TestNetwork().Settle(20);
        var page = network.AddPage();
        Assert.Equal(Outcome.Done, Register(network, network.Nodes[2], "bob").Outcome);
        var gateway = network.Living.Single(node => node.Node.OwnsKey(HubSlots.KeyOf(network.Nodes[0].Node.HubKey.Span, 0, (int)(page.Address % Attach.SlotCount))));

        gateway.IsAlive = false;

        Assert.Equal((Outcome.Done, network.Nodes[2].Id), page.LookUp("bob"));
    }

    [Fact]
    public void A_page_that_asks_too_much_is_told_so()
    {
        var network = new TestNetwork { HubOptions = HubAdmissionOptions.Loopback with { NamesPerGuest = new(1, 3) } }.Settle(3);
        var page = network.AddPage();

        var outcomes = Enumerable.Range(0, 5).Select(i => page.LookUp($"name{i}").Outcome).ToArray();

        Assert.Equal(3, outcomes.Count(outcome => outcome == Outcome.NameUnknown));
        Assert.Equal(2, outcomes.Count(outcome => outcome == Outcome.Busy));
    }

    [Fact]
    public void Only_the_networks_key_registers_names_for_pages()
    {
        var network = new TestNetwork().Settle(4);
        var (liar, keeper) = (network.Nodes[1], network.Living.First(node => node.Node.OwnsKey(NodeName.KeyOf("alice"))));
        liar = liar == keeper ? network.Nodes[2] : liar;
        var expiresAt = network.Now.UnixMilliseconds + 60_000;
        var record = NameRecordSecurity.Sign(liar.Signing, "alice", liar.Node.Self.Certificate, 1, 1, expiresAt, GuestIds.Of(0, 7));
        var message = new Message
        {
            Kind = MessageKind.PutRecord,
            Flags = MessageFlags.Responsible,
            HopsLeft = 9,
            Source = liar.Id,
            Destination = NodeName.KeyOf("alice"),
            MessageId = 7_000,
            Body = new SignedBody { Instance = liar.Node.Self.Instance, ExpiresAt = expiresAt - 40_000, Payload = new PutRecord(9, record) },
        };
        MessageSecurity.Sign(message, (SignedBody)message.Body, liar.Signing);

        network.Inject(liar, message, keeper);
        network.Run(Soon);

        Assert.Equal(Outcome.NameUnknown, Resolve(network, network.Nodes[0], "alice").Outcome);
    }

    [Fact]
    public void Answers_that_nobody_signed_change_nothing()
    {
        var network = new TestNetwork().Settle(6);
        var page = network.AddPage();
        var lies = 0;
        network.Alters = (_, to, message) =>
        {
            if (to is not null || message.Kind is not (MessageKind.RecordStored or MessageKind.Record) || lies++ > 1 || !MessageCodec.TryOpen(message, out var body, out DropReason _))
            {
                return message;
            }

            Payload lie = body.Payload is RecordStored stored ? stored with { Outcome = Outcome.NameTaken } : ((RecordAnswer)body.Payload) with { Entry = null };
            return message with { Body = new SignedBody { Instance = body.Instance, ExpiresAt = body.ExpiresAt, Signature = body.Signature, Payload = lie, PayloadBytes = default } };
        };

        Assert.Equal(Outcome.Done, page.Register("alice"));

        Assert.True(lies > 0);
        Assert.True(network.Hub!.Statistics.DroppedFor(DropReason.BadSignature) > 0);
    }

    private static Ending Register(TestNetwork network, TestNode node, string name) =>
        Await(network, node, node.Step((n, now, outbox) => n.Register(now, name, outbox)));

    private static Ending Resolve(TestNetwork network, TestNode node, string name) =>
        Await(network, node, node.Step((n, now, outbox) => n.Resolve(now, name, outbox)));

    private static Ending Await(TestNetwork network, TestNode node, RequestId request)
    {
        network.RunUntil(() => node.Endings.ContainsKey(request), TimeSpan.FromSeconds(15));
        return node.Endings[request];
    }
}
