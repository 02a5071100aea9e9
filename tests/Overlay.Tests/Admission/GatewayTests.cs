using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Admission;

public sealed class GatewayTests
{
    [Fact]
    public void Slots_go_to_the_newest_attacher_and_the_others_hear_what_is_left()
    {
        var world = new HubWorld();
        var first = world.OpenGateway(1);

        var second = world.OpenGateway(2, 2, 5);

        Assert.Equal([2, 5], second.Last<Attached>().Slots);
        Assert.Equal([0, 1, 3, 4, 6, 7], first.Last<Attached>().Slots);
        Assert.Equal(2, world.Statistics.Gateways);
    }

    [Fact]
    public void A_gateway_that_loses_its_last_slot_is_told_who_has_it_and_may_speak_with_it_until_it_falls_silent()
    {
        var world = new HubWorld();
        var first = world.OpenGateway(1, 4);

        var second = world.OpenGateway(2, 4);

        Assert.Empty(first.Last<Attached>().Slots);
        Assert.Equal(second.Id, first.Last<OtherGateway>().Certificate.Id);
        Assert.False(second.Heard<OtherGateway>());
        Assert.Equal(1, world.Statistics.Gateways);
        first.SendTo(second.Id, new GetCertificates(7, []));
        second.SendTo(first.Id, new Certificates(7, []));
        Assert.True(second.Heard<GetCertificates>());
        Assert.True(first.Heard<Certificates>());
        world.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(HubClose.Idle, first.Closed);
        Assert.Equal(HubClose.None, second.Closed);
    }

    [Fact]
    public void A_slot_that_is_left_out_is_released()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1, 1, 2);

        gateway.Attach(2);
        Assert.Equal([2], gateway.Last<Attached>().Slots);
        gateway.Attach();

        Assert.Empty(gateway.Last<Attached>().Slots);
        Assert.Equal(HubClose.NoSlots, gateway.Closed);
        Assert.Equal(0, world.Statistics.Sessions);
    }

    [Fact]
    public void However_many_attach_there_are_at_most_8_gateways()
    {
        var world = new HubWorld();
        for (var i = 0; i < 100; i++)
        {
            world.OpenGateway((ulong)i, i % 8, (i * 3) % 8);
        }

        Assert.InRange(world.Statistics.Gateways, 1, 8);
        Assert.InRange(world.Statistics.Sessions, world.Statistics.Gateways, world.Statistics.Gateways + 8); // As many that lost their slots may still speak with the others.
        Assert.InRange(world.Statistics.MaxSessions, 1, 18);
    }

    [Fact]
    public void Newcomers_get_the_gateways_in_turn()
    {
        var world = new HubWorld();
        var ids = new[] { world.OpenGateway(1, 0).Id, world.OpenGateway(2, 1).Id, world.OpenGateway(3, 2).Id };

        var chosen = Enumerable.Range(10, 6).Select(key => world.Open((ulong)key).Admit().Gateway!.Value.Id).ToArray();

        Assert.Equal(ids.ToHashSet(), chosen[..3].ToHashSet());
        Assert.Equal(chosen[..3], chosen[3..]);
    }

    [Fact]
    public void A_member_attaches_without_asking_for_admission_even_at_a_closed_hub()
    {
        var member = new HubWorld().Open(1).Admit().Certificate;
        var world = new HubWorld(new());
        var party = world.Open(1);
        party.Certificate = member;

        party.Attach(0);

        Assert.Equal([0], party.Last<Attached>().Slots);
    }

    [Fact]
    public void A_certificate_of_another_network_is_refused()
    {
        var foreign = new HubWorld(hubKey: 77).Open(1).Admit().Certificate;
        var world = new HubWorld();
        var party = world.Open(1);
        party.Certificate = foreign;

        party.Attach(0);

        Assert.Equal(AdmitRefusal.WrongNetwork, party.Last<AdmitRefused>().Reason);
        Assert.Equal(HubClose.Refused, party.Closed);
    }

    [Fact]
    public void A_forged_or_outdated_certificate_is_refused()
    {
        var world = new HubWorld();
        var genuine = world.Open(1).Admit().Certificate;
        var forged = genuine.Encoded.ToArray();
        forged[^1] ^= 1;
        Assert.True(NodeCertificate.TryRead(forged, out var forgedCertificate));
        var forger = world.Open(1);
        forger.Certificate = forgedCertificate;
        forger.Attach(0);

        world.Pass(TimeSpan.FromDays(15));
        var late = world.Open(1);
        late.Certificate = genuine;
        late.Attach(0);

        Assert.Equal(AdmitRefusal.BadCertificate, forger.Last<AdmitRefused>().Reason);
        Assert.Equal(AdmitRefusal.BadCertificate, late.Last<AdmitRefused>().Reason);
    }

    [Fact]
    public void Somebody_elses_certificate_is_refused()
    {
        var world = new HubWorld();
        var stolen = world.Open(1).Admit().Certificate;
        var thief = world.Open(2);
        thief.Certificate = stolen;

        thief.Attach(0);

        Assert.Equal(AdmitRefusal.BadSignature, thief.Last<AdmitRefused>().Reason);
    }

    [Fact]
    public void An_older_instance_may_not_attach()
    {
        var world = new HubWorld();
        var newer = world.Open(1, instance: 9);
        var certificate = newer.Admit().Certificate;
        var old = world.Open(1, instance: 8);
        old.Certificate = certificate;

        old.Attach(0);

        Assert.Equal(AdmitRefusal.OldInstance, old.Last<AdmitRefused>().Reason);
        Assert.Equal(HubClose.None, newer.Closed);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(-1)]
    public void A_slot_that_does_not_exist_closes_the_session(int slot)
    {
        var world = new HubWorld();
        var party = world.Open(1);
        party.Admit();

        party.Attach(slot);

        Assert.Equal(HubClose.BadMessage, party.Closed);
    }

    [Fact]
    public void A_superseded_gateway_loses_its_slots_to_nobody_until_they_are_claimed()
    {
        var world = new HubWorld();
        world.OpenGateway(1, 0, 1);
        var other = world.OpenGateway(2, 2);

        var again = world.Open(1, instance: 2);
        again.Admit();

        Assert.Equal(1, world.Statistics.Gateways);
        Assert.Equal(other.Id, again.Last<Admitted>().Gateway!.Value.Id);
    }

    [Fact]
    public void A_renewal_is_answered_over_the_session_it_came_by_with_the_same_id_and_a_new_life()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var member = world.Open(2);
        var certificate = member.Admit().Certificate;
        member.Close();
        world.Pass(TimeSpan.FromDays(8));

        Renew(gateway, certificate, certificate.Id);

        var answer = gateway.Inbox[^1];
        var renewed = gateway.Last<Renewed>().Certificate;
        Assert.Equal(certificate.Id, answer.Destination);
        Assert.Equal(certificate.Id, renewed.Id);
        Assert.NotEqual(certificate, renewed);
        Assert.True(renewed.IsValid(world.Signing, world.Signing.PublicKey, world.Now.UnixMilliseconds / 1000));
        Renew(gateway, certificate, certificate.Id);
        Assert.Equal(renewed, gateway.Last<Renewed>().Certificate);
    }

    [Fact]
    public void A_renewal_with_a_false_certificate_or_for_another_source_is_dropped()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var foreign = NodeCertificate.Issue(new KeyedSigning(5, 5), new KeyedSigning(1, 1).PublicKey, new byte[16], 0, long.MaxValue / 2);

        Renew(gateway, foreign, foreign.Id);
        Renew(gateway, gateway.Certificate!, Ring.RingId.From(5));

        Assert.False(gateway.Heard<Renewed>());
        Assert.Equal(1, world.Statistics.DroppedFor(DropReason.UnknownCertificate));
        Assert.Equal(1, world.Statistics.DroppedFor(DropReason.NotProved));
    }

    private static void Renew(Party over, NodeCertificate certificate, Ring.RingId source) =>
        over.Send(new() { Kind = MessageKind.Renew, Source = source, Body = Party.Body(new Renew(certificate)) });
}
