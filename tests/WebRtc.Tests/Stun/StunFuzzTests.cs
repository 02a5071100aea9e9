using System.Text;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Stun;

public sealed class StunFuzzTests
{
    private static readonly byte[] Key = Encoding.ASCII.GetBytes(StunVectors.Password);

    [Fact]
    public void Two_hundred_thousand_mutated_datagrams_neither_throw_nor_allocate()
    {
        var prng = new Prng(2026);
        byte[][] seeds = [StunVectors.Request, StunVectors.IPv4Response, StunVectors.IPv6Response, StunVectors.LongTermRequest];
        var buffer = new byte[StunMessage.MaxLength + 64];
        var answer = new byte[StunServer.MaxAnswerLength];
        var readCount = 0;
        Play(ref prng, seeds, buffer, answer, rounds: 1_000);
        var allocated = long.MaxValue;
        for (var attempt = 0; attempt < 3 && allocated > 0; attempt++) // The runtime itself may allocate where it compiles anew; whoever allocates for datagrams does each time.
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            readCount = Play(ref prng, seeds, buffer, answer, rounds: 200_000);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
        Assert.InRange(readCount, 5_000, 195_000); // Some are still messages, most are not: the mutation bites, and not everywhere.
    }

    private static int Play(ref Prng prng, byte[][] seeds, byte[] buffer, byte[] answer, int rounds)
    {
        var readCount = 0;
        for (var round = 0; round < rounds; round++)
        {
            var datagram = buffer.AsSpan(0, Mutate(ref prng, seeds[prng.NextInt32(seeds.Length)], buffer));
            if (StunMessage.TryRead(datagram, out var message))
            {
                readCount++;
                message.VerifyIntegrity(Key);
                Assert.True(message.UnknownRequired.Length <= StunMessage.MaxUnknownAttributes);
                Assert.True(message.Username.Length <= 513);
            }

            if (StunServer.TryAnswer(datagram, TransportAddress.FromIPv4(1, 1), answer, out var length))
            {
                Assert.True(length <= answer.Length && StunMessage.TryRead(answer.AsSpan(0, length), out _));
            }
        }

        return readCount;
    }

    /// <summary>Flips bits, sets bytes, cuts, appends, repeats a stretch; half the time puts the length field right again.</summary>
    private static int Mutate(ref Prng prng, byte[] seed, byte[] buffer)
    {
        seed.CopyTo(buffer, 0);
        var length = seed.Length;
        if (prng.NextChance(1, 2))
        {
            length -= 8; // Without the fingerprint, so that what is changed is not refused by it at once.
        }

        for (var change = prng.NextInt32(5); change > 0; change--)
        {
            var at = prng.NextInt32(length);
            switch (prng.NextInt32(5))
            {
                case 0:
                    buffer[at] ^= (byte)(1 << prng.NextInt32(8));
                    break;
                case 1:
                    buffer[at] = (byte)prng.NextUInt32();
                    break;
                case 2:
                    length = Math.Max(1, at);
                    break;
                case 3:
                    var room = Math.Min(prng.NextInt32(64), buffer.Length - length);
                    buffer.AsSpan(at, Math.Min(room, length - at)).CopyTo(buffer.AsSpan(length));
                    length += Math.Min(room, length - at);
                    break;
                default:
                    var attribute = Math.Min(20 + (4 * (at / 4)), length - 1);
                    buffer[attribute] = (byte)prng.NextInt32(2);
                    break;
            }
        }

        if (prng.NextChance(1, 2) && length >= 20)
        {
            length = Math.Max(20, length & ~3);
            buffer[2] = (byte)((length - 20) >> 8);
            buffer[3] = (byte)(length - 20);
        }

        return length;
    }
}
