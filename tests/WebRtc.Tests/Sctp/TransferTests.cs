using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Messages through a path, good or bad.</summary>
public sealed class TransferTests
{
    internal static byte[] Payload(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Prng((ulong)seed).Fill(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_144)]
    [InlineData(1_145)]
    [InlineData(65_536)]
    [InlineData(262_144)]
    public void A_message_of_any_length_arrives_whole(int length)
    {
        var pair = SctpPair.Connected();
        var payload = Payload(length);

        Assert.Equal(SctpSendOutcome.Accepted, pair.Send(pair.A, 3, payload, ppid: 51));
        Assert.True(pair.RunUntil(() => pair.Z.Messages.Count == 1));

        var arrived = pair.Z.Messages[0];
        Assert.Equal((3, 51u), (arrived.StreamId, arrived.Ppid));
        Assert.Equal(payload, arrived.Payload);
        Assert.True(pair.RunUntil(() => pair.A.Association.IsSendingDone));
    }

    [Fact]
    public void Five_MiB_through_five_percent_loss_arrive_intact_and_in_order()
    {
        var pair = SctpPair.Connected(conditions: new PathConditions { Loss = 50, Duplication = 20, Reordering = 50 });

        var sent = SendAll(pair, messages: 320, bytes: 16_384);

        Assert.Equal(320, pair.Z.Messages.Count);
        for (var i = 0; i < 320; i++)
        {
            Assert.Equal(sent[i], pair.Z.Messages[i].Payload);
        }
    }

    /// <summary>The path of docs: 25 ms each way, 5 % lost, 5 % held 15 ms more. Par, from two other stacks, is 100 kB/s.</summary>
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void A_lossy_path_of_50_ms_carries_at_least_60_kB_a_second(ulong seed)
    {
        var conditions = new PathConditions { Latency = TimeSpan.FromMilliseconds(25), Loss = 50, Reordering = 50 };
        var pair = SctpPair.Connected(conditions: conditions, seed: seed);
        var start = pair.Now;

        SendAll(pair, messages: 320, bytes: 16_384);

        var rate = 320 * 16_384 / (pair.Now - start).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"{rate / 1000:0} kB/s; {pair.A.Association.Statistics}");
        Assert.InRange(rate, 60_000, 1_000_000);
    }

    private static List<byte[]> SendAll(SctpPair pair, int messages, int bytes)
    {
        var sent = new List<byte[]>();
        Assert.True(pair.RunUntil(() =>
        {
            while (sent.Count < messages)
            {
                var payload = Payload(bytes, sent.Count);
                if (pair.Send(pair.A, 0, payload) != SctpSendOutcome.Accepted)
                {
                    break;
                }

                sent.Add(payload);
            }

            pair.Pump();
            return pair.Z.Messages.Count == messages;
        }));
        return sent;
    }
}
