using System.Text;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceFuzzTests
{
    private const int Rounds = 200_000;

    [Fact]
    public void An_authenticated_peer_that_says_anything_from_anywhere_breaks_nothing()
    {
        var prng = new Prng(7);
        var agent = new IceAgent(new IceOptions(), IceRole.Controlled, new SeededSecrets(1));
        var peer = IceCredentials.Create(new SeededSecrets(2));
        agent.AddLocalCandidate(new PathId(0), TransportAddress.Parse("10.0.0.1:1000"));
        agent.AddLocalCandidate(new PathId(1), TransportAddress.Parse("[2001:db8::1]:1000"));
        var now = Instant.Zero;
        var datagram = new byte[600];
        var lastSent = new byte[600];
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var round = 0; round < Rounds; round++)
        {
            if (round == 100)
            {
                agent.SetRemoteCredentials(now, peer);
            }

            now += TimeSpan.FromMilliseconds(prng.NextInt32(20));
            var from = prng.NextChance(1, 2)
                ? TransportAddress.FromIPv4(0x0A000000 + prng.NextUInt32() % 64, 1 + prng.NextInt32(8))
                : TransportAddress.FromIPv6(prng.NextUInt32() % 64, prng.NextInt32(8));
            var length = Compose(ref prng, agent, peer, datagram, lastSent);
            agent.Receive(now, new PathId(prng.NextInt32(3)), from, datagram.AsSpan(0, length));
            agent.Advance(now);
            Drain(agent, now, lastSent);
            if (agent.State == IceState.Failed)
            {
                agent.Restart(now);
                agent.SetRemoteCredentials(now, peer);
            }

            Assert.True(agent.WakeAt >= now);
        }

        var perDatagram = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.True(perDatagram < 1_000, $"{perDatagram} bytes a datagram");
        Assert.True(agent.Counters.OverBound > 0, "the bounds were never reached");
    }

    [Fact]
    public void Mutated_candidate_lines_never_throw()
    {
        var prng = new Prng(8);
        string[] seeds =
        [
            "candidate:2981232321 1 udp 2113942271 2001:db8::7 51001 typ host generation 0 ufrag uQ3x network-cost 999",
            "a=candidate:842163049 1 udp 1677729535 203.0.113.9 61665 typ srflx raddr 10.0.0.5 rport 61665",
            "candidate:1 1 tcp 2113937151 4f1c3a2e-91b4-4b52-8f0e-7c55d7d9a001.local 9 typ host tcptype active",
        ];
        const string alphabet = " :.0123456789abfz-+/=\0\r\n\u00e9\uffff";
        for (var round = 0; round < Rounds; round++)
        {
            var line = seeds[prng.NextInt32(seeds.Length)].ToCharArray();
            for (var change = 1 + prng.NextInt32(4); change > 0; change--)
            {
                line[prng.NextInt32(line.Length)] = alphabet[prng.NextInt32(alphabet.Length)];
            }

            if (Candidate.TryParse(line.AsSpan(prng.NextInt32(3)), out var candidate))
            {
                Assert.True(Candidate.TryParse(candidate.ToString(), out var again), candidate.ToString());
                Assert.Equal(candidate.ToString(), again.ToString());
            }
        }
    }

    /// <summary>A message with attributes chosen at random, signed most of the time, then perhaps damaged.</summary>
    private static int Compose(ref Prng prng, IceAgent agent, IceCredentials peer, byte[] buffer, byte[] lastSent)
    {
        // Half of the answers belong to the check that left last.
        var id = prng.NextChance(1, 2) ? StunTransactionId.Read(lastSent.AsSpan(8)) : StunTransactionId.Create(new SeededSecrets(prng.NextUInt64()));
        var messageClass = (StunClass)prng.NextInt32(4);
        var writer = new StunWriter(buffer, new StunHeader(messageClass, StunHeader.Binding, id));
        writer.AddUsername(Encoding.ASCII.GetBytes($"{agent.LocalCredentials.Ufrag}:{peer.Ufrag}"));
        for (var count = prng.NextInt32(5); count > 0; count--)
        {
            switch (prng.NextInt32(6))
            {
                case 0: writer.AddPriority(prng.NextUInt32()); break;
                case 1: writer.AddUseCandidate(); break;
                case 2: writer.AddIceControlling(prng.NextUInt64()); break;
                case 3: writer.AddIceControlled(prng.NextUInt64()); break;
                case 4: writer.AddXorMappedAddress(TransportAddress.FromIPv4(prng.NextUInt32(), prng.NextInt32(65_536))); break;
                default: writer.AddErrorCode(prng.NextChance(1, 2) ? 487 : 400 + prng.NextInt32(100), "x"u8); break;
            }
        }

        var key = messageClass == StunClass.Request ? agent.LocalCredentials.Password : peer.Password;
        writer.AddIntegrity(Encoding.ASCII.GetBytes(key));
        var length = writer.Finish();
        if (prng.NextChance(1, 8))
        {
            buffer[prng.NextInt32(length)] ^= (byte)(1 << prng.NextInt32(8));
        }

        return length;
    }

    private static void Drain(IceAgent agent, Instant now, byte[] lastSent)
    {
        var count = 0;
        while (agent.TryGetDatagram(now, lastSent, out _))
        {
            Assert.True(++count < 300, "endless output");
        }

        while (agent.TryGetEvent(out _))
        {
        }
    }
}
