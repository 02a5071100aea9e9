using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>The sending half of an association: what is under way, what must go again, what may go next (RFC 9260 §6, §7).</summary>
/// <remarks>
/// Cut by procedure: this file fills packets, <c>RetransmissionQueue.Sack.cs</c> takes in acknowledgements and finds losses,
/// <c>RetransmissionQueue.Abandoning.cs</c> is partial reliability (RFC 3758).
/// </remarks>
internal sealed partial class RetransmissionQueue
{
    /// <summary>Below this many bytes left in a packet, a message is not begun or continued for the sake of a sliver.</summary>
    private const int SmallestFragment = 256;

    private readonly SendQueue _queue;
    private readonly SctpTimers _timers;
    private readonly OutstandingData _outstanding;
    private readonly bool _partialReliability;
    private uint _peerWindow;
    private bool _fastRetransmit;
    private Instant _lastSentAt;
    private SctpStatistics _statistics;

    public RetransmissionQueue(
        SctpOptions options, SendQueue queue, SctpTimers timers, RetransmissionTimeout timeout, Tsn initialTsn, PeerParameters peer, int packetBytes)
    {
        _queue = queue;
        _timers = timers;
        _partialReliability = peer.ForwardTsn;
        _peerWindow = peer.ReceiverWindow;
        _outstanding = new OutstandingData(initialTsn);
        _advancedPeerAckPoint = initialTsn.Previous;
        _nextRoundTripFrom = initialTsn;
        _reportedUpTo = initialTsn.Previous;
        Timeout = timeout;
        Congestion = new CongestionControl(packetBytes - SctpHeader.Length, options.InitialWindowPackets);
        Congestion.Start(peer.ReceiverWindow);
    }

    public RetransmissionTimeout Timeout { get; }

    public CongestionControl Congestion { get; }

    public SctpStatistics Statistics => _statistics;

    public Tsn CumulativeTsnAck => _outstanding.CumulativeTsnAck;

    /// <summary>The TSN most recently given out: what a stream reset request names (RFC 6525 §4.1).</summary>
    public Tsn LastAssignedTsn => _outstanding.NextTsn.Previous;

    public long FlightBytes => _outstanding.FlightBytes;

    /// <summary>Everything given a TSN is acknowledged, or given up and known to the peer as such.</summary>
    public bool IsAllAcknowledged => _outstanding.IsEmpty;

    /// <summary>The window most recently announced by the peer is closed: silence about a probe is then no sign of a dead path.</summary>
    public bool IsProbingZeroWindow => _peerWindow == 0;

    /// <summary>The path's packet size has changed.</summary>
    public void SetPacketBytes(int packetBytes) => Congestion.PacketBytes = packetBytes - SctpHeader.Length;

    /// <summary>The path itself is another one.</summary>
    public void PathChanged() => Congestion.Restart(_peerWindow);

    /// <summary>Whether a call of <see cref="WriteData"/> with an empty packet would find something to write.</summary>
    public bool HasDataToSend()
    {
        if (_outstanding.LostCount > 0)
        {
            return _fastRetransmit || MayFly;
        }

        return MayFly && !_outstanding.IsFull && _queue.HasReady && (_outstanding.FlightBytes == 0 || PeerRoom > 0);
    }

    private bool MayFly => _outstanding.FlightBytes < Congestion.Window;

    private long PeerRoom => _peerWindow - _outstanding.FlightPayloadBytes;

    /// <summary>Fills the rest of a packet with DATA chunks: lost ones first, then new ones.</summary>
    public void WriteData(Instant now, ref PacketWriter packet)
    {
        var wasIdle = _outstanding.FlightBytes == 0 && _outstanding.LostCount == 0;
        if (wasIdle && now - _lastSentAt > Timeout.Value)
        {
            Congestion.Idled(now - _lastSentAt, Timeout.Value);
        }

        var before = packet.Length;
        if (WriteLost(now, ref packet))
        {
            WriteNew(now, ref packet);
        }

        if (packet.Length == before)
        {
            return;
        }

        _lastSentAt = now;
        if (!_timers.IsRunning(SctpTimer.T3Rtx))
        {
            StartRetransmissionTimer(now); // §6.3.2, R1.
        }
    }

    /// <returns>Whether nothing lost is left, so that new chunks may follow (§6.1, C).</returns>
    private bool WriteLost(Instant now, ref PacketWriter packet)
    {
        var written = 0;
        while (_outstanding.TryFindLost(out var tsn))
        {
            ref var chunk = ref _outstanding[tsn];
            if (chunk.Message.ExpiresAt < now)
            {
                Abandon(chunk.Message);
                continue;
            }

            // §7.2.4, 3: the packet of a fast retransmission goes whatever the window says.
            if (!_fastRetransmit && !MayFly)
            {
                Congestion.IsLimiting = true;
                return false;
            }

            if (!packet.TryReserve(DataChunk.HeaderLength + chunk.Length, out var target))
            {
                _fastRetransmit &= written == 0; // It is for one packet only.
                return false;
            }

            _outstanding.ForgetLoss(tsn);
            WriteChunk(target, tsn, ref chunk);
            _outstanding.EnterFlight(tsn, now);
            _statistics.Retransmissions++;
            written++;
            if (tsn == _outstanding.CumulativeTsnAck.Next)
            {
                StartRetransmissionTimer(now); // §7.2.4, 4: the earliest chunk begins a new wait.
            }
        }

        _fastRetransmit = false;
        return true;
    }

    private void WriteNew(Instant now, ref PacketWriter packet)
    {
        var written = 0;
        while (!_outstanding.IsFull)
        {
            if (!MayFly)
            {
                Congestion.IsLimiting = true;
                return;
            }

            if (NextMessage(now) is not { } message)
            {
                Congestion.IsLimiting = false;
                return;
            }

            var left = message.Length - message.CutLength;
            var room = packet.Remaining - DataChunk.HeaderLength;
            var length = Math.Min(left, room);
            if (length <= 0 || (length < left && (written > 0 || !packet.IsEmpty) && room < SmallestFragment))
            {
                return;
            }

            // §6.1, A: nothing beyond the peer's window, but one chunk may always be under way to find out when it opens.
            if (length > PeerRoom && _outstanding.FlightBytes > 0)
            {
                Congestion.IsLimiting = false;
                return;
            }

            if (!packet.TryReserve(DataChunk.HeaderLength + length, out var target))
            {
                return;
            }

            WriteFragment(now, target, message, length);
            written++;
        }
    }

    private void WriteFragment(Instant now, Span<byte> target, OutgoingMessage message, int length)
    {
        var offset = message.CutLength;
        var flags = (offset == 0 ? DataFlags.Beginning : DataFlags.None)
            | (offset + length == message.Length ? DataFlags.Ending : DataFlags.None)
            | (message.Unordered ? DataFlags.Unordered : DataFlags.None);
        _queue.Cut(message, length);
        ref var chunk = ref _outstanding.Append(message, offset, length, flags, out var tsn);
        if (offset == 0)
        {
            message.FirstTsn = tsn;
        }

        WriteChunk(target, tsn, ref chunk);
        _outstanding.EnterFlight(tsn, now);
        _statistics.BytesSent += length;
        if (chunk.IsLast)
        {
            _statistics.MessagesSent++;
        }
    }

    /// <summary>The next message worth sending; those whose time is over are dropped on the way.</summary>
    private OutgoingMessage? NextMessage(Instant now)
    {
        while (_queue.Current() is { } message)
        {
            if (message.ExpiresAt >= now)
            {
                return message;
            }

            if (message.IsBegun)
            {
                Abandon(message);
            }
            else
            {
                _statistics.MessagesAbandoned++;
                _queue.DropCurrent(message);
                _queue.Release(message);
            }
        }

        return null;
    }

    private static void WriteChunk(Span<byte> target, Tsn tsn, ref OutstandingChunk chunk)
    {
        var message = chunk.Message;
        new DataChunk
        {
            Tsn = tsn,
            Flags = chunk.Flags,
            StreamId = message.Stream.Id,
            Ssn = message.Unordered ? default : message.Ssn,
            Ppid = message.Ppid,
            Payload = message.Payload.AsSpan(chunk.Offset, chunk.Length),
        }.Write(target);
    }

    private void StartRetransmissionTimer(Instant now) => _timers.Set(SctpTimer.T3Rtx, now + Timeout.Value);

    /// <summary>Copies of the messages of a stream that the peer's cumulative TSN does not wholly cover, oldest first.</summary>
    public void CopyUnacknowledged(ushort streamId, List<UnacknowledgedMessage> messages)
    {
        if (_queue.Find(streamId) is not { } stream)
        {
            return;
        }

        OutgoingMessage? last = null;
        for (var tsn = _outstanding.CumulativeTsnAck.Next; tsn != _outstanding.NextTsn; tsn = tsn.Next)
        {
            var message = _outstanding[tsn].Message;
            if (message != last && message.Stream == stream && !message.Abandoned)
            {
                messages.Add(new UnacknowledgedMessage(message.Ppid, message.Payload.AsSpan(0, message.Length).ToArray()));
            }

            last = message;
        }

        for (var message = stream.Head; message is not null; message = message.Next)
        {
            if (!message.IsBegun || message != last)
            {
                messages.Add(new UnacknowledgedMessage(message.Ppid, message.Payload.AsSpan(0, message.Length).ToArray()));
            }
        }
    }

    /// <summary>Lets go of memory an idle association does not need.</summary>
    public void Trim() => _outstanding.Trim();
}
