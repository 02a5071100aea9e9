using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>The sending half alone, fed with SACKs made by hand.</summary>
public sealed class RetransmissionQueueTests
{
    private const int PacketBytes = 1172;
    private const int FullPayload = PacketBytes - 12 - 16;

    [Fact]
    public void The_initial_window_is_ten_packets()
    {
        var sender = new Sender();
        sender.Queue(100 * FullPayload);

        Assert.Equal(10, sender.Flush().Count);
        Assert.Equal(10 * 1160, sender.Retransmission.FlightBytes);
    }

    [Fact]
    public void Slow_start_grows_by_two_packets_for_each_SACK_that_acknowledges_as_much()
    {
        var sender = new Sender();
        sender.Queue(200 * FullPayload);
        sender.Flush();

        sender.Sack(1);
        Assert.Equal((10 * 1160) + 1160, sender.Window);
        sender.Flush();
        sender.Sack(5);
        Assert.Equal((10 * 1160) + (3 * 1160), sender.Window);
    }

    [Fact]
    public void A_window_that_is_not_used_does_not_grow()
    {
        var sender = new Sender();
        sender.Queue(3 * FullPayload);
        sender.Flush();

        sender.Sack(3);

        Assert.Equal(10 * 1160, sender.Window);
    }

    [Fact]
    public void The_third_report_makes_a_loss_and_halves_the_window_once()
    {
        var sender = new Sender();
        sender.Queue(200 * FullPayload);
        Assert.Equal(10, sender.Flush().Count);

        sender.Sack(1, (2, 2));
        sender.Sack(1, (2, 3));
        Assert.Equal(0, sender.Retransmission.Statistics.FastRetransmits);
        var window = sender.Window;
        sender.Sack(1, (2, 4));

        Assert.Equal(1, sender.Retransmission.Statistics.FastRetransmits);
        Assert.Equal(Math.Max(window / 2, 4 * 1160), sender.Window);
        Assert.Equal(2u, sender.Flush()[0].Value - sender.First.Value + 1); // The lost one goes first, whatever the window says.
        sender.Sack(1, (2, 6));
        Assert.Equal(Math.Max(window / 2, 4 * 1160), sender.Window);
    }

    [Fact]
    public void One_SACK_for_many_packets_reports_as_many_of_them()
    {
        var sender = new Sender();
        sender.Queue(200 * FullPayload);
        sender.Flush();

        sender.Sack(1, (2, 3), (5, 6)); // Holes at offsets 1 (TSN 2) and 4 (TSN 5): four packets above the first, two above the second.

        Assert.Equal(1, sender.Retransmission.Statistics.FastRetransmits);
        Assert.Equal(2u, sender.Flush()[0].Value - sender.First.Value + 1);
    }

    [Fact]
    public void Acknowledgements_below_a_hole_are_no_reports_about_it()
    {
        var sender = new Sender();
        sender.Queue(200 * FullPayload);
        sender.Flush();
        sender.Sack(0, (8, 9)); // Everything to 7 is missing, two packets above: two reports each.

        sender.Sack(0, (2, 5), (8, 9)); // Four more, all of them below 6 and 7.

        Assert.Equal(1, sender.Retransmission.Statistics.FastRetransmits); // TSN 1 only.
    }

    [Fact]
    public void Old_and_impossible_SACKs_are_ignored()
    {
        var sender = new Sender();
        sender.Queue(50 * FullPayload);
        sender.Flush();
        sender.Sack(4);
        var flight = sender.Retransmission.FlightBytes;

        Assert.False(sender.Sack(3));
        Assert.False(sender.Sack(11));
        Assert.False(sender.Sack(1u << 31));
        Assert.True(sender.Sack(4, (2, 40)));
        Assert.True(sender.Sack(4, (3, 2)));
        Assert.True(sender.Sack(4, (0, 0)));
        Assert.True(sender.Sack(4, (65_535, 65_535)));

        Assert.Equal(flight, sender.Retransmission.FlightBytes);
        Assert.Equal(4u, sender.Acked);
    }

    [Fact]
    public void What_the_peer_threw_away_after_acknowledging_it_is_sent_again()
    {
        var sender = new Sender();
        sender.Queue(10 * FullPayload);
        sender.Flush();
        sender.Sack(0, (2, 4), (6, 6));

        sender.Sack(0, (2, 2), (6, 6)); // 3 and 4 are missing now.

        Assert.Equal([sender.First], sender.Flush()); // The window is full; the oldest goes first.
        sender.Sack(2, (4, 8));
        Assert.Equal([sender.First.Plus(2), sender.First.Plus(3)], sender.Flush().Take(2));

        // From here on the peer names no gap blocks any more: what it had above is doubted at the next timeout, and sent again.
        var again = new List<Tsn>();
        for (var i = 0; i < 20 && !sender.Retransmission.IsAllAcknowledged; i++)
        {
            var sent = sender.Flush();
            again.AddRange(sent);
            if (sent.Count == 0)
            {
                sender.Retransmission.HandleTimeout(sender.Now);
            }
            else
            {
                sender.Sack(sent[^1].Value - sender.First.Value + 1);
            }
        }

        Assert.Contains(sender.First.Plus(8), again);
        Assert.Equal(10u, sender.Acked);
        Assert.True(sender.Retransmission.IsAllAcknowledged);
    }

    [Fact]
    public void A_timeout_leaves_a_window_of_one_packet_and_sends_the_oldest_first()
    {
        var sender = new Sender();
        sender.Queue(100 * FullPayload);
        sender.Flush();

        sender.Retransmission.HandleTimeout(sender.Now);

        Assert.Equal(1160, sender.Window);
        Assert.Equal([sender.First], sender.Flush());
        sender.Sack(1);
        Assert.Equal(sender.First.Next, sender.Flush()[0]);
    }

    [Fact]
    public void The_timer_runs_while_something_is_unacknowledged_and_anew_from_each_advance()
    {
        var sender = new Sender();
        Assert.False(sender.Timers.IsRunning(SctpTimer.T3Rtx));
        sender.Queue(3 * FullPayload);
        sender.Flush();
        Assert.Equal(sender.Now + TimeSpan.FromMilliseconds(500), sender.Timers.NextDue);

        sender.Now += TimeSpan.FromMilliseconds(50);
        sender.Sack(1);
        Assert.Equal(sender.Now + sender.Retransmission.Timeout.Value, sender.Timers.NextDue);
        sender.Sack(3);
        Assert.False(sender.Timers.IsRunning(SctpTimer.T3Rtx));
    }

    [Fact]
    public void Retransmitted_chunks_are_not_measured()
    {
        var sender = new Sender();
        sender.Queue(FullPayload);
        sender.Flush();
        sender.Now += TimeSpan.FromMilliseconds(700);
        sender.Retransmission.HandleTimeout(sender.Now);
        sender.Flush();
        var backedOff = sender.Retransmission.Timeout.Value;

        sender.Sack(1);

        Assert.Equal(TimeSpan.Zero, sender.Retransmission.Timeout.Smoothed);
        Assert.Equal(backedOff, sender.Retransmission.Timeout.Value); // Karn: the back-off stays until something can be measured.
    }

    [Fact]
    public void No_more_goes_out_than_the_peer_has_room_for_but_one_chunk_always_may()
    {
        var sender = new Sender(window: 3_000);
        sender.Queue(100 * FullPayload);

        Assert.Equal(2, sender.Flush().Count);
        sender.Window0(2);
        Assert.Single(sender.Flush());
        Assert.Empty(sender.Flush());
        Assert.True(sender.Retransmission.IsProbingZeroWindow);
    }

    [Fact]
    public void An_opening_window_repeats_the_probe_at_once()
    {
        var sender = new Sender(window: 3_000);
        sender.Queue(100 * FullPayload);
        sender.Flush();
        sender.Window0(2);
        var probe = sender.Flush().Single();

        sender.Sack(2);

        Assert.Equal(probe, sender.Flush()[0]);
    }

    [Fact]
    public void A_closed_window_costs_no_congestion_window()
    {
        var sender = new Sender(window: 3_000);
        sender.Queue(100 * FullPayload);
        sender.Flush();
        sender.Window0(2);
        sender.Flush();
        var window = sender.Window;

        sender.Retransmission.HandleTimeout(sender.Now);

        Assert.Equal(window, sender.Window);
        Assert.Single(sender.Flush());
    }

    /// <summary>A random receiver that never lies: whatever is lost or repeated, everything is acknowledged in the end.</summary>
    [Fact]
    public void Against_a_random_receiver_the_books_balance()
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(seed);
            var sender = new Sender(seed: prng.NextUInt32());
            var tracker = new DataTracker(sender.First);
            sender.Queue(1 + prng.NextInt32(300_000));
            for (var step = 0; step < 5_000 && !sender.IsDone; step++)
            {
                foreach (var tsn in sender.Flush())
                {
                    if (prng.NextChance(1, 5))
                    {
                        continue;
                    }

                    var kind = tracker.Classify(tsn);
                    if (kind == TsnKind.Ahead)
                    {
                        tracker.TakeAhead(tsn);
                    }
                    else if (kind == TsnKind.Next)
                    {
                        tracker.Advance();
                        while (tracker.IsNextTaken())
                        {
                            tracker.Advance();
                        }
                    }
                }

                sender.Now += TimeSpan.FromMilliseconds(20);
                if (prng.NextChance(3, 4))
                {
                    sender.SackOf(tracker);
                }
                else if (sender.Timers.TryTakeDue(sender.Now + TimeSpan.FromSeconds(5), out _))
                {
                    sender.Retransmission.HandleTimeout(sender.Now);
                }
            }

            Assert.True(sender.IsDone, $"seed {seed}");
            Assert.Equal(0, sender.Retransmission.FlightBytes);
            Assert.Equal(0, sender.Pool.RentedBytes);
        }
    }

    private sealed class Sender
    {
        private readonly SctpTimers _timers = new();
        private readonly SendQueue _queue;
        private readonly byte[] _buffer = new byte[PacketBytes];
        private readonly uint _window;

        public Sender(uint window = 1 << 22, uint seed = 1)
        {
            _window = window;
            First = new Tsn(seed);
            Pool = new BufferPool(1 << 20);
            _queue = new SendQueue(Pool, 10_000_000);
            var options = new SctpOptions();
            var peer = new PeerParameters(new Tsn(1), window, 10, 10, ForwardTsn: true, Reconfig: true);
            Retransmission = new RetransmissionQueue(options, _queue, _timers, new RetransmissionTimeout(options), First, peer, PacketBytes);
        }

        public Tsn First { get; }

        public BufferPool Pool { get; }

        public SctpTimers Timers => _timers;

        public RetransmissionQueue Retransmission { get; }

        public Instant Now { get; set; } = new(1_000_000);

        public long Window => Retransmission.Congestion.Window;

        public uint Acked => First.Previous.DistanceTo(Retransmission.CumulativeTsnAck);

        public bool IsDone => _queue.IsEmpty && Retransmission.IsAllAcknowledged;

        public void Queue(int bytes) =>
            Assert.True(_queue.TryEnqueue(_queue.FindOrAdd(0), 53, new byte[bytes], false, int.MaxValue, Instant.Never));

        /// <summary>Everything that may go now.</summary>
        public List<Tsn> Flush()
        {
            var sent = new List<Tsn>();
            while (true)
            {
                var packet = new PacketWriter(_buffer, PacketBytes);
                Retransmission.WriteData(Now, ref packet);
                if (packet.IsEmpty)
                {
                    return sent;
                }

                packet.Finish(new SctpHeader(1, 1, 1));
                foreach (var chunk in SctpPair.ChunksOf(_buffer[..packet.Length]))
                {
                    Assert.True(DataChunk.TryRead(new RawChunk(chunk), out var data));
                    sent.Add(data.Tsn);
                }
            }
        }

        /// <summary>A SACK for the first <paramref name="count"/> TSNs, with gap blocks as offsets.</summary>
        public bool Sack(uint count, params (int Start, int End)[] gaps) => Sack(count, _window, gaps);

        public void Window0(uint count) => Sack(count, 0, []);

        public void SackOf(DataTracker tracker)
        {
            var blocks = new GapBlock[100];
            var count = tracker.CollectGapBlocks(blocks);
            Give(tracker.CumulativeTsn, _window, blocks[..count]);
        }

        private bool Sack(uint count, uint window, (int Start, int End)[] gaps) =>
            Give(First.Previous.Plus(count), window, [.. gaps.Select(gap => new GapBlock((ushort)gap.Start, (ushort)gap.End))]);

        private bool Give(Tsn cumulative, uint window, GapBlock[] gaps)
        {
            var bytes = new byte[SackChunk.LengthFor(gaps.Length, 0)];
            SackChunk.Write(bytes, cumulative, window, gaps, []);
            Assert.True(SackChunk.TryRead(new RawChunk(bytes), out var sack));
            return Retransmission.HandleSack(Now, in sack);
        }
    }
}
