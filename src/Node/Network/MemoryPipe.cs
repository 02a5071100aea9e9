using Overlay.Runtime;

namespace Overlay.Nodes.Network;

/// <summary>One direction of a channel inside the process: whole messages in order, with a bound on what is on its way.</summary>
internal sealed class MemoryPipe(MemoryChannelOptions options)
{
    private const int BytesPerMessage = 64; // What keeping a message costs beside its bytes, so that many small ones are bounded too.

    private readonly Lock _lock = new();
    private readonly Queue<(ReadOnlyMemory<byte> Message, long SentAt)> _onTheWay = new();
    private readonly LinkedList<Waiting> _waiting = new(); // In the order of their calls: a long message is not overtaken for ever.
    private long _bytes;
    private PipeEnd _end;
    private TaskCompletionSource? _readable;

    private enum PipeEnd
    {
        Open,
        Closed,
        Lost,
        Dropped,
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<Waiting> turn;
        lock (_lock)
        {
            if (_end != PipeEnd.Open)
            {
                throw Closed();
            }

            if (_waiting.Count == 0 && HasRoomFor(message))
            {
                Add(message);
                return;
            }

            turn = _waiting.AddLast(new Waiting(message));
        }

        await using var giving = cancellationToken.Register(() => GiveUp(turn, cancellationToken)).ConfigureAwait(false);
        await turn.Value.Done.Task.ConfigureAwait(false);
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task later;
            lock (_lock)
            {
                if (_end == PipeEnd.Dropped)
                {
                    throw Closed();
                }

                if (_onTheWay.TryPeek(out var head))
                {
                    var left = options.Delay - options.TimeProvider.GetElapsedTime(head.SentAt);
                    if (left <= TimeSpan.Zero)
                    {
                        _onTheWay.Dequeue();
                        _bytes -= head.Message.Length + BytesPerMessage;
                        TakeTurns();
                        return head.Message;
                    }

                    later = Task.Delay(left, options.TimeProvider, cancellationToken);
                }
                else if (_end == PipeEnd.Open)
                {
                    _readable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    later = _readable.Task.WaitAsync(cancellationToken);
                }
                else
                {
                    return _end == PipeEnd.Closed ? null : throw Lost();
                }
            }

            await later.ConfigureAwait(false);
        }
    }

    /// <summary>Nothing more comes; what is on its way arrives.</summary>
    public void Close() => End(PipeEnd.Closed);

    /// <summary>The writer is gone: what is on its way arrives, and then the reader hears of the loss.</summary>
    public void Lose() => End(PipeEnd.Lost);

    /// <summary>The reader wants no more.</summary>
    public void Drop() => End(PipeEnd.Dropped);

    private static OverlayException Closed() => new(OverlayError.ChannelClosed, "The channel is closed.");

    private static OverlayException Lost() => new(OverlayError.ChannelLost, "The other side has broken the channel off.");

    private bool HasRoomFor(ReadOnlyMemory<byte> message) => _bytes == 0 || _bytes + message.Length + BytesPerMessage <= options.BufferBytes;

    private void Add(ReadOnlyMemory<byte> message)
    {
        _onTheWay.Enqueue((message.ToArray(), options.TimeProvider.GetTimestamp()));
        _bytes += message.Length + BytesPerMessage;
        WakeReader();
    }

    private void TakeTurns()
    {
        while (_waiting.First is { } first && HasRoomFor(first.Value.Message))
        {
            _waiting.RemoveFirst();
            Add(first.Value.Message);
            first.Value.Done.TrySetResult();
        }
    }

    private void GiveUp(LinkedListNode<Waiting> turn, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (turn.List is not null)
            {
                _waiting.Remove(turn);
                turn.Value.Done.TrySetCanceled(cancellationToken);
                TakeTurns(); // A shorter one may fit.
            }
        }
    }

    private void WakeReader()
    {
        var reader = _readable;
        _readable = null;
        reader?.TrySetResult();
    }

    private void End(PipeEnd how)
    {
        lock (_lock)
        {
            if (_end == PipeEnd.Open || how == PipeEnd.Dropped)
            {
                _end = how;
            }

            if (_end == PipeEnd.Dropped)
            {
                _onTheWay.Clear();
                _bytes = 0;
            }

            foreach (var waiting in _waiting)
            {
                waiting.Done.TrySetException(Closed());
            }

            _waiting.Clear();
            WakeReader();
        }
    }

    private sealed class Waiting(ReadOnlyMemory<byte> message)
    {
        public ReadOnlyMemory<byte> Message { get; } = message;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
