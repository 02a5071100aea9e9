using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>The receiving half alone: what has arrived, and what becomes of it.</summary>
public sealed class ReassemblyTests
{
    /// <summary>
    /// Random messages, cut at random, delivered in a random order with repetitions, against a model that waits for everything and then
    /// puts it together. Ordered messages must come in the order of their stream, and none may come later than it could.
    /// </summary>
    [Fact]
    public void Fragments_in_any_order_become_the_messages_they_were_cut_from()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            var prng = new Prng(seed);
            var first = new Tsn(prng.NextChance(1, 3) ? uint.MaxValue - 10 : prng.NextUInt32());
            var (pieces, messages) = Cut(ref prng, first);
            var receiver = new Receiver(first);
            var seen = new HashSet<uint>();
            var order = Enumerable.Range(0, pieces.Count).ToArray();
            Disturb(ref prng, order);

            foreach (var index in order)
            {
                receiver.Take(pieces[index]);
                seen.Add(pieces[index].Tsn.Value);
                receiver.AssertDelivered(messages, seen, $"seed {seed}");
            }

            Assert.Equal(messages.Count, receiver.Delivered.Count);
            Assert.Equal(first.Plus((uint)pieces.Count).Previous, receiver.Tracker.CumulativeTsn);
            Assert.False(receiver.Tracker.HasGaps);
            Assert.Equal(0, receiver.Reassembly.Bytes);
            Assert.Equal(0, receiver.Streams.WaitingBytes);
        }
    }

    [Fact]
    public void Every_buffer_goes_back_to_the_pool()
    {
        var prng = new Prng(77);
        var (pieces, _) = Cut(ref prng, new Tsn(1));
        var receiver = new Receiver(new Tsn(1));
        var order = Enumerable.Range(0, pieces.Count).ToArray();
        Disturb(ref prng, order);

        foreach (var index in order)
        {
            receiver.Take(pieces[index]);
        }

        receiver.TakeAll();
        Assert.Equal(0, receiver.Pool.RentedBytes);
    }

    /// <summary>Random arrivals against a set of numbers.</summary>
    [Fact]
    public void The_tracker_agrees_with_a_set_of_numbers()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var prng = new Prng(seed);
            var first = new Tsn(uint.MaxValue - (uint)prng.NextInt32(500));
            var tracker = new DataTracker(first);
            var model = new HashSet<uint>();
            for (var i = 0; i < 400; i++)
            {
                var tsn = tracker.CumulativeTsn.Plus((uint)prng.NextInt32(60)).Plus(unchecked((uint)-5));
                var kind = tracker.Classify(tsn);
                var isOld = !tsn.IsAfter(tracker.CumulativeTsn) || model.Contains(tsn.Value);
                Assert.Equal(isOld, kind == TsnKind.Duplicate);
                Assert.Equal(!isOld && tsn == tracker.CumulativeTsn.Next, kind == TsnKind.Next);
                if (kind == TsnKind.Ahead)
                {
                    tracker.TakeAhead(tsn);
                    model.Add(tsn.Value);
                }
                else if (kind == TsnKind.Next)
                {
                    tracker.Advance();
                    while (tracker.IsNextTaken())
                    {
                        Assert.True(model.Remove(tracker.CumulativeTsn.Next.Value));
                        tracker.Advance();
                    }
                }

                AssertGaps(tracker, model);
            }
        }
    }

    [Fact]
    public void A_number_too_far_ahead_is_not_taken()
    {
        var tracker = new DataTracker(new Tsn(1));

        Assert.Equal(TsnKind.Ahead, tracker.Classify(new Tsn(DataTracker.MaxAhead)));
        Assert.Equal(TsnKind.TooFar, tracker.Classify(new Tsn(DataTracker.MaxAhead + 1)));
        Assert.Equal(TsnKind.TooFar, tracker.Classify(new Tsn(1u << 30)));
        Assert.Equal(TsnKind.Duplicate, tracker.Classify(new Tsn(0)));
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(100u)]
    [InlineData(16_383u)]
    [InlineData(16_384u)]
    [InlineData(1_000_000u)]
    public void A_forward_of_any_width_leaves_nothing_behind(uint width)
    {
        var tracker = new DataTracker(new Tsn(10));
        for (uint i = 20; i < 60; i += 2)
        {
            tracker.TakeAhead(new Tsn(i));
        }

        tracker.Forward(new Tsn(9).Plus(width));
        while (tracker.IsNextTaken())
        {
            tracker.Advance();
        }

        var blocks = new GapBlock[100];
        var expected = Enumerable.Range(0, 20).Count(i => new Tsn(20u + (2 * (uint)i)).IsAfter(tracker.CumulativeTsn));
        Assert.Equal(expected, tracker.CollectGapBlocks(blocks));
        Assert.Equal(expected > 0, tracker.HasGaps);
    }

    [Fact]
    public void Duplicates_are_remembered_up_to_a_bound_and_told_once()
    {
        var tracker = new DataTracker(new Tsn(1));
        for (uint i = 0; i < 100; i++)
        {
            tracker.NoteDuplicate(new Tsn(i));
        }

        Assert.Equal(16, tracker.Duplicates.Length);
        tracker.ForgetDuplicates();
        Assert.False(tracker.HasDuplicates);
    }

    [Fact]
    public void Only_as_many_gap_blocks_are_collected_as_there_is_room_for()
    {
        var tracker = new DataTracker(new Tsn(1));
        for (uint i = 3; i < 40; i += 2)
        {
            tracker.TakeAhead(new Tsn(i));
        }

        var blocks = new GapBlock[4];
        Assert.Equal(4, tracker.CollectGapBlocks(blocks));
        Assert.Equal([new GapBlock(3, 3), new GapBlock(5, 5), new GapBlock(7, 7), new GapBlock(9, 9)], blocks);
    }

    [Theory]
    [InlineData("beginning in the middle")]
    [InlineData("end without beginning")]
    [InlineData("other stream")]
    [InlineData("other kind")]
    [InlineData("too long")]
    [InlineData("whole in the middle")]
    public void Fragments_that_make_no_message_are_a_violation(string what)
    {
        var receiver = new Receiver(new Tsn(1), maxMessageBytes: 100);
        Piece[] pieces = what switch
        {
            "beginning in the middle" => [new(1, DataFlags.Beginning), new(2, DataFlags.Beginning)],
            "end without beginning" => [new(1, DataFlags.Ending)],
            "other stream" => [new(1, DataFlags.Beginning), new(2, DataFlags.Ending, StreamId: 2)],
            "other kind" => [new(1, DataFlags.Beginning), new(2, DataFlags.Ending | DataFlags.Unordered)],
            "too long" => [new(1, DataFlags.Beginning, Length: 60), new(2, DataFlags.None, Length: 60)],
            _ => [new(1, DataFlags.Beginning), new(2, DataFlags.Beginning | DataFlags.Ending)],
        };

        foreach (var piece in pieces[..^1])
        {
            Assert.Equal(ReassemblyOutcome.Taken, receiver.Take(piece));
        }

        Assert.Equal(ReassemblyOutcome.Violation, receiver.Take(pieces[^1]));
    }

    [Theory]
    [InlineData("other stream")]
    [InlineData("too long")]
    public void The_same_goes_for_fragments_that_came_early(string what)
    {
        var receiver = new Receiver(new Tsn(1), maxMessageBytes: 100);
        Assert.Equal(ReassemblyOutcome.Taken, receiver.Take(new Piece(3, DataFlags.Beginning, Length: 60)));

        var last = what == "other stream" ? new Piece(4, DataFlags.Ending, StreamId: 2) : new Piece(4, DataFlags.Ending, Length: 60);

        Assert.Equal(ReassemblyOutcome.Violation, receiver.Take(last));
    }

    [Fact]
    public void A_skip_drops_the_unfinished_and_keeps_the_whole()
    {
        var receiver = new Receiver(new Tsn(1));
        receiver.Take(new Piece(1, DataFlags.Beginning)); // Unfinished at the cumulative TSN.
        receiver.Take(new Piece(3, DataFlags.None)); // Early, of the same message.
        receiver.Take(new Piece(5, DataFlags.Beginning | DataFlags.Ending, Ssn: 1)); // Whole, waits for number 0.
        receiver.Take(new Piece(7, DataFlags.Beginning, Ssn: 2));

        receiver.Skip(new Tsn(4), new SkippedStream(1, new Ssn(0)));

        Assert.Equal(new Tsn(5), receiver.Tracker.CumulativeTsn);
        Assert.Single(receiver.Delivered);
        receiver.Take(new Piece(6, DataFlags.Beginning | DataFlags.Ending, StreamId: 2));
        receiver.Take(new Piece(8, DataFlags.Ending, Ssn: 2));
        Assert.Equal(3, receiver.Delivered.Count);
        receiver.TakeAll();
        Assert.Equal(0, receiver.Pool.RentedBytes);
    }

    [Fact]
    public void A_skip_through_the_middle_of_a_message_throws_the_rest_of_it_away_in_silence()
    {
        var receiver = new Receiver(new Tsn(1));
        receiver.Take(new Piece(3, DataFlags.None));
        receiver.Take(new Piece(4, DataFlags.None));

        receiver.Skip(new Tsn(3));
        var outcome = receiver.Take(new Piece(5, DataFlags.Ending));

        Assert.Equal(ReassemblyOutcome.Taken, outcome);
        Assert.Empty(receiver.Delivered);
        Assert.Equal(0, receiver.Reassembly.Bytes);
    }

    [Fact]
    public void A_very_wide_skip_frees_everything()
    {
        var receiver = new Receiver(new Tsn(1));
        for (uint i = 10; i < 200; i += 3)
        {
            receiver.Take(new Piece(i, DataFlags.None));
        }

        receiver.Skip(new Tsn(1_000_000));

        Assert.Equal(0, receiver.Reassembly.Bytes);
        Assert.Equal(0, receiver.Pool.RentedBytes);
    }

    [Fact]
    public void Skipping_numbers_delivers_what_did_arrive_among_them_and_behind_them()
    {
        var receiver = new Receiver(new Tsn(1));
        foreach (byte ssn in new byte[] { 1, 3, 6, 7, 9 })
        {
            var buffer = receiver.Pool.Rent(1);
            buffer[0] = ssn;
            Assert.True(receiver.Streams.TryAdd(new InboundMessage(1, new Ssn(ssn), false, 53, buffer, 1)));
        }

        receiver.Streams.Skip(1, new Ssn(5));
        receiver.TakeAll();

        Assert.Equal([1, 3, 6, 7], receiver.Delivered.Select(message => (int)message.Payload[0]));
        receiver.Streams.Skip(1, new Ssn(2)); // An old one changes nothing.
        receiver.Streams.Skip(2, new Ssn(40_000)); // More than half a turn ahead of 0 is behind it.
        receiver.Streams.Skip(1, new Ssn(8));
        receiver.TakeAll();
        Assert.Equal(9, receiver.Delivered[^1].Payload[0]);
        Assert.Equal(0, receiver.Streams.WaitingBytes);
    }

    [Fact]
    public void A_number_that_waits_already_is_a_violation()
    {
        var receiver = new Receiver(new Tsn(1));
        receiver.Take(new Piece(3, DataFlags.Beginning | DataFlags.Ending, Ssn: 5));

        Assert.Equal(ReassemblyOutcome.Violation, receiver.Take(new Piece(4, DataFlags.Beginning | DataFlags.Ending, Ssn: 5)));
        Assert.Equal(ReassemblyOutcome.Taken, receiver.Take(new Piece(5, DataFlags.Beginning | DataFlags.Ending, Ssn: 6)));
    }

    private static void AssertGaps(DataTracker tracker, HashSet<uint> model)
    {
        var blocks = new GapBlock[64];
        var count = tracker.CollectGapBlocks(blocks);
        var named = new HashSet<uint>();
        for (var i = 0; i < count; i++)
        {
            Assert.True(blocks[i].Start >= 2 && blocks[i].End >= blocks[i].Start);
            for (uint offset = blocks[i].Start; offset <= blocks[i].End; offset++)
            {
                Assert.True(named.Add(tracker.CumulativeTsn.Plus(offset).Value));
            }
        }

        Assert.True(model.SetEquals(named));
        Assert.Equal(model.Count > 0, tracker.HasGaps);
    }

    private static (List<Piece> Pieces, List<Model> Messages) Cut(ref Prng prng, Tsn first)
    {
        var pieces = new List<Piece>();
        var messages = new List<Model>();
        var numbers = new Dictionary<ushort, ushort>();
        for (var m = 0; m < 30; m++)
        {
            var stream = (ushort)prng.NextInt32(3);
            var unordered = prng.NextChance(1, 4);
            var ssn = unordered ? (ushort)0 : numbers.GetValueOrDefault(stream);
            numbers[stream] = unordered ? numbers.GetValueOrDefault(stream) : (ushort)(ssn + 1);
            var count = 1 + (prng.NextChance(1, 2) ? prng.NextInt32(8) : 0);
            var start = first.Plus((uint)pieces.Count);
            for (var i = 0; i < count; i++)
            {
                var flags = (i == 0 ? DataFlags.Beginning : 0) | (i == count - 1 ? DataFlags.Ending : 0) | (unordered ? DataFlags.Unordered : 0);
                pieces.Add(new Piece(start.Plus((uint)i).Value, flags, stream, ssn, 1 + prng.NextInt32(50)));
            }

            messages.Add(new Model(stream, unordered, [.. pieces.Skip(pieces.Count - count)]));
        }

        return (pieces, messages);
    }

    /// <summary>Exchanges near neighbours often and far ones at times.</summary>
    private static void Disturb(ref Prng prng, int[] order)
    {
        for (var i = 0; i < order.Length; i++)
        {
            var reach = prng.NextChance(1, 10) ? order.Length : 6;
            var other = Math.Min(order.Length - 1, i + prng.NextInt32(reach));
            (order[i], order[other]) = (order[other], order[i]);
        }
    }

    /// <summary>A fragment whose bytes follow from its TSN.</summary>
    internal sealed record Piece(uint Number, DataFlags Flags, ushort StreamId = 1, ushort Ssn = 0, int Length = 10)
    {
        public Tsn Tsn => new(Number);

        public byte[] Payload => [.. Enumerable.Range(0, Length).Select(i => (byte)((Number * 7) + (uint)i))];

        public DataChunk ToChunk() => new()
        {
            Tsn = Tsn,
            Flags = Flags,
            StreamId = StreamId,
            Ssn = new Ssn(Ssn),
            Ppid = 53,
            Payload = Payload,
        };
    }

    /// <summary>A message as it was before it was cut.</summary>
    private sealed record Model(ushort StreamId, bool Unordered, List<Piece> Pieces)
    {
        public byte[] Payload => [.. Pieces.SelectMany(piece => piece.Payload)];
    }

    /// <summary>The receiving half, wired as the association wires it.</summary>
    private sealed class Receiver
    {
        public Receiver(Tsn first, int maxMessageBytes = 10_000)
        {
            Pool = new BufferPool(1 << 20);
            Queue = new ReceiveQueue(Pool);
            Streams = new InboundStreams(Queue);
            Reassembly = new ReassemblyQueue(Pool, Streams, maxMessageBytes);
            Tracker = new DataTracker(first);
        }

        public BufferPool Pool { get; }

        public ReceiveQueue Queue { get; }

        public InboundStreams Streams { get; }

        public ReassemblyQueue Reassembly { get; }

        public DataTracker Tracker { get; }

        public List<(ushort StreamId, byte[] Payload)> Delivered { get; } = [];

        public ReassemblyOutcome Take(Piece piece)
        {
            var chunk = piece.ToChunk();
            var outcome = ReassemblyOutcome.Taken;
            switch (Tracker.Classify(chunk.Tsn))
            {
                case TsnKind.Ahead:
                    Tracker.TakeAhead(chunk.Tsn);
                    outcome = Reassembly.AddAhead(in chunk);
                    break;
                case TsnKind.Next:
                    Tracker.Advance();
                    outcome = Reassembly.AddNext(in chunk);
                    Pass();
                    break;
            }

            TakeAll();
            return outcome;
        }

        public void Skip(Tsn to, params SkippedStream[] skipped)
        {
            Reassembly.Skip(Tracker.CumulativeTsn, to);
            Tracker.Forward(to);
            foreach (var stream in skipped)
            {
                Streams.Skip(stream.StreamId, stream.Ssn);
            }

            Pass();
            TakeAll();
        }

        public void TakeAll()
        {
            while (Queue.TryTake(out SctpMessage message))
            {
                Delivered.Add((message.StreamId, message.Payload.ToArray()));
            }
        }

        /// <summary>Exactly those messages are there that are whole and whose predecessors in their stream are there.</summary>
        public void AssertDelivered(List<Model> messages, HashSet<uint> seen, string context)
        {
            var expected = new List<Model>();
            var blocked = new HashSet<ushort>();
            foreach (var message in messages)
            {
                var isWhole = message.Pieces.TrueForAll(piece => seen.Contains(piece.Number));
                if (isWhole && (message.Unordered || !blocked.Contains(message.StreamId)))
                {
                    expected.Add(message);
                }
                else if (!message.Unordered)
                {
                    blocked.Add(message.StreamId);
                }
            }

            Assert.True(expected.Count == Delivered.Count, $"{context}: {Delivered.Count} delivered, {expected.Count} expected");
            foreach (var stream in messages.Select(message => message.StreamId).Distinct())
            {
                var ordered = expected.Where(m => m.StreamId == stream && !m.Unordered).Select(m => Convert.ToHexString(m.Payload)).ToList();
                var got = Delivered.Where(d => d.StreamId == stream).Select(d => Convert.ToHexString(d.Payload)).ToList();
                Assert.Equal(ordered, got.Where(ordered.Contains));
            }
        }

        private void Pass()
        {
            while (Tracker.IsNextTaken())
            {
                Tracker.Advance();
                Assert.Equal(ReassemblyOutcome.Taken, Reassembly.Pass(Tracker.CumulativeTsn));
            }
        }
    }
}
