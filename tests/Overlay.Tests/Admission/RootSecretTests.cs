using Overlay.Admission;
using Overlay.Messages;

namespace Overlay.Tests.Admission;

/// <summary>Who becomes the root of a tree by the hub's word.</summary>
public sealed class RootSecretTests
{
    private static readonly HubAdmissionOptions WithSecret = HubAdmissionOptions.Loopback with { RootSecret = "open sesame" };

    [Fact]
    public void The_founder_is_appointed_under_the_hubs_key_and_each_time_of_a_later_epoch()
    {
        var world = new HubWorld();
        var first = world.Open(1);
        var appointment = first.Admit().Appointment!;
        first.Close();
        var again = new HubWorld(state: world.Hub.ExportState()).Open(2).Admit().Appointment!;

        Assert.True(appointment.IsValid(world.Signing, world.Signing.PublicKey));
        Assert.Equal((first.Id, 1u), (appointment.Root, appointment.Epoch));
        Assert.Equal(2u, again.Epoch);
    }

    [Fact]
    public void Nobody_else_is_appointed()
    {
        var world = new HubWorld();
        world.OpenGateway(1);

        Assert.Null(world.Open(2).Admit().Appointment);
    }

    [Fact]
    public void A_wrong_secret_is_refused_by_that_reason_and_so_is_any_where_the_hub_has_none()
    {
        Assert.Equal(AdmitRefusal.RootSecretWrong, new HubWorld(WithSecret).Open(1).Refused(rootSecret: "open simsim"));
        Assert.Equal(AdmitRefusal.RootSecretWrong, new HubWorld().Open(1).Refused(rootSecret: "open sesame"));
    }

    [Fact]
    public void With_a_secret_nobody_founds_but_who_knows_it()
    {
        var world = new HubWorld(WithSecret);

        Assert.Equal(AdmitMode.Retry, world.Open(1).Admit().Mode);
        var root = world.Open(2);
        Assert.Equal(AdmitMode.Found, root.Admit(rootSecret: "open sesame").Mode);
        root.Attach(0, 1, 2, 3, 4, 5, 6, 7);

        Assert.Equal(AdmitMode.Introduce, world.Open(3).Admit().Mode);
    }

    [Fact]
    public void The_secret_makes_a_root_of_a_much_later_epoch_where_a_network_stands_already()
    {
        var world = new HubWorld(WithSecret);
        var first = world.Open(1);
        var before = first.Admit(rootSecret: "open sesame").Appointment!;
        first.Attach(0, 1, 2, 3, 4, 5, 6, 7);

        var second = world.Open(2).Admit(rootSecret: "open sesame");

        Assert.Equal(AdmitMode.Found, second.Mode);
        Assert.InRange(second.Appointment!.Epoch, before.Epoch + 100, before.Epoch + 4096);
    }

    [Fact]
    public void A_proof_is_good_for_one_session_and_one_key()
    {
        var world = new HubWorld(WithSecret);
        var (knows, listens) = (world.Open(1), world.Open(2));
        var overheard = HubProofs.ProveRoot("open sesame", knows.Hello.Challenge.Span, knows.Hello.GetSpeakerKey(), knows.Signing.PublicKey);

        listens.SendHub(HubProofs.SignAdmit(listens.Signing, listens.Hello, 1, false, "") with { RootProof = overheard });

        Assert.Equal(AdmitRefusal.RootSecretWrong, listens.Last<AdmitRefused>().Reason);
    }
}
