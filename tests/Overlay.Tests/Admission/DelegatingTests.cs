using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Tests.Admission;

/// <summary>Members that introduce: what a hub grants them, and what their own endpoint does with it.</summary>
public sealed class DelegatingTests
{
    private const ulong Introducer = 5;

    [Fact]
    public void A_member_that_asks_is_delegated_to_and_named_to_newcomers()
    {
        var world = new HubWorld();
        var member = world.OpenGateway(Introducer);

        member.Ask("ws://192.0.2.1:5001/");
        var newcomer = world.Open(2).Admit();

        var delegated = member.Last<Delegated>();
        Assert.True(delegated.Delegation.IsValid(world.Signing, world.Signing.PublicKey));
        Assert.True(delegated.Delegation.Key.SequenceEqual(member.Signing.PublicKey));
        Assert.Equal(["ws://192.0.2.1:5001/"], newcomer.Seeds);
        Assert.Equal(1, world.Statistics.Delegates);
    }

    [Fact]
    public void Asking_again_gives_the_same_until_half_of_its_life_is_over()
    {
        var world = new HubWorld();
        var member = world.OpenGateway(Introducer);
        member.Ask("");
        var first = member.Last<Delegated>().Delegation;

        member.Ask("");
        var second = member.Last<Delegated>().Delegation;
        world.Pass(TimeSpan.FromDays(7)); // Of a certificate's 14, so that the member may still ask with its own.
        world.Pass(TimeSpan.FromDays(7));
        member.Ask("");
        var third = member.Last<Delegated>().Delegation;
        world.Pass(TimeSpan.FromDays(2));
        member.Certificate = NodeCertificate.Issue(
            world.Signing, member.Signing.PublicKey, member.Certificate!.Nonce, world.Now.UnixMilliseconds / 1000, (world.Now.UnixMilliseconds / 1000) + 3600);
        member.Ask("");

        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.NotEqual(first, member.Last<Delegated>().Delegation);
    }

    [Fact]
    public void Who_is_silent_for_an_hour_is_not_named_any_more()
    {
        var world = new HubWorld();
        world.OpenGateway(Introducer).Ask("ws://192.0.2.1:5001/");

        world.Pass(TimeSpan.FromMinutes(61));

        Assert.Empty(world.Open(2).Admit().Seeds);
    }

    [Fact]
    public void A_hub_that_asks_for_tokens_asks_members_that_introduce_too()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { Policy = AdmissionPolicy.Tokens, Tokens = ["secret"] });
        var member = world.Open(Introducer);
        member.Admit(token: "secret");

        member.Ask("");
        Assert.Equal(AdmitRefusal.TokenNeeded, member.Last<AdmitRefused>().Reason);
        member.Ask("", token: "guess");
        Assert.Equal(AdmitRefusal.TokenUnknown, member.Last<AdmitRefused>().Reason);
        Assert.Equal(HubClose.None, member.Closed); // It was admitted; only this it may not.
        member.Ask("", token: "secret");
        Assert.True(member.Heard<Delegated>());
    }

    [Fact]
    public void A_proof_for_another_session_or_by_another_key_is_refused()
    {
        var world = new HubWorld();
        var member = world.OpenGateway(Introducer);
        var thief = world.Open(6);

        thief.SendHub(HubProofs.SignAskDelegation(thief.Signing, thief.Hello, member.Certificate!, 1, "", ""));
        var replay = world.Open(7);
        replay.SendHub(HubProofs.SignAskDelegation(member.Signing, member.Hello, member.Certificate!, 1, "", ""));

        Assert.Equal(AdmitRefusal.BadSignature, thief.Last<AdmitRefused>().Reason);
        Assert.Equal(AdmitRefusal.BadSignature, replay.Last<AdmitRefused>().Reason);
        Assert.Equal(HubClose.Refused, replay.Closed);
    }

    [Fact]
    public void A_hub_delegates_to_no_more_members_than_it_may()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { MaxDelegates = 1 });
        var (first, second) = (world.Open(1), world.Open(2));
        first.Admit();
        second.Admit();

        first.Ask("");
        second.Ask("");
        first.Ask("");

        Assert.Equal(AdmitRefusal.TooMany, second.Last<AdmitRefused>().Reason);
        Assert.False(first.Heard<AdmitRefused>());
    }

    [Fact]
    public void A_hub_may_let_nobody_introduce()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { MaxDelegates = 0 });
        var member = world.OpenGateway(Introducer);

        member.Ask("");

        Assert.Equal(AdmitRefusal.Closed, member.Last<AdmitRefused>().Reason);
    }

    [Fact]
    public void A_delegate_admits_to_the_hubs_network_and_introduces_through_itself()
    {
        var world = Delegate();
        var self = world.OpenOwn(Introducer);

        var newcomer = world.Open(2);
        var admitted = newcomer.Admit();

        Assert.Equal(AdmitMode.Introduce, admitted.Mode);
        Assert.Equal(self.Id, admitted.Gateway!.Value.Id);
        Assert.True(newcomer.Hello.HubKey.Span.SequenceEqual(world.NetworkSigning.PublicKey));
        Assert.True(admitted.Certificate.IsDelegated);
        Assert.True(admitted.Certificate.IsValid(newcomer.Signing, world.NetworkSigning.PublicKey, world.Now.UnixMilliseconds / 1000));
        Assert.Equal(world.Hub.Network, admitted.Certificate.Audience);
    }

    [Fact]
    public void A_delegate_without_its_own_member_lets_nobody_found()
    {
        var world = Delegate();

        Assert.Equal(AdmitMode.Retry, world.Open(2).Admit().Mode);
        world.Pass(TimeSpan.FromSeconds(30));
        Assert.Equal(AdmitMode.Retry, world.Open(3).Admit().Mode);
    }

    [Fact]
    public void Nobody_else_is_a_gateway_of_a_delegate_and_nobody_is_delegated_to_by_it()
    {
        var world = Delegate();
        var stranger = world.Open(2);
        stranger.Admit();

        stranger.Ask("");
        Assert.Equal(AdmitRefusal.Closed, stranger.Last<AdmitRefused>().Reason);
        stranger.Attach(0);

        Assert.Equal(AdmitRefusal.Closed, stranger.Last<AdmitRefused>().Reason);
        Assert.Equal(0, world.Statistics.Gateways);
    }

    /// <summary>Two rings that have nothing of each other but such addresses meet here.</summary>
    [Fact]
    public void A_member_that_claims_nothing_is_told_who_introduces_and_may_speak_with_it()
    {
        var world = Delegate();
        var self = world.OpenOwn(Introducer);
        var member = world.Open(2);
        member.Admit();

        var session = world.Open(2);
        session.Certificate = member.Certificate;
        session.Attach();

        Assert.Equal(self.Id, session.Last<OtherGateway>().Certificate.Id);
        Assert.Empty(session.Last<Attached>().Slots);
        session.SendTo(self.Id, new GetCertificates(7, []));
        self.SendTo(session.Id, new Certificates(7, []));
        Assert.True(self.Heard<GetCertificates>());
        Assert.True(session.Heard<Certificates>());
        world.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(HubClose.Idle, session.Closed);
    }

    [Fact]
    public void A_delegate_stops_when_its_number_is_used_up_and_keeps_count_across_a_restart()
    {
        var world = Delegate(admissions: 2);
        world.Open(2).Admit();
        world.Open(3).Admit();
        world.Open(2).Admit(); // Known: costs no number.
        var state = world.Hub.ExportState();

        Assert.Equal(AdmitRefusal.DelegationEnded, world.Open(4).Refused());
        Assert.Equal(AdmitRefusal.DelegationEnded, Delegate(admissions: 2, state: state).Open(4).Refused());
        Assert.True(world.Persisted >= 2);
    }

    [Fact]
    public void A_newer_delegation_lets_it_count_anew()
    {
        var world = Delegate(admissions: 1);
        world.Open(2).Admit();
        world.Pass(TimeSpan.FromDays(1));

        world.Hub.Redelegate(world.Grant(admissions: 1), ["ws://192.0.2.7/"]);

        Assert.Equal(["ws://192.0.2.7/"], world.Open(4).Admit().Seeds);
        Assert.Equal(AdmitRefusal.DelegationEnded, world.Open(5).Refused());
    }

    [Fact]
    public void A_delegate_stops_when_its_time_is_over_and_nothing_that_it_signs_outlives_it()
    {
        var world = Delegate();
        world.Pass(TimeSpan.FromDays(29));
        var last = world.Open(2).Admit().Certificate;
        world.Pass(TimeSpan.FromDays(2));

        Assert.Equal(last.Delegation!.NotAfter, last.NotAfter);
        Assert.Equal(AdmitRefusal.DelegationEnded, world.Open(3).Refused());
    }

    [Fact]
    public void A_member_that_shows_its_certificate_keeps_its_id_wherever_it_is_admitted()
    {
        var hub = new HubWorld();
        var atHub = hub.Open(2).Admit().Certificate;
        var world = Delegate();
        var returning = world.Open(2);

        returning.SendHub(HubProofs.SignAdmit(returning.Signing, returning.Hello, 1, isGuest: false, "", atHub));
        var newcomer = world.Open(3).Admit().Certificate;
        var back = hub.Open(3);
        back.SendHub(HubProofs.SignAdmit(back.Signing, back.Hello, 1, isGuest: false, "", newcomer));

        Assert.Equal(atHub, returning.Last<Admitted>().Certificate); // It serves as it is, and cost no number.
        Assert.Equal(0u, newcomer.Number);
        var reissued = back.Last<Admitted>().Certificate;
        Assert.Equal(newcomer.Id, reissued.Id);
        Assert.False(reissued.IsDelegated);
    }

    [Fact]
    public void Who_asks_once_more_without_showing_its_certificate_keeps_its_id_too()
    {
        var hub = new HubWorld();
        var newcomer = Delegate().Open(3).Admit().Certificate;
        var back = hub.Open(3);
        back.SendHub(HubProofs.SignAdmit(back.Signing, back.Hello, 1, isGuest: false, "", newcomer));

        var again = back.Admit();

        Assert.Equal(newcomer.Id, again.Certificate.Id);
    }

    [Fact]
    public void A_certificate_of_another_key_or_network_shown_at_admission_is_not_looked_at()
    {
        var world = Delegate();
        var foreign = new HubWorld(hubKey: 77).Open(2).Admit().Certificate;
        var others = new HubWorld().Open(9).Admit().Certificate;
        var party = world.Open(2);

        party.SendHub(HubProofs.SignAdmit(party.Signing, party.Hello, 1, isGuest: false, "", foreign));
        var first = party.Last<Admitted>().Certificate;
        party.SendHub(HubProofs.SignAdmit(party.Signing, party.Hello, 1, isGuest: false, "", others));

        Assert.NotEqual(foreign.Id, first.Id);
        Assert.Equal(first, party.Last<Admitted>().Certificate);
    }

    [Fact]
    public void A_right_for_another_key_is_none()
    {
        var world = new HubWorld();
        var grant = Delegation.Issue(world.Signing, world.Open(3).Signing.PublicKey, 0, 1, 1, 1);

        Assert.Throws<ArgumentException>(() => new HubWorld(delegation: grant, delegateKey: Introducer));
    }

    private static HubWorld Delegate(uint admissions = 1000, HubState? state = null) =>
        new(state: state, delegation: HubWorld.Grant(new(0, HubWorld.UnixStart), Introducer, admissions), delegateKey: Introducer);
}
