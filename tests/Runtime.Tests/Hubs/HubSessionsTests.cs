using System.Threading.Channels;
using Overlay.Effects;
using Overlay.Runtime.Hubs;

namespace Overlay.Runtime.Tests.Hubs;

public sealed class HubSessionsTests
{
    private static readonly LinkId Link = new(7);

    private readonly Channel<LoopInput> _inputs = Channel.CreateUnbounded<LoopInput>();

    [Fact]
    public async Task A_session_opens_brings_its_frames_and_is_lost()
    {
        var hub = new ScriptedHub();
        var sessions = Sessions(hub);

        sessions.Open(Link, 0);
        hub.Session.Arrive([1]);
        hub.Session.Arrive([2, 3]);
        hub.Session.End();

        Assert.Equal(LoopInputKind.HubOpened, (await NextAsync()).Kind);
        Assert.Equal([1], (await NextAsync()).Frame!);
        Assert.Equal([2, 3], (await NextAsync()).Frame!);
        var lost = await NextAsync();
        Assert.Equal((LoopInputKind.HubLost, Link), (lost.Kind, lost.Link));
        Assert.True(sessions.Forget(Link));
        Assert.Equal(0, sessions.Count);
    }

    [Fact]
    public async Task What_the_node_sends_reaches_the_hub_once_it_is_open()
    {
        var hub = new ScriptedHub();
        var sessions = Sessions(hub);
        Assert.False(sessions.TrySend(Link, [1]));

        sessions.Open(Link, 0);
        await NextAsync();
        var isSent = sessions.TrySend(Link, [1, 2]);

        Assert.True(isSent);
        Assert.Equal([1, 2], hub.Session.Sent.Single());
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_lost_and_says_why()
    {
        var why = new OverlayException(OverlayError.HubUnreachable, "nobody there");
        var sessions = Sessions(new ScriptedHub { Failure = why });

        sessions.Open(Link, 0);

        Assert.Equal(LoopInputKind.HubLost, (await NextAsync()).Kind);
        Assert.Same(why, sessions.LastFailure);
    }

    // A connector may be anybody's: what it throws ends its session and neither the node nor its stop.
    [Fact]
    public async Task A_connector_that_breaks_its_promise_loses_its_session_and_nothing_else()
    {
        var sessions = Sessions(new ScriptedHub { Failure = new InvalidOperationException("broken") });

        sessions.Open(Link, 0);

        Assert.Equal(LoopInputKind.HubLost, (await NextAsync()).Kind);
        await sessions.StopAsync(atOnce: false).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.Contains("broken", sessions.LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_the_node_closes_is_not_reported_as_lost()
    {
        var hub = new ScriptedHub();
        var sessions = Sessions(hub);
        sessions.Open(Link, 0);
        await NextAsync();

        sessions.Close(Link);
        await hub.Session.Disposed.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        await sessions.StopAsync(atOnce: false);

        Assert.True(hub.Session.IsCompleted);
        Assert.False(_inputs.Reader.TryRead(out _));
        Assert.False(sessions.Contains(Link));
    }

    [Fact]
    public async Task A_session_closed_while_it_connects_never_opens()
    {
        var hub = new ScriptedHub { Connecting = new TaskCompletionSource() };
        var sessions = Sessions(hub);
        sessions.Open(Link, 0);

        sessions.Close(Link);
        hub.Connecting.SetResult();
        await sessions.StopAsync(atOnce: false).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        Assert.False(sessions.TrySend(Link, [1]));
        Assert.False(_inputs.Reader.TryRead(out var input) && input.Kind == LoopInputKind.HubLost);
    }

    [Fact]
    public async Task A_learned_hub_is_the_listed_one_where_the_address_is_the_same_and_lost_where_it_is_none()
    {
        var hub = new ScriptedHub();
        var sessions = Sessions(hub);

        sessions.Open(Link, 300, hub.Name);
        Assert.Equal(LoopInputKind.HubOpened, (await NextAsync()).Kind);
        sessions.Open(new LinkId(8), 300, "elsewhere");

        var lost = await NextAsync();
        Assert.Equal((LoopInputKind.HubLost, new LinkId(8)), (lost.Kind, lost.Link));
        Assert.Equal(OverlayError.HubUnreachable, sessions.LastFailure!.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stopping_ends_every_session(bool atOnce)
    {
        var hub = new ScriptedHub();
        var sessions = Sessions(hub);
        sessions.Open(Link, 0);
        await NextAsync();

        await sessions.StopAsync(atOnce).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        Assert.Equal(atOnce, hub.Session.IsAborted);
        Assert.Equal(!atOnce, hub.Session.IsCompleted);
        Assert.True(hub.Session.Disposed.IsCompleted);
    }

    private HubSessions Sessions(IHubConnector hub) => new([hub], TimeProvider.System, _inputs.Writer.WriteAsync);

    private Task<LoopInput> NextAsync() => _inputs.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience.Long);

    private sealed class ScriptedHub : IHubConnector
    {
        public string Name => "scripted";

        public Exception? Failure { get; init; }

        public TaskCompletionSource? Connecting { get; init; }

        public ScriptedSession Session { get; } = new();

        public async Task<IHubSession> ConnectAsync(CancellationToken cancellationToken)
        {
            if (Connecting is not null)
            {
                await Connecting.Task;
            }

            return Failure is null ? Session : throw Failure;
        }
    }

    private sealed class ScriptedSession : IHubSession
    {
        private readonly Channel<byte[]> _frames = Channel.CreateUnbounded<byte[]>();
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<byte[]> Sent { get; } = [];

        public bool IsCompleted { get; private set; }

        public bool IsAborted { get; private set; }

        public Task Disposed => _disposed.Task;

        public void Arrive(byte[] frame) => _frames.Writer.TryWrite(frame);

        public void End() => _frames.Writer.TryComplete();

        public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken) =>
            await _frames.Reader.WaitToReadAsync(cancellationToken) && _frames.Reader.TryRead(out var frame) ? frame : (ReadOnlyMemory<byte>?)null;

        public bool TrySend(ReadOnlySpan<byte> frame)
        {
            Sent.Add(frame.ToArray());
            return true;
        }

        public void Complete()
        {
            IsCompleted = true;
            End();
        }

        public void Abort()
        {
            IsAborted = true;
            End();
        }

        public ValueTask DisposeAsync()
        {
            _disposed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }
}
