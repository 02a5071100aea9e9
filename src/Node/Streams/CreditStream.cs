using Overlay.Nodes.Sockets;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Streams;

/// <summary>A socket as a pair of streams of items, each item sent only when the other side has asked for it.</summary>
/// <remarks>
/// <para>Both ends must wrap their socket. Each message on it is</para>
/// <code>
/// ┌────────┬───────────────────────┐   0 NEXT    reader: one credit, send me one item; between our own nodes one with a payload is a sign of life and grants nothing
/// │ type   │ payload, 0 … 999,999  │   1 CANCEL  reader: I stop reading
/// │ 1 byte │ bytes                 │   2 DATA    writer: one item, for one credit
/// └────────┴───────────────────────┘   3 ERROR   writer: final, for one credit; the payload is its text
///                                      4 END     writer: final, for one credit
/// </code>
/// <para>CANCEL, ERROR and END end both directions and close the socket; there is no half-close but the agreement of <see cref="CreditStreamOptions.HalfClose"/>.</para>
/// <para>Invariant: what lies unread here never exceeds <see cref="CreditStreamOptions.MaxWindowBytes"/> by more than one item, whatever the other side does.
/// One reader, any number of writers.</para>
/// </remarks>
public sealed partial class CreditStream : IAsyncDisposable
{
    /// <summary>The longest item.</summary>
    public const int MaxItemBytes = MessageSocket.MaxMessageBytes - 1;

    private const byte Next = 0;
    private const byte Cancel = 1;
    private const byte Data = 2;
    private const byte Error = 3;
    private const byte End = 4;

    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly MessageSocket _socket;
    private readonly CreditStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly Task _running;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOver;
    private int _isDisposed;

    /// <summary>Takes a socket over; disposing of the stream closes it.</summary>
    /// <param name="socket">Nobody else may use it from here on.</param>
    /// <param name="options">Null: Smoke's, with a window that tunes itself.</param>
    /// <param name="timeProvider">The clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public CreditStream(MessageSocket socket, CreditStreamOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        (_socket, _options, _time) = (socket, options ?? CreditStreamOptions.Default, timeProvider ?? TimeProvider.System);
        _options.Validate();
        _ended = _ending.Token; // Good also after the source was disposed.
        _isTuned = _options.Window is null;
        _window = _options.Window ?? _options.InitialWindow;
        _granted = _owed = _window;
        _heardAt = _sentAt = _time.GetTimestamp();
        _timer = _time.CreateTimer(static stream => ((CreditStream)stream!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Arm();
        _isGranting = true;
        _ = GrantAsync();
        _running = RunAsync();
    }

    /// <summary>This end.</summary>
    public PeerAddress Local => _socket.Local;

    /// <summary>The other end.</summary>
    public PeerAddress Remote => _socket.Remote;

    /// <summary>The port.</summary>
    public string Port => _socket.Port;

    /// <summary>Ends when both directions have, in good order or not; items that came before can still be read.</summary>
    public Task Completion => _over.Task;

    internal CreditStreamOptions Options => _options;

    internal TimeProvider Time => _time;

    /// <summary>For tests.</summary>
    internal long LastHeardAt => Volatile.Read(ref _heardAt);

    /// <summary>Items that may be written now. For tests.</summary>
    internal int Credits => Volatile.Read(ref _credits);

    /// <summary>Items that the other side may send now. For tests.</summary>
    internal int Granted => Volatile.Read(ref _granted);

    /// <summary>As one <see cref="Stream"/> of bytes: what is written goes in items, what is read knows nothing of items.</summary>
    /// <remarks>Disposing of it ends the stream in good order and closes the socket.</remarks>
    public Stream AsStream() => new ByteStream(this);

    /// <summary>As a duplex pipe of bytes, pumped from here on.</summary>
    public PipeConnection AsPipe() => new(this);

    /// <summary>Ends both directions at once, without a word.</summary>
    public void Abort()
    {
        Finish(Closed("The stream was broken off at this end."), null);
        _socket.Abort();
        StopReceiving();
    }

    /// <summary>Ends what has not ended: the other side's writer hears that nobody reads. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await CancelAsync().ConfigureAwait(false);
            _ending.Dispose();
        }

        await _running.ConfigureAwait(false);
    }

    /// <summary>Stops reading: the other side's writer fails (<see cref="OverlayError.Cancelled"/>), and both directions end.</summary>
    public async ValueTask CancelAsync()
    {
        var isFirst = Finish(Closed("The stream was cancelled at this end."), null);
        if (isFirst)
        {
            using var patience = new CancellationTokenSource(CancelTimeout, _time);
            try
            {
                await SendAsync(Cancel, ReadOnlyMemory<byte>.Empty, patience.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OverlayException or OperationCanceledException)
            {
                _socket.Abort(); // It does not even take that: closing in good order would take no shorter.
            }
        }

        StopReceiving();
        await _running.ConfigureAwait(false);
    }

    private static OverlayException Closed(string message) => new(OverlayError.ChannelClosed, message);

    private static Task Wait(ref TaskCompletionSource? source) =>
        (source ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private static void Wake(ref TaskCompletionSource? source)
    {
        var waiting = source;
        source = null;
        waiting?.TrySetResult();
    }

    private async ValueTask SendAsync(byte type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (type == Next || Remote.Proof != PeerProof.Vouched)
        {
            Volatile.Write(ref _sentAt, _time.GetTimestamp());
        }

        await _socket.SendAsync(Types[type], payload, cancellationToken).ConfigureAwait(false);
    }

    private void StopReceiving()
    {
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was stopped before.
        }
    }

    private async Task RunAsync()
    {
        try
        {
            do
            {
                await RoomAsync().ConfigureAwait(false);
            }
            while (Take(await _socket.ReceiveAsync(_ended).ConfigureAwait(false)));
        }
        catch (OverlayException e)
        {
            Finish(e, e);
        }
        catch (OperationCanceledException)
        {
            // This end has ended it, and whoever did has said why.
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await _socket.DisposeAsync().ConfigureAwait(false);
    }

    /// <returns>Whether the stream goes on.</returns>
    private bool Take(ReadOnlyMemory<byte>? message)
    {
        Volatile.Write(ref _heardAt, _time.GetTimestamp());
        if (message is not { } bytes)
        {
            Finish(Closed($"{Remote} has closed the stream before its end."), null);
            return false;
        }

        var (type, payload) = bytes.IsEmpty ? (byte.MaxValue, bytes) : (bytes.Span[0], bytes[1..]);
        switch (type)
        {
            case Next:
                Credit(payload.Length);
                return true;
            case Data when Add(payload):
                return true;
            case Cancel:
                Finish(new OverlayException(OverlayError.Cancelled, $"{Remote} reads no further."), null);
                return false;
            case End:
                Finish(null, Closed($"{Remote} has ended the stream."));
                return false;
            case Error:
                Finish(new OverlayException(OverlayError.RemoteFailed, TextOf(payload)), null);
                return false;
            default:
                Finish(new OverlayException(OverlayError.InvalidMessage, $"{Remote} sent what nobody asked for, or what is no part of a stream."), null);
                _socket.Abort();
                return false;
        }
    }

    /// <summary>Ends both directions, unless they have ended already. What lies here can still be read.</summary>
    /// <param name="reader">What the reader hears after the last item; null: the end.</param>
    /// <param name="writer">What the writer hears; null: the same.</param>
    private bool Finish(OverlayException? reader, OverlayException? writer)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            (_isOver, _readerHears, _writerHears) = (true, reader, writer ?? reader);
            Wake(ref _readable);
            Wake(ref _creditable);
            Wake(ref _roomy);
        }

        _over.TrySetResult();
        return true;
    }
}
