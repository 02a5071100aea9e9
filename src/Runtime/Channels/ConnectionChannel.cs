using System.Buffers;
using System.Threading.Channels;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Channels;

/// <summary>A channel on a connection: the application's threads on one side, the node's loop on the other.</summary>
/// <remarks>What either side wants of the other lies in a queue under <see cref="_gate"/>; the loop is rung once for any number of messages.</remarks>
internal sealed class ConnectionChannel : PeerChannel
{
    /// <summary>Bytes that wait here before <see cref="SendAsync"/> waits too.</summary>
    private const int SendBufferBytes = 256 * 1024;

    /// <summary>Bytes unread before the connection is read no further.</summary>
    private const int UnreadBytes = 1 << 20;

    private readonly ChannelHost _host;
    private readonly Lock _gate = new();
    private readonly Queue<(byte[] Bytes, int Length)> _toSend = new();
    private readonly Channel<ReadOnlyMemory<byte>> _arrived =
        System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleWriter = true, SingleReader = true });

    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _flushed;
    private int _waitingBytes;
    private long _unread;
    private bool _isRung;
    private bool _isClosing;
    private volatile bool _isAborted;
    private volatile bool _isDeaf;
    private bool _isOver;
    private OverlayException? _failure;

    public ConnectionChannel(ChannelHost host, string label, PeerAddress remote, bool isIncoming) =>
        (_host, Label, Remote, IsIncoming) = (host, label, remote, isIncoming);

    public override string Label { get; }

    public override PeerAddress Remote { get; }

    public override bool IsIncoming { get; }

    public override int MaxMessageBytes => On?.MaxMessageBytes ?? ChannelHost.MaxMessageBytes;

    public override Task Closed => _closed.Task;

    /// <summary>Ends when messages can be sent, or with the reason why they never can.</summary>
    public Task Opened => _opened.Task;

    /// <summary>The connection it is on; null while it waits for one. The loop's.</summary>
    public ChannelConnection? On { get; private set; }

    /// <summary>The stack's name for it. The loop's.</summary>
    public ChannelId Id { get; private set; }

    /// <summary>Whether the connection has opened it. The loop's.</summary>
    public bool IsOpen { get; private set; }

    private bool HasEnded => _closed.Task.IsCompleted;

    /// <summary>Whether nobody reads any more: what arrives is dropped, so that it holds up nobody.</summary>
    private bool IsDeaf => _isDeaf || _isAborted;

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        if (message.Length > MaxMessageBytes)
        {
            throw new OverlayException(OverlayError.MessageTooLarge, $"A message of {message.Length:N0} bytes is too large: a channel carries {MaxMessageBytes:N0} at the most. Cut it, or send it as a stream.");
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task room;
            lock (_gate)
            {
                ThrowIfEnded();
                if (_waitingBytes < SendBufferBytes)
                {
                    Enqueue(message.Span);
                    break;
                }

                room = _room.Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        Ring();
    }

    public override async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        while (await _arrived.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!_isAborted && _arrived.Reader.TryRead(out var message))
            {
                var before = Interlocked.Add(ref _unread, -message.Length - 1) + message.Length + 1;
                if (before > UnreadBytes && before - message.Length - 1 <= UnreadBytes)
                {
                    Ring();
                }

                return message;
            }

            if (_isAborted)
            {
                break;
            }
        }

        return _isAborted ? throw IsOver() : _failure is { } failure ? throw failure : null;
    }

    public override async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        Task flushed;
        lock (_gate)
        {
            ThrowIfEnded();
            flushed = (_flushed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        Ring();
        await flushed.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _isClosing = true;
        }

        Ring();
        await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Abort()
    {
        lock (_gate)
        {
            _isClosing = _isAborted = true;
        }

        LetGo(null);
        Ring();
    }

    public override async ValueTask DisposeAsync()
    {
        _isDeaf = true;
        try
        {
            await CloseAsync().AsTask().WaitAsync(CloseTimeout, _host.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Abort();
        }
    }

    /// <summary>On the loop: the channel is one of that connection from now on.</summary>
    public void Bind(ChannelConnection connection, ChannelId id)
    {
        (On, Id) = (connection, id);
        connection.Channels[id] = this;
    }

    /// <summary>On the loop: the connection was replaced before it opened; another one will take the channel.</summary>
    public void Unbind()
    {
        On?.Channels.Remove(Id);
        On = null;
    }

    /// <summary>On the loop: the connection carries the channel's messages.</summary>
    public void Open()
    {
        IsOpen = true;
        _opened.TrySetResult();
    }

    /// <summary>On the loop: a message; whether there is room for more.</summary>
    public bool Arrive(ReadOnlySpan<byte> message)
    {
        if (IsDeaf)
        {
            return true;
        }

        var unread = Interlocked.Add(ref _unread, message.Length + 1); // Empty messages are not free either.
        _arrived.Writer.TryWrite(message.ToArray());
        return unread <= UnreadBytes;
    }

    /// <summary>On the loop: whether the reader has caught up far enough.</summary>
    public bool HasRoom => IsDeaf || Volatile.Read(ref _unread) <= UnreadBytes;

    /// <summary>On the loop: hands to the stack what it takes, and closes when all is handed over. Whether something is left to do when there is room again.</summary>
    public bool Pump(WebRtc.Instant now)
    {
        if (On is not { } connection || !IsOpen)
        {
            bool gaveUp;
            lock (_gate)
            {
                _isRung = false;
                gaveUp = _isClosing && (_isAborted || _toSend.Count == 0);
            }

            if (gaveUp)
            {
                On?.Connection.CloseChannel(now, Id);
                End(null);
            }

            return false;
        }

        lock (_gate)
        {
            _isRung = false;
            if (_isAborted)
            {
                DropUnsent();
            }

            while (_toSend.TryPeek(out var message))
            {
                var outcome = connection.Connection.Send(now, Id, message.Bytes.AsSpan(0, message.Length), isText: false);
                if (outcome == SendOutcome.BufferFull)
                {
                    break;
                }

                _toSend.Dequeue();
                _waitingBytes -= message.Length;
                ArrayPool<byte>.Shared.Return(message.Bytes);
            }

            if (_waitingBytes < SendBufferBytes / 2 && !_room.Task.IsCompleted)
            {
                _room.TrySetResult();
            }

            if (_flushed is { } flushed && _toSend.Count == 0 && connection.Connection.BufferedAmount(Id) == 0 && connection.Connection.TakeUnacknowledged(Id).Count == 0)
            {
                flushed.TrySetResult();
                _flushed = null;
            }

            if (_isClosing && _toSend.Count == 0)
            {
                connection.Connection.CloseChannel(now, Id);
            }

            return _toSend.Count > 0 || _flushed is not null;
        }
    }

    /// <summary>On the loop: it is over, in good order (null) or for a reason.</summary>
    public void End(OverlayException? failure)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            (_isOver, _failure) = (true, failure);
            DropUnsent();
        }

        On?.Channels.Remove(Id);
        LetGo(failure);
    }

    /// <summary>Whoever waits for the channel hears that it has ended: also where this end breaks it off and the other one does not take its part yet.</summary>
    private void LetGo(OverlayException? failure)
    {
        TaskCompletionSource? flushed;
        lock (_gate)
        {
            _closed.TrySetResult();
            _room.TrySetResult();
            flushed = _flushed;
            _flushed = null;
        }

        _arrived.Writer.TryComplete();
        flushed?.TrySetException(failure ?? IsOver());
        if (_opened.TrySetException(failure ?? IsOver()))
        {
            _ = _opened.Task.Exception; // Nobody may be waiting for it.
        }
    }

    private void DropUnsent()
    {
        while (_toSend.TryDequeue(out var message))
        {
            ArrayPool<byte>.Shared.Return(message.Bytes);
        }

        _waitingBytes = 0;
    }

    private OverlayException IsOver() =>
        new(OverlayError.ChannelClosed, $"The channel '{Label}' to {Remote} is closed.");

    private void ThrowIfEnded()
    {
        if (HasEnded || _isClosing)
        {
            throw _failure is { } failure ? new OverlayException(failure.Reason, failure.Message, failure) : IsOver();
        }
    }

    private void Enqueue(ReadOnlySpan<byte> message)
    {
        var copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        _toSend.Enqueue((copy, message.Length));
        _waitingBytes += message.Length;
        if (_waitingBytes >= SendBufferBytes && _room.Task.IsCompleted)
        {
            _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Ring()
    {
        lock (_gate)
        {
            if (_isRung)
            {
                return;
            }

            _isRung = true;
        }

        _host.Ring(this);
    }
}
