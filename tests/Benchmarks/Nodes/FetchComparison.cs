using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Overlay.Nodes;
using Overlay.Nodes.Http;
using Overlay.Nodes.Rest;
using Overlay.Runtime.Channels;

namespace Overlay.Benchmarks.Nodes;

/// <summary>Fetching a body of 100 bytes by REST and from Kestrel, directly and over three hops, beside Kestrel over TCP, in turn.</summary>
internal static class FetchComparison
{
    private const int Rounds = 3;
    private const int Sequential = 300;
    private const int Concurrency = 32;
    private const int Concurrent = 2_000;

    private static readonly string Body = new('x', 100);

    public static async Task RunAsync(TextWriter output)
    {
        await using var direct = await BenchNetwork.StartAsync(3, ChannelPolicy.DirectOnly);
        await using var sparse = await BenchNetwork.StartAsync(8, ChannelPolicy.OverlayOnly, BenchNetwork.Sparse);
        var near = (From: direct.Nodes[0], To: direct.Nodes[2]);
        var far = await sparse.FindPathAsync(3);
        await using var kestrel = await StartKestrelAsync(host => host.UseUrls("http://127.0.0.1:0"));
        await using var overlaid = await StartKestrelAsync(host => host.UseOverlay(near.To));
        await using var distant = await StartKestrelAsync(host => host.UseOverlay(far.To));
        using var client = new HttpClient();
        using var nearClient = new HttpClient(new OverlayHttpHandler(near.From));
        using var farClient = new HttpClient(new OverlayHttpHandler(far.From));
        foreach (var server in (Node[])[near.To, far.To])
        {
            var rest = server.Rest.CreateServer();
            rest.MapGet("/", _ => RestResult.Text(Body));
            rest.Listen();
        }

        (string Name, Func<Task<int>> Fetch)[] ways =
        [
            ("Kestrel, HTTP/1.1 over TCP", async () => (await client.GetByteArrayAsync(new Uri(kestrel.Urls.First()))).Length),
            ("Kestrel, HTTP/1.1, direct", async () => (await nearClient.GetByteArrayAsync(new Uri($"http://{near.To.Id}.overlay/"))).Length),
            ("Kestrel, HTTP/1.1, three hops", async () => (await farClient.GetByteArrayAsync(new Uri($"http://{far.To.Id}.overlay/"))).Length),
            ("node, direct", () => FetchAsync(near.From, near.To)),
            ("node, three hops, OverlayOnly", () => FetchAsync(far.From, far.To)),
        ];
        var results = ways.Select(_ => new List<Result>()).ToArray();
        for (var round = 0; round <= Rounds; round++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                var result = await MeasureAsync(ways[way].Fetch);
                if (round > 0) // The first round warms up.
                {
                    results[way].Add(result);
                }
            }
        }

        output.WriteLine($"fetch of {Body.Length} bytes, medians of {Rounds} rounds in turn: {Sequential} one after the other, {Concurrent} by {Concurrency} at a time");
        output.WriteLine($"{"",-34} {"p50 ms",8} {"p99 ms",8} {"a second",10} {"of Kestrel",11}");
        var rival = Median(results[0], result => result.Rate);
        for (var way = 0; way < ways.Length; way++)
        {
            var rate = Median(results[way], result => result.Rate);
            output.WriteLine(FormattableString.Invariant(
                $"{ways[way].Name,-34} {Median(results[way], result => result.P50),8:F2} {Median(results[way], result => result.P99),8:F2} {rate,10:N0} {rate / rival,10:F3}x"));
        }
    }

    private static async Task<int> FetchAsync(Node from, Node to)
    {
        await using var response = await from.Rest.FetchAsync($"rest://{to.Id}/");
        return (await response.ReadBytesAsync()).Length;
    }

    private static async Task<Result> MeasureAsync(Func<Task<int>> fetch)
    {
        var times = new double[Sequential];
        for (var i = 0; i < Sequential; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Require(await fetch());
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(times);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Concurrent / Concurrency; i++)
            {
                Require(await fetch());
            }
        })));
        return new(times[Sequential / 2], times[Sequential * 99 / 100], Concurrent / clock.Elapsed.TotalSeconds);
    }

    private static void Require(int length)
    {
        if (length != Body.Length)
        {
            throw new InvalidOperationException($"{length} bytes came instead of {Body.Length}.");
        }
    }

    private static double Median(List<Result> results, Func<Result, double> of) => results.Select(of).Order().ElementAt(results.Count / 2);

    private static async Task<WebApplication> StartKestrelAsync(Action<IWebHostBuilder> listen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        listen(builder.WebHost);
        var app = builder.Build();
        app.MapGet("/", () => Results.Text(Body));
        await app.StartAsync();
        return app;
    }

    private readonly record struct Result(double P50, double P99, double Rate);
}
