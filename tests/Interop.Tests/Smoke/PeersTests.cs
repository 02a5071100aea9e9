using Overlay.Nodes;
using Overlay.Nodes.Network;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Storage;
using Overlay.Runtime;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>What becomes of pages with an unmodified smoke-node 0.8.8 as peers: both dial at once, one of the two goes away, a port wants more proof than a page has.</summary>
[Collection(nameof(SmokePlace))]
public sealed class PeersTests(SmokePlace place) : IClassFixture<SmokePlace>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_and_a_node_that_dial_each_other_at_the_same_time_connect()
    {
        const int Pairs = 40;
        var node = await place.StartNodeAsync();
        await using var server = node.Rest.CreateServer();
        server.MapGet("/", _ => "node");
        server.Listen();
        await using var page = await place.OpenPageAsync();
        var addresses = await page.AskAsync<string[]>("count => addNodes(count)", Pairs);

        // Ten pairs at a time: a page's own limit is 4 s, and its one thread has three connections to set up for each of its nodes. On a loaded machine that may still be too many;
        // what failed is dialled again, by both at the same time, by fewer and fewer at once. Only a browser that stands still for ever may be left out, which few do.
        var (left, standing) = (addresses.Index().ToArray(), 0);
        foreach (var atOnce in (int[])[10, 4, 2, 1])
        {
            var failed = new List<((int Index, string Item) Pair, string FromPage, string FromNode)>();
            foreach (var some in left.Chunk(atOnce))
            {
                failed.AddRange((await Task.WhenAll(some.Select(DialAsync))).Where(seen => (seen.FromPage, seen.FromNode) != ("node", "page")));
            }

            left = [.. await failed.ToAsyncEnumerable().Where(async (seen, _) => !await StandsStillAsync(seen.Pair.Index)).Select(seen => seen.Pair).ToArrayAsync(Cancelled)];
            standing += failed.Count - left.Length;
            TestContext.Current.TestOutputHelper?.WriteLine($"failed with {atOnce} at once: {string.Join("; ", failed)}; {standing} browsers stand still");
        }

        Assert.Empty(left);
        Assert.InRange(standing, 0, Pairs / 4);

        Task<bool> StandsStillAsync(int index) => page.AskAsync<bool>("({ index, host }) => standsStill(index, host)", new { index = index + 1, host = node.Id.ToString() });

        async Task<((int Index, string Item) Pair, string FromPage, string FromNode)> DialAsync((int Index, string Item) pair)
        {
            var fromPage = page.AskAsync<string>("({ index, host }) => fetchFrom(index, host)", new { index = pair.Index + 1, host = node.Id.ToString() });
            var fromNode = TextAsync(node, $"rest://{pair.Item}/");
            return (pair, await fromPage, await fromNode);
        }
    }

    [Fact]
    public async Task A_page_that_was_closed_is_soon_known_to_be_gone_and_the_next_one_is_reached()
    {
        var node = await place.StartNodeAsync();
        var page = await place.OpenPageAsync();
        await page.ServeAsync();
        Assert.Equal("hello world", await ReachedAsync(node, page));
        await page.DisposeAsync();
        var closed = TimeProvider.System.GetTimestamp();

        var gone = await GoneAsync(node, page.Address);
        TestContext.Current.TestOutputHelper?.WriteLine($"known to be gone after {TimeProvider.System.GetElapsedTime(closed).TotalSeconds:F1} s");
        await using var next = await place.OpenPageAsync();
        await next.ServeAsync();
        var text = await ReachedAsync(node, next);

        Assert.Contains($"no page {page.Address}", gone, StringComparison.Ordinal);
        Assert.Equal("hello world", text);
    }

    [Fact]
    public async Task A_page_reaches_the_node_that_comes_after_one_that_was_killed()
    {
        await using var page = await place.OpenPageAsync();
        var first = await place.StartNodeAsync();
        SmokeServer.Serve(first);
        Assert.Equal("hello world", await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host = first.Id.ToString(), path = "/text" }));
        await first.KillAsync();

        var second = await place.StartNodeAsync();
        SmokeServer.Serve(second);
        var text = await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host = second.Id.ToString(), path = "/text" });

        Assert.Equal("hello world", text);
    }

    [Fact]
    public async Task A_port_for_proved_ids_only_refuses_a_page()
    {
        var node = await place.StartNodeAsync();
        await using var page = await place.OpenPageAsync();
        await using var server = node.Rest.CreateServer(new RestServerOptions { Port = new PortOptions { VerifiedOnly = true } });
        server.MapGet("/", _ => "secret");
        server.Listen();

        var answer = await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host = node.Id.ToString(), path = "/" });

        Assert.Contains("forcefully closed", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_disposed_of_is_not_there_for_a_page_any_more()
    {
        var node = await place.StartNodeAsync();
        await using var page = await place.OpenPageAsync();
        var server = SmokeServer.Serve(node);
        var host = node.Id.ToString();
        Assert.Equal("hello world", await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host, path = "/text" }));

        await server.DisposeAsync();
        var answer = await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host, path = "/text" });

        Assert.Contains("forcefully closed", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_a_bucket_is_fetched_by_a_page_as_it_is()
    {
        var node = await place.StartNodeAsync();
        await using var page = await place.OpenPageAsync();
        await using var bucket = await Bucket.OpenAsync("files", new StoreOptions { InMemory = true }, Cancelled);
        var file = SmokeBytes.Pattern(5_000_000, 48);
        await bucket.WriteAsync("a/file", file, Cancelled);
        await using var server = node.Rest.CreateServer();
        server.MapGet("/files/{*key}", async context => RestResult.Stream(await bucket.OpenReadAsync(context.Request.Params["key"])));
        server.Listen();

        var seen = await page.AskAsync<BytesSeen>("({ host, path }) => bytes(host, path)", new { host = node.Id.ToString(), path = "/files/a/file" });

        Assert.Equal(SmokeBytes.Describe(file), seen);
    }

    [SlowFact]
    public async Task A_handler_slower_than_a_pages_patience_answers_it_all_the_same()
    {
        var node = await place.StartNodeAsync();
        await using var page = await place.OpenPageAsync();
        await using var server = node.Rest.CreateServer();
        server.MapGet("/slow", async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(12), context.RequestAborted);
            return "slow";
        });
        server.Listen();

        Assert.Equal("slow", await page.AskAsync<string>("({ host, path }) => get(host, path)", new { host = node.Id.ToString(), path = "/slow" }));
    }

    private static async Task<string> TextAsync(Node node, string url)
    {
        try
        {
            await using var response = await node.Rest.FetchAsync(url, null, Cancelled);
            return await response.ReadTextAsync(Cancelled);
        }
        catch (OverlayException e)
        {
            return e.Message;
        }
    }

    /// <summary>Asks a page, up to three times: an original that missed the opening of a channel gives it up after 2 s and says nothing.</summary>
    private static async Task<string> ReachedAsync(Node node, SmokePage page)
    {
        for (var tries = 1; ; tries++)
        {
            var text = await TextAsync(node, $"rest://{page.Address}/text");
            if (text == "hello world" || tries == 3)
            {
                return text;
            }

            TestContext.Current.TestOutputHelper?.WriteLine(text);
        }
    }

    /// <summary>Asks until the answer is that there is no such page; before, an exchange may time out.</summary>
    private static async Task<string> GoneAsync(Node node, string address)
    {
        while (true)
        {
            var answer = await TextAsync(node, $"rest://{address}/text");
            if (answer.Contains("no page", StringComparison.Ordinal))
            {
                return answer;
            }
        }
    }
}
