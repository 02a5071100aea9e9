using Overlay.Admission;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Admission;

public sealed class PassingTests
{
    private static readonly RingId Far = RingId.From(0x123456);

    [Fact]
    public void What_a_newcomer_says_goes_to_its_gateway_as_it_is()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();

        newcomer.SendTo(Far, new FindOwner(7, LookupPurpose.Join), messageId: 3);

        var message = gateway.Inbox[^1];
        Assert.Equal((newcomer.Id, Far, 3UL, Message.HopBudget), (message.Source, message.Destination, message.MessageId, message.HopsLeft));
        Assert.Equal(new FindOwner(7, LookupPurpose.Join), gateway.Last<FindOwner>());
        Assert.Equal(1, world.Statistics.ToGateways);
    }

    [Fact]
    public void A_gateway_reaches_a_newcomer_by_its_id()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();

        gateway.SendTo(newcomer.Id, new Ping(5));

        Assert.Equal(5UL, newcomer.Last<Ping>().Nonce);
        Assert.Equal(1, world.Statistics.FromGateways);
    }

    [Fact]
    public void A_gateway_hears_that_a_newcomer_is_gone()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);

        gateway.Send(new()
        {
            Kind = MessageKind.Ping,
            Source = Far,
            SourceVia = RingId.From(9),
            HasSourceVia = true,
            Destination = RingId.From(8),
            MessageId = 44,
            Body = Party.Body(new Ping(1)),
        });

        var answer = gateway.Inbox[^1];
        Assert.Equal(new Unreachable(44, DropReason.GuestGone), gateway.Last<Unreachable>());
        Assert.Equal((Far, RingId.From(9), true), (answer.Destination, answer.DestinationVia, answer.HasDestinationVia));
        Assert.Equal(default, answer.Source);
    }

    [Fact]
    public void No_answer_is_given_to_an_answer()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);

        gateway.SendTo(Far, new Unreachable(1, DropReason.NoRoute));
        gateway.SendTo(Far, new Receipt(1, 2, []));

        Assert.False(gateway.Heard<Unreachable>());
        Assert.Equal(2, world.Statistics.DroppedFor(DropReason.GuestGone));
    }

    [Fact]
    public void A_newcomer_cannot_speak_for_somebody_else()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();
        var before = gateway.Inbox.Count;

        newcomer.Send(new() { Kind = MessageKind.Ping, Source = Far, Destination = gateway.Id, Body = Party.Body(new Ping(1)) });

        Assert.Equal(before, gateway.Inbox.Count);
        Assert.Equal(1, world.Statistics.DroppedFor(DropReason.NotProved));
    }

    [Fact]
    public void Who_was_not_admitted_passes_nothing()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var stranger = world.Open(2);
        var before = gateway.Inbox.Count;

        stranger.Send(new() { Kind = MessageKind.Ping, Destination = gateway.Id, Body = Party.Body(new Ping(1)) });

        Assert.Equal(before, gateway.Inbox.Count);
        Assert.Equal(1, world.Statistics.DroppedFor(DropReason.NotProved));
    }

    [Fact]
    public void A_newcomer_keeps_its_gateway_and_gets_the_next_when_that_is_gone()
    {
        var world = new HubWorld();
        var gateways = new[] { world.OpenGateway(1, 0), world.OpenGateway(2, 1) };
        var newcomer = world.Open(3);
        var chosen = newcomer.Admit().Gateway!.Value.Id;
        var pinned = gateways.Single(gateway => gateway.Id == chosen);
        var other = gateways.Single(gateway => gateway.Id != chosen);
        for (ulong nonce = 1; nonce <= 3; nonce++)
        {
            newcomer.SendTo(Far, new Ping(nonce));
        }

        pinned.Close();
        newcomer.SendTo(Far, new Ping(4));

        Assert.Equal(3UL, pinned.Last<Ping>().Nonce);
        Assert.Equal(3, pinned.Inbox.Count(message => message.Kind == MessageKind.Ping));
        Assert.Equal(4UL, other.Last<Ping>().Nonce);
    }

    [Fact]
    public void Without_any_gateway_the_newcomer_hears_that_there_is_no_route()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();
        gateway.Close();

        newcomer.SendTo(Far, new Ping(1), messageId: 12);

        Assert.Equal(new Unreachable(12, DropReason.NoRoute), newcomer.Last<Unreachable>());
        Assert.Equal(newcomer.Id, newcomer.Inbox[^1].Destination);
    }

    [Fact]
    public void A_gateway_that_hears_nothing_but_its_own_id_back_is_not_looped()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);

        gateway.SendTo(gateway.Id, new Ping(1));

        Assert.False(gateway.Heard<Ping>());
    }

    [Fact]
    public void Signals_are_counted()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();

        newcomer.SendTo(Far, new Candidates(1, []));
        gateway.SendTo(newcomer.Id, new Candidates(1, []));
        gateway.SendTo(newcomer.Id, new Ping(1));

        Assert.Equal(2, world.Statistics.Signals);
    }

    [Theory]
    [InlineData(MessageKind.HubHello)]
    [InlineData(MessageKind.Admitted)]
    [InlineData(MessageKind.Attached)]
    [InlineData(MessageKind.OtherGateway)]
    [InlineData(MessageKind.None)]
    public void Kinds_that_are_not_a_clients_are_dropped(MessageKind kind)
    {
        var world = new HubWorld();
        world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();

        newcomer.Send(new() { Kind = kind, Source = newcomer.Id, Destination = Far, Body = Party.Body(new Ping(1)) });

        Assert.Equal(1, world.Statistics.DroppedFor(DropReason.Malformed));
        Assert.Equal(HubClose.None, newcomer.Closed);
    }

    [Fact]
    public void A_kind_of_the_future_passes()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();

        newcomer.Send(new() { Kind = (MessageKind)200, Source = newcomer.Id, Destination = Far, Body = new EncodedBody { Bytes = new byte[4] } });

        Assert.Equal((MessageKind)200, gateway.Inbox[^1].Kind);
    }

    [Fact]
    public void A_flood_of_one_newcomer_is_cut_to_its_quota()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();
        for (ulong i = 0; i < 1000; i++)
        {
            newcomer.SendTo(Far, new Ping(i));
        }

        Assert.Equal(400, world.Statistics.ToGateways);
        Assert.Equal(600, world.Statistics.DroppedFor(DropReason.Quota));
        world.Pass(TimeSpan.FromSeconds(1));
        newcomer.SendTo(Far, new Ping(5000));
        Assert.Equal(5000UL, gateway.Last<Ping>().Nonce);
    }
}
