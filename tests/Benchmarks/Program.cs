using BenchmarkDotNet.Running;
using Overlay.Benchmarks;
using Overlay.Benchmarks.EventQueues;
using Overlay.Benchmarks.Memory;
using Overlay.Benchmarks.Nodes;
using Overlay.Benchmarks.Storage;

// `-- forward` times the hot path in some seconds; `-- telemetry` what spans and metrics cost a hop that nobody traces; `-- memory [nodes [seconds]]` says what a settled member weighs; `-- queues`
// compares event queues; `-- storage [records]` compares Database and Bucket with ADO.NET and plain files; `-- node [fetch|streams|body|sockets]` measures what
// a node offers, over real links on loopback; anything else goes to BenchmarkDotNet (`-- --filter *` runs all).
if (args is ["forward"])
{
    return QuickForward.Run(Console.Out);
}

if (args is ["telemetry"])
{
    return TelemetryCost.Run(Console.Out);
}

if (args is ["memory", ..])
{
    var numbers = args[1..].Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
    return NodeMemory.Run(Console.Out, numbers is [var nodes, ..] ? nodes : 20_000, numbers is [_, var seconds] ? seconds : 0);
}

if (args is ["queues"])
{
    return QueueComparison.Run(Console.Out);
}

if (args is ["storage", ..])
{
    return await StorageComparison.RunAsync(Console.Out, args is [_, var records] ? int.Parse(records, System.Globalization.CultureInfo.InvariantCulture) : 100_000);
}

if (args is ["node", ..])
{
    return await NodeComparison.RunAsync(Console.Out, args[1..]);
}

BenchmarkSwitcher.FromAssembly(typeof(ForwardBenchmarks).Assembly).Run(args);
return 0;
