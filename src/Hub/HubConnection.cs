using System.Net.WebSockets;
using System.Threading.Channels;
using Overlay.Admission;

namespace Overlay.Hub;

/// <summary>Which protocol a WebSocket speaks.</summary>
internal enum HubProtocol
{
    /// <summary>The overlay's binary messages, subprotocol <c>overlay.v1</c>.</summary>
    Overlay,

    /// <summary>Smoke's JSON objects, without a subprotocol.</summary>
    Smoke,
}

/// <summary>One WebSocket of the hub: frames come in whole and bounded, and go out through a bounded queue that never makes anybody else wait.</summary>
internal sealed class HubConnection : IDisposable
{
    private const int FirstBufferBytes = 4096;

    private readonly WebSocket _socket;
    private readonly HubOptions _options;
    private readonly Channel<byte[]> _outgoing;
    private readonly CancellationTokenSource _lifetime = new();
    private readonly Lock _gate = new();
    private long _queuedBytes;
    private bool _isClosing;
    private WebSocketCloseStatus _status = WebSocketCloseStatus.NormalClosure;
    private string _reason = "";

    public HubConnection(SessionId id, WebSocket socket, HubProtocol protocol, RemotePrefix remote, HubOptions options)
    {
        Id = id;
        Protocol = protocol;
        Remote = remote;
        _socket = socket;
        _options = options;
        _outgoing = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(options.MaxQueuedMessages) { SingleReader = true });
    }

    public SessionId Id { get; }

    public HubProtocol Protocol { get; }

    public RemotePrefix Remote { get; }

    /// <summary>Since when the hub knows it.</summary>
    public Overlay.Time.Instant OpenedAt { get; set; }

    private WebSocketMessageType FrameType => Protocol == HubProtocol.Overlay ? WebSocketMessageType.Binary : WebSocketMessageType.Text;

    /// <summary>Queues a frame. False where this client is too slow: the caller aborts it.</summary>
    public bool TrySend(byte[] frame)
    {
        if (Interlocked.Add(ref _queuedBytes, frame.Length) <= _options.MaxQueuedBytes && _outgoing.Writer.TryWrite(frame))
        {
            return true;
        }

        lock (_gate)
        {
            return _isClosing; // What is said to somebody who is being shown out may be lost.
        }
    }

    /// <summary>Closes after what is queued; aborted where the other side does not play along in time. The first reason stands.</summary>
    public void Close(WebSocketCloseStatus status, string reason)
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                return;
            }

            _isClosing = true;
            _status = status;
            _reason = reason;
        }

        _outgoing.Writer.TryComplete();
        _lifetime.CancelAfter(_options.CloseTimeout);
    }

    /// <summary>Ends the connection without a word.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            _isClosing = true;
        }

        _outgoing.Writer.TryComplete();
        _socket.Abort();
    }

    /// <summary>Carries frames until the socket ends. Never throws for what the other side does.</summary>
    /// <param name="onFrame">Called for each whole frame, with its bytes in an array of its own.</param>
    public async Task RunAsync(Func<byte[], ValueTask> onFrame)
    {
        var sending = SendAllAsync();
        try
        {
            await ReceiveAllAsync(onFrame);
        }
        catch (Exception e) when (IsEndOfSocket(e))
        {
            _socket.Abort();
        }

        Close(WebSocketCloseStatus.NormalClosure, "");
        await sending;
    }

    public void Dispose()
    {
        _lifetime.Dispose();
        _socket.Dispose();
    }

    private static bool IsEndOfSocket(Exception e) =>
        e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or IOException;

    private async Task ReceiveAllAsync(Func<byte[], ValueTask> onFrame)
    {
        var buffer = new byte[FirstBufferBytes];
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer.AsMemory(length), _lifetime.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            length += part.Count;
            if (IsUnwelcome(part.MessageType, length))
            {
                length = 0; // Read on and throw away: a close that is overtaken by a reset would never be seen.
                continue;
            }

            if (part.EndOfMessage)
            {
                await onFrame(buffer.AsSpan(0, length).ToArray());
                length = 0;
            }
            else if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, HubOptions.MaxFrameBytes + 1));
            }
        }
    }

    private bool IsUnwelcome(WebSocketMessageType type, int length)
    {
        if (type != FrameType)
        {
            Close(WebSocketCloseStatus.InvalidMessageType, "protocol violation");
        }
        else if (length > HubOptions.MaxFrameBytes)
        {
            Close(WebSocketCloseStatus.MessageTooBig, "a message has at most 256 KiB");
        }

        lock (_gate)
        {
            return _isClosing;
        }
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (var frame in _outgoing.Reader.ReadAllAsync(_lifetime.Token))
            {
                await _socket.SendAsync(frame, FrameType, endOfMessage: true, _lifetime.Token);
                Interlocked.Add(ref _queuedBytes, -frame.Length);
            }

            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(_status, _reason, _lifetime.Token);
            }
        }
        catch (Exception e) when (IsEndOfSocket(e))
        {
            _socket.Abort();
        }
    }
}
