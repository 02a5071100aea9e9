using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Dcep;

/// <summary>The data channels of one association (RFC 8831, RFC 8832): which stream is which channel, and how they open and close.</summary>
/// <remarks>
/// It takes everything the association hands out, so the association's <c>TryReceive</c> and <c>TryGetEvent</c> belong to it alone; packets
/// and time stay the caller's. After each input to either, pull <see cref="TryGetEvent"/> until it says no, then the association's packets.
/// Invariant: a stream belongs to at most one channel that is not Closed, and a channel keeps its stream until both directions are reset.
/// </remarks>
public sealed partial class DataChannelTable
{
    /// <summary>65,535 is not to be used (RFC 8832 §6).</summary>
    public const int MaxStreamId = 65_534;

    private static readonly byte[] EmptyMessage = [0];

    private readonly Association _association;
    private readonly DataChannelLimits _limits;
    private readonly Dictionary<int, Channel> _channels = [];
    private readonly Dictionary<ushort, Channel> _byStream = [];
    private readonly List<Channel> _due = [];
    private readonly Queue<ChannelEvent> _events = new();
    private int _nextHandle;
    private bool? _isDtlsClient;
    private bool _isConnected;
    private int _lowestFree;

    public DataChannelTable(Association association, DataChannelLimits? limits = null)
    {
        _association = association;
        _limits = limits ?? new DataChannelLimits();
    }

    /// <summary>Channels that are not closed.</summary>
    public int Count => _channels.Count;

    /// <summary>Messages of the peer that belonged to no channel or could not be read.</summary>
    public long Dropped { get; private set; }

    /// <summary>The DTLS role is known: the client's channels take even streams, the server's odd ones (RFC 8832 §6).</summary>
    public void AssignRole(Instant now, bool isDtlsClient)
    {
        if (_isDtlsClient is not null)
        {
            return;
        }

        _isDtlsClient = isDtlsClient;
        _lowestFree = isDtlsClient ? 0 : 1;
        foreach (var channel in InOrder())
        {
            if (channel.StreamId < 0 && !TryTakeStream(channel))
            {
                Finish(channel);
            }
            else if (_isConnected)
            {
                Open(now, channel);
            }
        }
    }

    /// <summary>Makes a channel. It opens when the association is there, or at once if it is.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="parameters">Checked by <see cref="ChannelParameters.Validate"/>.</param>
    /// <param name="handle">Its name.</param>
    /// <returns>False if the table is full, no stream is free, the stream asked for is taken, or the association is over.</returns>
    public bool TryCreate(Instant now, ChannelParameters parameters, out ChannelHandle handle)
    {
        parameters.Validate();
        handle = default;
        var isTaken = parameters.StreamId is { } wanted && _byStream.ContainsKey((ushort)wanted);
        if (_channels.Count >= _limits.MaxChannels || isTaken || _association.State == AssociationState.Closed)
        {
            return false;
        }

        var channel = new Channel(new ChannelHandle(_nextHandle), parameters, isRemote: false);
        if (parameters.StreamId is { } streamId)
        {
            Bind(channel, (ushort)streamId);
        }
        else if (_isDtlsClient is not null && !TryTakeStream(channel))
        {
            return false;
        }

        _nextHandle++;
        _channels.Add(channel.Handle.Value, channel);
        handle = channel.Handle;
        if (_isConnected && channel.StreamId >= 0)
        {
            Open(now, channel);
        }

        return true;
    }

    /// <summary>Takes a copy of a message to be sent on an open channel.</summary>
    public SctpSendOutcome Send(Instant now, ChannelHandle handle, ReadOnlySpan<byte> payload, bool isText)
    {
        if (!_channels.TryGetValue(handle.Value, out var channel) || channel.State != ChannelState.Open)
        {
            return SctpSendOutcome.Closed;
        }

        // RFC 8832 §6: until the peer is known to have seen the OPEN, even an unordered channel keeps its order behind it.
        var options = channel.IsConfirmed ? channel.SendOptions : channel.SendOptions with { Unordered = false };
        return payload.IsEmpty
            ? _association.Send(now, (ushort)channel.StreamId, isText ? DataChannelPpid.EmptyText : DataChannelPpid.EmptyBinary, EmptyMessage, options)
            : _association.Send(now, (ushort)channel.StreamId, isText ? DataChannelPpid.Text : DataChannelPpid.Binary, payload, options);
    }

    /// <summary>Bytes accepted on a channel and not yet sent for the first time; 0 for an unknown channel.</summary>
    public long BufferedAmount(ChannelHandle handle) =>
        _channels.TryGetValue(handle.Value, out var channel) && channel.StreamId >= 0 ? _association.BufferedAmount((ushort)channel.StreamId) : 0;

    /// <summary>
    /// User messages that the peer's cumulative acknowledgement does not cover, oldest first, with what kind they were.
    /// </summary>
    public IReadOnlyList<(bool IsText, byte[] Payload)> TakeUnacknowledged(ChannelHandle handle)
    {
        var messages = new List<(bool IsText, byte[] Payload)>();
        if (!_channels.TryGetValue(handle.Value, out var channel) || channel.StreamId < 0)
        {
            return messages;
        }

        foreach (var message in _association.TakeUnacknowledged((ushort)channel.StreamId))
        {
            if (message.Ppid != DataChannelPpid.Control)
            {
                var isEmpty = message.Ppid is DataChannelPpid.EmptyText or DataChannelPpid.EmptyBinary;
                var isText = message.Ppid is DataChannelPpid.EmptyText or DataChannelPpid.Text;
                messages.Add((isText, isEmpty ? [] : message.Payload));
            }
        }

        return messages;
    }

    /// <summary>What is known of a channel; false for one that is closed or never was.</summary>
    public bool TryGetInfo(ChannelHandle handle, out ChannelInfo info)
    {
        if (!_channels.TryGetValue(handle.Value, out var channel))
        {
            info = default;
            return false;
        }

        info = new ChannelInfo(handle, channel.Parameters, channel.StreamId, channel.IsRemote, channel.State);
        return true;
    }

    /// <summary>Closes a channel. What it has queued is still sent; the Closed event comes when the peer has closed its direction too.</summary>
    public void Close(ChannelHandle handle)
    {
        if (!_channels.TryGetValue(handle.Value, out var channel) || channel.State is ChannelState.Closing or ChannelState.Closed)
        {
            return;
        }

        if (channel.State == ChannelState.Connecting)
        {
            Finish(channel); // The peer has never heard of it.
            return;
        }

        channel.State = ChannelState.Closing;
        StartReset(channel, discardQueued: false);
    }

    /// <summary>The next thing that happened. False when there is nothing more for now.</summary>
    public bool TryGetEvent(Instant now, out ChannelEvent happened)
    {
        SendDue(now);
        while (!_events.TryDequeue(out happened))
        {
            if (_association.TryReceive(out var message))
            {
                if (HandleMessage(now, in message, out happened))
                {
                    return true;
                }
            }
            else if (_association.TryGetEvent(out var ofAssociation))
            {
                HandleAssociationEvent(now, in ofAssociation);
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Channels by handle: what is done to all is done in the order they were made.</summary>
    private List<Channel> InOrder()
    {
        var channels = new List<Channel>(_channels.Values);
        channels.Sort(static (left, right) => left.Handle.Value.CompareTo(right.Handle.Value));
        return channels;
    }

    private bool TryTakeStream(Channel channel)
    {
        var end = _isConnected ? Math.Min(_association.OutboundStreams, _association.InboundStreams) : MaxStreamId + 1;
        while (_lowestFree < end && _byStream.ContainsKey((ushort)_lowestFree))
        {
            _lowestFree += 2;
        }

        if (_lowestFree >= Math.Min(end, MaxStreamId + 1))
        {
            return false;
        }

        Bind(channel, (ushort)_lowestFree);
        return true;
    }

    private void Bind(Channel channel, ushort streamId)
    {
        channel.StreamId = streamId;
        _byStream.Add(streamId, channel);
    }

    /// <summary>Takes a channel out of the table and tells of it.</summary>
    private void Finish(Channel channel, bool keepsStream = false)
    {
        channel.State = ChannelState.Closed;
        _channels.Remove(channel.Handle.Value);
        _events.Enqueue(ChannelEvent.Closed(channel.Handle));
        if (channel.StreamId >= 0 && !keepsStream)
        {
            Release((ushort)channel.StreamId);
        }
    }

    private void Release(ushort streamId)
    {
        _byStream.Remove(streamId);
        var isOurs = _isDtlsClient is { } isClient && (streamId % 2 == 0) == isClient;
        if (isOurs)
        {
            _lowestFree = Math.Min(_lowestFree, streamId); // Lowest first, also when it was used before.
        }
    }

    private bool TryFindOpen(ushort streamId, [NotNullWhen(true)] out Channel? channel) =>
        _byStream.TryGetValue(streamId, out channel) && channel.State == ChannelState.Open;

    private sealed class Channel(ChannelHandle handle, ChannelParameters parameters, bool isRemote)
    {
        public ChannelHandle Handle { get; } = handle;

        public ChannelParameters Parameters { get; } = parameters;

        public SctpSendOptions SendOptions { get; } = parameters.ToSendOptions();

        public bool IsRemote { get; } = isRemote;

        public int StreamId { get; set; } = -1;

        public ChannelState State { get; set; }

        /// <summary>The peer is known to know the channel: it made it, acknowledged it, or has sent on it.</summary>
        public bool IsConfirmed { get; set; } = isRemote || parameters.Negotiated;

        /// <summary>OPEN or ACK waits for room in the send buffer.</summary>
        public bool IsDue { get; set; }

        public bool IsOutgoingReset { get; set; }

        public bool IsIncomingReset { get; set; }

        /// <summary>The stream's former channel was still waiting for the peer's answer to its reset when this one came.</summary>
        public bool AwaitsFormerReset { get; set; }
    }
}
