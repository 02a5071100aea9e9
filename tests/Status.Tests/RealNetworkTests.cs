using System.Diagnostics;
using System.Net;
using Microsoft.Playwright;
using Overlay.Hub;
using Overlay.Nodes;
using Overlay.Nodes.Status;

namespace Overlay.Status.Tests;

/// <summary>The page over a real network: 64 nodes in this process, with their sockets and links.</summary>
public sealed class RealNetworkTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const int Count = 64;
    private const int JoinsAtOnce = 4;

    [Fact]
    public async Task Sixty_four_members_stand_on_the_ring_and_one_that_is_killed_goes_within_fifteen_seconds()
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0 }, TestContext.Current.CancellationToken);
        var nodes = await StartAllAsync(hub.Uri);
        try
        {
            await using var server = await StatusServer.StartAsync(new(IPAddress.Loopback, 0), new NodeStatusSource(nodes[0], Topology.Chord));
            await using var page = await chromium.OpenAsync(server.Uri, ColorScheme.Light);
            await page.UntilTextAsync("#total-members", "64", seconds: 90);
            await page.Page.WaitForFunctionAsync("() => document.querySelector('#note-members').textContent === ''");
            var victim = nodes[40];

            await page.Page.FillAsync("#find", victim.Id.ToString());
            await page.UntilTextAsync("#member", "Successors");
            var clock = Stopwatch.StartNew();
            await victim.KillAsync();
            await page.UntilTextAsync("#events", $"{victim.Id} died", seconds: 15);
            await page.UntilTextAsync("#total-members", "63", seconds: 15);
            TestContext.Current.TestOutputHelper?.WriteLine($"gone after {clock.Elapsed.TotalSeconds:F1} s");

            await page.Page.Keyboard.PressAsync("Escape");
            await page.KeepAsync("ring-64-real");
            Assert.Empty(page.Complaints);
        }
        finally
        {
            await Task.WhenAll(nodes.Select(static node => node.KillAsync()));
        }
    }

    private static async Task<List<Node>> StartAllAsync(Uri hub)
    {
        var nodes = new List<Node>();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, Count),
            new ParallelOptions { MaxDegreeOfParallelism = JoinsAtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, stop) =>
            {
                var node = await Node.StartAsync(new NodeOptions { Hubs = { hub }, Listen = "127.0.0.1", Seed = (ulong)seed }, stop);
                lock (nodes)
                {
                    nodes.Add(node);
                }
            });
        return nodes;
    }
}
