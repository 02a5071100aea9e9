using Overlay.Admission;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Admission;

public sealed class FuzzTests
{
    [Fact]
    public void A_hundred_thousand_mutated_messages_neither_throw_nor_disturb_the_others()
    {
        var world = new HubWorld();
        var random = new Prng(2025);
        var gateway = world.OpenGateway(1);
        var newcomer = world.Open(2);
        newcomer.Admit();
        var attacker = world.Open(3);
        ulong key = 3;
        var (read, closed) = (0, 0);

        for (var i = 0; i < 100_000; i++)
        {
            if (attacker.Closed != HubClose.None)
            {
                closed++;
                attacker = world.Open(++key);
            }

            if (random.Chance(1, 4))
            {
                attacker.SendAdmit(); // Bound sessions have more to break.
            }

            read += Strike(world, attacker, Mutate(ref random, Sample(ref random, attacker)));
            if (i % 500 == 0)
            {
                world.Pass(TimeSpan.FromMilliseconds(100));
                newcomer.SendTo(RingId.From(5), new Ping((ulong)i));
                Assert.Equal((ulong)i, gateway.Last<Ping>().Nonce);
                gateway.SendTo(newcomer.Id, new Ping((ulong)i));
                Assert.Equal((ulong)i, newcomer.Last<Ping>().Nonce);
                gateway.Inbox.Clear();
                newcomer.Inbox.Clear();
                world.Observations.Clear();
            }
        }

        Assert.InRange(read, 10_000, 99_000);
        Assert.InRange(closed, 100, 99_000);
        Assert.Equal(HubClose.None, gateway.Closed);
        Assert.Equal(HubClose.None, newcomer.Closed);
        attacker.Close();
        Assert.Equal((2, 1), (world.Statistics.Sessions, world.Statistics.Gateways));
    }

    [Fact]
    public void The_same_inputs_have_the_same_effects()
    {
        var first = Story();
        var second = Story();

        Assert.True(first.Count > 200);
        Assert.Equal(first, second);
    }

    private static List<string> Story()
    {
        var world = new HubWorld(new() { Policy = AdmissionPolicy.Open, MaxSessions = 12 }) { Trace = [] };
        var random = new Prng(5);
        var parties = new List<Party>();
        for (var i = 0; i < 300; i++)
        {
            parties.Add(world.Open((ulong)random.Next(40), (ulong)random.Next(3), random.Next(5)));
            var party = parties[random.Next(parties.Count)];
            if (party.Closed != HubClose.None)
            {
                continue;
            }

            party.SendAdmit();
            if (party.Heard<Admitted>())
            {
                party.Certificate = party.Last<Admitted>().Certificate;
                party.Attach(random.Next(8));
            }

            world.Pass(TimeSpan.FromMilliseconds(random.Next(400)));
        }

        return world.Trace;
    }

    private static byte[] Sample(ref Prng random, Party attacker)
    {
        var certificate = attacker.Heard<Admitted>() ? attacker.Last<Admitted>().Certificate : null;
        Payload payload = (random.Next(5), certificate) switch
        {
            (0, _) or (_, null) => HubProofs.SignAdmit(attacker.Signing, attacker.Hello, 1, isGuest: false, "token"),
            (1, _) => HubProofs.SignAttach(attacker.Signing, attacker.Hello, certificate, 1, [1, 2]) with { Slots = [9, 2] },
            (2, _) => new Renew(certificate),
            (3, _) => new FindOwner(1, LookupPurpose.Join),
            _ => new Candidates(1, ["candidate"]),
        };
        return MessageCodec.Encode(new()
        {
            Kind = payload.Kind,
            HopsLeft = 1,
            Source = certificate?.Id ?? default,
            Destination = RingId.From(7),
            Body = Party.Body(payload),
        });
    }

    private static byte[] Mutate(ref Prng random, byte[] bytes)
    {
        for (var i = random.Next(3); i >= 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return random.Chance(1, 20) ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static int Strike(HubWorld world, Party attacker, byte[] bytes)
    {
        if (attacker.Closed != HubClose.None)
        {
            return 0;
        }

        if (MessageCodec.TryRead(bytes, null, out var message))
        {
            attacker.Send(message);
            return 1;
        }

        world.Step((Instant now, HubOutbox outbox) => world.Hub.Malformed(now, attacker.Session, outbox));
        return 0;
    }
}
