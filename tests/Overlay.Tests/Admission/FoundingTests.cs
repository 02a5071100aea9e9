using Overlay.Admission;
using Overlay.Messages;

namespace Overlay.Tests.Admission;

public sealed class FoundingTests
{
    private static readonly HubState Founded = new(IsFounded: true, []);

    [Fact]
    public void The_first_newcomer_founds_and_later_ones_wait_for_it()
    {
        var world = new HubWorld();

        var founder = world.Open(1).Admit();
        var second = world.Open(2).Admit();

        Assert.Equal(AdmitMode.Found, founder.Mode);
        Assert.Equal(AdmitMode.Retry, second.Mode);
        Assert.Equal(250, second.RetryAfterMilliseconds);
        Assert.False(world.Hub.IsFounded);
    }

    [Fact]
    public void The_network_is_founded_when_the_founder_attaches_and_that_is_kept()
    {
        var world = new HubWorld();
        var founder = world.Open(1);
        founder.Admit();

        founder.Attach(0, 1, 2, 3, 4, 5, 6, 7);

        Assert.True(world.Hub.IsFounded);
        Assert.True(world.Hub.ExportState().IsFounded);
        Assert.Equal(2, world.Persisted); // The epoch of its appointment, and that it founded.
        Assert.True(world.Open(2).Hello.Founded);
        Assert.Contains(world.Observations, effect => effect.Observation == HubObservation.Founded && effect.Peer == founder.Id);
    }

    [Fact]
    public void A_waiting_newcomer_is_introduced_on_the_same_session_once_there_is_a_gateway()
    {
        var world = new HubWorld();
        var founder = world.Open(1);
        founder.Admit();
        var second = world.Open(2);
        second.Admit();

        founder.Attach(0);
        var again = second.Admit();

        Assert.Equal(AdmitMode.Introduce, again.Mode);
        Assert.Equal(founder.Id, again.Gateway!.Value.Id);
        Assert.Equal(founder.Certificate!.Hash, again.Gateway.Value.Certificate);
    }

    [Fact]
    public void Who_leaves_as_the_last_of_the_network_says_so_and_the_next_founds_it_again_at_once()
    {
        var world = new HubWorld();
        var last = world.OpenGateway(1);

        last.SendHub(new NetworkEnded());
        last.Close();

        Assert.False(world.Hub.IsFounded);
        Assert.Contains(world.Observations, effect => effect.Observation == HubObservation.Ended && effect.Peer == last.Id);
        Assert.Equal(AdmitMode.Found, world.Open(2).Admit().Mode);
    }

    [Fact]
    public void Nobody_but_the_gateway_of_all_slots_ends_the_network()
    {
        var world = new HubWorld();
        var first = world.OpenGateway(1);
        var second = world.OpenGateway(2, 7);
        var newcomer = world.Open(3);
        newcomer.Admit();

        first.SendHub(new NetworkEnded());
        second.SendHub(new NetworkEnded());
        newcomer.SendHub(new NetworkEnded());

        Assert.True(world.Hub.IsFounded);
        Assert.Equal(2, world.Statistics.Gateways);
        Assert.Equal(3, world.Statistics.DroppedFor(DropReason.NotProved));
    }

    [Fact]
    public void The_end_of_the_network_is_not_believed_while_members_may_have_let_others_in()
    {
        var world = new HubWorld();
        var last = world.OpenGateway(1);
        last.Ask("");

        last.SendHub(new NetworkEnded());
        last.Close();

        Assert.True(world.Hub.IsFounded);
        Assert.Equal(AdmitMode.Retry, world.Open(2).Admit().Mode);
    }

    [Fact]
    public void A_founder_that_vanishes_frees_the_place()
    {
        var world = new HubWorld();
        var founder = world.Open(1);
        founder.Admit();
        var second = world.Open(2);
        Assert.Equal(AdmitMode.Retry, second.Admit().Mode);

        founder.Close();

        Assert.Equal(AdmitMode.Found, second.Admit().Mode);
    }

    [Fact]
    public void A_founder_that_does_not_attach_in_time_is_closed_and_frees_the_place()
    {
        var world = new HubWorld();
        var founder = world.Open(1);
        founder.Admit();

        world.Pass(TimeSpan.FromSeconds(15));

        Assert.Equal(HubClose.TimedOut, founder.Closed);
        Assert.Equal(AdmitMode.Found, world.Open(2).Admit().Mode);
    }

    [Fact]
    public void A_founder_that_asks_again_is_still_the_founder()
    {
        var world = new HubWorld();
        var founder = world.Open(1);
        founder.Admit();

        Assert.Equal(AdmitMode.Found, founder.Admit().Mode);
        Assert.Equal(AdmitMode.Found, world.Open(1).Admit().Mode);
        Assert.Equal(AdmitMode.Retry, world.Open(2).Admit().Mode);
    }

    [Fact]
    public void A_guest_never_founds()
    {
        var world = new HubWorld();

        Assert.Equal(AdmitMode.Retry, world.Open(1).Admit(isGuest: true).Mode);
    }

    [Fact]
    public void A_hub_that_may_not_found_tells_everybody_to_wait()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { CanFound = false });

        var admitted = world.Open(1).Admit();

        Assert.Equal(AdmitMode.Retry, admitted.Mode);
        Assert.Equal(1000, admitted.RetryAfterMilliseconds);
    }

    [Fact]
    public void A_hub_that_comes_back_waits_20_seconds_for_the_gateways_of_its_network()
    {
        var world = new HubWorld(state: Founded);
        Assert.True(world.Open(1).Hello.Founded);

        Assert.Equal(AdmitMode.Retry, world.Open(2).Admit().Mode);
        world.Pass(TimeSpan.FromSeconds(19.9));
        Assert.Equal(AdmitMode.Retry, world.Open(3).Admit().Mode);
        world.Pass(TimeSpan.FromSeconds(0.1));

        Assert.Equal(AdmitMode.Found, world.Open(4).Admit().Mode);
        Assert.Equal(AdmitMode.Retry, world.Open(5).Admit().Mode);
    }

    [Fact]
    public void A_gateway_that_comes_back_in_time_keeps_the_network_the_same()
    {
        var member = new HubWorld().Open(1).Admit().Certificate;
        var world = new HubWorld(state: Founded);
        var gateway = world.Open(1);
        gateway.Certificate = member;

        gateway.Attach(3);

        Assert.Equal([3], gateway.Last<Attached>().Slots);
        Assert.Equal(AdmitMode.Introduce, world.Open(2).Admit().Mode);
    }

    [Fact]
    public void The_20_seconds_begin_anew_when_the_last_gateway_goes()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        world.Pass(TimeSpan.FromMinutes(5));

        gateway.Close();

        Assert.Equal(AdmitMode.Retry, world.Open(2).Admit().Mode);
        world.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(AdmitMode.Found, world.Open(3).Admit().Mode);
    }
}
