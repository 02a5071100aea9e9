using Overlay.Messages;
using Overlay.Runtime.Hubs;

namespace Overlay.Runtime.Tests.Hubs;

public sealed class InProcessHubTests : IDisposable
{
    private readonly InProcessHub _hub = new(new ManualTime());

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task A_session_begins_with_the_hubs_greeting()
    {
        await using var session = await _hub.ConnectAsync(Cancelled);

        var hello = await ReadAsync(session);

        Assert.Equal(MessageKind.HubHello, hello!.Value.Kind);
        Assert.Equal(1, _hub.Statistics.Sessions);
    }

    [Fact]
    public async Task Every_session_gets_a_challenge_of_its_own()
    {
        await using var a = await _hub.ConnectAsync(Cancelled);
        await using var b = await _hub.ConnectAsync(Cancelled);

        var first = Open<HubHello>(await ReadAsync(a));
        var second = Open<HubHello>(await ReadAsync(b));

        Assert.Equal(first.HubKey.ToArray(), second.HubKey.ToArray());
        Assert.NotEqual(first.Challenge.ToArray(), second.Challenge.ToArray());
    }

    [Fact]
    public async Task Nonsense_ends_the_session_that_sent_it_and_no_other()
    {
        await using var bad = await _hub.ConnectAsync(Cancelled);
        await using var good = await _hub.ConnectAsync(Cancelled);
        await ReadAsync(bad);

        bad.TrySend([0xc1, 1, 2, 3]);

        Assert.Null(await ReadAsync(bad));
        Assert.False(bad.TrySend([1]));
        Assert.Equal(MessageKind.HubHello, (await ReadAsync(good))!.Value.Kind);
        Assert.Equal(1, _hub.Statistics.Sessions);
    }

    [Fact]
    public async Task Who_completes_is_forgotten()
    {
        await using var session = await _hub.ConnectAsync(Cancelled);
        await ReadAsync(session);

        session.Complete();

        Assert.Null(await ReadAsync(session));
        Assert.Equal(0, _hub.Statistics.Sessions);
    }

    [Fact]
    public async Task A_hub_that_ends_ends_its_sessions_and_takes_no_more()
    {
        await using var session = await _hub.ConnectAsync(Cancelled);
        await ReadAsync(session);

        _hub.Dispose();

        Assert.Null(await ReadAsync(session));
        Assert.False(session.TrySend([1]));
        var error = await Assert.ThrowsAsync<OverlayException>(() => _hub.ConnectAsync(Cancelled));
        Assert.Equal(OverlayError.HubUnreachable, error.Reason);
    }

    private static T Open<T>(Message? message)
        where T : Payload
    {
        Assert.True(MessageCodec.TryOpen(message!.Value, out var body, out _));
        return Assert.IsType<T>(body.Payload);
    }

    private static async Task<Message?> ReadAsync(IHubSession session)
    {
        if (await session.ReceiveAsync(Cancelled).AsTask().WaitAsync(Patience.Long, Cancelled) is not { } frame)
        {
            return null;
        }

        Assert.True(MessageCodec.TryRead(frame, null, out var message));
        return message;
    }
}
