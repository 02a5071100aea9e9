using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Overlay.Runtime.Hubs;

namespace Overlay.Runtime.Tests.Hubs;

/// <summary>Addresses that are no hub's: each failure is typed, and its message names the address and what to check.</summary>
public sealed class WebSocketHubTests
{
    [Fact]
    public async Task Where_nobody_listens_the_hub_is_unreachable()
    {
        var uri = TinyServer.Nobody();

        var error = await FailAsync(uri);

        Assert.Equal(OverlayError.HubUnreachable, error.Reason);
        Assert.Contains(uri.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("overlay hub", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCodes.Status200OK)]
    [InlineData(StatusCodes.Status404NotFound)]
    [InlineData(StatusCodes.Status500InternalServerError)]
    public async Task A_web_server_is_not_a_hub(int status)
    {
        await using var server = await TinyServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("hello");
        });

        var error = await FailAsync(server.Uri);

        Assert.Equal(OverlayError.NotAHub, error.Reason);
        Assert.Contains(server.Uri.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("Check address, port and scheme", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("overlay.v999")]
    [InlineData("chat")]
    public async Task A_socket_with_another_subprotocol_is_not_a_hub(string? subprotocol)
    {
        await using var server = await TinyServer.StartSocketAsync(subprotocol, WaitForCloseAsync);

        var error = await FailAsync(server.Uri);

        Assert.Equal(OverlayError.NotAHub, error.Reason);
        Assert.Contains(server.Uri.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("")]
    public async Task Something_that_is_no_web_server_is_not_a_hub(string greeting)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                await ReadRequestAsync(client.GetStream()); // All of it, or closing would reset the connection.
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(greeting), stop.Token);
            }
        });

        var error = await FailAsync(new Uri($"ws://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));

        Assert.Equal(OverlayError.NotAHub, error.Reason);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_unreachable_after_the_time_allowed()
    {
        var time = new ManualTime();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var hub = new WebSocketHub(new Uri($"ws://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), time);

        var connecting = hub.ConnectAsync(TestContext.Current.CancellationToken);
        while (!connecting.IsCompleted)
        {
            var armed = time.UntilArmedAsync(TimeSpan.FromMinutes(1));
            if (await Task.WhenAny(connecting, armed) == armed)
            {
                time.Advance(TimeSpan.FromMinutes(1));
            }
        }

        var error = await Assert.ThrowsAsync<OverlayException>(() => connecting);
        Assert.Equal(OverlayError.HubUnreachable, error.Reason);
        Assert.Contains(hub.Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_just_starting_is_met_at_the_second_try()
    {
        var time = new ManualTime();
        var uri = TinyServer.Nobody();
        var hub = new WebSocketHub(uri, time);

        var connecting = hub.ConnectAsync(TestContext.Current.CancellationToken);
        await time.UntilArmedAsync(TimeSpan.FromSeconds(3)); // The pause before the second try; an attempt may take longer.
        using var listener = new HttpListener { Prefixes = { new UriBuilder(uri) { Scheme = "http" }.Uri.ToString() } };
        listener.Start();
        var accepting = Task.Run(async () => await (await listener.GetContextAsync()).AcceptWebSocketAsync(WebSocketHub.Subprotocol));
        time.Advance(TimeSpan.FromSeconds(3));

        await using var session = await connecting.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        using var accepted = (await accepting.WaitAsync(Patience.Long, TestContext.Current.CancellationToken)).WebSocket;
        Assert.Equal(WebSocketState.Open, accepted.State);
    }

    [Fact]
    public async Task Giving_up_cancels_the_attempt()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var hub = new WebSocketHub(new Uri($"ws://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), TimeProvider.System);
        using var stop = new CancellationTokenSource();

        var connecting = hub.ConnectAsync(stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Patience.Long, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("tcp://localhost:5000")]
    public void Only_ws_and_wss_are_hub_addresses(string address)
    {
        var error = Assert.Throws<ArgumentException>(() => new WebSocketHub(new Uri(address), TimeProvider.System));

        Assert.Contains(address, error.Message, StringComparison.Ordinal);
    }

    internal static async Task WaitForCloseAsync(WebSocket socket)
    {
        try
        {
            await socket.ReceiveAsync(new byte[1], CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // Cut.
        }
    }

    private static async Task ReadRequestAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 })
        {
            // The header's lines, up to the empty one.
        }
    }

    private static async Task<OverlayException> FailAsync(Uri uri)
    {
        var hub = new WebSocketHub(uri, TimeProvider.System);
        return await Assert.ThrowsAsync<OverlayException>(() => hub.ConnectAsync(TestContext.Current.CancellationToken));
    }
}
