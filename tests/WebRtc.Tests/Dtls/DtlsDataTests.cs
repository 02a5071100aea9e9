using Overlay.WebRtc.Dtls;

namespace Overlay.WebRtc.Tests.Dtls;

public sealed class DtlsDataTests
{
    [Fact]
    public void Packets_of_a_thousand_bytes_go_both_ways()
    {
        using var pair = Connected();
        var packet = new byte[1000];
        new Prng(1).Fill(packet);

        for (var i = 0; i < 100; i++)
        {
            pair.Send(pair.Client, packet);
            pair.Send(pair.Server, packet);
        }

        Assert.True(pair.RunUntil(() => pair.ReceivedByClient.Count == 100 && pair.ReceivedByServer.Count == 100));
        Assert.All(pair.ReceivedByClient, received => Assert.Equal(packet, received));
        Assert.All(pair.ReceivedByServer, received => Assert.Equal(packet, received));
    }

    [Fact]
    public void A_record_adds_no_more_than_the_stated_overhead()
    {
        using var pair = Connected();
        var datagram = new byte[1200 + DtlsEndpoint.MaxOverhead];

        Assert.InRange(pair.Client.Protect(new byte[1200], datagram), 1201, 1200 + DtlsEndpoint.MaxOverhead);
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.Client.Protect(new byte[1201], datagram));
    }

    [Fact]
    public void A_changed_or_replayed_datagram_delivers_nothing()
    {
        using var pair = Connected();
        pair.Network = (_, _) => [];
        pair.Send(pair.Client, "once"u8);
        var datagram = pair.Sent[^1];
        var changed = datagram.ToArray();
        changed[^1] ^= 1;

        foreach (var copy in new[] { changed, datagram, datagram, changed })
        {
            pair.Server.Receive(pair.Now, copy);
            pair.Drain();
        }

        Assert.Equal("once"u8.ToArray(), Assert.Single(pair.ReceivedByServer));
        Assert.True(pair.AreConnected);
    }

    [Fact]
    public void Data_that_overtakes_the_last_flight_waits_for_it()
    {
        // S → ChangeCipherSpec, Finished → (late) C, S → data → C
        using var pair = new DtlsPair();
        pair.Network = (from, _) =>
            [from == pair.Server && pair.Server.State == DtlsState.Connected ? 4 * DtlsPair.Latency : DtlsPair.Latency];
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.Server.State == DtlsState.Connected));

        pair.Network = (_, _) => [DtlsPair.Latency];
        pair.Send(pair.Server, "overtaking"u8);

        Assert.True(pair.RunUntil(() => pair.ReceivedByClient.Count == 1));
        Assert.Equal("overtaking"u8.ToArray(), pair.ReceivedByClient[0]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Closing_one_side_closes_the_other(bool clientCloses)
    {
        using var pair = Connected();
        var (closing, other) = clientCloses ? (pair.Client, pair.Server) : (pair.Server, pair.Client);

        closing.Close(pair.Now);

        Assert.True(pair.RunUntil(() => other.State == DtlsState.Closed));
        Assert.Equal(DtlsState.Closed, closing.State);
        Assert.Equal(0, closing.Protect("too late"u8, new byte[100]));
    }

    [Fact]
    public void Sealing_and_opening_allocate_nothing()
    {
        using var pair = Connected();
        var plaintext = new byte[1000];
        var datagram = new byte[1100];
        void Exchange(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var length = pair.Client.Protect(plaintext, datagram);
                pair.Server.Receive(pair.Now, datagram.AsSpan(0, length));
                while (pair.Server.TryGetData(datagram, out _))
                {
                }
            }
        }

        Exchange(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_disposed_endpoint_answers_calmly()
    {
        var pair = Connected();
        pair.Dispose();

        pair.Client.Receive(pair.Now, new byte[100]);
        pair.Client.Advance(pair.Now);

        Assert.Equal(DtlsState.Closed, pair.Client.State);
        Assert.False(pair.Client.TryGetData(new byte[2048], out _));
        Assert.Equal(0, pair.Client.Protect("x"u8, new byte[100]));
        Assert.Equal("", pair.Client.CipherSuite);
    }

    private static DtlsPair Connected()
    {
        var pair = new DtlsPair();
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.AreConnected));
        return pair;
    }
}
