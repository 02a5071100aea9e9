using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Overlay.Nodes.Http;
using Overlay.Nodes.Streams;
using Overlay.Nodes.Tests.Storage;

namespace Overlay.Nodes.Tests.Http;

/// <summary>ASP.NET Core on a node's port, as an application and its clients see it.</summary>
public sealed class KestrelTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_minimal_API_answers_both_versions_on_one_port(string version)
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/hello/{name}", (string name, HttpContext context) => $"{context.Request.Protocol} hello {name} at {context.Request.Host}"));
        var client = pair.CreateClient(version: Version.Parse(version));

        var text = await client.GetStringAsync("/hello/world", Cancelled);

        Assert.Equal($"HTTP/{(version == "2.0" ? "2" : version)} hello world at alice.overlay", text);
    }

    [Fact]
    public async Task The_address_that_is_told_is_the_one_to_dial()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "here"));

        Assert.All(pair.Application!.Urls, url => Assert.Equal("http://alice.overlay:80", url));
        Assert.Equal("here", await pair.CreateClient().GetStringAsync(pair.Application.Urls.First(), Cancelled));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_body_of_any_length_goes_up_and_down(string version)
    {
        await using var pair = new WebPair();
        var bytes = new byte[3_000_000];
        new Random(5).NextBytes(bytes);
        await pair.StartAsync(app =>
        {
            app.MapGet("/", () => Results.Bytes(bytes));
            app.MapPost("/", async (HttpContext context) =>
            {
                using var received = new MemoryStream();
                await context.Request.Body.CopyToAsync(received, Cancelled);
                return received.ToArray().AsSpan().SequenceEqual(bytes);
            });
        });
        var client = pair.CreateClient(version: Version.Parse(version));

        using var response = await client.PostAsync("/", new ByteArrayContent(bytes), Cancelled);

        Assert.Equal("true", await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(bytes, await client.GetByteArrayAsync("/", Cancelled));
    }

    [Fact]
    public async Task Static_files_are_served_in_ranges_and_with_validators()
    {
        await using var pair = new WebPair();
        using var folder = new StoreFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "<h1>hello</h1>", Cancelled);
        await pair.StartAsync(app => app.UseFileServer(new FileServerOptions { FileProvider = new PhysicalFileProvider(folder.Path) }));
        var client = pair.CreateClient();

        using var page = await client.GetAsync("/", Cancelled);
        using var part = await client.SendAsync(new(HttpMethod.Get, "/index.html") { Headers = { Range = new(4, 8) } }, Cancelled);
        using var unchanged = await client.SendAsync(new(HttpMethod.Get, "/index.html") { Headers = { IfNoneMatch = { page.Headers.ETag! } } }, Cancelled);

        Assert.Equal(("text/html", "<h1>hello</h1>"), (page.Content.Headers.ContentType!.MediaType, await page.Content.ReadAsStringAsync(Cancelled)));
        Assert.Equal((HttpStatusCode.PartialContent, "hello"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancelled)));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_web_socket_echoes(string version)
    {
        await using var pair = new WebPair();
        await pair.StartAsync(MapEcho);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(pair.CreateHandler());

        await socket.ConnectAsync(new Uri("ws://alice.overlay/echo"), invoker, Cancelled);
        var buffer = new byte[100_000];
        foreach (var length in (int[])[0, 1, 125, 70_000])
        {
            var sent = Encoding.ASCII.GetBytes(new string('x', length));
            await socket.SendAsync(sent, WebSocketMessageType.Text, endOfMessage: true, Cancelled);
            var received = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(received), Cancelled);
                received += result.Count;
            }
            while (!result.EndOfMessage);

            Assert.Equal(sent, buffer[..received]);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Cancelled);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task An_HTTP2_request_and_its_response_stream_at_the_same_time()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapPost("/chat", ChatAsync));
        var client = pair.CreateClient(version: HttpVersion.Version20);
        var turn = new DuplexContent();

        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat") { Content = turn, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await Soon.Async(client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled));
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        for (var i = 0; i < 20; i++)
        {
            await turn.WriteLineAsync($"question {i}"); // Each is asked only after the one before was answered.
            Assert.Equal($"answer to question {i}", await Soon.Async(reader.ReadLineAsync(Cancelled)));
        }

        turn.Complete();
        Assert.Null(await Soon.Async(reader.ReadLineAsync(Cancelled)));
    }

    [Fact]
    public async Task A_server_of_something_else_than_HTTP_takes_a_port_by_its_label()
    {
        await using var pair = new WebPair();
        pair.Builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            new OverlayEndPoint("7000") { On = WebPair.HttpNode(pair.Server, "alice") },
            listen => listen.Run(async connection => await connection.Transport.Input.CopyToAsync(connection.Transport.Output))));
        await pair.StartAsync(app => app.MapGet("/", () => ""));

        await using var pipe = await pair.Client.Sockets.ConnectPipeAsync("alice", "7000", null, Cancelled);
        await pipe.Output.WriteAsync("hello"u8.ToArray(), Cancelled);
        await pipe.Output.CompleteAsync();
        using var echoed = new MemoryStream();
        await Soon.Async(pipe.Input.CopyToAsync(echoed, Cancelled));

        Assert.Equal("hello"u8.ToArray(), echoed.ToArray());
    }

    [Fact]
    public async Task Only_HTTP1_may_be_spoken_where_the_endpoint_says_so()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "one"), listen => listen.Protocols = HttpProtocols.Http1);

        Assert.Equal("one", await pair.CreateClient().GetStringAsync("/", Cancelled));
        await Assert.ThrowsAsync<HttpRequestException>(() => pair.CreateClient(version: HttpVersion.Version20).GetStringAsync("/", Cancelled));
    }

    [Fact]
    public async Task A_port_that_is_taken_fails_the_start()
    {
        await using var pair = new WebPair();
        await using var other = pair.Server.Sockets.ListenPipes("http:80");

        var error = await Assert.ThrowsAsync<IOException>(() => pair.StartAsync(app => app.MapGet("/", () => "")));

        Assert.IsType<AddressInUseException>(error.InnerException);
        Assert.Contains("alice", pair.Network.Names.Keys);
    }

    [Fact]
    public async Task A_graceful_stop_lets_a_request_finish_and_refuses_new_ones()
    {
        await using var pair = new WebPair();
        var (entered, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await pair.StartAsync(app => app.MapGet("/slow", async () =>
        {
            entered.SetResult();
            await go.Task;
            return "finished";
        }));
        var asking = pair.CreateClient().GetStringAsync("/slow", Cancelled);
        await Soon.Async(entered.Task);

        var stopping = pair.Application!.StopAsync(Cancelled);
        await Soon.UntilAsync(() => !pair.Server.Network.Bound.Contains("http:80"));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => pair.CreateClient().GetStringAsync("/slow", Cancelled));
        go.SetResult();

        Assert.Equal("finished", await Soon.Async(asking));
        Assert.Equal(Runtime.OverlayError.ConnectionRefused, Assert.IsType<Runtime.OverlayException>(refused.InnerException).Reason);
        await Soon.Async(stopping);
    }

    [Fact]
    public async Task A_connection_that_begins_slowly_is_sorted_all_the_same()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", (HttpContext context) => context.Request.Protocol));
        await using var pipe = await pair.Client.Sockets.ConnectPipeAsync("alice", "http:80", CreditStreamOptions.Pipe, Cancelled);

        foreach (var letter in "PRI"u8.ToArray())
        {
            await pipe.Output.WriteAsync(new[] { letter }, Cancelled);
        }

        await pipe.Output.WriteAsync("NT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancelled); // PRINT: no preface after all.
        using var answer = new MemoryStream();
        await Soon.Async(pipe.Input.CopyToAsync(answer, Cancelled));

        Assert.StartsWith("HTTP/1.1 405", Encoding.ASCII.GetString(answer.ToArray()), StringComparison.Ordinal);
    }

    private static async Task ChatAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(Cancelled); // The head leaves before the first answer.
        using var questions = new StreamReader(context.Request.Body);
        while (await questions.ReadLineAsync(Cancelled) is { } question)
        {
            await context.Response.WriteAsync($"answer to {question}\n", Cancelled);
            await context.Response.Body.FlushAsync(Cancelled);
        }
    }

    private static void MapEcho(WebApplication app)
    {
        app.UseWebSockets();
        app.Map("/echo", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(), Cancelled);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Cancelled);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, Cancelled);
            }
        });
    }
}
