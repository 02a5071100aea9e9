using Overlay.Admission;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests.Admission;

public sealed class BoundsTests
{
    [Fact]
    public void A_session_that_proves_nothing_is_closed_after_10_seconds_however_much_it_talks()
    {
        var world = new HubWorld();
        var silent = world.Open(1);
        var talker = world.Open(2);
        for (var i = 0; i < 9; i++)
        {
            world.Pass(TimeSpan.FromSeconds(1));
            talker.Send(new() { Kind = MessageKind.Ping, Body = Party.Body(new Ping(1)) });
        }

        Assert.Equal(HubClose.None, silent.Closed);
        world.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(HubClose.TimedOut, silent.Closed);
        Assert.Equal(HubClose.TimedOut, talker.Closed);
        Assert.Equal(Instant.Never, world.WakeAt);
    }

    [Fact]
    public void An_admitted_session_is_closed_after_60_silent_seconds_but_a_gateway_stays()
    {
        var world = new HubWorld();
        var gateway = world.OpenGateway(1);
        var silent = world.Open(2);
        silent.Admit();
        var talker = world.Open(3);
        talker.Admit();

        for (var i = 0; i < 7; i++)
        {
            world.Pass(TimeSpan.FromSeconds(10));
            talker.SendTo(gateway.Id, new Ping(1));
        }

        Assert.Equal(HubClose.Idle, silent.Closed);
        Assert.Equal(HubClose.None, talker.Closed);
        world.Pass(TimeSpan.FromDays(1));
        Assert.Equal(HubClose.None, gateway.Closed);
    }

    [Fact]
    public void One_origin_is_admitted_10_times_a_second_after_a_burst_of_64_and_others_do_not_feel_it()
    {
        var world = new HubWorld(new() { Policy = AdmissionPolicy.Open });
        world.OpenGateway(1); // Takes one of the 64.
        var admitted = Enumerable.Range(10, 100).Select(key => world.Open((ulong)key)).Count(IsAdmitted);
        Assert.Equal(63, admitted);

        Assert.True(IsAdmitted(world.Open(500, prefix: 2)));
        world.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(10, Enumerable.Range(200, 100).Select(key => world.Open((ulong)key)).Count(IsAdmitted));
        Assert.Equal(100 - 63 + 90, world.Statistics.RefusedFor(AdmitRefusal.TooMany));
    }

    [Fact]
    public void All_origins_together_are_admitted_100_times_a_second_after_a_burst_of_200_and_members_still_attach()
    {
        var member = new HubWorld().Open(1).Admit().Certificate;
        var world = new HubWorld(new() { Policy = AdmissionPolicy.Open });
        var admitted = Enumerable.Range(10, 300).Select(key => world.Open((ulong)key, prefix: (ulong)key)).Count(IsAdmitted);
        var gateway = world.Open(1, prefix: 9999);
        gateway.Certificate = member;

        gateway.Attach(0);

        Assert.Equal(200, admitted);
        Assert.Equal([0], gateway.Last<Attached>().Slots);
    }

    [Fact]
    public void Asking_again_on_a_session_is_not_charged_to_its_origin_but_bounded()
    {
        var world = new HubWorld(new() { Policy = AdmissionPolicy.Open, AdmissionsPerPrefix = new(1, 2), Admissions = new(1, 2) });
        var party = world.Open(1);

        for (var i = 0; i < 32; i++)
        {
            party.Admit();
        }

        Assert.Equal(AdmitRefusal.TooMany, party.Refused());
    }

    [Fact]
    public void A_full_hub_pushes_out_the_oldest_session_that_proved_nothing()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { MaxSessions = 10 });
        var gateway = world.OpenGateway(1);
        var flood = Enumerable.Range(10, 9).Select(key => world.Open((ulong)key)).ToArray();

        Assert.Equal(HubClose.TooMany, world.Open(100).Closed);
        world.Pass(TimeSpan.FromSeconds(1));
        var newcomer = world.Open(101);

        Assert.Equal(HubClose.TooMany, flood[0].Closed);
        Assert.Equal(HubClose.None, flood[1].Closed);
        Assert.Equal(HubClose.None, gateway.Closed);
        Assert.Equal(AdmitMode.Introduce, newcomer.Admit().Mode);
        Assert.Equal(10, world.Statistics.MaxSessions);
    }

    [Fact]
    public void One_origin_cannot_take_all_sessions()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { MaxSessionsPerPrefix = 3 });
        var first = world.Open(1);
        world.Open(2);
        world.Open(3);

        Assert.Equal(HubClose.TooMany, world.Open(4).Closed);
        Assert.Equal(HubClose.None, world.Open(5, prefix: 7).Closed);
        first.Close();
        Assert.Equal(HubClose.None, world.Open(6).Closed);
    }

    [Fact]
    public void Bytes_that_are_no_message_close_their_session_only()
    {
        var world = new HubWorld();
        var good = world.Open(1);
        var bad = world.Open(2);

        world.Step((now, outbox) => world.Hub.Malformed(now, bad.Session, outbox));

        Assert.Equal(HubClose.BadMessage, bad.Closed);
        Assert.Equal(AdmitMode.Found, good.Admit().Mode);
    }

    [Fact]
    public void What_comes_for_a_session_that_is_gone_is_ignored()
    {
        var world = new HubWorld { Trace = [] };
        var party = world.Open(1);
        party.Close();
        var trace = world.Trace.Count;

        party.SendHub(new Admit(new byte[64], 1, IsGuest: false, "", new byte[64]));
        party.Close();
        world.Step((now, outbox) => world.Hub.Malformed(now, party.Session, outbox));

        Assert.Equal(trace, world.Trace.Count);
    }

    [Fact]
    public void A_position_taken_by_another_key_is_drawn_again_and_stays_after_a_restart()
    {
        static RingId Narrow(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> key) => RingId.From(1 + (NodeCertificate.PositionOf(nonce, key).Value % 3));
        var secret = new byte[HubIdentity.CaSecretBytes];
        var members = new MemberBook(100);
        var book = new PositionBook(secret, HubState.New, Narrow);
        var keys = Enumerable.Range(1, 3).Select(i => new KeyedSigning(1, (ulong)i).PublicKey.ToArray()).ToArray();
        var nonce = new byte[NodeCertificate.NonceBytes];

        var ids = keys.Select(key => Place(book, key)).ToArray();

        Assert.Equal(3, ids.Distinct().Count());
        Assert.False(book.TryPlace(new KeyedSigning(1, 9).PublicKey, members, nonce, out _, out var isNew), "the ring of three is full");
        Assert.False(isNew);
        Assert.NotEmpty(book.Export());
        var restarted = new PositionBook(secret, new(IsFounded: true, book.Export()), Narrow);
        Assert.Equal(ids, keys.Select(key => Place(restarted, key)));
        Assert.Equal(book.Export(), restarted.Export());

        RingId Place(PositionBook from, byte[] key)
        {
            Assert.True(from.TryPlace(key, members, nonce, out var id, out _));
            members.Note(id, PositionBook.NameOf(key), 1);
            return id;
        }
    }

    [Fact]
    public void Positions_of_guests_are_never_given_to_members()
    {
        var world = new HubWorld();
        var ids = Enumerable.Range(1, 2000).Select(key =>
        {
            var party = world.Open((ulong)key);
            var id = party.Admit().Certificate.Id;
            party.Close();
            return id;
        }).ToArray();

        Assert.DoesNotContain(ids, id => GuestIds.IsReserved(id));
        Assert.Equal(2000, ids.Distinct().Count());
        Assert.True(GuestIds.IsReserved(GuestIds.Of(3, 0x01020304)));
        Assert.Equal("ff0301020304", GuestIds.Of(3, 0x01020304).ToString());
    }

    [Fact]
    public void An_old_key_that_was_forgotten_makes_room_in_the_book_and_keeps_its_id()
    {
        var world = new HubWorld(HubAdmissionOptions.Loopback with { MaxKnownKeys = 2 });
        var first = world.Open(1).Admit().Certificate;
        world.Open(2).Admit();
        world.Open(3).Admit();

        Assert.Equal(2, world.Statistics.KnownMembers);
        Assert.Equal(first.Id, world.Open(1, instance: 2).Admit().Certificate.Id);
    }

    [Fact]
    public void A_bucket_fills_at_its_rate_and_holds_its_burst()
    {
        var bucket = new TokenBucket(new(10, 3));
        var start = new Instant(0, 0);

        Assert.Equal(3, Take(ref bucket, start, 5));
        Assert.Equal(0, Take(ref bucket, start + TimeSpan.FromMilliseconds(99), 5));
        Assert.Equal(1, Take(ref bucket, start + TimeSpan.FromMilliseconds(100), 5));
        Assert.Equal(3, Take(ref bucket, start + TimeSpan.FromHours(1), 5));

        static int Take(ref TokenBucket bucket, Instant now, int tries)
        {
            var taken = 0;
            for (var i = 0; i < tries; i++)
            {
                taken += bucket.TryTake(now) ? 1 : 0;
            }

            return taken;
        }
    }

    [Fact]
    public void An_origin_is_an_ipv4_address_or_half_of_an_ipv6_one()
    {
        byte[] four = [10, 1, 2, 3];
        byte[] mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3];
        byte[] six = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8];
        byte[] sibling = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 7, 8, 7, 6, 5, 4, 3, 2, 1];

        Assert.Equal(RemotePrefix.Of(four), RemotePrefix.Of(mapped));
        Assert.Equal(RemotePrefix.Of(six), RemotePrefix.Of(sibling));
        Assert.NotEqual(RemotePrefix.Of(four), RemotePrefix.Of([10, 1, 2, 4]));
        Assert.Equal(default, RemotePrefix.Of([]));
    }

    private static bool IsAdmitted(Party party)
    {
        party.SendAdmit();
        return party.Heard<Admitted>();
    }
}
