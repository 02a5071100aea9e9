using Overlay.Simulator.Engine;
using Xunit;

namespace Overlay.Simulator.Tests.Engine;

public sealed class WheelQueueMemoryTests
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void A_steady_crowd_allocates_nothing_after_warm_up()
    {
        var queue = new WheelQueue();
        var random = new Prng(1);
        Fill(queue, 20_000, ref random);
        Turn(queue, 300 * Second, ref random);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var taken = Turn(queue, 900 * Second, ref random);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 0);
        Assert.True(taken > 1_000_000);
        Assert.Equal(20_000, queue.Count);
    }

    [Fact]
    public void Memory_is_flat_in_simulated_time()
    {
        var queue = new WheelQueue();
        var random = new Prng(2);
        Fill(queue, 5_000, ref random);
        Turn(queue, 600 * Second, ref random);
        var early = queue.Bytes;

        Turn(queue, 6000 * Second, ref random);

        Assert.InRange(queue.Bytes, early / 2, early * 3 / 2);
    }

    [Fact]
    public void Pending_events_cost_little_more_than_their_sixteen_bytes()
    {
        var queue = new WheelQueue();
        var random = new Prng(3);

        Fill(queue, 1_000_000, ref random);

        Assert.InRange(queue.Bytes, 16_000_000, 30_000_000);
    }

    [Fact]
    public void Memory_is_given_back_when_the_crowd_is_over_and_no_event_is_lost()
    {
        var queue = new WheelQueue();
        var random = new Prng(4);
        for (var node = 0; node < 300_000; node++)
        {
            queue.Add(Millisecond + random.Next(100), 0, -1, 0);
            queue.Add(Millisecond + random.Next(10_000_000), 0, -1, 0);
        }

        Fill(queue, 1_000, ref random);
        var crowded = queue.Bytes;

        Turn(queue, 400 * Second, ref random);

        Assert.Equal(1_000, queue.Count);
        Assert.True(queue.Bytes < crowded / 20, $"{queue.Bytes} of {crowded} bytes are still held.");
        var last = 0L;
        while (queue.TryTake(long.MaxValue, out var next))
        {
            Assert.True(next.Ticks >= last);
            last = next.Ticks;
        }
    }

    private static void Fill(WheelQueue queue, int nodes, ref Prng random)
    {
        for (var node = 0; node < nodes; node++)
        {
            queue.Add(Delay(ref random), 0, node, 0);
        }
    }

    private static long Delay(ref Prng random) => random.Chance(1, 10) ? random.Next(int.MaxValue) : random.Next((int)(100 * Millisecond));

    // Who is played schedules itself again; nodes below 0 end with their first event.
    private static long Turn(WheelQueue queue, long upTo, ref Prng random)
    {
        var taken = 0L;
        while (queue.TryTake(upTo, out var next))
        {
            taken++;
            if (next.Node >= 0)
            {
                queue.Add(next.Ticks + Delay(ref random), next.Kind, next.Node, next.Argument);
            }
        }

        return taken;
    }
}
