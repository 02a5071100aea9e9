using System.Diagnostics;
using System.Globalization;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Runtime;
using Overlay.Runtime.Telemetry;
using Overlay.Time;

namespace Overlay.Benchmarks;

/// <summary>What telemetry costs a hop that nobody traces: the routing hot path with and without it, in turns, in one process.</summary>
/// <remarks>
/// The hop is the bare machine's: envelope, next hop, envelope again. A live hop also decrypts and encrypts, which takes many times as long, so the share told here is the
/// most that it can be. The interval is that of the median's ranks at 95 % (the 18th and the 33rd of 50).
/// </remarks>
internal static class TelemetryCost
{
    private const int Rounds = 50;
    private const int Operations = 100_000;

    /// <returns>0; 1 where it allocated, or cost more than allowed.</returns>
    public static int Run(TextWriter output)
    {
        var isGood = Compare(output, "off, messages without a context", isTraced: false, isListening: false, 1.02);
        isGood &= Compare(output, "off, traced messages passed on", isTraced: true, isListening: false, 1.02);
        isGood &= Compare(output, "on, not sampled", isTraced: false, isListening: true, 1.05);
        return isGood ? 0 : 1;
    }

    private static bool Compare(TextWriter output, string name, bool isTraced, bool isListening, double allowed)
    {
        using var telemetry = new NodeTelemetry(new TelemetryOptions(), new NodeCounters(), static () => 0);
        telemetry.TryBegin(Ring.RingId.From(1));
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, telemetry.Source),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.None,
        };
        if (isListening)
        {
            ActivitySource.AddActivityListener(listener);
        }

        var node = new ForwardingNode(isTraced);
        var counters = new NodeCounters();
        var tracing = new NodeTracing(telemetry, new NodeClock(TimeProvider.System));
        Func<int> bare = node.ForwardMessage;
        Func<int> watched = () => node.ForwardMessage(tracing, counters, telemetry);
        Time(bare, out _);
        Time(watched, out _);
        var ratios = new double[Rounds];
        var allocated = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var isFirst = round % 2 == 0; // Whoever comes second finds warmer caches.
            var one = Time(isFirst ? bare : watched, out var first);
            var other = Time(isFirst ? watched : bare, out var second);
            ratios[round] = isFirst ? other / one : one / other;
            allocated += isFirst ? second - first : first - second;
        }

        Array.Sort(ratios);
        var median = (ratios[24] + ratios[25]) / 2;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: median ratio {median:F4} (95 %: {ratios[17]:F4} … {ratios[32]:F4}; allowed {allowed:F2}), {allocated} bytes more"));
        return median <= allowed && allocated == 0;
    }

    private static double Time(Func<int> forward, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.GetTimestamp();
        for (var i = 0; i < Operations; i++)
        {
            forward();
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var used = (Environment.CpuUsage.TotalTime - start).TotalNanoseconds;
        return used > 0 ? used : Stopwatch.GetElapsedTime(clock).TotalNanoseconds;
    }
}
