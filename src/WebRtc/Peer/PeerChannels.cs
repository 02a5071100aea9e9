using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Peer;

/// <summary>The channels as a host sees them: those of <see cref="DataChannelTable"/>, and what was sent before they could take it.</summary>
/// <remarks>
/// A <see cref="ChannelId"/> is the table's handle. Invariant: messages of a channel reach the table in the order they were accepted, so while
/// one waits here, later ones wait behind it.
/// </remarks>
internal sealed class PeerChannels(Association association, PeerOptions options, Queue<PeerEvent> events)
{
    /// <summary>Closed channels whose description can still be asked for.</summary>
    private const int MaxRemembered = 64;

    private readonly DataChannelTable _table = new(association, new DataChannelLimits(options.MaxChannels));
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Queue<int> _remembered = new();
    private readonly List<Entry> _waiting = [];
    private ReceivedMessage? _held;
    private long _waitingBytes;
    private bool _isOver;

    /// <summary>Messages of the peer that belonged to no channel or could not be read.</summary>
    public long DroppedCount => _table.Dropped;

    /// <summary>Decides which streams are ours (RFC 8832 §6).</summary>
    public void AssignRole(Instant now, bool isDtlsClient) => _table.AssignRole(now, isDtlsClient);

    public ChannelId Create(Instant now, DataChannelOptions wanted)
    {
        var parameters = new ChannelParameters
        {
            Label = wanted.Label,
            Protocol = wanted.Protocol,
            Ordered = wanted.Ordered,
            MaxRetransmits = wanted.MaxRetransmits,
            MaxLifeTimeMilliseconds = wanted.MaxPacketLifeTime,
            Negotiated = wanted.Negotiated,
            Priority = (ushort)wanted.Priority,
            StreamId = wanted.StreamId,
        };
        if (!_table.TryCreate(now, parameters, out var handle))
        {
            throw new InvalidOperationException(
                $"No channel: there are {_table.Count} of {options.MaxChannels}, or the stream asked for is taken.");
        }

        var id = new ChannelId(handle.Value);
        _entries.Add(handle.Value, new Entry(id, wanted, isRemote: false));
        return id;
    }

    public bool TryGet(ChannelId id, out DataChannelInfo info)
    {
        var isKnown = _entries.TryGetValue(id.Value, out var entry);
        info = isKnown ? Describe(entry!) : default;
        return isKnown;
    }

    public SendOutcome Send(Instant now, ChannelId id, ReadOnlySpan<byte> payload, bool isText)
    {
        if (!_entries.TryGetValue(id.Value, out var entry) || entry.IsClosing)
        {
            return SendOutcome.Closed;
        }

        if (payload.Length > association.MaxSendMessageBytes)
        {
            return SendOutcome.TooLarge;
        }

        if (entry is { IsOpen: true, Waiting.Count: 0 })
        {
            return Map(_table.Send(now, new ChannelHandle(id.Value), payload, isText));
        }

        if (_waitingBytes > 0 && _waitingBytes + payload.Length > options.MaxBufferedBytes)
        {
            return SendOutcome.BufferFull;
        }

        entry.Waiting.Enqueue((isText, payload.ToArray()));
        entry.WaitingBytes += payload.Length;
        _waitingBytes += payload.Length + 1; // Empty messages are not free either.
        if (entry.Waiting.Count == 1)
        {
            _waiting.Add(entry);
        }

        return SendOutcome.Accepted;
    }

    public long BufferedAmount(ChannelId id) =>
        (_entries.TryGetValue(id.Value, out var entry) ? entry.WaitingBytes : 0) + _table.BufferedAmount(new ChannelHandle(id.Value));

    public IReadOnlyList<byte[]> TakeUnacknowledged(ChannelId id)
    {
        var copies = new List<byte[]>();
        foreach (var (_, payload) in _table.TakeUnacknowledged(new ChannelHandle(id.Value)))
        {
            copies.Add(payload);
        }

        if (_entries.TryGetValue(id.Value, out var entry))
        {
            foreach (var (_, payload) in entry.Waiting)
            {
                copies.Add(payload);
            }
        }

        return copies;
    }

    public void Close(ChannelId id)
    {
        if (!_entries.TryGetValue(id.Value, out var entry) || entry.IsClosing)
        {
            return;
        }

        entry.IsClosing = true;
        if (entry.Waiting.Count == 0 || !entry.IsOpen)
        {
            DropWaiting(entry);
            _table.Close(new ChannelHandle(id.Value));
        }
    }

    /// <summary>Hands over what had to wait: as much as there is room for, in turn.</summary>
    public void Flush(Instant now)
    {
        for (var i = 0; i < _waiting.Count;)
        {
            var entry = _waiting[i];
            if (!entry.IsOpen)
            {
                i++;
                continue;
            }

            if (!TryFlush(now, entry))
            {
                return;
            }

            _waiting.RemoveAt(i);
            if (entry.IsClosing)
            {
                _table.Close(new ChannelHandle(entry.Id.Value));
            }
        }
    }

    /// <summary>
    /// Takes what happened, in order, and stops before the first message for the application, which <see cref="TryTake"/> then gives out.
    /// What concerns the whole connection is returned.
    /// </summary>
    public bool TryPull(Instant now, out ChannelEvent ofConnection)
    {
        while (_held is null && _table.TryGetEvent(now, out ofConnection))
        {
            var id = new ChannelId(ofConnection.Channel.Value);
            switch (ofConnection.Kind)
            {
                case ChannelEventKind.Message:
                    _held = new ReceivedMessage(id, ofConnection.IsText, ofConnection.Payload);
                    break;
                case ChannelEventKind.Opened:
                    BecomeOpen(id);
                    break;
                case ChannelEventKind.Closed:
                    BecomeClosed(id);
                    break;
                default:
                    return true;
            }
        }

        ofConnection = default;
        return false;
    }

    /// <summary>Gives out the message that <see cref="TryPull"/> has stopped at.</summary>
    public bool TryTake(out ReceivedMessage message)
    {
        message = _held.GetValueOrDefault();
        var isThere = _held is not null;
        _held = null;
        return isThere;
    }

    /// <summary>The connection is over, and all channels with it, in the order they were made.</summary>
    public void CloseAll()
    {
        _isOver = true;
        var ids = new List<int>(_entries.Keys);
        ids.Sort();
        foreach (var id in ids)
        {
            BecomeClosed(new ChannelId(id));
        }
    }

    private static SendOutcome Map(SctpSendOutcome outcome) => outcome switch
    {
        SctpSendOutcome.Accepted => SendOutcome.Accepted,
        SctpSendOutcome.BufferFull => SendOutcome.BufferFull,
        SctpSendOutcome.TooLarge => SendOutcome.TooLarge,
        _ => SendOutcome.Closed,
    };

    private static DataChannelOptions OptionsOf(ChannelParameters parameters) => new()
    {
        Label = parameters.Label,
        Protocol = parameters.Protocol,
        Ordered = parameters.Ordered,
        MaxRetransmits = parameters.MaxRetransmits,
        MaxPacketLifeTime = parameters.MaxLifeTimeMilliseconds,
        Negotiated = parameters.Negotiated,
        Priority = parameters.Priority,
    };

    private DataChannelInfo Describe(Entry entry)
    {
        // The table forgets closed channels; what it said last of them is kept here.
        if (_table.TryGetInfo(new ChannelHandle(entry.Id.Value), out var info))
        {
            entry.StreamId = info.StreamId;
        }

        var state = entry.IsClosed ? DataChannelState.Closed
            : entry.IsClosing || info.State == ChannelState.Closing ? DataChannelState.Closing
            : entry.IsOpen ? DataChannelState.Open
            : DataChannelState.Connecting;
        return new DataChannelInfo(entry.Id, entry.Options, entry.StreamId, entry.IsRemote, state);
    }

    private void BecomeOpen(ChannelId id)
    {
        if (_isOver)
        {
            return; // Announced in the same breath in which the connection ended.
        }

        if (!_entries.TryGetValue(id.Value, out var entry))
        {
            _table.TryGetInfo(new ChannelHandle(id.Value), out var info);
            entry = new Entry(id, OptionsOf(info.Parameters), isRemote: true) { StreamId = info.StreamId };
            _entries.Add(id.Value, entry);
        }

        entry.IsOpen = true;
        Describe(entry); // Notes the stream.
        events.Enqueue(PeerEvent.ChannelOpened(id));
    }

    private void BecomeClosed(ChannelId id)
    {
        if (!_entries.TryGetValue(id.Value, out var entry) || entry.IsClosed)
        {
            return;
        }

        (entry.IsOpen, entry.IsClosing, entry.IsClosed) = (false, true, true);
        DropWaiting(entry);
        events.Enqueue(PeerEvent.ChannelClosed(id));
        _remembered.Enqueue(id.Value);
        if (_remembered.Count > MaxRemembered)
        {
            _entries.Remove(_remembered.Dequeue());
        }
    }

    private bool TryFlush(Instant now, Entry entry)
    {
        while (entry.Waiting.TryPeek(out var message))
        {
            if (_table.Send(now, new ChannelHandle(entry.Id.Value), message.Payload, message.IsText) == SctpSendOutcome.BufferFull)
            {
                return false;
            }

            entry.Waiting.Dequeue();
            entry.WaitingBytes -= message.Payload.Length;
            _waitingBytes -= message.Payload.Length + 1;
        }

        return true;
    }

    private void DropWaiting(Entry entry)
    {
        _waitingBytes -= entry.WaitingBytes + entry.Waiting.Count;
        entry.WaitingBytes = 0;
        entry.Waiting.Clear();
        _waiting.Remove(entry);
    }

    private sealed class Entry(ChannelId id, DataChannelOptions options, bool isRemote)
    {
        public ChannelId Id { get; } = id;

        public DataChannelOptions Options { get; } = options;

        public bool IsRemote { get; } = isRemote;

        public int StreamId { get; set; } = options.StreamId ?? -1;

        public bool IsOpen { get; set; }

        public bool IsClosing { get; set; }

        public bool IsClosed { get; set; }

        /// <summary>Accepted, and not yet taken by the table.</summary>
        public Queue<(bool IsText, byte[] Payload)> Waiting { get; } = new();

        public long WaitingBytes { get; set; }
    }
}
