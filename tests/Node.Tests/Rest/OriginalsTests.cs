using System.Text;
using System.Text.Json;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>What passes on the socket, played by hand from the other end: an original's, or somebody hostile's.</summary>
public sealed class OriginalsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // original → DATA head, DATA chunk, DATA empty → server → DATA head, DATA chunk, DATA empty, END; each for a NEXT.
    [Fact]
    public async Task An_original_client_is_answered_in_its_own_way()
    {
        await using var rest = new RestPair();
        rest.Server.MapPost("/echo", async context => RestResult.Text(await context.Request.Body.ReadTextAsync()));
        await using var socket = await rest.ClientNode.Sockets.ConnectAsync(rest.Host, 80, Cancelled);
        var original = new Original(socket);

        await original.NextAsync();
        await original.DataAsync("""{"url":"/echo","method":"post","headers":{"n":1}}""");
        await original.DataAsync("hello");
        await original.DataAsync("");
        var head = await original.ReadAsync();
        await original.NextAsync();
        var body = await original.ReadAsync();
        await original.NextAsync();
        var end = await original.ReadAsync();
        await original.NextAsync();
        var last = await original.ReadAsync();

        Assert.Equal("""2{"status":200,"headers":{"content-type":"text/plain"}}""", head);
        Assert.Equal(("2hello", "2", "4"), (body, end, last));
        Assert.Null(await original.ReadAsync());
    }

    [Fact]
    public async Task An_original_server_is_asked_in_its_own_way()
    {
        await using var rest = new RestPair();
        await using var server = rest.ServerNode.Sockets.Listen(8080);
        var fetching = rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}:8080/a?b=c", new FetchOptions { Headers = new Dictionary<string, string> { ["X-A"] = "1" } }, Cancelled);
        var original = new Original(await server.AcceptAsync(Cancelled));

        await original.NextAsync();
        var head = await original.ReadAsync();
        await original.NextAsync();
        var end = await original.ReadAsync();
        await original.DataAsync("""{"status":404,"headers":{"n":1,"o":{"p":[2]}}}""");
        var response = await fetching;
        await original.DataAsync("gone");
        await original.DataAsync("");

        Assert.Equal("""2{"url":"/a?b=c","method":"get","headers":{"X-A":"1"}}""", head);
        Assert.Equal("2", end);
        Assert.Equal((404, "1", """{"p":[2]}"""), (response.Status, response.Headers["n"], response.Headers["o"]));
        Assert.Equal("gone", await response.ReadTextAsync(Cancelled));
        Assert.Null(await original.ReadAsync()); // The connection is free, without a CANCEL that an original would take for a failure.
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"url":"/","method":"get"}""")]
    [InlineData("""{"url":"/","method":7,"headers":{}}""")]
    [InlineData("""{"url":null,"method":"get","headers":{}}""")]
    [InlineData("""{"url":"/","method":"get","headers":[]}""")]
    [InlineData("""{"url":"\ud800","method":"get","headers":{}}""")]
    public async Task A_head_that_is_none_is_a_bad_request(string head)
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", _ => "hello");
        await using var socket = await rest.ClientNode.Sockets.ConnectAsync(rest.Host, 80, Cancelled);
        var original = new Original(socket);

        await original.NextAsync();
        await original.DataAsync(head);

        Assert.StartsWith("""2{"status":400,""", await original.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal("hello", await (await rest.FetchAsync("/")).ReadTextAsync(Cancelled));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{}")]
    [InlineData("""{"status":"200"}""")]
    [InlineData("""{"status":99}""")]
    [InlineData("""{"status":1e9}""")]
    public async Task A_head_that_is_none_is_no_response(string head)
    {
        await using var rest = new RestPair();
        await using var server = rest.ServerNode.Sockets.Listen(8080);
        var fetching = rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}:8080/", cancellationToken: Cancelled);
        var original = new Original(await server.AcceptAsync(Cancelled));

        await original.DataAsync(head);

        Assert.Equal(OverlayError.InvalidMessage, (await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(fetching))).Reason);
    }

    [Fact]
    public async Task A_server_that_ends_or_closes_before_it_answers_is_no_response()
    {
        await using var rest = new RestPair();
        await using var server = rest.ServerNode.Sockets.Listen(8080);
        var (first, second) = (Fetch(), Fetch());

        await new Original(await server.AcceptAsync(Cancelled)).SendAsync([4]);
        await (await server.AcceptAsync(Cancelled)).CloseAsync(Cancelled);

        var errors = new[] { await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(first)), await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(second)) };
        Assert.Equal([OverlayError.InvalidMessage, OverlayError.ChannelClosed], errors.Select(error => error.Reason).Order().Reverse());

        Task<FetchResponse> Fetch() => rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}:8080/", cancellationToken: Cancelled);
    }

    [Fact]
    public async Task A_server_that_is_silent_times_out_after_8_s_and_not_before()
    {
        await using var rest = new RestPair();
        await using var server = rest.ServerNode.Sockets.Listen(8080);
        var fetching = rest.ClientNode.Rest.FetchAsync($"rest://{rest.Host}:8080/", cancellationToken: Cancelled);
        await using var silent = await server.AcceptAsync(Cancelled);
        await Soon.Async(silent.ReceiveAsync(Cancelled)); // It is connected, and asked.
        await rest.Net.Time.UntilArmedAsync(TimeSpan.FromSeconds(2));

        for (var i = 0; i < 15; i++)
        {
            rest.Net.Time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.False(fetching.IsCompleted);
        await rest.Net.AdvanceUntilAsync(TimeSpan.FromSeconds(0.5), () => fetching.IsCompleted);
        Assert.Equal(OverlayError.TimedOut, (await Assert.ThrowsAsync<OverlayException>(() => fetching)).Reason);
    }

    [Fact]
    public async Task A_client_that_connects_and_says_nothing_does_not_keep_its_place()
    {
        await using var rest = new RestPair();
        await using var socket = await rest.ClientNode.Sockets.ConnectAsync(rest.Host, 80, Cancelled);
        await Soon.UntilAsync(() => rest.Server.Serving == 1);

        await rest.Net.AdvanceUntilAsync(TimeSpan.FromSeconds(0.5), () => rest.Server.Serving == 0);

        while (await socket.ReceiveAsync(Cancelled) is not null)
        {
            // Credits, signs of life, perhaps an error, and then the end.
        }
    }

    // Hostile or broken: the server lives, and so do requests beside it.
    [Fact]
    public async Task Arbitrary_bytes_at_the_port_harm_nobody_else()
    {
        await using var rest = new RestPair();
        rest.Server.MapPost("/", async context => RestResult.Bytes(await context.Request.Body.ReadBytesAsync()));
        var random = new Random(11);
        for (var round = 0; round < 100; round++)
        {
            await using var socket = await rest.ClientNode.Sockets.ConnectAsync(rest.Host, 80, Cancelled);
            for (var i = 0; i < 6; i++)
            {
                var message = new byte[random.Next(40)];
                random.NextBytes(message);
                if (message.Length > 0)
                {
                    message[0] = (byte)random.Next(5);
                }

                try
                {
                    await socket.SendAsync(message, Cancelled);
                }
                catch (OverlayException)
                {
                    break; // The server has had enough.
                }
            }

            socket.Abort();
        }

        Assert.Equal("fine", await (await rest.FetchAsync("/", new FetchOptions { Method = "post", Body = RestContent.Text("fine") })).ReadTextAsync(Cancelled));
        await Soon.UntilAsync(() => rest.Server.Serving == 0);
    }

    [Fact]
    public void Heads_survive_arbitrary_bytes()
    {
        var random = new Random(13);
        var head = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { url = "/a", method = "get", status = 200, headers = new { a = "b", c = new[] { 1 } } }));
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = head.ToArray();
            for (var flips = random.Next(4); flips >= 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var cut = bytes.AsMemory(0, random.Next(bytes.Length + 1));
            RestHeads.TryReadRequest(cut, out _, out _, out _);
            RestHeads.TryReadResponse(cut, out _, out _);
        }
    }

    /// <summary>An original's end of a stream, without any help. Texts begin with the digit of their type; credits are left out.</summary>
    private sealed class Original(MessageSocket socket)
    {
        public Task NextAsync() => SendAsync([0]);

        public Task DataAsync(string text) => SendAsync([2, .. Encoding.UTF8.GetBytes(text)]);

        public Task SendAsync(byte[] message) => socket.SendAsync(message, Cancelled).AsTask();

        public async Task<string?> ReadAsync()
        {
            while (await Soon.Async(socket.ReceiveAsync(Cancelled)) is { } message)
            {
                if (message.Span[0] != 0)
                {
                    return message.Span[0] + Encoding.UTF8.GetString(message.Span[1..]);
                }
            }

            return null;
        }
    }
}
