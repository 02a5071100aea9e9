namespace Overlay.WebRtc.Sctp;

/// <summary>Messages and events for the application, in the order in which they came about.</summary>
/// <remarks>
/// One queue for both, because their order matters: a stream's reset comes after its last message and before the first of its next life.
/// Messages are bounded by the receive buffer, which counts them until they are taken; events by <see cref="MaxEvents"/>.
/// </remarks>
internal sealed class ReceiveQueue(BufferPool pool)
{
    /// <summary>Events waiting at most. Peers cannot exceed it: their reset requests are put off while it is reached.</summary>
    public const int MaxEvents = 4096;

    /// <summary>What a waiting message weighs beside its bytes.</summary>
    public const int ChargePerMessage = 64;

    private readonly Queue<Entry> _entries = new();
    private byte[]? _lent;

    /// <summary>Bytes of messages waiting, charges included.</summary>
    public long Bytes { get; private set; }

    public int EventCount { get; private set; }

    public long MessageCount { get; private set; }

    public long TotalBytes { get; private set; }

    public void Add(in InboundMessage message)
    {
        Bytes += message.Length + ChargePerMessage;
        MessageCount++;
        TotalBytes += message.Length;
        _entries.Enqueue(new Entry { Message = message, IsMessage = true });
    }

    public void Add(SctpEvent happened)
    {
        EventCount++;
        _entries.Enqueue(new Entry { Event = happened });
    }

    /// <summary>The next message, unless an event comes first. Its bytes are lent until the next call.</summary>
    public bool TryTake(out SctpMessage message)
    {
        if (_lent is not null)
        {
            pool.Return(_lent);
            _lent = null;
        }

        if (!_entries.TryPeek(out var entry) || !entry.IsMessage)
        {
            message = default;
            return false;
        }

        _entries.Dequeue();
        _lent = entry.Message.Buffer;
        Bytes -= entry.Message.Length + ChargePerMessage;
        message = new SctpMessage(entry.Message.StreamId, entry.Message.Ppid, _lent.AsMemory(0, entry.Message.Length));
        return true;
    }

    /// <summary>The next event, unless a message comes first.</summary>
    public bool TryTake(out SctpEvent happened)
    {
        if (!_entries.TryPeek(out var entry) || entry.IsMessage)
        {
            happened = default;
            return false;
        }

        _entries.Dequeue();
        EventCount--;
        happened = entry.Event;
        return true;
    }

    private struct Entry
    {
        public InboundMessage Message;
        public SctpEvent Event;
        public bool IsMessage;
    }
}
