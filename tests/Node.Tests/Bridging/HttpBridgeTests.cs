using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Bridging;
using Overlay.Nodes.Http;
using Overlay.Nodes.Tests.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Bridging;

/// <summary>A local web service that a node publishes, and a proxy on another machine through which browsers open it.</summary>
public sealed class HttpBridgeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_is_opened_through_the_proxy_and_by_the_local_form_of_its_name(bool isProxied)
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/a b/{x}", (string x, HttpContext context) =>
            $"{x} {context.Request.QueryString} {context.Request.Host} {context.Request.Headers["X-Overlay-Peer"]} {context.Request.Headers["X-Forwarded-Host"]}"));
        using var client = room.Client(isProxied);

        var text = await client.GetStringAsync("a%20b/%C3%BC?q=1%2F2", Cancelled);

        var host = isProxied ? "alice.overlay" : $"alice.overlay.localhost:{room.Proxy.Uri.Port}";
        Assert.Equal($"ü ?q=1%2F2 {host} {room.Bob.Address} {host}", text);
    }

    [Fact]
    public async Task Methods_bodies_statuses_headers_and_cookies_pass_unchanged()
    {
        await using var room = await Room.StartAsync(app => app.MapMethods("/echo", ["POST", "PUT", "DELETE", "PATCH"], async context =>
        {
            context.Response.StatusCode = 202;
            context.Response.Headers.Append("Set-Cookie", (string[])["a=1; Path=/", "b=2"]);
            context.Response.Headers["X-Method"] = context.Request.Method;
            context.Response.Headers["X-Secret"] = context.Request.Headers["X-Secret"];
            await context.Request.Body.CopyToAsync(context.Response.Body, Cancelled);
        }));
        using var client = room.Client();
        foreach (var method in (string[])["POST", "PUT", "DELETE", "PATCH"])
        {
            using var request = new HttpRequestMessage(new(method), "echo") { Content = new StringContent("grün", Encoding.UTF8, "text/plain") };
            request.Headers.Add("X-Secret", "42");
            request.Headers.Add("X-Overlay-Peer", "forged");
            using var response = await client.SendAsync(request, Cancelled);

            Assert.Equal((HttpStatusCode.Accepted, "grün"), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled)));
            Assert.Equal((method, "42"), (response.Headers.GetValues("X-Method").Single(), response.Headers.GetValues("X-Secret").Single()));
            Assert.Equal(["a=1; Path=/", "b=2"], response.Headers.GetValues("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Nobody_can_pretend_to_be_another_node()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", (HttpContext context) => context.Request.Headers["X-Overlay-Peer"].ToString()));
        using var client = room.Client();
        client.DefaultRequestHeaders.Add("X-Overlay-Peer", "000000000000");

        Assert.Equal(room.Bob.Address, await client.GetStringAsync("", Cancelled));
    }

    [Fact]
    public async Task Redirects_are_the_browsers_business()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => Results.Redirect("http://alice.overlay/there")));
        using var client = room.Client();

        using var response = await client.GetAsync("", Cancelled);

        Assert.Equal((HttpStatusCode.Redirect, "http://alice.overlay/there"), (response.StatusCode, response.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task A_body_of_unknown_length_streams_down_and_a_long_one_goes_up()
    {
        var go = new TaskCompletionSource();
        await using var room = await Room.StartAsync(app =>
        {
            app.MapGet("/events", async context =>
            {
                await context.Response.WriteAsync("first", Cancelled);
                await context.Response.Body.FlushAsync(Cancelled);
                await go.Task;
                await context.Response.WriteAsync("second", Cancelled);
            });
            app.MapPost("/count", async (HttpContext context) =>
            {
                using var all = new MemoryStream();
                await context.Request.Body.CopyToAsync(all, Cancelled);
                return $"{all.Length}";
            });
        });
        using var client = room.Client();

        using var response = await client.GetAsync("events", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        await using var body = await response.Content.ReadAsStreamAsync(Cancelled);
        var first = new byte[5];
        await Soon.Async(body.ReadExactlyAsync(first, Cancelled)); // Here before the second was written.
        go.SetResult();
        using var counted = await client.PostAsync("count", new ByteArrayContent(new byte[5_000_000]), Cancelled);

        Assert.Equal(("first", "second"), (Encoding.ASCII.GetString(first), await new StreamReader(body).ReadToEndAsync(Cancelled)));
        Assert.Equal("5000000", await counted.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_web_socket_passes(bool isTunnelled)
    {
        await using var room = await Room.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Map("/socket", EchoAsync);
        });
        using var socket = new ClientWebSocket();
        var uri = isTunnelled ? new Uri("ws://alice.overlay/socket") : new Uri($"ws://127.0.0.1:{room.Proxy.Uri.Port}/socket");
        if (isTunnelled)
        {
            socket.Options.Proxy = new WebProxy(room.Proxy.Uri); // Asks for a tunnel by CONNECT, as browsers do.
        }
        else
        {
            socket.Options.SetRequestHeader("Host", $"alice.overlay.localhost:{room.Proxy.Uri.Port}");
        }

        await Soon.Async(socket.ConnectAsync(uri, Cancelled));
        var sent = new byte[40_000];
        new Random(9).NextBytes(sent);
        await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, Cancelled);
        var (echoed, count) = (new byte[sent.Length], 0);
        while (count < sent.Length)
        {
            count += (await Soon.Async(socket.ReceiveAsync(echoed.AsMemory(count), Cancelled))).Count;
        }

        await Soon.Async(socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Cancelled));

        Assert.Equal(sent, echoed);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    // grpc-js → forward → overlay → expose → a service that speaks HTTP/2 only: streams in turns, and trailers
    [Fact]
    public async Task A_stock_gRPC_client_reaches_a_service_behind_a_node()
    {
        var (node, folder) = (Tool.RequireNode(), Tool.RequireNpmFolder("tests/Node.Tests/npm"));
        await using var room = await Room.StartAsync(GrpcByHand.Map, protocols: HttpProtocols.Http2);
        await using var forward = new TcpForward(room.Bob.Sockets, new(IPAddress.Loopback, 0), "alice", "http:80", null);

        var lines = await OverOverlayWebTests.RunAsync(node, Path.Combine(folder, "grpc-client.mjs"), forward.Local.ToString());

        OverOverlayWebTests.AssertGrpc(lines);
    }

    [Fact]
    public async Task A_request_given_up_at_the_browser_is_aborted_at_the_service()
    {
        var (entered, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var room = await Room.StartAsync(app => app.MapGet("/wait", async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.SetResult);
            entered.SetResult();
            await aborted.Task;
        }));
        using var client = room.Client();
        using var enough = new CancellationTokenSource();
        var asking = client.GetAsync("wait", enough.Token);
        await Soon.Async(entered.Task);

        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Soon.Async(aborted.Task);
    }

    [Theory]
    [InlineData("http://nobody.overlay/", 502, "nobody", "Check the name")]
    [InlineData("http://alice.overlay:81/", 502, "http:81", "serves nothing on this port")]
    [InlineData("http://example.com/", 403, "example.com", "NAME.overlay")]
    [InlineData("http://127.0.0.1:1/", 403, "127.0.0.1", "NAME.overlay")]
    [InlineData("http://overlay/", 403, "overlay", "NAME.overlay")]
    public async Task What_cannot_be_opened_says_why_and_what_to_do(string url, int status, params string[] mentions)
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        using var client = room.Client();

        using var text = await client.GetAsync(url, Cancelled);
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        using var page = await client.GetAsync(url, Cancelled);

        Assert.Equal((status, status), ((int)text.StatusCode, (int)page.StatusCode));
        Assert.Equal(("text/plain", "text/html"), (text.Content.Headers.ContentType!.MediaType, page.Content.Headers.ContentType!.MediaType));
        var (plain, html) = (await text.Content.ReadAsStringAsync(Cancelled), await page.Content.ReadAsStringAsync(Cancelled));
        Assert.All(mentions, mention => Assert.Contains(mention, plain, StringComparison.Ordinal));
        Assert.All(mentions, mention => Assert.Contains(mention, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_never_answers_is_504()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"), new() { OpenTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = room.Client();

        using var response = await client.GetAsync($"http://{room.Network.AddAbyss()}.overlay/", Cancelled);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
    }

    [Fact]
    public async Task A_service_that_has_stopped_is_502_with_the_node_there()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        await room.StopServiceAsync();
        using var client = room.Client();

        using var response = await client.GetAsync("", Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("start the service", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("CONNECT nobody.overlay:80 HTTP/1.1\r\n\r\n", "HTTP/1.1 502")]
    [InlineData("CONNECT alice.overlay:81 HTTP/1.1\r\n\r\n", "HTTP/1.1 502")]
    [InlineData("CONNECT alice.overlay:99999 HTTP/1.1\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("CONNECT \r\n\r\n", "HTTP/1.1 400")]
    [InlineData("CONNECT a b c d\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("CONN / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400")]
    public async Task Tunnels_lead_to_nodes_only_and_nonsense_is_answered(string bytes, string expected)
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        using var socket = await TcpService.ConnectAsync(new(IPAddress.Loopback, room.Proxy.Uri.Port));

        await socket.SendAsync(Encoding.ASCII.GetBytes(bytes), Cancelled);
        var answer = Encoding.UTF8.GetString(await TcpService.ReadToEndAsync(socket));

        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        using var client = room.Client();
        Assert.Equal("hello", await client.GetStringAsync("", Cancelled));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "http://bob.overlay", 200)]
    [InlineData("Origin", "http://alice.overlay.localhost:8080", 200)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 200)]
    public async Task Pages_that_are_not_of_the_overlay_cannot_speak_as_this_node(string header, string value, int status)
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        using var client = room.Client(isProxied: false);
        client.DefaultRequestHeaders.Add(header, value);

        using var response = await client.GetAsync("", Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task The_proxy_says_how_it_is_used()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        using var client = new HttpClient { BaseAddress = room.Proxy.Uri };

        using var pac = await client.GetAsync("/proxy.pac", Cancelled);

        Assert.Equal("application/x-ns-proxy-autoconfig", pac.Content.Headers.ContentType!.MediaType);
        Assert.Contains($"PROXY localhost:{room.Proxy.Uri.Port}", await pac.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Contains("NAME.overlay.localhost", await client.GetStringAsync("/", Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/favicon.ico", Cancelled)).StatusCode);
    }

    [Fact]
    public async Task A_path_of_the_service_goes_before_the_path_that_is_asked_for_and_its_host_may_be_its_own()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/inner/{x}", (string x, HttpContext context) => $"{x} {context.Request.Host.Host}"));
        await using var exposure = await HttpExposure.StartAsync(
            WebPair.HttpNode(room.Alice, "alice"), new Uri(room.Service, "/inner"), 81, rewritesHost: true, null, Cancelled);
        using var client = room.Client();

        Assert.Equal("http://alice.overlay:81/", exposure.Uri.ToString());
        Assert.Equal("x 127.0.0.1", await client.GetStringAsync("http://alice.overlay:81/x", Cancelled));
    }

    [Fact]
    public async Task Ports_that_are_taken_and_targets_that_are_none_are_named()
    {
        await using var room = await Room.StartAsync(app => app.MapGet("/", () => "hello"));
        var alice = WebPair.HttpNode(room.Alice, "alice");

        var proxy = await Assert.ThrowsAsync<OverlayException>(() => HttpProxy.StartAsync(alice, new(IPAddress.Loopback, room.Service.Port), null, Cancelled));
        var exposure = await Assert.ThrowsAsync<OverlayException>(() => HttpExposure.StartAsync(alice, room.Service, 80, false, null, Cancelled));
        await Assert.ThrowsAsync<ArgumentException>(() => HttpExposure.StartAsync(alice, new Uri("ftp://localhost/"), 82, false, null, Cancelled));

        Assert.Equal((OverlayError.SocketUnavailable, OverlayError.PortInUse), (proxy.Reason, exposure.Reason));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory(), Cancelled) is { MessageType: not WebSocketMessageType.Close } result)
        {
            await socket.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, Cancelled);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Cancelled);
    }

    /// <summary>A web service behind alice, and a proxy before bob.</summary>
    private sealed class Room : IAsyncDisposable
    {
        private readonly WebApplication _service;
        private HttpExposure? _exposure;

        private Room(Action<WebApplication> map, Nodes.Network.NetworkOptions? options, HttpProtocols protocols)
        {
            Network = new() { Clock = TimeProvider.System, Options = options ?? new() };
            (Alice, Bob) = (Network.Add(), Network.Add());
            Network.Names["alice"] = Alice.Address;
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
            builder.Services.AddRoutingCore();
            builder.Logging.ClearProviders();
            _service = builder.Build();
            map(_service);
        }

        public MemoryNetwork Network { get; }

        public MemoryNode Alice { get; }

        public MemoryNode Bob { get; }

        public Uri Service => new(_service.Urls.First());

        public HttpProxy Proxy { get; private set; } = null!;

        public static async Task<Room> StartAsync(Action<WebApplication> map, Nodes.Network.NetworkOptions? options = null, HttpProtocols protocols = HttpProtocols.Http1)
        {
            var room = new Room(map, options, protocols);
            await room._service.StartAsync(Cancelled);
            room._exposure = await HttpExposure.StartAsync(WebPair.HttpNode(room.Alice, "alice"), room.Service, OverlayEndPoint.DefaultPort, false, null, Cancelled);
            room.Proxy = await HttpProxy.StartAsync(WebPair.HttpNode(room.Bob, "bob"), new(IPAddress.Loopback, 0), null, Cancelled);
            return room;
        }

        /// <summary>A browser: with the proxy set up, or without anything.</summary>
        public HttpClient Client(bool isProxied = true)
        {
            var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = isProxied, Proxy = isProxied ? new WebProxy(Proxy.Uri) : null };
            if (!isProxied)
            {
                // Browsers take every name below localhost for this machine; not every system's resolver does.
                handler.ConnectCallback = async (_, token) => new System.Net.Sockets.NetworkStream(await TcpService.ConnectAsync(new(IPAddress.Loopback, Proxy.Uri.Port)), ownsSocket: true);
            }

            var address = isProxied ? "http://alice.overlay/" : $"http://alice.overlay.localhost:{Proxy.Uri.Port}/";
            return new HttpClient(handler) { BaseAddress = new Uri(address), Timeout = TestHub.Patience };
        }

        public Task StopServiceAsync() => _service.StopAsync(Cancelled);

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await _exposure!.DisposeAsync();
            await _service.DisposeAsync();
            await Network.DisposeAsync();
        }
    }
}
