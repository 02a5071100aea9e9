using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading.Channels;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Overlay.Runtime.Hubs;

/// <summary>A hub at a <c>ws://</c> or <c>wss://</c> address.</summary>
/// <remarks>One attempt is retried twice, quickly, for a hub that is just starting; longer patience is the node's own, which also knows other ways.</remarks>
public sealed class WebSocketHub : IHubConnector
{
    /// <summary>The subprotocol of the binary protocol.</summary>
    public const string Subprotocol = "overlay.v1";

    /// <summary>Bytes of a frame in either direction.</summary>
    public const int MaxFrameBytes = 256 * 1024;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(5);

    private readonly Uri _uri;
    private readonly ResiliencePipeline _pipeline;

    /// <param name="uri">The address; scheme <c>ws</c> or <c>wss</c>.</param>
    /// <param name="timeProvider">For timeouts and pauses.</param>
    public WebSocketHub(Uri uri, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (uri.Scheme is not ("ws" or "wss"))
        {
            throw new ArgumentException($"A hub's address begins with ws:// or wss://, not '{uri}'.", nameof(uri));
        }

        _uri = uri;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<OverlayException>(e => e.Reason == OverlayError.HubUnreachable),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddTimeout(AttemptTimeout)
            .Build();
    }

    /// <inheritdoc/>
    public string Name => _uri.ToString();

    /// <inheritdoc/>
    public async Task<IHubSession> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _pipeline.ExecuteAsync(ConnectOnceAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException e)
        {
            throw new OverlayException(
                OverlayError.HubUnreachable, $"Something at {_uri} took the connection, but no hub answered in {AttemptTimeout.TotalSeconds:F0} s. Check the address.", e);
        }
    }

    private async ValueTask<IHubSession> ConnectOnceAsync(CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol(Subprotocol);
            socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(15);
            socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(15);
            await socket.ConnectAsync(_uri, cancellationToken).ConfigureAwait(false);
            if (socket.SubProtocol != Subprotocol)
            {
                throw new OverlayException(
                    OverlayError.NotAHub, $"{_uri} answers, but does not speak {Subprotocol}. Is it the address of an Overlay hub?");
            }

            return new Session(socket);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is WebSocketException failure)
            {
                throw Explain(failure);
            }

            throw;
        }
    }

    private OverlayException Explain(WebSocketException e)
    {
        for (Exception? inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket)
            {
                return new(
                    OverlayError.HubUnreachable,
                    $"No hub answers at {_uri} ({socket.SocketErrorCode}). Check the address, and that 'overlay hub' runs there.",
                    e);
            }
        }

        return new(OverlayError.NotAHub, $"{_uri} answers, but it is no Overlay hub ({e.Message}). Check address, port and scheme.", e);
    }

    private sealed class Session : IHubSession
    {
        private const int MaxQueuedFrames = 256;

        private readonly ClientWebSocket _socket;
        private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxQueuedFrames) { SingleReader = true });
        private readonly byte[] _buffer = new byte[MaxFrameBytes];
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _sending;

        public Session(ClientWebSocket socket)
        {
            _socket = socket;
            _sending = SendAllAsync();
        }

        public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken)
        {
            try
            {
                var length = 0;
                while (true)
                {
                    var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                    length += part.Count;
                    if (part.MessageType != WebSocketMessageType.Binary)
                    {
                        return null; // Closed, or text: no hub of ours sends text here.
                    }

                    if (part.EndOfMessage)
                    {
                        return _buffer.AsMemory(0, length);
                    }

                    if (length == _buffer.Length)
                    {
                        return null; // Longer than any message may be.
                    }
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                return null;
            }
        }

        public bool TrySend(ReadOnlySpan<byte> frame) => _outgoing.Writer.TryWrite(frame.ToArray());

        public void Complete() => _outgoing.Writer.TryComplete();

        public void Abort()
        {
            _outgoing.Writer.TryComplete();
            _socket.Abort();
        }

        public async ValueTask DisposeAsync()
        {
            _outgoing.Writer.TryComplete();
            _stop.CancelAfter(TimeSpan.FromSeconds(2));
            await _sending.ConfigureAwait(false);
            _socket.Dispose();
            _stop.Dispose();
        }

        private async Task SendAllAsync()
        {
            try
            {
                await foreach (var frame in _outgoing.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
                {
                    await _socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, _stop.Token).ConfigureAwait(false);
                }

                if (_socket.State == WebSocketState.Open)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "done", _stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                _socket.Abort();
                _outgoing.Writer.TryComplete();
            }
        }
    }
}
