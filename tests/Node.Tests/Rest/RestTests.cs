using Overlay.Nodes.Rest;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>Requests and responses, within a node and between two.</summary>
public sealed class RestTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<bool> Ways => [false, true];

    [Theory, MemberData(nameof(Ways))]
    public async Task Text_JSON_and_bytes_are_fetched(bool isLoopback)
    {
        await using var rest = new RestPair(isLoopback);
        rest.Server.MapGet("/text", _ => "hello world");
        rest.Server.MapGet("/json", _ => RestResult.Json(new Person("Ada", 36)));
        rest.Server.MapGet("/bytes", _ => RestResult.Bytes(RestPair.Bytes(128)));

        var text = await rest.FetchAsync("/text");
        var json = await rest.FetchAsync("/json");
        var bytes = await rest.FetchAsync("/bytes");

        Assert.Equal((200, "text/plain", "hello world"), (text.Status, text.Headers["Content-Type"], await text.ReadTextAsync(Cancelled)));
        Assert.Equal("application/json", json.Headers["content-type"]);
        Assert.Equal(new Person("Ada", 36), await json.ReadJsonAsync<Person>(cancellationToken: Cancelled));
        Assert.Equal(RestPair.Bytes(128), await bytes.ReadBytesAsync(Cancelled));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_million_bytes_are_fetched_as_a_stream_written_in_pieces(bool isLoopback)
    {
        await using var rest = new RestPair(isLoopback);
        var sent = RestPair.Bytes(1_000_000);
        rest.Server.MapGet("/", context => context.Response.SendAsync(RestContent.Write(async (stream, token) =>
        {
            for (var at = 0; at < sent.Length; at += 16_384)
            {
                await stream.WriteAsync(sent.AsMemory(at, Math.Min(16_384, sent.Length - at)), token);
            }
        })));

        await using var response = await rest.FetchAsync("/");
        var all = new MemoryStream();
        await response.Body.AsStream().CopyToAsync(all, Cancelled);

        Assert.True(all.ToArray().AsSpan().SequenceEqual(sent));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_body_can_be_sent_with_a_get(bool isLoopback)
    {
        await using var rest = new RestPair(isLoopback);
        rest.Server.MapGet("/text", async context => RestResult.Text(await context.Request.Body.ReadTextAsync(context.RequestAborted)));
        rest.Server.MapGet("/bytes", async context => RestResult.Bytes(await context.Request.Body.ReadBytesAsync(context.RequestAborted)));

        var text = await rest.FetchAsync("/text", new FetchOptions { Body = RestContent.Text("straße") });
        var bytes = await rest.FetchAsync("/bytes", new FetchOptions { Body = RestContent.Bytes(RestPair.Bytes(1_024)) });

        Assert.Equal("straße", await text.ReadTextAsync(Cancelled));
        Assert.Equal(RestPair.Bytes(1_024), await bytes.ReadBytesAsync(Cancelled));
    }

    [Fact]
    public async Task A_bare_path_asks_this_node_on_port_80()
    {
        await using var rest = new RestPair(isLoopback: false);
        rest.Server.MapGet("/a", context => RestResult.Text(context.Request.Remote.Text));

        var response = await rest.ServerNode.Rest.FetchAsync("/a", cancellationToken: Cancelled);

        Assert.Equal("localhost", await response.ReadTextAsync(Cancelled));
        Assert.Equal(OverlayError.ConnectionRefused, (await Assert.ThrowsAsync<OverlayException>(() => rest.ClientNode.Rest.FetchAsync("/a", cancellationToken: Cancelled))).Reason);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("post")]
    [InlineData("put")]
    [InlineData("patch")]
    [InlineData("delete")]
    [InlineData("foo")]
    public async Task Every_verb_has_its_route_whatever_its_case(string verb)
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", _ => "get").MapPost("/", _ => "post").MapPut("/", _ => "put").MapPatch("/", _ => "patch").MapDelete("/", _ => "delete");
        rest.Server.Map("foo", "/", _ => "foo");

        foreach (var method in new[] { verb, verb.ToUpperInvariant() })
        {
            Assert.Equal(verb, await (await rest.FetchAsync("/", new FetchOptions { Method = method })).ReadTextAsync(Cancelled));
        }
    }

    [Fact]
    public async Task Headers_reach_the_handler_and_the_client()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", context =>
        {
            context.Response.Headers["X-Answer"] = context.Request.Headers["x-question"] + "!";
            return context.Response.SendAsync(RestContent.None, 201);
        });

        var response = await rest.FetchAsync("/", new FetchOptions { Headers = new Dictionary<string, string> { ["X-Question"] = "why" } });

        Assert.Equal((201, "why!", ""), (response.Status, response.Headers["x-answer"], await response.ReadTextAsync(Cancelled)));
    }

    [Fact]
    public async Task Middleware_adds_to_a_request_and_passes_on()
    {
        await using var rest = new RestPair();
        rest.Server.Use(Adding("one"));
        rest.Server.Use(Adding("two"));
        rest.Server.Map("get", "/", [Adding("three")], context => context.Response.TextAsync(string.Join(' ', context.Items.Keys)));

        Assert.Equal("one two three", await (await rest.FetchAsync("/")).ReadTextAsync(Cancelled));

        static RestMiddleware Adding(string name) => (context, next) =>
        {
            context.Items[name] = true;
            return next();
        };
    }

    [Fact]
    public async Task Middleware_answers_instead_of_the_route()
    {
        await using var rest = new RestPair();
        rest.Server.Use((context, _) => context.Response.TextAsync("no", 401));
        rest.Server.MapGet("/", _ => "yes");

        var response = await rest.FetchAsync("/");

        Assert.Equal((401, "no"), (response.Status, await response.ReadTextAsync(Cancelled)));
    }

    [Fact]
    public async Task Parameters_of_path_and_query_reach_the_handler()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/users/:user/posts/:post", context => RestResult.Text(
            $"{context.Request.Params["user"]} {context.Request.Params["post"]} {context.Request.Query["a"]} {context.Request.Query["b"]} {context.Request.Url} {context.Request.Path}"));

        var text = await (await rest.FetchAsync("/users/ada/posts/7?a=10&b=two%20words#part")).ReadTextAsync(Cancelled);

        Assert.Equal("ada 7 10 two words#part /users/ada/posts/7?a=10&b=two%20words#part /users/ada/posts/7", text);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_streamed_body_is_echoed_as_a_stream(bool isLoopback)
    {
        await using var rest = new RestPair(isLoopback);
        rest.Server.MapPost("/echo", context => context.Response.StreamAsync(context.Request.Body.AsStream()));
        var sent = RestPair.Bytes(1_000_000);

        var response = await rest.FetchAsync("/echo", new FetchOptions { Method = "post", Body = RestContent.Stream(new MemoryStream(sent)) });

        Assert.True((await response.ReadBytesAsync(Cancelled)).AsSpan().SequenceEqual(sent));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_handler_may_answer_without_having_read_all_of_a_long_body(int reads)
    {
        await using var rest = new RestPair(isLoopback: false);
        rest.Server.MapPost("/", async context =>
        {
            var body = context.Request.Body.AsStream();
            for (var i = 0; i < reads; i++)
            {
                await body.ReadExactlyAsync(new byte[16_384], context.RequestAborted);
            }

            return RestResult.Text("enough");
        });

        var response = await rest.FetchAsync("/", new FetchOptions { Method = "post", Body = RestContent.Bytes(RestPair.Bytes(1_000_000)) });

        Assert.Equal("enough", await response.ReadTextAsync(Cancelled));
        await Soon.Async(response.Completion);
        await Soon.UntilAsync(() => rest.Server.Serving == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_server_or_all_of_REST_is_disposed_of_a_fetch_that_worked_is_refused(bool isAll)
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", _ => "hello");
        Assert.Equal("hello", await (await rest.FetchAsync("/")).ReadTextAsync(Cancelled));

        await (isAll ? rest.ServerNode.Rest.DisposeAsync() : rest.Server.DisposeAsync());
        await rest.Server.DisposeAsync();

        Assert.Equal(OverlayError.ConnectionRefused, (await Assert.ThrowsAsync<OverlayException>(() => rest.FetchAsync("/"))).Reason);
    }

    [Fact]
    public async Task Whoever_is_being_served_when_the_server_ends_hears_of_it()
    {
        await using var rest = new RestPair(isLoopback: false);
        var (begun, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        rest.Server.MapGet("/", async context =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            finally
            {
                aborted.SetResult();
            }
        });
        var fetching = rest.FetchAsync("/");
        await Soon.Async(begun.Task);

        await rest.Server.DisposeAsync();

        var error = await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(fetching));
        Assert.True(error.Reason is OverlayError.ChannelLost or OverlayError.ChannelClosed, error.ToString());
        await Soon.Async(aborted.Task);
    }

    [Fact]
    public async Task Stopping_waits_for_what_is_being_served()
    {
        await using var rest = new RestPair();
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        rest.Server.MapGet("/", async _ =>
        {
            begun.SetResult();
            await go.Task;
            return RestResult.Text("done");
        });
        var fetching = rest.FetchAsync("/");
        await Soon.Async(begun.Task);

        var stopping = rest.Server.StopAsync(Cancelled);
        Assert.False(stopping.IsCompleted);
        go.SetResult();

        Assert.Equal("done", await (await Soon.Async(fetching)).ReadTextAsync(Cancelled));
        await Soon.Async(stopping);
    }

    [Fact]
    public async Task No_route_is_404_and_a_handler_that_throws_at_once_or_later_is_500()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/now", RestResult (_) => throw new InvalidOperationException("now"));
        rest.Server.MapGet("/later", async context =>
        {
            await Task.Yield();
            context.Response.Headers["x-half"] = "done";
            throw new InvalidOperationException("later");
        });

        foreach (var (path, status, text) in new[] { ("/nothing", 404, "not found"), ("/now", 500, "internal server error"), ("/later", 500, "internal server error") })
        {
            var response = await rest.FetchAsync(path);
            Assert.Equal((status, text, "text/plain"), (response.Status, await response.ReadTextAsync(Cancelled), response.Headers["content-type"]));
            Assert.False(response.IsSuccess);
            Assert.False(response.Headers.ContainsKey("x-half"));
        }
    }

    [Fact]
    public async Task A_response_that_fails_half_way_does_not_look_whole()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", context => context.Response.SendAsync(RestContent.Write(async (stream, token) =>
        {
            await stream.WriteAsync(new byte[100_000], token);
            throw new InvalidOperationException("half way");
        })));

        var response = await rest.FetchAsync("/");
        var error = await Assert.ThrowsAsync<OverlayException>(() => response.ReadBytesAsync(Cancelled));

        Assert.Equal((OverlayError.RemoteFailed, "internal server error"), (error.Reason, error.Message));
    }

    [Fact]
    public async Task A_second_response_is_refused_and_the_first_one_is_intact()
    {
        await using var rest = new RestPair();
        var second = new TaskCompletionSource<Exception>();
        rest.Server.MapGet("/", async context =>
        {
            await context.Response.TextAsync("first");
            second.SetResult(await Assert.ThrowsAsync<InvalidOperationException>(() => context.Response.TextAsync("second")));
        });

        Assert.Equal("first", await (await rest.FetchAsync("/")).ReadTextAsync(Cancelled));
        Assert.Contains("only once", (await Soon.Async(second.Task)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_answers_nothing_answers_its_status()
    {
        await using var rest = new RestPair();
        rest.Server.MapPost("/", context =>
        {
            context.Response.Status = 202;
            return Task.CompletedTask;
        });

        var response = await rest.FetchAsync("/", new FetchOptions { Method = "post" });

        Assert.Equal((202, ""), (response.Status, await response.ReadTextAsync(Cancelled)));
    }

    // The server's handler works, the client waits; both sides hear signs of life.
    [Fact]
    public async Task A_handler_of_thirty_seconds_answers()
    {
        await using var rest = new RestPair(isLoopback: false);
        var (time, begun) = (rest.Net.Time, new TaskCompletionSource());
        rest.Server.MapGet("/", async context =>
        {
            var delay = Task.Delay(TimeSpan.FromSeconds(30), time, context.RequestAborted);
            begun.SetResult();
            await delay;
            return RestResult.Text("slow");
        });
        var fetching = rest.FetchAsync("/");
        await Soon.Async(begun.Task);

        for (var second = 0; second < 28; second += 2)
        {
            var (atClient, atServer) = (Received(rest.ClientNode), Received(rest.ServerNode));
            time.Advance(TimeSpan.FromSeconds(2));
            await Soon.UntilAsync(() => Received(rest.ClientNode) > atClient && Received(rest.ServerNode) > atServer);
        }

        Assert.False(fetching.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("slow", await (await Soon.Async(fetching)).ReadTextAsync(Cancelled));
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_or_too_long_is_the_clients_fault()
    {
        await using var rest = new RestPair(options: new RestServerOptions { MaxBodyBytes = 1_000 });
        rest.Server.MapPost("/", async context => RestResult.Json(await context.Request.Body.ReadJsonAsync<Person>()));

        var broken = await rest.FetchAsync("/", new FetchOptions { Method = "post", Body = RestContent.Text("{ broken") });
        var tooLong = await rest.FetchAsync("/", new FetchOptions { Method = "post", Body = RestContent.Text(new string(' ', 1_001)) });
        var right = await rest.FetchAsync("/", new FetchOptions { Method = "post", Body = RestContent.Json(new Person("Ada", 36)) });

        Assert.Equal((400, 413, 200), (broken.Status, tooLong.Status, right.Status));
    }

    [Fact]
    public async Task A_body_that_cannot_be_made_fails_the_fetch_with_its_own_error_and_no_half_of_it_looks_whole()
    {
        await using var rest = new RestPair();
        var (begun, seen) = (new TaskCompletionSource(), new TaskCompletionSource<Exception?>());
        rest.Server.MapPost("/", async context =>
        {
            begun.SetResult();
            seen.SetResult(await Record.ExceptionAsync(() => context.Request.Body.ReadBytesAsync()));
            return RestResult.Empty();
        });

        await Assert.ThrowsAsync<FormatException>(() => rest.FetchAsync("/", new FetchOptions
        {
            Method = "post",
            Body = RestContent.Write(async (stream, token) =>
            {
                await stream.WriteAsync(new byte[70_000], token);
                await begun.Task;
                throw new FormatException("no more");
            }),
        }));

        Assert.IsType<OverlayException>(await Soon.Async(seen.Task));
    }

    [Theory]
    [InlineData("http://localhost/")]
    [InlineData("rest:///path")]
    [InlineData("ftp://localhost/")]
    public async Task An_address_of_no_REST_server_is_refused_at_the_door(string url)
    {
        await using var rest = new RestPair();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => rest.ClientNode.Rest.FetchAsync(url, cancellationToken: Cancelled));

        Assert.Contains(url, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_without_a_slash_asks_for_the_root()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", context => RestResult.Text(context.Request.Query["x"]!));

        Assert.Equal("1", await (await rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}?x=1", cancellationToken: Cancelled)).ReadTextAsync(Cancelled));
    }

    [Fact]
    public async Task Absent_nodes_and_closed_ports_are_named()
    {
        await using var rest = new RestPair();

        Assert.Equal(OverlayError.HostUnreachable, (await Assert.ThrowsAsync<OverlayException>(() => rest.ClientNode.Rest.FetchAsync("rest://nobody/", cancellationToken: Cancelled))).Reason);
        Assert.Equal(OverlayError.ConnectionRefused, (await Assert.ThrowsAsync<OverlayException>(() => rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}:81/", cancellationToken: Cancelled))).Reason);
    }

    [Fact]
    public async Task More_requests_than_there_are_places_wait_for_one()
    {
        await using var rest = new RestPair(options: new RestServerOptions { MaxConcurrentRequests = 2 });
        var most = 0;
        rest.Server.MapGet("/", async _ =>
        {
            most = Math.Max(most, rest.Server.Serving);
            await Task.Yield();
            return RestResult.Text("ok");
        });

        var texts = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await (await rest.FetchAsync("/")).ReadTextAsync(Cancelled)));

        Assert.All(texts, text => Assert.Equal("ok", text));
        Assert.InRange(most, 1, 2);
    }

    [Fact]
    public async Task A_server_listens_once_and_on_a_port_that_is_free()
    {
        await using var rest = new RestPair();

        Assert.Throws<InvalidOperationException>(() => rest.Server.Listen(81));
        Assert.Equal(OverlayError.PortInUse, Assert.Throws<OverlayException>(() => rest.ServerNode.Rest.CreateServer().Listen()).Reason);
        Assert.Throws<ArgumentException>(() => rest.ServerNode.Rest.CreateServer(new RestServerOptions { Timeout = TimeSpan.Zero }));
        await rest.ServerNode.Rest.CreateServer().DisposeAsync(); // It never listened.
    }

    private static long Received(MemoryNode node) => node.Network.Peers.Sum(peer => peer.MessagesReceived);

    private sealed record Person(string Name, int Age);
}
