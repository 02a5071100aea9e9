using System.Threading.Channels;
using Overlay.Admission;
using Overlay.Messages;
using Overlay.Runtime.Security;

namespace Overlay.Runtime.Hubs;

/// <summary>A hub inside this process: the default of nodes that are given no address, and a hub for tests.</summary>
/// <remarks>The same admission machine as the network's hubs, without sockets. Its key lives as long as the object.</remarks>
public sealed class InProcessHub : IHubConnector, IDisposable
{
    private const int MaxQueuedFrames = 1024;

    private static readonly Lazy<InProcessHub> LazyShared = new(static () => new InProcessHub(TimeProvider.System));

    private readonly Lock _gate = new();
    private readonly NodeClock _clock;
    private readonly P256Signing _signing = P256Signing.Create();
    private readonly HubAdmission _hub;
    private readonly HubOutbox _outbox = new();
    private readonly Dictionary<SessionId, Session> _sessions = [];
    private readonly byte[] _buffer = new byte[Message.MaxBytes];
    private readonly EncodedBody _body = new();
    private readonly ITimer _timer;
    private long _lastSession;
    private bool _isDisposed;

    public InProcessHub(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _clock = new NodeClock(timeProvider);
        var secrets = new SystemSecrets();
        var caSecret = new byte[32];
        secrets.Fill(caSecret);
        _hub = new HubAdmission(_clock.Now, HubAdmissionOptions.Loopback, new HubIdentity(_signing, secrets, caSecret));
        _timer = timeProvider.CreateTimer(static hub => ((InProcessHub)hub!).Advance(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The hub that all nodes of this process share unless they are given another.</summary>
    public static InProcessHub Shared => LazyShared.Value;

    /// <inheritdoc/>
    public string Name => "in-process hub";

    /// <summary>What the hub counted.</summary>
    public HubStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return _hub.Statistics;
            }
        }
    }

    /// <inheritdoc/>
    public Task<IHubSession> ConnectAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                throw new OverlayException(OverlayError.HubUnreachable, "The in-process hub has ended.");
            }

            var session = new Session(this, new SessionId(++_lastSession));
            _sessions.Add(session.Id, session);
            _hub.SessionOpened(_clock.Now, session.Id, default, _outbox);
            Perform();
            return Task.FromResult<IHubSession>(session);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer.Dispose();
            foreach (var session in _sessions.Values)
            {
                session.End();
            }

            _sessions.Clear();
            _signing.Dispose();
        }
    }

    private void Advance()
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _hub.Advance(_clock.Now, _outbox);
                Perform();
            }
        }
    }

    private bool Receive(SessionId session, ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            if (!_sessions.ContainsKey(session))
            {
                return false;
            }

            if (MessageCodec.TryRead(frame.ToArray(), _body, out var message))
            {
                _hub.Receive(_clock.Now, session, message, _outbox);
            }
            else
            {
                _hub.Malformed(_clock.Now, session, _outbox);
            }

            Perform();
            return true;
        }
    }

    private void Close(SessionId session)
    {
        lock (_gate)
        {
            if (_sessions.Remove(session, out var closed))
            {
                closed.End();
                _hub.SessionClosed(_clock.Now, session, _outbox);
                Perform();
            }
        }
    }

    private void Perform()
    {
        foreach (ref readonly var effect in _outbox.Effects)
        {
            if (!_sessions.TryGetValue(effect.Session, out var session))
            {
                continue;
            }

            if (effect.Kind == HubEffectKind.Send)
            {
                session.Push(_buffer.AsSpan(0, MessageCodec.Write(effect.Message, _buffer)).ToArray());
            }
            else if (effect.Kind == HubEffectKind.CloseSession)
            {
                _sessions.Remove(effect.Session);
                session.End();
            }
        }

        _outbox.Clear();
        var now = _clock.Now;
        var sleep = _outbox.WakeAt == Time.Instant.Never ? Timeout.InfiniteTimeSpan : _outbox.WakeAt - now;
        _timer.Change(sleep < TimeSpan.Zero && sleep != Timeout.InfiniteTimeSpan ? TimeSpan.Zero : sleep, Timeout.InfiniteTimeSpan);
    }

    private sealed class Session(InProcessHub hub, SessionId id) : IHubSession
    {
        private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxQueuedFrames) { SingleReader = true });

        public SessionId Id { get; } = id;

        public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await _frames.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
            {
                return null;
            }
        }

        public bool TrySend(ReadOnlySpan<byte> frame) => hub.Receive(Id, frame);

        public void Complete() => hub.Close(Id);

        public void Abort() => hub.Close(Id);

        public ValueTask DisposeAsync()
        {
            hub.Close(Id);
            return ValueTask.CompletedTask;
        }

        /// <summary>Queues a frame for the node. A node that does not read loses its session, as over a socket.</summary>
        public void Push(byte[] frame)
        {
            if (!_frames.Writer.TryWrite(frame))
            {
                _frames.Writer.TryComplete();
            }
        }

        public void End() => _frames.Writer.TryComplete();
    }
}
