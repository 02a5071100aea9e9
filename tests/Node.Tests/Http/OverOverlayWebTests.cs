using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Overlay.Nodes.Bridging;
using Overlay.Nodes.Http;

namespace Overlay.Nodes.Tests.Http;

/// <summary>Stock web applications and clients between real nodes, with the hub stopped: over a direct link, and over three and more hops.</summary>
public sealed class OverOverlayWebTests(OverlayRooms rooms) : IClassFixture<OverlayRooms>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_minimal_API_files_a_web_socket_and_streams_both_ways_work(bool isFar)
    {
        var room = await rooms.OfAsync(isFar);
        using var client = room.CreateClient();
        using var client2 = room.CreateClient(HttpVersion.Version20);

        Assert.Equal(room.Client.Id.ToString(), await client.GetStringAsync("/who", Cancelled));
        Assert.Equal(room.Client.Id.ToString(), await client2.GetStringAsync("/who", Cancelled));
        Assert.Equal("<h1>hello</h1>", await client.GetStringAsync("/page.html", Cancelled));
        await EchoAsync(room);
        await ChatAsync(client2);
    }

    [Theory]
    [InlineData(false, "WebSockets")]
    [InlineData(true, "WebSockets")]
    [InlineData(false, "ServerSentEvents")]
    [InlineData(false, "LongPolling")]
    public async Task A_stock_SignalR_client_comes_through_a_forwarded_port(bool isFar, string transport)
    {
        var (node, folder) = (Tool.RequireNode(), Tool.RequireNpmFolder("tests/Node.Tests/npm"));
        var room = await rooms.OfAsync(isFar);
        await using var forward = TcpForward.Start(room.Client, new(IPAddress.Loopback, 0), room.Server.Id.ToString(), "http:80");

        var lines = await RunAsync(node, Path.Combine(folder, "signalr-client.mjs"), $"http://{forward.Local}/hub", transport);

        Assert.Equal("hello from node.js", lines[0].GetProperty("said").GetProperty("text").GetString());
        Assert.Equal(room.Client.Id.ToString(), lines[0].GetProperty("said").GetProperty("from").GetString());
        Assert.Equal([1, 2, 3, 4, 5], lines[1].GetProperty("counted").EnumerateArray().Select(n => n.GetInt32()));
    }

    [Fact]
    public async Task A_stock_SignalR_client_comes_through_the_proxy()
    {
        var (node, folder) = (Tool.RequireNode(), Tool.RequireNpmFolder("tests/Node.Tests/npm"));
        var room = await rooms.OfAsync(isFar: false);
        await using var proxy = await HttpProxy.StartAsync(room.Client, new(IPAddress.Loopback, 0), null, Cancelled);

        var lines = await RunAsync(node, Path.Combine(folder, "signalr-client.mjs"), $"http://{room.Server.Id}.overlay.localhost:{proxy.Uri.Port}/hub", "WebSockets");

        Assert.Equal(room.Client.Id.ToString(), lines[0].GetProperty("said").GetProperty("from").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stock_gRPC_client_calls_and_streams_both_ways(bool isFar)
    {
        var (node, folder) = (Tool.RequireNode(), Tool.RequireNpmFolder("tests/Node.Tests/npm"));
        var room = await rooms.OfAsync(isFar);
        await using var forward = TcpForward.Start(room.Client, new(IPAddress.Loopback, 0), room.Server.Id.ToString(), "http:80");

        var lines = await RunAsync(node, Path.Combine(folder, "grpc-client.mjs"), forward.Local.ToString());

        AssertGrpc(lines);
    }

    // The client's own way through an HTTP proxy: CONNECT, and HTTP/2 inside the tunnel.
    [Fact]
    public async Task A_stock_gRPC_client_comes_through_a_tunnel_of_the_proxy()
    {
        var (node, folder) = (Tool.RequireNode(), Tool.RequireNpmFolder("tests/Node.Tests/npm"));
        var room = await rooms.OfAsync(isFar: false);
        await using var proxy = await HttpProxy.StartAsync(room.Client, new(IPAddress.Loopback, 0), null, Cancelled);

        var lines = await RunAsync([node, Path.Combine(folder, "grpc-client.mjs"), $"{room.Server.Id}.overlay:80"], ("grpc_proxy", $"http://127.0.0.1:{proxy.Uri.Port}"));

        AssertGrpc(lines);
    }

    /// <summary>What the stock gRPC client prints when all of it went well.</summary>
    internal static void AssertGrpc(JsonElement[] lines)
    {
        Assert.Equal("you said hello", lines[0].GetProperty("once").GetProperty("answer").GetString());
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"answer to question {n}"), lines[1].GetProperty("heard").EnumerateArray().Select(text => text.GetString()!));
        Assert.Equal((5, "nothing of the kind"), (lines[2].GetProperty("fail").GetProperty("code").GetInt32(), lines[2].GetProperty("fail").GetProperty("details").GetString()));
    }

    private static async Task EchoAsync(OverlayRoom room)
    {
        using var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new OverlayHttpHandler(room.Client));
        await socket.ConnectAsync(new Uri($"ws://{room.Server.Id}.overlay/socket"), invoker, Cancelled);
        var sent = new byte[20_000];
        new Random(1).NextBytes(sent);
        await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, Cancelled);
        var (echoed, count) = (new byte[sent.Length], 0);
        while (count < sent.Length)
        {
            count += (await Soon.Async(socket.ReceiveAsync(echoed.AsMemory(count), Cancelled))).Count;
        }

        Assert.Equal(sent, echoed);
    }

    private static async Task ChatAsync(HttpClient client)
    {
        var questions = new DuplexContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat") { Content = questions, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await Soon.Async(client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled));
        using var answers = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        for (var i = 0; i < 10; i++)
        {
            await questions.WriteLineAsync($"question {i}");
            Assert.Equal($"answer to question {i}", await Soon.Async(answers.ReadLineAsync(Cancelled)));
        }

        questions.Complete();
        Assert.Null(await Soon.Async(answers.ReadLineAsync(Cancelled)));
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>The JSON lines it printed.</returns>
    internal static Task<JsonElement[]> RunAsync(params string[] command) => RunAsync(command, ("no_proxy", "*"));

    private static async Task<JsonElement[]> RunAsync(string[] command, (string Name, string Value) setting)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var name in (string[])["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "no_grpc_proxy", "grpc_proxy"])
        {
            start.Environment.Remove(name); // What this machine's own ways out are does not matter here.
        }

        start.Environment[setting.Name] = setting.Value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Cancelled), process.StandardError.ReadToEndAsync(Cancelled));
            await Soon.Async(process.WaitForExitAsync(Cancelled));
            Assert.True(process.ExitCode == 0, $"{await output}\n{await errors}");
            return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
