using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Overlay.Cli.Tests;

/// <summary>Input that is well-formed and wrong: each with its exit code and a message with cause and cure.</summary>
public sealed class BadInputTests : CommandTest
{
    [Theory]
    [InlineData("node", "--timeout", "3s")]
    [InlineData("send", "--timeout", "3s", "alice", "hello")]
    [InlineData("peers", "--timeout", "3s", "alice")]
    public async Task A_hub_that_is_not_there(string command, params string[] more)
    {
        var uri = $"ws://127.0.0.1:{FreePort()}";

        var ended = await RunAsync([command, "--json", "--hub", uri, .. more]);

        AssertFailed(ended, 1, uri, "overlay hub");
        Assert.Equal("HubUnreachable", ended.OnlyJson.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("node")]
    [InlineData("send", "alice", "hello")]
    [InlineData("peers", "alice")]
    public async Task A_hub_that_speaks_something_else(string command, params string[] more)
    {
        using var server = new HttpListener();
        var port = FreePort();
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        var serving = ServeAsync(server);
        var uri = $"ws://127.0.0.1:{port}";

        var ended = await RunAsync([command, "--json", "--timeout", "5s", "--hub", uri, .. more]);

        AssertFailed(ended, 2, uri, "no Overlay hub", "Check address, port and scheme");
        Assert.Equal("NotAHub", ended.OnlyJson.GetProperty("reason").GetString());
        server.Stop();
        await serving;
    }

    [Fact]
    public async Task A_hubs_port_that_is_in_use()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var ended = await RunAsync("hub", "--json", "--port", $"{port}", "--data", Folder("hub"));

        AssertFailed(ended, 2, $"{port}", "in use", "another port");
        Assert.Equal("AddressInUse", ended.OnlyJson.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_nodes_port_that_is_in_use()
    {
        var (_, hub) = await StartHubAsync();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;

        var ended = await RunAsync("node", "--json", "--hub", hub, "--listen", "127.0.0.1", "--port", $"{port}");

        AssertFailed(ended, 2, $"{port}", "127.0.0.1", "another port");
        Assert.Equal("SocketUnavailable", ended.OnlyJson.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task An_address_of_another_machine()
    {
        var hub = await RunAsync("hub", "--json", "--listen", "192.0.2.1", "--open", "--port", "0", "--data", Folder("hub"));
        var node = await RunAsync("node", "--json", "--hub", "ws://127.0.0.1:1", "--listen", "192.0.2.1");

        AssertFailed(hub, 2, "192.0.2.1");
        Assert.Equal("AddressNotAvailable", hub.OnlyJson.GetProperty("reason").GetString());
        AssertFailed(node, 2, "192.0.2.1");
        Assert.Equal("SocketUnavailable", node.OnlyJson.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_name_that_is_taken_and_a_destination_that_is_unknown()
    {
        var (_, hub) = await StartHubAsync();
        var (_, alice) = await StartNodeAsync(hub, "--name", "alice", "--data", Folder("alice"));

        var taken = await RunAsync("node", "--json", "--hub", hub, "--listen", "127.0.0.1", "--name", "alice", "--data", Folder("other"));
        var noName = await RunAsync("send", "--json", "--hub", hub, "nobody", "hello");
        var noId = await RunAsync("send", "--json", "--hub", hub, Neighbour(alice), "hello");
        var noPeer = await RunAsync("peers", "--json", "--hub", hub, Neighbour(alice));
        var tooLong = await RunAsync("send", "--json", "--hub", hub, "alice", new string('x', 70_000));

        AssertFailed(taken, 1, "'alice'", "another name");
        Assert.Equal("NameTaken", taken.OnlyJson.GetProperty("reason").GetString());
        AssertFailed(noName, 1, "'nobody'");
        Assert.Equal("NameUnknown", noName.OnlyJson.GetProperty("reason").GetString());
        AssertFailed(noId, 1, Neighbour(alice), "Check the id");
        Assert.Equal("Unreachable", noId.OnlyJson.GetProperty("reason").GetString());
        AssertFailed(noPeer, 1, Neighbour(alice));
        AssertFailed(tooLong, 2, "64 KiB", "parts");
        Assert.Equal("TooLarge", tooLong.OnlyJson.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Lines_on_stdin_that_mean_nothing_are_answered_and_the_node_goes_on()
    {
        var (_, hub) = await StartHubAsync();
        var (node, id) = await StartNodeAsync(hub);

        await node.WriteAsync("");
        await node.WriteAsync("   ");
        await node.WriteAsync("lonely");
        var noText = await node.NextAsync("error");
        await node.WriteAsync("a/b hello");
        var noId = await node.NextAsync("sent");
        await node.WriteAsync("nobody hello");
        var noName = await node.NextAsync("sent");
        await node.WriteAsync($"{Neighbour(id)} hello");
        var noNode = await node.NextAsync("sent");
        await node.WriteAsync($"{id} {new string('x', 70_000)}");
        var tooLong = await node.NextAsync("sent");
        await node.WriteAsync($"  {id}   hello  ");
        var fine = await node.NextAsync("sent");

        Assert.Contains("'lonely'", noText.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("<id|name> <text>", noText.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(("BadInput", "NameUnknown", "Unreachable", "TooLarge"), (Reason(noId), Reason(noName), Reason(noNode), Reason(tooLong)));
        Assert.True(fine.GetProperty("delivered").GetBoolean());
    }

    // A data directory holds the key of one node at a time; a file in its place, or nonsense in it, is told apart from that.
    [Fact]
    public async Task A_data_directory_that_cannot_be_used()
    {
        var (_, hub) = await StartHubAsync();
        await StartNodeAsync(hub, "--data", Folder("taken"));
        await File.WriteAllTextAsync(Folder("file"), "x", TestContext.Current.CancellationToken);

        var taken = await RunAsync("node", "--json", "--hub", hub, "--data", Folder("taken"));
        var file = await RunAsync("node", "--json", "--hub", hub, "--data", Folder("file"));
        var hubTaken = await RunAsync("hub", "--json", "--port", "0", "--data", Folder("hub"));
        var hubFile = await RunAsync("hub", "--json", "--port", "0", "--data", Folder("file"));

        AssertFailed(taken, 2, Folder("taken"));
        AssertFailed(file, 2, Folder("file"));
        AssertFailed(hubTaken, 2, Folder("hub"));
        AssertFailed(hubFile, 2, Folder("file"));
    }

    // garbage, text, a frame of 10 MB → each is closed with its code; the others notice nothing.
    [Fact]
    public async Task A_client_that_sends_nonsense_to_the_hub_is_closed_and_nobody_else()
    {
        var (_, hub) = await StartHubAsync();
        var (alice, id) = await StartNodeAsync(hub);

        var garbage = await ProvokeAsync(hub, new byte[] { 0xc1, 0xff, 0x00 }, WebSocketMessageType.Binary);
        var text = await ProvokeAsync(hub, "hello"u8.ToArray(), WebSocketMessageType.Text);
        var huge = await ProvokeAsync(hub, new byte[10 * 1024 * 1024], WebSocketMessageType.Binary);
        var (_, other) = await StartNodeAsync(hub);
        await alice.WriteAsync($"{other} hello");
        var sent = await alice.NextAsync("sent");

        Assert.Equal([WebSocketCloseStatus.InvalidMessageType, WebSocketCloseStatus.InvalidMessageType, WebSocketCloseStatus.MessageTooBig], [garbage, text, huge]);
        Assert.True(sent.GetProperty("delivered").GetBoolean());
        Assert.NotEqual(id, other);
    }

    [Fact]
    public async Task A_hub_with_tokens_takes_nobody_without()
    {
        var (_, hub) = await StartHubAsync(0, "hub", "--token", "sesame");

        var without = await RunAsync("node", "--json", "--hub", hub);
        var wrong = await RunAsync("node", "--json", "--hub", hub, "--token", "open");
        var (_, id) = await StartNodeAsync(hub, "--token", "sesame");

        AssertFailed(without, 1, "token");
        AssertFailed(wrong, 1, "token");
        Assert.Equal("AdmissionRefused", wrong.OnlyJson.GetProperty("reason").GetString());
        Assert.Equal(12, id.Length);
    }

    private static string? Reason(System.Text.Json.JsonElement sent)
    {
        Assert.False(sent.GetProperty("delivered").GetBoolean());
        Assert.NotEqual("", sent.GetProperty("message").GetString());
        return sent.GetProperty("reason").GetString();
    }

    /// <summary>The next id clockwise; nobody has it.</summary>
    private static string Neighbour(string id) => ((Convert.ToUInt64(id, 16) + 1) & 0xFFFF_FFFF_FFFF).ToString("x12", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<WebSocketCloseStatus?> ProvokeAsync(string hub, byte[] frame, WebSocketMessageType type)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("overlay.v1");
        await socket.ConnectAsync(new Uri(hub), TestContext.Current.CancellationToken);
        try
        {
            await socket.SendAsync(frame, type, endOfMessage: true, TestContext.Current.CancellationToken);
        }
        catch (WebSocketException)
        {
            // The hub closed before all of it was sent.
        }

        var buffer = new byte[4096];
        while (socket.CloseStatus is null)
        {
            await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).WaitAsync(OverlayProcess.Patience, TestContext.Current.CancellationToken);
        }

        return socket.CloseStatus;
    }

    private static async Task ServeAsync(HttpListener server)
    {
        try
        {
            while (true)
            {
                var context = await server.GetContextAsync();
                context.Response.OutputStream.Write(Encoding.UTF8.GetBytes("<html>hello</html>"));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }
}
