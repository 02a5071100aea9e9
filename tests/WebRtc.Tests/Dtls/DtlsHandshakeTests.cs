using Overlay.WebRtc.Dtls;

namespace Overlay.WebRtc.Tests.Dtls;

public sealed class DtlsHandshakeTests
{
    [Fact]
    public void Two_endpoints_connect_in_two_round_trips_with_the_preferred_suite()
    {
        using var pair = new DtlsPair();
        var begun = pair.Now;

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        Assert.Equal(4 * DtlsPair.Latency, pair.Now - begun);
        Assert.Equal("ECDHE-ECDSA-AES128-GCM-SHA256", pair.Client.CipherSuite);
        Assert.Equal(DtlsPair.ServerCertificate.Fingerprint, pair.Client.PeerFingerprint);
        Assert.Equal(DtlsPair.ClientCertificate.Fingerprint, pair.Server.PeerFingerprint);
        Assert.Equal(0, pair.Client.RetransmissionCount + pair.Server.RetransmissionCount);
    }

    [Fact]
    public void No_datagram_is_longer_than_the_packet_size()
    {
        using var pair = new DtlsPair(new DtlsOptions { PacketSize = 300 });

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        Assert.All(pair.Sent, datagram => Assert.InRange(datagram.Length, 14, 300));
        Assert.True(pair.Sent.Count > 6);
    }

    [Theory]
    [InlineData(1200)]
    [InlineData(300)]
    public void The_loss_of_any_one_datagram_is_repaired_by_our_own_timer(int packetSize)
    {
        var count = DatagramsOfACleanHandshake(packetSize);
        for (var lost = 0; lost < count; lost++)
        {
            using var pair = new DtlsPair(new DtlsOptions { PacketSize = packetSize });
            var begun = pair.Now;
            pair.Network = (_, number) => number == lost ? [] : [DtlsPair.Latency];

            pair.Start();

            Assert.True(pair.RunUntil(() => pair.AreConnected), $"datagram {lost} of {count} lost");
            Assert.InRange((pair.Now - begun).TotalMilliseconds, 20, 200);
        }
    }

    [Theory]
    [InlineData(1200)]
    [InlineData(300)]
    public void The_loss_of_any_two_datagrams_is_repaired(int packetSize)
    {
        var count = DatagramsOfACleanHandshake(packetSize) + 2;
        for (var first = 0; first < count; first++)
        {
            for (var second = first + 1; second < count; second++)
            {
                using var pair = new DtlsPair(new DtlsOptions { PacketSize = packetSize });
                pair.Network = (_, number) => number == first || number == second ? [] : [DtlsPair.Latency];

                pair.Start();

                Assert.True(pair.RunUntil(() => pair.AreConnected), $"datagrams {first} and {second} lost");
            }
        }
    }

    [Fact]
    public void A_repeated_client_flight_has_new_record_numbers()
    {
        // A server that has finished drops records it has seen, so only a Finished with a new number brings its lost last flight back.
        using var pair = new DtlsPair();
        var finished = new List<byte[]>();
        pair.Network = (from, number) =>
        {
            if (from == pair.Client && LastRecordOf(pair.Sent[number]) is { Length: > 0 } last)
            {
                finished.Add(last[3..11]);
            }

            return from == pair.Server && finished.Count is > 0 and < 3 ? [] : [DtlsPair.Latency];
        };

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        Assert.Equal(3, finished.Count);
        Assert.Equal(3, finished.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void A_handshake_survives_the_doubling_of_every_datagram()
    {
        using var pair = new DtlsPair();
        pair.Network = (_, _) => [DtlsPair.Latency, DtlsPair.Latency];

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        pair.Send(pair.Client, "still in step"u8);
        Assert.True(pair.RunUntil(() => pair.ReceivedByServer.Count > 0));
        Assert.Single(pair.ReceivedByServer);
        Assert.InRange(pair.Sent.Count, 4, 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Fragments_in_any_order_are_put_together(ulong seed)
    {
        var prng = new Prng(seed);
        using var pair = new DtlsPair(new DtlsOptions { PacketSize = 256 });
        pair.Network = (_, _) => [TimeSpan.FromMilliseconds(1 + prng.NextInt32(30))];

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
    }

    [Theory]
    [InlineData(30, 1)]
    [InlineData(30, 2)]
    [InlineData(30, 3)]
    [InlineData(30, 4)]
    [InlineData(30, 5)]
    public void A_handshake_gets_through_heavy_loss(int percent, ulong seed)
    {
        var prng = new Prng(seed);
        using var pair = new DtlsPair(new DtlsOptions { HandshakeTimeout = TimeSpan.FromSeconds(20) });
        pair.Network = (_, _) => prng.NextChance(percent, 100) ? [] : [DtlsPair.Latency];

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.AreConnected));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wrong_fingerprint_fails_the_handshake_on_both_sides(bool clientIsDeceived)
    {
        using var stranger = DtlsPair.Certificate();
        using var pair = new DtlsPair();
        var deceived = clientIsDeceived ? pair.Client : pair.Server;
        var other = clientIsDeceived ? pair.Server : pair.Client;
        deceived.SetPeerFingerprint(pair.Now, stranger.Fingerprint);

        pair.Start();

        Assert.True(pair.RunUntil(() => deceived.State == DtlsState.Failed && other.State == DtlsState.Failed));
        Assert.Equal(DtlsFailure.FingerprintMismatch, deceived.Failure);
        Assert.Equal(DtlsFailure.Alert, other.Failure);
        Assert.Equal(42, other.AlertNumber); // bad_certificate
    }

    [Fact]
    public void A_server_that_does_not_know_the_fingerprint_yet_holds_the_connection_and_its_data()
    {
        using var pair = new DtlsPair(exchangeFingerprints: false);
        pair.Client.SetPeerFingerprint(pair.Now, DtlsPair.ServerCertificate.Fingerprint);
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.Client.State == DtlsState.Connected));
        pair.Send(pair.Client, "early"u8);
        pair.RunUntil(() => false, seconds: 0.2);
        Assert.Equal(DtlsState.Handshaking, pair.Server.State);
        Assert.Empty(pair.ReceivedByServer);

        pair.Server.SetPeerFingerprint(pair.Now, DtlsPair.ClientCertificate.Fingerprint);
        pair.Drain();

        Assert.Equal(DtlsState.Connected, pair.Server.State);
        Assert.Equal("early"u8.ToArray(), Assert.Single(pair.ReceivedByServer));
    }

    [Fact]
    public void A_late_fingerprint_that_does_not_match_fails_the_connection()
    {
        using var stranger = DtlsPair.Certificate();
        using var pair = new DtlsPair(exchangeFingerprints: false);
        pair.Client.SetPeerFingerprint(pair.Now, DtlsPair.ServerCertificate.Fingerprint);
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.Client.State == DtlsState.Connected));

        pair.Server.SetPeerFingerprint(pair.Now, stranger.Fingerprint);

        Assert.Equal(DtlsFailure.FingerprintMismatch, pair.Server.Failure);
        Assert.True(pair.RunUntil(() => pair.Client.State == DtlsState.Closed));
    }

    [Fact]
    public void A_hello_that_comes_before_the_start_is_kept()
    {
        using var pair = new DtlsPair();
        pair.Client.Start(pair.Now);
        pair.RunUntil(() => false, seconds: 0.01);
        Assert.Equal(DtlsState.New, pair.Server.State);
        var asked = pair.Now;

        pair.Server.Start(pair.Now);

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        Assert.Equal(3 * DtlsPair.Latency, pair.Now - asked); // No retransmission was needed.
    }

    [Fact]
    public void A_silent_peer_is_given_up_after_the_timeout_with_a_doubling_wait_between_hellos()
    {
        using var pair = new DtlsPair();
        var begun = pair.Now;
        var sentAt = new List<double>();
        pair.Network = (_, _) =>
        {
            sentAt.Add((pair.Now - begun).TotalMilliseconds);
            return [];
        };

        pair.Start();

        Assert.True(pair.RunUntil(() => pair.Client.State == DtlsState.Failed));
        Assert.Equal(DtlsFailure.HandshakeTimeout, pair.Client.Failure);
        Assert.Equal(TimeSpan.FromSeconds(5), pair.Now - begun);
        Assert.Equal([0, 50, 150, 350, 750, 1550, 3150], sentAt);
    }

    [Fact]
    public void Garbage_is_dropped_and_counted_without_harm()
    {
        var prng = new Prng(7);
        using var pair = new DtlsPair();
        var noise = new byte[100];
        pair.Start();
        for (var i = 0; i < 2000; i++)
        {
            prng.Fill(noise);
            noise[0] = (byte)(20 + (i % 7));
            noise[1] = 0xFE;
            noise[2] = 0xFD;
            noise[11] = 0;
            noise[12] = (byte)(i % 88);

            // Epoch 0 alerts and handshake messages are open to forgery by design of DTLS; everything else must bounce.
            noise[3] = (byte)(1 + (i % 3));
            pair.Server.Receive(pair.Now, noise.AsSpan(0, 13 + (i % 88)));
            pair.Client.Receive(pair.Now, noise.AsSpan(0, i % 100));
        }

        Assert.True(pair.RunUntil(() => pair.AreConnected));
        Assert.True(pair.Client.DroppedCount > 0);
    }

    private static int DatagramsOfACleanHandshake(int packetSize)
    {
        using var pair = new DtlsPair(new DtlsOptions { PacketSize = packetSize });
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.AreConnected));
        return pair.Sent.Count;
    }

    /// <summary>The last record of a datagram if it is an encrypted handshake message.</summary>
    private static byte[] LastRecordOf(byte[] datagram)
    {
        for (var at = 0; at + 13 <= datagram.Length;)
        {
            var length = 13 + ((datagram[at + 11] << 8) | datagram[at + 12]);
            if (at + length == datagram.Length)
            {
                return datagram[at] == 22 && datagram[at + 4] == 1 ? datagram[at..] : [];
            }

            at += length;
        }

        return [];
    }
}
