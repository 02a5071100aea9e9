namespace Overlay.WebRtc.Sctp;

/// <summary>Messages waiting for their first transmission, stream by stream, and the turn between the streams.</summary>
/// <remarks>
/// Invariant: <see cref="RetainedBytes"/> counts every message between <see cref="TryEnqueue"/> and <see cref="Release"/>, queued or
/// under way, with a fixed charge for each, so that many empty messages are bounded too.
/// </remarks>
internal sealed class SendQueue(BufferPool pool, int capacityBytes)
{
    /// <summary>Turns a class takes in a row while a lower one waits.</summary>
    public const int TurnsBeforeLower = 8;

    private const int Classes = 3;
    private const int ChargePerMessage = 64;
    private const int MaxPooledMessages = 4096;

    private readonly Dictionary<ushort, OutboundStream> _streams = [];
    private readonly Stack<OutgoingMessage> _free = new();
    private readonly OutboundStream?[] _first = new OutboundStream?[Classes];
    private readonly OutboundStream?[] _last = new OutboundStream?[Classes];
    private readonly int[] _turns = new int[Classes];
    private OutboundStream? _current;

    /// <summary>Bytes held for messages that are not finished, charges included.</summary>
    public long RetainedBytes { get; private set; }

    /// <summary>Bytes of payload waiting for their first transmission.</summary>
    public long BufferedBytes { get; private set; }

    /// <summary>Whether nothing waits to be sent, paused streams included.</summary>
    public bool IsEmpty => QueuedMessages == 0;

    /// <summary>Messages not yet cut to their end.</summary>
    public int QueuedMessages { get; private set; }

    /// <summary>Whether some stream has a message and may send it.</summary>
    public bool HasReady => _current is not null || _first[0] is not null || _first[1] is not null || _first[2] is not null;

    public Dictionary<ushort, OutboundStream>.ValueCollection Streams => _streams.Values;

    public OutboundStream? Find(ushort streamId) => _streams.GetValueOrDefault(streamId);

    public OutboundStream FindOrAdd(ushort streamId)
    {
        if (!_streams.TryGetValue(streamId, out var stream))
        {
            _streams.Add(streamId, stream = new OutboundStream(streamId));
        }

        return stream;
    }

    /// <summary>Copies a message into the queue of its stream. False, and nothing taken, when the buffer is full.</summary>
    /// <remarks>An empty buffer takes any message, or one longer than the capacity could never be sent.</remarks>
    public bool TryEnqueue(
        OutboundStream stream, uint ppid, ReadOnlySpan<byte> payload, bool unordered, int maxRetransmits, Instant expiresAt)
    {
        if (RetainedBytes > 0 && RetainedBytes + payload.Length + ChargePerMessage > capacityBytes)
        {
            return false;
        }

        var buffer = pool.Rent(payload.Length);
        payload.CopyTo(buffer);
        var message = _free.Count > 0 ? _free.Pop() : new OutgoingMessage();
        message.Become(stream, ppid, buffer, payload.Length, unordered, maxRetransmits, expiresAt);

        if (stream.Tail is null)
        {
            stream.Head = message;
        }
        else
        {
            stream.Tail.Next = message;
        }

        stream.Tail = message;
        stream.BufferedBytes += payload.Length;
        BufferedBytes += payload.Length;
        RetainedBytes += payload.Length + ChargePerMessage;
        QueuedMessages++;
        Await(stream);
        return true;
    }

    /// <summary>The message whose turn it is. It stays so until it is cut to its end or dropped.</summary>
    public OutgoingMessage? Current()
    {
        _current ??= TakeTurn();
        return _current?.Head;
    }

    /// <summary>The next <paramref name="length"/> bytes of the current message have become a fragment.</summary>
    public void Cut(OutgoingMessage message, int length)
    {
        if (!message.IsBegun && !message.Unordered)
        {
            message.Ssn = message.Stream.NextSsn;
            message.Stream.NextSsn = message.Ssn.Next;
        }

        message.CutLength += length;
        message.Stream.BufferedBytes -= length;
        BufferedBytes -= length;
        if (message.IsCut)
        {
            TakeOff(message);
        }
    }

    /// <summary>Takes the current message, whole or what is left of it, off the queue. Releasing it is up to the caller.</summary>
    public void DropCurrent(OutgoingMessage message)
    {
        var rest = message.Length - message.CutLength;
        message.Stream.BufferedBytes -= rest;
        BufferedBytes -= rest;
        TakeOff(message);
    }

    /// <summary>Drops what a stream has queued, save a message already begun. For a channel whose other side is gone.</summary>
    public void Discard(OutboundStream stream)
    {
        var begun = stream.Head is { IsBegun: true } ? stream.Head : null;
        var message = begun is null ? stream.Head : begun.Next;
        while (message is not null)
        {
            var next = message.Next;
            stream.BufferedBytes -= message.Length;
            BufferedBytes -= message.Length;
            QueuedMessages--;
            Release(message);
            message = next;
        }

        stream.Head = begun;
        stream.Tail = begun;
        if (begun is not null)
        {
            begun.Next = null;
        }
        else if (_current == stream)
        {
            _current = null;
        }
    }

    /// <summary>The message is done with: its buffer and its object are free for the next one.</summary>
    public void Release(OutgoingMessage message)
    {
        RetainedBytes -= message.Length + ChargePerMessage;
        pool.Return(message.Clear());
        if (_free.Count < MaxPooledMessages)
        {
            _free.Push(message);
        }
    }

    /// <summary>Lets a stream that was paused, or has just got a message, wait for its turn.</summary>
    public void Await(OutboundStream stream)
    {
        if (stream.IsWaiting || stream == _current || stream.Head is null || stream.Reset == OutboundReset.Requested)
        {
            return;
        }

        var turn = (int)stream.Priority;
        stream.IsWaiting = true;
        stream.NextInTurn = null;
        if (_last[turn] is { } last)
        {
            last.NextInTurn = stream;
        }
        else
        {
            _first[turn] = stream;
        }

        _last[turn] = stream;
    }

    /// <summary>Forgets a stream that has nothing to say any more; it comes back with SSN 0.</summary>
    public void Forget(OutboundStream stream)
    {
        if (stream.Head is null && !stream.IsWaiting && _current != stream)
        {
            _streams.Remove(stream.Id);
        }
    }

    /// <summary>Lets go of objects kept for reuse.</summary>
    public void Trim()
    {
        _free.Clear();
        _free.TrimExcess();
    }

    private void TakeOff(OutgoingMessage message)
    {
        var stream = message.Stream;
        stream.Head = message.Next;
        message.Next = null;
        if (stream.Head is null)
        {
            stream.Tail = null;
        }

        QueuedMessages--;
        _current = null;
        Await(stream);
    }

    private OutboundStream? TakeTurn()
    {
        for (var turn = 0; turn < Classes; turn++)
        {
            // A stream whose queue was discarded while it waited is passed over.
            while (_first[turn] is { Head: null } empty)
            {
                Unlink(turn, empty);
            }

            if (_first[turn] is not { } stream)
            {
                continue;
            }

            if (_turns[turn] >= TurnsBeforeLower && HasLower(turn))
            {
                _turns[turn] = 0;
                continue;
            }

            _turns[turn]++;
            Unlink(turn, stream);
            return stream;
        }

        return null;
    }

    private bool HasLower(int turn)
    {
        for (var lower = turn + 1; lower < Classes; lower++)
        {
            if (_first[lower] is { Head: not null })
            {
                return true;
            }
        }

        return false;
    }

    private void Unlink(int turn, OutboundStream stream)
    {
        _first[turn] = stream.NextInTurn;
        if (_first[turn] is null)
        {
            _last[turn] = null;
        }

        stream.NextInTurn = null;
        stream.IsWaiting = false;
    }
}
