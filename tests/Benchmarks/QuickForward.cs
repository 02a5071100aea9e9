using System.Globalization;

namespace Overlay.Benchmarks;

/// <summary>The routing hot path timed by itself in seconds: an order of magnitude, and a proof that it allocates nothing.</summary>
/// <remarks>Timed by the processor time of this process, not by the clock on the wall: neighbours on the machine do not count.</remarks>
internal static class QuickForward
{
    private const int Rounds = 7;
    private const int Operations = 500_000;

    /// <returns>0; 1 where a forward allocated or failed.</returns>
    public static int Run(TextWriter output)
    {
        var node = new ForwardingNode();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node.Links} links, messages of {node.MessageBytes} bytes, best of {Rounds} rounds of {Operations:N0}"));
        var isClean = Measure(output, "message", node.ForwardMessage);
        isClean &= Measure(output, "bytes", node.ForwardBytes);
        return isClean ? 0 : 1;
    }

    private static bool Measure(TextWriter output, string name, Func<int> forward)
    {
        var best = TimeSpan.MaxValue;
        var (allocated, failed) = (0L, 0);
        for (var round = 0; round <= Rounds; round++) // Round 0 warms up: the tiers of the compiler, the caches.
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Operations; i++)
            {
                failed += forward() == 0 ? 1 : 0;
            }

            var elapsed = Environment.CpuUsage.TotalTime - start;
            if (round > 0)
            {
                best = elapsed < best ? elapsed : best;
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        var nanoseconds = best.TotalNanoseconds / Operations;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"forward ({name}): {nanoseconds:F1} ns/op, {1e9 / nanoseconds:N0} forwards/s on one core, {allocated} bytes allocated, {failed} failed"));
        return allocated == 0 && failed == 0;
    }
}
