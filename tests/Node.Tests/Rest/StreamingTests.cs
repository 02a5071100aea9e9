using Overlay.Nodes.Rest;
using Overlay.Nodes.Storage;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>Long bodies, records, and those who break off.</summary>
[Collection(nameof(Alone))]
public sealed class StreamingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_are_made_one_by_one_as_they_are_taken()
    {
        await using var rest = new RestPair(isLoopback: false);
        var (produced, consumed) = (0, 0);
        rest.Server.MapGet("/rows", _ => RestResult.Query(CountAsync()));
        var response = await rest.FetchAsync("/rows");

        await foreach (var row in response.ReadQueryAsync<Row>(cancellationToken: Cancelled))
        {
            Assert.Equal(consumed, row!.I);
            await Soon.UntilAsync(() => produced >= Math.Min(100, consumed + 2)); // As far as it goes.
            Assert.InRange(produced, consumed + 1, consumed + 1 + 3);
            consumed++;
        }

        Assert.Equal((100, 100), (produced, consumed));

        async IAsyncEnumerable<Row> CountAsync()
        {
            for (var i = 0; i < 100; i++)
            {
                await Task.Yield();
                Interlocked.Increment(ref produced);
                yield return new Row(i, i % 2 == 0 ? "even" : "odd");
            }
        }
    }

    [Fact]
    public async Task Breaking_off_stops_the_producer()
    {
        await using var rest = new RestPair(isLoopback: false);
        var stopped = new TaskCompletionSource();
        rest.Server.MapGet("/rows", _ => RestResult.Query(ForEverAsync()));
        var response = await rest.FetchAsync("/rows");

        await foreach (var row in response.ReadQueryAsync<Row>(cancellationToken: Cancelled))
        {
            if (row!.I == 5)
            {
                break;
            }
        }

        await Soon.Async(stopped.Task);
        await Soon.UntilAsync(() => rest.Server.Serving == 0);

        async IAsyncEnumerable<Row> ForEverAsync()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    await Task.Yield();
                    yield return new Row(i, "");
                }
            }
            finally
            {
                stopped.SetResult();
            }
        }
    }

    [Fact]
    public async Task A_remote_query_is_filtered_and_ordered_where_it_is_asked()
    {
        await using var rest = new RestPair(isLoopback: false);
        rest.Server.MapGet("/users", _ => RestResult.Query(Enumerable.Range(0, 20).Select(i => new Row(19 - i, i % 3 == 0 ? "admin" : "user")).ToAsyncEnumerable()));
        var response = await rest.FetchAsync("/users");

        var admins = await response.ReadQueryAsync<Row>(cancellationToken: Cancelled).Where(row => row!.Kind == "admin").OrderBy(row => row!.I).Select(row => row!.I).ToListAsync(Cancelled);

        Assert.Equal([1, 4, 7, 10, 13, 16, 19], admins);
    }

    [Fact]
    public async Task A_query_that_fails_half_way_says_so()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/rows", _ => RestResult.Query(FailAsync()));
        var response = await rest.FetchAsync("/rows");

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await response.ReadQueryAsync<Row>(cancellationToken: Cancelled).ToListAsync(Cancelled));

        Assert.Equal(OverlayError.RemoteFailed, error.Reason);

        static async IAsyncEnumerable<Row> FailAsync()
        {
            yield return new Row(0, "");
            await Task.Yield();
            throw new InvalidOperationException("half way");
        }
    }

    // Small buffers on the way, so that the credits alone decide what lies where.
    [Fact]
    public async Task Two_hundred_million_bytes_pass_both_ways_without_being_kept()
    {
        await using var rest = new RestPair(isLoopback: false);
        rest.Server.MapPost("/echo", context => context.Response.StreamAsync(context.Request.Body.AsStream()));
        await EchoedAsync(rest, 20_000_000); // What pools keep from then on is not of the bytes that pass.

        // A window each way may be full, one item beyond it; what lies in channels and buffers beside that is little.
        const long Windows = 2 * (16L * 1024 * 1024 + CreditStream.MaxItemBytes);
        Assert.InRange(await EchoedAsync(rest, 200_000_000), 0, Windows + 4 * 1024 * 1024);
    }

    /// <summary>Has so many bytes come back, and says how much more memory was in use on the way.</summary>
    private static async Task<long> EchoedAsync(RestPair rest, long length)
    {
        var (before, most) = (GC.GetTotalMemory(forceFullCollection: true), 0L);
        await using var response = await rest.FetchAsync("/echo", new FetchOptions { Method = "post", Body = RestContent.Stream(new Zeros(length)) });
        var body = response.Body.AsStream();
        var (buffer, total) = (new byte[65_536], 0L);
        for (int count, turn = 0; (count = await body.ReadAsync(buffer, Cancelled)) > 0; total += count, turn++)
        {
            if (turn % 500 == 0)
            {
                most = Math.Max(most, InUse() - before);
            }
        }

        Assert.Equal(length, total);
        return most;

        // Others go on writing until the windows are full: what they leave behind between a collection and the look at it is not kept, and gone with the next.
        static long InUse() => Enumerable.Range(0, 4).Min(_ => GC.GetTotalMemory(forceFullCollection: true));
    }

    [Fact]
    public async Task A_file_of_a_bucket_is_fetched_as_it_is()
    {
        await using var rest = new RestPair(isLoopback: false);
        await using var bucket = await Bucket.OpenAsync("files", new StoreOptions { InMemory = true }, Cancelled);
        var file = RestPair.Bytes(5_000_000);
        await bucket.WriteAsync("film.bin", file, Cancelled);
        rest.Server.MapGet("/files/{*key}", async context => RestResult.Stream(await bucket.OpenReadAsync(context.Request.Params["key"], cancellationToken: context.RequestAborted)));

        await using var response = await rest.FetchAsync("/files/film.bin");

        Assert.True((await response.ReadBytesAsync(Cancelled)).AsSpan().SequenceEqual(file));
    }

    [Fact]
    public async Task A_client_that_gives_up_frees_both_ends()
    {
        await using var rest = new RestPair(isLoopback: false);
        var (begun, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        rest.Server.MapGet("/", async context =>
        {
            begun.SetResult();
            await using var hearing = context.RequestAborted.Register(aborted.SetResult);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using var impatience = new CancellationTokenSource();
        var fetching = rest.FetchAsync("/", cancellationToken: impatience.Token);
        await Soon.Async(begun.Task);

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Async(fetching));
        await Soon.Async(aborted.Task);
        await Soon.UntilAsync(() => rest.Server.Serving == 0 && rest.ClientNode.Network.Peers.All(peer => peer.OpenChannels == 0));
    }

    [Fact]
    public async Task A_response_that_is_disposed_of_half_read_stops_the_server()
    {
        await using var rest = new RestPair(isLoopback: false);
        rest.Server.MapGet("/", context => context.Response.StreamAsync(new Zeros(long.MaxValue)));

        var response = await rest.FetchAsync("/");
        await response.Body.AsStream().ReadExactlyAsync(new byte[1_000_000], Cancelled);
        await response.DisposeAsync();

        await Soon.UntilAsync(() => rest.Server.Serving == 0);
        await Soon.UntilAsync(() => rest.ServerNode.Network.Peers.All(peer => peer.OpenChannels == 0));
    }

    [Fact]
    public async Task A_client_that_takes_nothing_stops_neither_others_nor_fills_the_server()
    {
        await using var rest = new RestPair(isLoopback: false);
        var written = 0L;
        rest.Server.MapGet("/long", context => context.Response.SendAsync(RestContent.Write(async (stream, token) =>
        {
            for (; ; written += 65_535)
            {
                await stream.WriteAsync(new byte[65_535], token);
            }
        })));
        rest.Server.MapGet("/short", _ => "quick");
        await using var lazy = await rest.FetchAsync("/long");

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("quick", await (await rest.FetchAsync("/short")).ReadTextAsync(Cancelled));
        }

        Assert.InRange(written, 0, 16 * 65_535);
    }

    [Fact]
    public async Task A_body_is_read_once()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", _ => "hello");
        var response = await rest.FetchAsync("/");
        await response.ReadTextAsync(Cancelled);

        await Assert.ThrowsAsync<InvalidOperationException>(() => response.ReadTextAsync(Cancelled));
        Assert.Throws<InvalidOperationException>(() => response.Body.AsStream());
    }

    [Fact]
    public async Task Every_kind_of_body_is_read_by_every_kind_of_reader()
    {
        await using var rest = new RestPair();
        var json = """{"i":7,"kind":"x"}""";
        var bodies = new Func<RestContent>[]
        {
            () => RestContent.Text(json),
            () => RestContent.Json(new Row(7, "x")),
            () => RestContent.Bytes(System.Text.Encoding.UTF8.GetBytes(json)),
            () => RestContent.Stream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))),
            () => RestContent.Query(new[] { new Row(7, "x") }.ToAsyncEnumerable()),
            () => RestContent.Write((stream, token) => stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(json), token).AsTask()),
        };
        rest.Server.MapPost("/:kind", context => context.Response.SendAsync(bodies[int.Parse(context.Request.Params["kind"])]()));
        rest.Server.MapPut("/", async context => RestResult.Text(await context.Request.Body.ReadTextAsync()));

        for (var kind = 0; kind < bodies.Length; kind++)
        {
            Task<FetchResponse> FetchAsync() => rest.FetchAsync($"/{kind}", new FetchOptions { Method = "post" });

            Assert.Equal(json, await (await FetchAsync()).ReadTextAsync(Cancelled));
            Assert.Equal(json.Length, (await (await FetchAsync()).ReadBytesAsync(Cancelled)).Length);
            Assert.Equal(new Row(7, "x"), await (await FetchAsync()).ReadJsonAsync<Row>(cancellationToken: Cancelled));
            Assert.Equal([new Row(7, "x")], await (await FetchAsync()).ReadQueryAsync<Row>(cancellationToken: Cancelled).ToListAsync(Cancelled));
            Assert.Equal(json, await new StreamReader((await FetchAsync()).Body.AsStream()).ReadToEndAsync(Cancelled));
            Assert.Equal(json, await (await rest.FetchAsync("/", new FetchOptions { Method = "put", Body = bodies[kind]() })).ReadTextAsync(Cancelled));
        }
    }

    internal sealed record Row(int I, string Kind);

    /// <summary>So many bytes, made as they are read.</summary>
    private sealed class Zeros(long length) : Runtime.Peers.DuplexStream
    {
        private long _left = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(_left, buffer.Length);
            _left -= count;
            return new ValueTask<int>(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
