using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>One SCTP association (RFC 9260) over a pipe of datagrams, which here is DTLS (RFC 8261): a machine without clock or socket.</summary>
/// <remarks>
/// <para>Handle: <see cref="Receive"/> (a packet came), <see cref="Advance"/> (time passed). Command: <see cref="Connect"/>,
/// <see cref="Send"/>, <see cref="ResetStreams"/>, <see cref="Shutdown"/>, <see cref="Abort"/>. Pull: <see cref="TryGetPacket"/>,
/// <see cref="TryReceive"/>, <see cref="TryGetEvent"/>, <see cref="WakeAt"/>.</para>
/// <para>The law: after each handle or command, and after taking messages, pull until <see cref="TryReceive"/>,
/// <see cref="TryGetEvent"/> and <see cref="TryGetPacket"/> all say no, then wait for the next input or for <see cref="WakeAt"/>.
/// Messages and events are in one order: where one of the two methods says no, the other may have the next item.</para>
/// <para>Nothing a peer sends throws. Bounds: <see cref="SctpOptions"/> for bytes, 16,384 chunks each way, 32 control answers,
/// 4,096 events.</para>
/// </remarks>
public sealed partial class Association
{
    /// <summary>The smallest value of <see cref="MaxPacketBytes"/>.</summary>
    public const int SmallestPacketBytes = 512;

    /// <summary>The largest value of <see cref="MaxPacketBytes"/>.</summary>
    public const int LargestPacketBytes = 65_532;

    private readonly SctpOptions _options;
    private readonly ISecrets _secrets;
    private readonly byte[] _cookieKey = new byte[StateCookie.KeyLength];
    private readonly uint _localTag;
    private readonly Tsn _localInitialTsn;
    private readonly BufferPool _pool;
    private readonly SendQueue _queue;
    private readonly ReceiveQueue _received;
    private readonly ControlQueue _control;
    private readonly SctpTimers _timers = new();
    private readonly RetransmissionTimeout _timeout;
    private Prng _prng;
    private TransmissionControl? _tcb;
    private SctpStatistics _statistics;
    private int _errorCount;
    private int _maxPacketBytes;

    /// <param name="options">Checked by <see cref="SctpOptions.Validate"/>.</param>
    /// <param name="secrets">Gives the verification tag, the initial TSN and the key of state cookies.</param>
    public Association(SctpOptions options, ISecrets secrets)
    {
        options.Validate();
        _options = options;
        _secrets = secrets;
        _maxPacketBytes = options.MaxPacketBytes;
        MaxSendMessageBytes = options.MaxSendMessageBytes;
        secrets.Fill(_cookieKey);
        _localTag = DrawTag();
        _localInitialTsn = new Tsn(DrawTag());
        _prng = new Prng(((ulong)DrawTag() << 32) | DrawTag());
        _pool = new BufferPool(options.PooledBytes);
        _queue = new SendQueue(_pool, options.SendBufferBytes);
        _received = new ReceiveQueue(_pool);
        _control = new ControlQueue(_pool);
        _timeout = new RetransmissionTimeout(options);
    }

    public AssociationState State { get; private set; }

    /// <summary>Why it ended, once <see cref="State"/> is Closed.</summary>
    public SctpCloseReason CloseReason { get; private set; }

    /// <summary>When <see cref="Advance"/> is due next, <see cref="Instant.Never"/> if nothing is waited for.</summary>
    public Instant WakeAt => _timers.NextDue;

    /// <summary>Longest packet the path carries. Setting it takes effect with the next packet; chunks cut before keep their size.</summary>
    /// <value><see cref="SmallestPacketBytes"/> … <see cref="LargestPacketBytes"/>.</value>
    public int MaxPacketBytes
    {
        get => _maxPacketBytes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, SmallestPacketBytes);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LargestPacketBytes);
            _maxPacketBytes = value;
            _tcb?.Sender.SetPacketBytes(value);
        }
    }

    /// <summary>Longest message the peer accepts. May become known only with its description.</summary>
    public int MaxSendMessageBytes { get; set; }

    /// <summary>Streams we may send on, 0 … this − 1; 0 before the association is established.</summary>
    public int OutboundStreams => _tcb?.OutboundStreams ?? 0;

    /// <summary>Streams the peer may send on; 0 before the association is established.</summary>
    public int InboundStreams => _tcb?.InboundStreams ?? 0;

    /// <summary>Whether messages may be given up (RFC 3758). Known once established.</summary>
    public bool SupportsPartialReliability => _tcb?.Peer.ForwardTsn ?? false;

    /// <summary>Whether streams can be reset (RFC 6525). Known once established.</summary>
    public bool SupportsStreamReset => _tcb?.Peer.Reconfig ?? false;

    /// <summary>Smoothed round trip; zero before the first measurement.</summary>
    public TimeSpan RoundTrip => _timeout.Smoothed;

    /// <summary>Bytes that congestion control allows under way; 0 before the association is established.</summary>
    public long CongestionWindow => _tcb?.Sender.Congestion.Window ?? 0;

    /// <summary>Bytes of payload accepted and not yet sent for the first time, over all streams.</summary>
    public long TotalBufferedAmount => _queue.BufferedBytes;

    /// <summary>Everything accepted for sending has been acknowledged.</summary>
    public bool IsSendingDone => _queue.IsEmpty && (_tcb is null || _tcb.Sender.IsAllAcknowledged);

    /// <summary>What has been counted since the beginning.</summary>
    public SctpStatistics Statistics
    {
        get
        {
            var sender = _tcb?.Sender.Statistics ?? default;
            return _statistics with
            {
                MessagesSent = sender.MessagesSent,
                BytesSent = sender.BytesSent,
                MessagesReceived = _received.MessageCount,
                BytesReceived = _received.TotalBytes,
                Retransmissions = sender.Retransmissions,
                FastRetransmits = sender.FastRetransmits,
                RetransmissionTimeouts = sender.RetransmissionTimeouts,
                MessagesAbandoned = sender.MessagesAbandoned,
            };
        }
    }

    /// <summary>Whether messages may be sent.</summary>
    private bool IsOpenForSending => State == AssociationState.Established;

    /// <summary>Takes a copy of a message to be sent in its turn.</summary>
    /// <param name="now">The moment; a lifetime counts from here.</param>
    /// <param name="streamId">Below <see cref="OutboundStreams"/>.</param>
    /// <param name="ppid">Carried to the receiver unread.</param>
    /// <param name="payload">At least one byte: SCTP has no empty messages.</param>
    /// <param name="options">Order and reliability.</param>
    /// <exception cref="ArgumentException">The payload is empty.</exception>
    public SctpSendOutcome Send(Instant now, ushort streamId, uint ppid, ReadOnlySpan<byte> payload, SctpSendOptions options = default)
    {
        if (payload.IsEmpty)
        {
            throw new ArgumentException("SCTP carries no empty messages (RFC 9260 §3.3.1).", nameof(payload));
        }

        if (!IsOpenForSending || _tcb is not { } tcb)
        {
            return SctpSendOutcome.Closed;
        }

        if (streamId >= tcb.OutboundStreams)
        {
            return SctpSendOutcome.InvalidStream;
        }

        if (payload.Length > MaxSendMessageBytes)
        {
            return SctpSendOutcome.TooLarge;
        }

        var stream = _queue.FindOrAdd(streamId);
        if (stream.Reset == OutboundReset.Draining)
        {
            return SctpSendOutcome.Closed;
        }

        var maxRetransmits = tcb.Peer.ForwardTsn ? options.MaxRetransmits ?? int.MaxValue : int.MaxValue;
        var expiresAt = tcb.Peer.ForwardTsn && options.MaxLifeTime is { } lifeTime ? now + lifeTime : Instant.Never;
        return _queue.TryEnqueue(stream, ppid, payload, options.Unordered, maxRetransmits, expiresAt)
            ? SctpSendOutcome.Accepted
            : SctpSendOutcome.BufferFull;
    }

    /// <summary>Puts a stream into a class of urgency. Holds until the stream is reset.</summary>
    public void SetPriority(ushort streamId, SctpPriority priority) => _queue.FindOrAdd(streamId).Priority = priority;

    /// <summary>Bytes of payload accepted on a stream and not yet sent for the first time.</summary>
    public long BufferedAmount(ushort streamId) => _queue.Find(streamId)?.BufferedBytes ?? 0;

    /// <summary>Copies of the messages of a stream that the peer's cumulative TSN does not wholly cover, oldest first, queued ones included.</summary>
    /// <remarks>For a link that has fallen under suspicion: what is listed may have arrived or not. Nothing is removed by asking.</remarks>
    public IReadOnlyList<UnacknowledgedMessage> TakeUnacknowledged(ushort streamId)
    {
        var messages = new List<UnacknowledgedMessage>();
        _tcb?.Sender.CopyUnacknowledged(streamId, messages);
        return messages;
    }

    /// <summary>The next message, in order. False when there is none, or when an event comes first.</summary>
    /// <param name="message">Its payload is lent until the next call.</param>
    public bool TryReceive(out SctpMessage message)
    {
        var taken = _received.TryTake(out message);
        if (taken)
        {
            AnnounceWindow();
        }

        return taken;
    }

    /// <summary>The next event, in order. False when there is none, or when a message comes first.</summary>
    public bool TryGetEvent(out SctpEvent happened) => _received.TryTake(out happened);

    /// <summary>A nonzero number nobody can guess.</summary>
    private uint DrawTag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        uint tag;
        do
        {
            _secrets.Fill(bytes);
            tag = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }
        while (tag == 0);

        return tag;
    }

    /// <summary>One more timeout without an answer; too many end the association (RFC 9260 §8.1).</summary>
    private void CountError(Instant now)
    {
        _errorCount++;
        if (_errorCount > _options.MaxRetransmits)
        {
            AbortWith(now, SctpCloseReason.PathFailed, SctpErrorCause.UserInitiatedAbort, "No answer on the path");
        }
    }
}
