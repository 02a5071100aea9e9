using Overlay.Simulator.Engine;
using Xunit;

namespace Overlay.Simulator.Tests.Engine;

public sealed class WheelQueueTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Hour = TimeSpan.TicksPerHour;

    // Ends of slots, windows, epochs and super-windows, where an event goes from one wheel to the next.
    private static readonly long[] Edges = [1L << 13, 1L << 14, 1L << 23, 1L << 24, 1L << 32, 1L << 33, 1L << 39, 1L << 40, 1L << 41];

    [Fact]
    public void An_empty_queue_has_nothing_to_take()
    {
        var queue = new WheelQueue();

        var taken = queue.TryTake(long.MaxValue, out _);

        Assert.False(taken);
        Assert.Equal(0, queue.Count);
        Assert.Equal(long.MaxValue, queue.NextTicks);
    }

    [Fact]
    public void Equal_times_leave_in_order_of_arrival_however_far_ahead_they_were_added()
    {
        var queue = new WheelQueue();
        var due = 40 * Hour;
        foreach (var (step, now) in new[] { 0, due - (31 * Hour), due - Hour, due - (300 * Second), due - Second, due - 1 }.Index())
        {
            queue.Add(now, 0, -1, 0);
            Assert.True(queue.TryTake(now, out var clock) && clock.Node == -1);
            queue.Add(due, 0, step, 0);
        }

        var order = TakeAll(queue);

        Assert.Equal(Enumerable.Range(0, 6), order.Select(taken => taken.Node));
        Assert.All(order, taken => Assert.Equal(due, taken.Ticks));
    }

    [Fact]
    public void An_event_carries_everything_it_was_scheduled_with()
    {
        var queue = new WheelQueue();
        var wanted = new[] { new TimedEvent(3, -7, int.MaxValue, int.MinValue), new TimedEvent(Hour * 100, 1, 2, 3), new TimedEvent(WheelQueue.MaxTicks, 4, 5, 6) };
        foreach (var one in wanted)
        {
            queue.Add(one.Ticks, one.Kind, one.Node, one.Argument);
        }

        Assert.Equal(wanted, TakeAll(queue));
    }

    [Fact]
    public void Nothing_after_the_given_moment_is_taken_and_earlier_events_can_still_come()
    {
        var queue = new WheelQueue();
        queue.Add(10 * Hour, 0, 2, 0);

        Assert.False(queue.TryTake(5 * Hour, out _));
        Assert.Equal(10 * Hour, queue.NextTicks);
        queue.Add(5 * Hour, 0, 1, 0);

        Assert.Equal([1, 2], TakeAll(queue).Select(taken => taken.Node));
    }

    [Fact]
    public void The_past_and_the_end_of_time_are_refused()
    {
        var queue = new WheelQueue();
        queue.Add(100, 0, 0, 0);
        Assert.True(queue.TryTake(100, out _));

        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Add(99, 0, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Add(-1, 0, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Add(WheelQueue.MaxTicks + 1, 0, 0, 0));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Looking_ahead_names_the_events_of_the_slot_in_play()
    {
        var queue = new WheelQueue();
        for (var node = 0; node < 3; node++)
        {
            queue.Add(10 - node, 0, node, 0);
        }

        Assert.True(queue.TryTake(8, out _));

        Assert.Equal([1, 0], queue.Ahead(16).ToArray().Select(next => next.Node));
        Assert.Equal([1], queue.Ahead(1).ToArray().Select(next => next.Node));
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(3L)]
    [InlineData(1L << 13)]
    [InlineData(1L << 20)]
    [InlineData(1L << 24)]
    [InlineData(1L << 33)]
    [InlineData(1L << 41)]
    public void It_does_what_a_sorted_list_does_with_gaps_up_to(long longest)
    {
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var random = new Prng(seed ^ (ulong)longest);
            PlayBeside((ref Prng draw) => (long)Math.BigMul(draw.Next(), (ulong)longest, out _), ref random, 600);
        }
    }

    [Fact]
    public void It_does_what_a_sorted_list_does_with_gaps_of_every_size_mixed()
    {
        for (var seed = 1UL; seed <= 150; seed++)
        {
            var random = new Prng(seed);
            PlayBeside((ref Prng draw) => (long)(draw.Next() >> (20 + draw.Next(44))), ref random, 500);
        }
    }

    [Fact]
    public void It_does_what_a_sorted_list_does_around_the_edges_of_every_wheel()
    {
        for (var seed = 1UL; seed <= 150; seed++)
        {
            var random = new Prng(seed);
            PlayBeside(
                (ref Prng draw) => draw.Chance(1, 3) ? 0 : Edges[draw.Next(Edges.Length)] + draw.Next(3) - 1,
                ref random,
                400);
        }
    }

    [Fact]
    public void It_does_what_a_sorted_list_does_in_bursts()
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var random = new Prng(seed);
            var (queue, twin, now) = (new WheelQueue(), new SortedListTwin(), 0L);
            for (var burst = 0; burst < 8; burst++)
            {
                var due = now + (random.Chance(1, 4) ? 0 : (long)(random.Next() >> (24 + random.Next(30))));
                var spread = 1 + random.Next(20_000);
                for (var added = 0; added < 500; added++)
                {
                    var ticks = due + random.Next(spread);
                    queue.Add(ticks, burst, added, 0);
                    twin.Add(ticks, burst, added, 0);
                }

                now = TakeSome(queue, twin, random.Next(700), now);
            }

            TakeSome(queue, twin, int.MaxValue, now);
        }
    }

    private delegate long Gap(ref Prng random);

    private static void PlayBeside(Gap gap, ref Prng random, int steps)
    {
        var (queue, twin, now) = (new WheelQueue(), new SortedListTwin(), 0L);
        for (var step = 0; step < steps; step++)
        {
            if (random.Chance(3, 5))
            {
                var ticks = now + gap(ref random);
                queue.Add(ticks, step & 7, step, -step);
                twin.Add(ticks, step & 7, step, -step);
            }
            else if (random.Chance(1, 2))
            {
                now = TakeSome(queue, twin, 1 + random.Next(4), now);
            }
            else
            {
                // Up to a moment, which may lie before the next event; the clock stands there afterwards.
                now = TakeUpTo(queue, twin, now + gap(ref random));
            }

            Assert.Equal(twin.Count, queue.Count);
            Assert.Equal(twin.NextTicks, queue.NextTicks);
        }

        TakeSome(queue, twin, int.MaxValue, now);
    }

    private static long TakeSome(WheelQueue queue, SortedListTwin twin, int count, long now)
    {
        while (count-- > 0 && twin.TryTake(long.MaxValue, out var wanted))
        {
            Assert.True(queue.TryTake(long.MaxValue, out var taken));
            Assert.Equal(wanted, taken);
            now = taken.Ticks;
        }

        Assert.Equal(twin.Count, queue.Count);
        return now;
    }

    private static long TakeUpTo(WheelQueue queue, SortedListTwin twin, long upTo)
    {
        while (twin.TryTake(upTo, out var wanted))
        {
            Assert.True(queue.TryTake(upTo, out var taken));
            Assert.Equal(wanted, taken);
        }

        Assert.False(queue.TryTake(upTo, out _));
        return upTo;
    }

    private static List<TimedEvent> TakeAll(WheelQueue queue)
    {
        var taken = new List<TimedEvent>();
        while (queue.TryTake(long.MaxValue, out var next))
        {
            taken.Add(next);
        }

        return taken;
    }
}
