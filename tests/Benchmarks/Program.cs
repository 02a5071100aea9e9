using BenchmarkDotNet.Running;
using Overlay.Benchmarks;

// `-- forward` times the hot path in some seconds; anything else goes to BenchmarkDotNet (`-- --filter *` runs all).
if (args is ["forward"])
{
    return QuickForward.Run(Console.Out);
}

BenchmarkSwitcher.FromAssembly(typeof(ForwardBenchmarks).Assembly).Run(args);
return 0;
