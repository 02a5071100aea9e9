using System.Diagnostics;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Simulator.Network;
using Overlay.Simulator.Worlds;
using static System.FormattableString;

namespace Overlay.Benchmarks.Memory;

/// <summary>What a settled member of a simulated world costs: live bytes after a full collection, by part and by type.</summary>
/// <remarks>Links are free in this world and messages take 50 ms: what is weighed are the nodes, not the way they came about.</remarks>
internal sealed class NodeMemory : IWorldObserver
{
    private const int Sample = 300;
    private const int Lines = 40;
    private const ulong Seed = 7;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private readonly WorldOptions _options;
    private readonly World _world;

    private NodeMemory(int count)
    {
        var network = new NetworkModel(new NetworkOptions { Delay = new ConstantDelay(Delay) }, Seed);
        _options = new WorldOptions { Seed = Seed, Capacity = count, Network = network, IsContact = true, TraceLength = 1 };
        _world = new World(_options, this);
    }

    private IEnumerable<OverlayNode> Nodes => Enumerable.Range(0, _world.Numbers).Select(number => _world[number]!);

    /// <param name="output">Where the tables go.</param>
    /// <param name="count">Nodes.</param>
    /// <param name="seconds">Virtual time that passes before the second measurement; 0: none.</param>
    public static int Run(TextWriter output, int count, int seconds)
    {
        var before = Live();
        var memory = new NodeMemory(count);
        var watch = Stopwatch.StartNew();
        memory._world.StartIdeal(count);
        output.WriteLine(Invariant($"{count:N0} nodes made in {watch.Elapsed.TotalSeconds:F1} s, {memory.Nodes.Average(node => node.OpenLinks):F1} links each"));
        memory.Report(output, Live() - before);
        if (seconds > 0)
        {
            watch.Restart();
            memory._world.RunUntil(TimeSpan.FromSeconds(seconds).Ticks);
            output.WriteLine(Invariant($"{seconds} s lived in {watch.Elapsed.TotalSeconds:F1} s, {memory._world.Counters.Delivered:N0} messages"));
            memory.Report(output, Live() - before);
        }

        return 0;
    }

    private static long Live() => GC.GetTotalMemory(forceFullCollection: true);

    private void Report(TextWriter output, long bytes)
    {
        var sizes = new ObjectSizes();
        sizes.Share(_options);
        sizes.Share(_world.Identities);
        foreach (var node in Nodes)
        {
            sizes.Share(node.Self); // Whoever knows it holds the same object.
        }

        var count = Math.Min(Sample, _world.Numbers);
        foreach (var node in Nodes.Where((_, number) => number % (_world.Numbers / count) == 0).Take(count))
        {
            sizes.Add(node);
        }

        var walked = sizes.ByPart.Values.Sum(one => one.Bytes) / (double)count;
        output.WriteLine(Invariant($"live bytes per node: {bytes / (double)_world.Numbers:N0} with all the world around it; walked: {walked:N0}"));
        Print(output, "part", sizes.ByPart, count);
        Print(output, "type", sizes.ByType, count);
    }

    private static void Print(TextWriter output, string title, Dictionary<string, (long Bytes, long Count)> table, int nodes)
    {
        output.WriteLine($"{"bytes",10} {"objects",9}  {title}");
        foreach (var (name, one) in table.OrderByDescending(entry => entry.Value.Bytes).Take(Lines))
        {
            output.WriteLine(Invariant($"{one.Bytes / (double)nodes,10:N1} {one.Count / (double)nodes,9:N2}  {name}"));
        }
    }

    void IWorldObserver.RingChanged(int node)
    {
    }

    void IWorldObserver.Ended(int node)
    {
    }

    void IWorldObserver.Completed(int node, in Effect effect)
    {
    }

    void IWorldObserver.Delivered(int node, in Message message)
    {
    }

    void IWorldObserver.Observed(int node, in Effect effect)
    {
    }

    void IWorldObserver.Due(int kind, int node, int argument)
    {
    }
}
