using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Tests.Admission;

public sealed class AdmissionTests
{
    [Fact]
    public void The_hub_speaks_first_with_its_key_and_a_fresh_challenge()
    {
        var world = new HubWorld();

        var hellos = new[] { world.Open(1).Hello, world.Open(2).Hello };

        Assert.All(hellos, hello => Assert.Equal(world.Signing.PublicKey.ToArray(), hello.HubKey.ToArray()));
        Assert.All(hellos, hello => Assert.True(HubProofs.IsWellFormed(hello)));
        Assert.All(hellos, hello => Assert.False(hello.Founded));
        Assert.NotEqual(hellos[0].Challenge.ToArray(), hellos[1].Challenge.ToArray());
    }

    [Fact]
    public void The_certificate_is_true_and_good_for_14_days()
    {
        var world = new HubWorld();
        var party = world.Open(1);

        var certificate = party.Admit().Certificate;

        var now = HubWorld.UnixStart / 1000;
        Assert.True(certificate.IsValid(world.Signing, world.Signing.PublicKey, now));
        Assert.Equal(party.Signing.PublicKey.ToArray(), certificate.PublicKey.ToArray());
        Assert.Equal(now, certificate.NotBefore);
        Assert.Equal(now + (14 * 86_400), certificate.NotAfter);
        Assert.Equal(world.Hub.Network, certificate.Audience);
    }

    [Fact]
    public void A_key_has_the_same_id_after_the_hub_lost_its_memory()
    {
        var before = new HubWorld().Open(1).Admit().Certificate;

        var after = new HubWorld().Open(1).Admit().Certificate;

        Assert.Equal(before.Id, after.Id);
    }

    [Fact]
    public void A_node_that_comes_again_gets_the_same_certificate_until_half_of_its_life_is_over()
    {
        var world = new HubWorld();
        var first = world.Open(1).Admit().Certificate;

        world.Pass(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        var second = world.Open(1).Admit().Certificate;
        world.Pass(TimeSpan.FromSeconds(2));
        var third = world.Open(1).Admit().Certificate;

        Assert.Equal(first, second);
        Assert.NotEqual(first, third);
        Assert.Equal(first.Id, third.Id);
    }

    [Theory]
    [InlineData(0)] // The key.
    [InlineData(1)] // The instance.
    [InlineData(2)] // The signature.
    [InlineData(3)] // The challenge of another session.
    [InlineData(4)] // A short key.
    [InlineData(5)] // A short signature.
    public void An_altered_request_is_refused(int what)
    {
        var world = new HubWorld();
        var party = world.Open(1);
        var good = HubProofs.SignAdmit(party.Signing, what == 3 ? world.Open(2).Hello : party.Hello, 1, isGuest: false, "");
        var altered = what switch
        {
            0 => good with { PublicKey = world.Open(3).Signing.PublicKey.ToArray() },
            1 => good with { Instance = 2 },
            2 => good with { Signature = new byte[ISigning.SignatureBytes] },
            4 => good with { PublicKey = good.PublicKey[1..] },
            5 => good with { Signature = good.Signature[1..] },
            _ => good,
        };

        party.SendHub(altered);

        Assert.Equal(AdmitRefusal.BadSignature, party.Last<AdmitRefused>().Reason);
        Assert.Equal(HubClose.Refused, party.Closed);
        Assert.Equal(1, world.Statistics.RefusedFor(AdmitRefusal.BadSignature));
    }

    [Fact]
    public void A_session_that_proved_one_key_is_not_admitted_under_another()
    {
        var world = new HubWorld();
        var party = world.Open(1);
        party.Admit();

        party.SendHub(HubProofs.SignAdmit(world.Open(2).Signing, party.Hello, 1, isGuest: false, ""));

        Assert.Equal(AdmitRefusal.BadSignature, party.Last<AdmitRefused>().Reason);
    }

    [Fact]
    public void A_closed_hub_admits_nobody_and_is_the_default()
    {
        var world = new HubWorld(new());

        Assert.Equal(AdmitRefusal.Closed, world.Open(1).Refused());
    }

    [Fact]
    public void A_hub_with_tokens_wants_one_that_it_knows()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { Policy = AdmissionPolicy.Tokens, Tokens = ["rose", "lily"] });

        Assert.Equal(AdmitRefusal.TokenNeeded, world.Open(1).Refused());
        Assert.Equal(AdmitRefusal.TokenUnknown, world.Open(2).Refused("ros"));
        Assert.Equal(AdmitRefusal.TokenUnknown, world.Open(3).Refused(new string('x', 100_000)));
        Assert.Equal(AdmitMode.Found, world.Open(4).Admit(token: "lily").Mode);
    }

    [Fact]
    public void The_newest_instance_of_a_key_wins()
    {
        var world = new HubWorld();
        var old = world.Open(1, instance: 5);
        old.Admit();

        var newer = world.Open(1, instance: 6);
        newer.Admit();

        Assert.Equal(HubClose.Superseded, old.Closed);
        Assert.Equal(HubClose.None, newer.Closed);
        Assert.Equal(AdmitRefusal.OldInstance, world.Open(1, instance: 5).Refused());
        Assert.Equal(1, world.Statistics.Superseded);
        Assert.Equal(HubClose.None, newer.Closed);
    }

    [Fact]
    public void A_second_session_of_the_same_instance_takes_over_from_the_first()
    {
        var world = new HubWorld();
        var first = world.Open(1);
        first.Admit();

        var second = world.Open(1);
        second.Admit();

        Assert.Equal(HubClose.Superseded, first.Closed);
        Assert.Equal(1, world.Statistics.Sessions);
    }

    [Fact]
    public void Ice_servers_come_with_credentials_that_name_expiry_and_id()
    {
        var ice = new IceConfiguration { StunUrls = ["stun:a:3478"], TurnUrls = ["turn:b:3478"], TurnSecret = "s", TurnCredentialLife = TimeSpan.FromHours(1) };
        var world = new HubWorld(HubAdmissionOptions.Loopback with { Ice = ice });

        var admitted = world.Open(1).Admit();

        Assert.Equal(new IceServer("stun:a:3478", "", ""), admitted.IceServers[0]);
        Assert.Equal($"1800003600:{admitted.Certificate.Id}", admitted.IceServers[1].User);
        Assert.Equal(28, admitted.IceServers[1].Credential.Length);
    }

    [Fact]
    public void A_turn_credential_is_the_hmac_that_turn_servers_compute()
    {
        // printf 1800003600:alice | openssl dgst -sha1 -hmac secret -binary | base64
        var ice = new IceConfiguration { TurnUrls = ["turn:b"], TurnSecret = "secret", TurnCredentialLife = TimeSpan.FromHours(1) };

        var server = ice.For(new(0, HubWorld.UnixStart), "alice")[0];

        Assert.Equal("9vwVyEU3Pjn5UVy6uoaN3DNs8VU=", server.Credential);
    }

    [Fact]
    public void The_defaults_are_these()
    {
        var options = new HubAdmissionOptions();

        options.Validate();
        Assert.Equal(AdmissionPolicy.Closed, options.Policy);
        Assert.Equal(TimeSpan.FromSeconds(20), options.FoundAgainAfter);
        Assert.Equal(TimeSpan.FromSeconds(15), options.FounderTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.HalfOpenTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), options.IdleTimeout);
        Assert.Equal(TimeSpan.FromDays(14), options.CertificateLife);
        Assert.Equal(new Rate(10, 64), options.AdmissionsPerPrefix);
        Assert.Equal(new Rate(100, 200), options.Admissions);
        Assert.Equal(4096, options.MaxSessions);
        Assert.True(options.CanFound);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("HubNumber", Message(new() { HubNumber = 256 }), StringComparison.Ordinal);
        Assert.Contains("Tokens", Message(new() { Policy = AdmissionPolicy.Tokens }), StringComparison.Ordinal);
        Assert.Contains("IdleTimeout", Message(new() { IdleTimeout = TimeSpan.Zero }), StringComparison.Ordinal);
        Assert.Contains("TurnSecret", Message(new() { Ice = new() { TurnUrls = ["turn:a"] } }), StringComparison.Ordinal);
        Assert.Contains("http://a", Message(new() { Ice = new() { StunUrls = ["http://a"] } }), StringComparison.Ordinal);
        Assert.Contains("Admissions", Message(new() { Admissions = new(0, 1) }), StringComparison.Ordinal);

        static string Message(HubAdmissionOptions options) => Assert.Throws<ArgumentException>(options.Validate).Message;
    }
}
