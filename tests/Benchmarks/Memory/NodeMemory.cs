using System.Diagnostics;
using System.Globalization;

namespace Overlay.Benchmarks.Memory;

/// <summary>What a settled member costs: live bytes after a full collection, by part and by type.</summary>
internal static class NodeMemory
{
    private const int Sample = 300;
    private const int Lines = 40;

    /// <param name="output">Where the tables go.</param>
    /// <param name="count">Nodes.</param>
    /// <param name="seconds">Virtual time that passes before the second measurement; 0: none.</param>
    public static int Run(TextWriter output, int count, int seconds)
    {
        var ring = new SettledRing(count);
        ring.Plan();
        var world = new QuietWorld(ring);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        ring.Make(world.Outbox, world.Perform);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} nodes made in {watch.Elapsed.TotalSeconds:F1} s, {ring.Nodes.Average(node => node.OpenLinks):F1} links each"));
        Report(output, ring, GC.GetTotalMemory(forceFullCollection: true) - before);
        ring.ForgetPlan();
        if (seconds > 0)
        {
            before = GC.GetTotalMemory(forceFullCollection: true);
            watch.Restart();
            world.Run(TimeSpan.FromSeconds(seconds));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} s lived in {watch.Elapsed.TotalSeconds:F1} s, {world.Messages:N0} messages"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"grown by {(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count:N0} bytes per node, events included"));
            Report(output, ring, bytes: 0);
        }

        GC.KeepAlive(ring);
        return 0;
    }

    private static void Report(TextWriter output, SettledRing ring, long bytes)
    {
        var sizes = new ObjectSizes();
        foreach (var shared in ring.Shared)
        {
            sizes.Share(shared);
        }

        var count = Math.Min(Sample, ring.Nodes.Length);
        for (var i = 0; i < count; i++)
        {
            sizes.Add(ring.Nodes[(int)((long)i * ring.Nodes.Length / count)]);
        }

        var walked = sizes.ByPart.Values.Sum(one => one.Bytes) / (double)count;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"live bytes per node: {bytes / (double)ring.Nodes.Length:N0}; walked: {walked:N0}"));
        Print(output, "part", sizes.ByPart, count);
        Print(output, "type", sizes.ByType, count);
    }

    private static void Print(TextWriter output, string title, Dictionary<string, (long Bytes, long Count)> table, int nodes)
    {
        output.WriteLine($"{"bytes",10} {"objects",9}  {title}");
        foreach (var (name, one) in table.OrderByDescending(entry => entry.Value.Bytes).Take(Lines))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{one.Bytes / (double)nodes,10:N1} {one.Count / (double)nodes,9:N2}  {name}"));
        }
    }
}
