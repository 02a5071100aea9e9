using System.Diagnostics;
using System.Globalization;
using Overlay.Simulator.Engine;

namespace Overlay.Benchmarks.EventQueues;

/// <summary>Event queues in the hold model: an event is taken, its node touched, and another one added a random gap ahead, with N always pending.</summary>
internal static class QueueComparison
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const int Rounds = 3;

    private enum Gaps
    {
        /// <summary>Whole milliseconds from 1 to 100: workload BARE, thousands of events at one moment.</summary>
        Bare,

        /// <summary>Any tick from 20 to 200 ms: messages.</summary>
        Messages,

        /// <summary>Messages 75 %, at once 15 %, timers of 1 to 30 s 10 %: what nodes do.</summary>
        Mixed,
    }

    public static int Run(TextWriter output)
    {
        output.WriteLine("Million events a second of processor time, best of three; pending events 10^4 / 10^5 / 10^6; hash equal to the binary heap's");
        foreach (var gaps in Enum.GetValues<Gaps>())
        {
            var hashes = new ulong[3];
            output.WriteLine(gaps.ToString());
            Row<BinaryHeap>(output, gaps, hashes);
            Row<QuaternaryHeap>(output, gaps, hashes);
            Row<CalendarQueue>(output, gaps, hashes);
            Row<LadderQueue>(output, gaps, hashes);
            Row<Wheel>(output, gaps, hashes);
        }

        return 0;
    }

    private static void Row<TQueue>(TextWriter output, Gaps gaps, ulong[] hashes)
        where TQueue : class, IRival, new()
    {
        Hold<TQueue>(1_000, 500_000, gaps);
        output.Write("  " + TQueue.Name.PadRight(34));
        for (var size = 0; size < 3; size++)
        {
            var pending = (int)Math.Pow(10, 4 + size);
            var (best, hash) = (0.0, 0UL);
            for (var round = 0; round < Rounds; round++)
            {
                (var rate, hash) = Hold<TQueue>(pending, 4_000_000, gaps);
                best = Math.Max(best, rate);
            }

            hashes[size] = hashes[size] == 0 ? hash : hashes[size];
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{best / 1e6,8:F1}{(hash == hashes[size] ? ' ' : '!')}"));
        }

        output.WriteLine();
    }

    private static (double PerSecond, ulong Hash) Hold<TQueue>(int pending, int events, Gaps gaps)
        where TQueue : class, IRival, new()
    {
        GC.Collect();
        var (queue, random, hash, touched) = (new TQueue(), new Prng(1), 0UL, new long[pending]);
        for (var node = 0; node < pending; node++)
        {
            queue.Add(Gap(gaps, ref random), 0, node, 0);
        }

        // Once through everything that was pending, so that the queue is as it stays.
        Step(queue, pending, gaps, touched, ref random, ref hash);
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        for (var left = events; left > 0; left -= 10_000)
        {
            Step(queue, 10_000, gaps, touched, ref random, ref hash);
        }

        process.Refresh();
        return (events / (process.TotalProcessorTime - before).TotalSeconds, hash);
    }

    private static void Step<TQueue>(TQueue queue, int events, Gaps gaps, long[] touched, ref Prng random, ref ulong hash)
        where TQueue : class, IRival
    {
        for (var left = events; left > 0 && queue.TryTake(out var next); left--)
        {
            touched[next.Node]++;
            hash = (hash ^ (ulong)next.Ticks ^ ((ulong)next.Node << 40)) * 0x9E3779B97F4A7C15;
            queue.Add(next.Ticks + Gap(gaps, ref random), 0, random.Next(touched.Length), 0);
        }
    }

    private static long Gap(Gaps gaps, ref Prng random) => gaps switch
    {
        Gaps.Bare => (1 + random.Next(100)) * Millisecond,
        Gaps.Messages => (20 * Millisecond) + random.Next((int)(180 * Millisecond)),
        _ => random.Next(100) switch
        {
            < 15 => 0,
            < 25 => (1000 * Millisecond) + random.Next((int)(29_000 * Millisecond)),
            _ => (20 * Millisecond) + random.Next((int)(180 * Millisecond)),
        },
    };
}
