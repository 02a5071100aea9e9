using BenchmarkDotNet.Attributes;

namespace Overlay.Benchmarks;

/// <summary>The routing hot path: header parse, next hop among 24 links, forward.</summary>
[MemoryDiagnoser]
public class ForwardBenchmarks
{
    private readonly ForwardingNode _node = new();

    [Benchmark(Baseline = true)]
    public int Message() => _node.ForwardMessage();

    [Benchmark]
    public int Bytes() => _node.ForwardBytes();
}
