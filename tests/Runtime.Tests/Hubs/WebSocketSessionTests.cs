using System.Net.WebSockets;
using Overlay.Runtime.Hubs;

namespace Overlay.Runtime.Tests.Hubs;

/// <summary>A session with a hub that behaves, and with one that does not.</summary>
public sealed class WebSocketSessionTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_arrive_in_order_and_whole_however_the_hub_cuts_them()
    {
        var first = Bytes(3);
        var second = Bytes(64 * 1024);
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            await socket.SendAsync(first, WebSocketMessageType.Binary, endOfMessage: true, Cancelled);
            for (var at = 0; at < second.Length; at += 1000)
            {
                var end = Math.Min(second.Length, at + 1000);
                await socket.SendAsync(second.AsMemory(at..end), WebSocketMessageType.Binary, endOfMessage: end == second.Length, Cancelled);
            }

            await WebSocketHubTests.WaitForCloseAsync(socket);
        });
        await using var session = await ConnectAsync(server);

        Assert.Equal(first, (await ReceiveAsync(session))!);
        Assert.Equal(second, (await ReceiveAsync(session))!);
    }

    [Fact]
    public async Task A_frame_as_long_as_the_limit_is_taken()
    {
        var longest = Bytes(WebSocketHub.MaxFrameBytes);
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            await socket.SendAsync(longest, WebSocketMessageType.Binary, endOfMessage: true, Cancelled);
            await WebSocketHubTests.WaitForCloseAsync(socket);
        });
        await using var session = await ConnectAsync(server);

        Assert.Equal(longest, (await ReceiveAsync(session))!);
    }

    [Theory]
    [InlineData(WebSocketHub.MaxFrameBytes + 1)]
    [InlineData(10 * 1024 * 1024)]
    public async Task A_longer_frame_ends_the_session(int length)
    {
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            try
            {
                await socket.SendAsync(Bytes(length), WebSocketMessageType.Binary, endOfMessage: true, Cancelled);
                await WebSocketHubTests.WaitForCloseAsync(socket);
            }
            catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
            {
                // The node cut it.
            }
        });
        await using var session = await ConnectAsync(server);

        Assert.Null(await ReceiveAsync(session));
    }

    [Fact]
    public async Task Text_ends_the_session()
    {
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            await socket.SendAsync("""{"type":"binding"}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancelled);
            await WebSocketHubTests.WaitForCloseAsync(socket);
        });
        await using var session = await ConnectAsync(server);

        Assert.Null(await ReceiveAsync(session));
    }

    [Fact]
    public async Task A_hub_that_closes_ends_the_session()
    {
        await using var server = await TinyServer.StartHubAsync(socket => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Cancelled));
        await using var session = await ConnectAsync(server);

        Assert.Null(await ReceiveAsync(session));
    }

    [Fact]
    public async Task A_hub_that_dies_ends_the_session()
    {
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            await socket.ReceiveAsync(new byte[16], Cancelled);
            socket.Abort();
        });
        await using var session = await ConnectAsync(server);
        session.TrySend(Bytes(1));

        Assert.Null(await ReceiveAsync(session));
    }

    [Fact]
    public async Task What_was_queued_is_sent_before_the_good_bye()
    {
        var seen = new TaskCompletionSource<(int Frames, WebSocketCloseStatus? Status)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            var buffer = new byte[1024];
            var frames = 0;
            while ((await socket.ReceiveAsync(buffer, Cancelled)).MessageType == WebSocketMessageType.Binary)
            {
                frames++;
            }

            seen.SetResult((frames, socket.CloseStatus));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancelled);
        });
        await using var session = await ConnectAsync(server);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(session.TrySend(Bytes(10)));
        }

        session.Complete();

        Assert.Equal((100, WebSocketCloseStatus.NormalClosure), await seen.Task.WaitAsync(Patience.Long, Cancelled));
        Assert.Null(await ReceiveAsync(session));
        Assert.False(session.TrySend(Bytes(1)));
    }

    [Fact]
    public async Task An_abort_says_no_good_bye()
    {
        var seen = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TinyServer.StartHubAsync(async socket =>
        {
            try
            {
                await socket.ReceiveAsync(new byte[16], Cancelled);
                seen.SetResult(true);
            }
            catch (WebSocketException)
            {
                seen.SetResult(false);
            }
        });
        await using var session = await ConnectAsync(server);

        session.Abort();

        Assert.False(await seen.Task.WaitAsync(Patience.Long, Cancelled));
        Assert.Null(await ReceiveAsync(session));
    }

    [Fact]
    public async Task A_hub_that_does_not_read_fills_the_queue_and_no_more()
    {
        using var end = new CancellationTokenSource();
        await using var server = await TinyServer.StartHubAsync(_ => Task.Delay(Timeout.Infinite, end.Token).ContinueWith(static _ => { }, TaskScheduler.Default));
        await using var session = await ConnectAsync(server);
        var frame = Bytes(64 * 1024);

        var accepted = 0;
        while (accepted < 100_000 && session.TrySend(frame))
        {
            accepted++;
        }

        Assert.InRange(accepted, 1, 99_999);
        session.Abort();
        await end.CancelAsync();
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static Task<IHubSession> ConnectAsync(TinyServer server) => new WebSocketHub(server.Uri, TimeProvider.System).ConnectAsync(Cancelled);

    private static async Task<byte[]?> ReceiveAsync(IHubSession session) =>
        (await session.ReceiveAsync(Cancelled).AsTask().WaitAsync(Patience.Long, Cancelled))?.ToArray();
}
