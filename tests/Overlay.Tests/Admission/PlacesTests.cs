using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Tests.Admission;

/// <summary>A hub says where it is, a member that introduces says it on; and a hub that let members introduce founds nothing in haste.</summary>
public sealed class PlacesTests
{
    private const string Address = "ws://192.0.2.1:5000/";

    [Fact]
    public void Everybody_who_comes_hears_where_the_hub_is_right_after_its_greeting()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { Address = Address, HubNumber = 3 });

        var newcomer = world.Open(1);

        var place = Assert.Single(newcomer.Last<KnownHubs>().Places);
        Assert.Equal((3, Address), (place.Number, place.Address));
        Assert.True(place.IsValid(newcomer.Signing, world.Signing.PublicKey, world.Now.UnixMilliseconds / 1000));
        Assert.Equal([MessageKind.HubHello, MessageKind.KnownHubs], newcomer.Inbox.Select(message => message.Kind));
    }

    [Fact]
    public void A_hub_that_knows_no_address_says_none_until_it_is_told_one()
    {
        var world = new HubWorld();
        var before = world.Open(1);

        world.Hub.Announce(world.Now, Address);

        Assert.False(before.Heard<KnownHubs>());
        Assert.Equal(Address, world.Open(2).Last<KnownHubs>().Places[0].Address);
    }

    [Fact]
    public void A_member_that_introduces_tells_of_the_hubs_that_it_knows_and_of_no_other_place_as_one()
    {
        var now = new HubWorld().Now;
        var world = new HubWorld(delegation: HubWorld.Grant(now, key: 5, admissions: 10), delegateKey: 5);
        var place = HubPlace.Issue(world.NetworkSigning, world.NetworkSigning.PublicKey, 0, Address, world.Now.UnixMilliseconds / 1000);

        world.Hub.TellOf([place]);

        Assert.Equal([place], world.Open(2).Last<KnownHubs>().Places);
        Assert.Throws<InvalidOperationException>(() => world.Hub.Announce(world.Now, Address));
    }

    [Fact]
    public void A_hub_that_let_members_introduce_waits_longer_before_a_network_is_founded_again()
    {
        var before = new HubWorld();
        before.OpenGateway(5).Ask("");
        var state = before.Hub.ExportState();
        var world = new HubWorld(state: state);

        world.Pass(TimeSpan.FromSeconds(44));
        Assert.Equal(AdmitMode.Retry, world.Open(1).Admit().Mode);
        world.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(AdmitMode.Found, world.Open(1).Admit().Mode);
        Assert.True(before.Persisted >= 2); // Founded, and delegated.
    }

    [Fact]
    public void A_member_that_asks_whether_it_may_introduce_shows_that_the_network_lives()
    {
        var before = new HubWorld();
        var member = before.OpenGateway(5);
        member.Ask("");
        var world = new HubWorld(state: before.Hub.ExportState());
        world.Pass(TimeSpan.FromSeconds(40));

        var again = world.Open(5);
        again.Certificate = member.Certificate;
        again.Ask("");
        again.Close();
        world.Pass(TimeSpan.FromSeconds(40));

        Assert.Equal(AdmitMode.Retry, world.Open(1).Admit().Mode);
    }
}
