using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Partial reliability (RFC 3758): giving messages up, and telling the peer not to wait for them.</summary>
internal sealed partial class RetransmissionQueue
{
    private const int MaxSkippedStreams = 64;
    private static readonly TimeSpan LongestForwardTsnSpacing = TimeSpan.FromMilliseconds(200);

    private Tsn _advancedPeerAckPoint;
    private bool _forwardTsnDue;
    private Instant _forwardTsnSentAt;

    /// <summary>Whether a FORWARD TSN should go into the next packet.</summary>
    public bool IsForwardTsnDue => _forwardTsnDue;

    private bool IsForwardTsnNeeded => _outstanding.CumulativeTsnAck.IsBefore(_advancedPeerAckPoint);

    /// <summary>The peer repeats an old cumulative TSN for as long as our FORWARD TSN is under way: not every SACK needs another one.</summary>
    private TimeSpan ForwardTsnSpacing => Timeout.Smoothed < LongestForwardTsnSpacing ? Timeout.Smoothed : LongestForwardTsnSpacing;

    /// <summary>Writes a FORWARD TSN as far as the packet has room for the streams it skips on (RFC 3758 §3.5, C4).</summary>
    public void WriteForwardTsn(Instant now, ref PacketWriter packet)
    {
        _forwardTsnDue = false;
        if (!IsForwardTsnNeeded)
        {
            return;
        }

        Span<SkippedStream> skipped = stackalloc SkippedStream[MaxSkippedStreams];
        var room = Math.Min(MaxSkippedStreams, (packet.Remaining - ForwardTsnChunk.FixedLength) / 4);
        var upTo = CollectSkipped(skipped, room, out var count);
        if (room < 0 || !upTo.IsAfter(_outstanding.CumulativeTsnAck)
            || !packet.TryReserve(ForwardTsnChunk.LengthFor(count), out var target))
        {
            _forwardTsnDue = true; // No room beside the other chunks: the next packet is its own.
            return;
        }

        ForwardTsnChunk.Write(target, upTo, skipped[..count]);
        _forwardTsnSentAt = now;
        if (!_timers.IsRunning(SctpTimer.T3Rtx))
        {
            StartRetransmissionTimer(now); // §3.5, C5.
        }
    }

    /// <summary>Gives a message up: nothing of it is sent any more, and the peer is told to skip what it has not got.</summary>
    private void Abandon(OutgoingMessage message)
    {
        _statistics.MessagesAbandoned++;
        message.Abandoned = true;
        if (!message.IsCut)
        {
            // The fragments that never got a TSN are replaced by one empty one that ends the message. It is never sent; but with
            // it there is always a TSN to skip to, even where all the fragments sent so far have been acknowledged.
            _queue.DropCurrent(message);
            var flags = DataFlags.Ending | (message.Unordered ? DataFlags.Unordered : DataFlags.None);
            _outstanding.Append(message, message.CutLength, 0, flags, out _);
        }

        var from = message.FirstTsn.IsAfter(_outstanding.CumulativeTsnAck) ? message.FirstTsn : _outstanding.CumulativeTsnAck.Next;
        for (var tsn = from; tsn != _outstanding.NextTsn && _outstanding[tsn].Message == message; tsn = tsn.Next)
        {
            _outstanding.LeaveFlight(tsn);
            _outstanding.ForgetLoss(tsn);
            _outstanding[tsn].Abandoned = true;
        }

        AdvancePeerAckPoint();
        _forwardTsnDue = IsForwardTsnNeeded;
    }

    /// <summary>RFC 3758 §3.5, C1 – C2: the point up to which the peer should consider everything received.</summary>
    private void AdvancePeerAckPoint()
    {
        if (_advancedPeerAckPoint.IsBefore(_outstanding.CumulativeTsnAck))
        {
            _advancedPeerAckPoint = _outstanding.CumulativeTsnAck;
        }

        var before = _advancedPeerAckPoint;
        for (var next = before.Next; next != _outstanding.NextTsn && _outstanding[next].Abandoned; next = next.Next)
        {
            _advancedPeerAckPoint = next;
        }

        _forwardTsnDue |= _advancedPeerAckPoint != before;
    }

    /// <summary>The streams with ordered messages among those skipped, each with its highest SSN.</summary>
    /// <returns>The TSN up to which the list is complete.</returns>
    private Tsn CollectSkipped(Span<SkippedStream> skipped, int room, out int count)
    {
        count = 0;
        var upTo = _outstanding.CumulativeTsnAck;
        for (var tsn = upTo.Next; !tsn.IsAfter(_advancedPeerAckPoint); tsn = tsn.Next)
        {
            ref var chunk = ref _outstanding[tsn];
            if (!chunk.IsLast)
            {
                continue;
            }

            if (!chunk.Message.Unordered && !TryAddSkipped(skipped[..Math.Max(0, room)], ref count, chunk.Message))
            {
                return upTo;
            }

            upTo = tsn;
        }

        return upTo;
    }

    private static bool TryAddSkipped(Span<SkippedStream> skipped, ref int count, OutgoingMessage message)
    {
        for (var i = 0; i < count; i++)
        {
            if (skipped[i].StreamId == message.Stream.Id)
            {
                skipped[i] = skipped[i] with { Ssn = message.Ssn }; // Later messages of a stream have later numbers.
                return true;
            }
        }

        if (count == skipped.Length)
        {
            return false;
        }

        skipped[count++] = new SkippedStream(message.Stream.Id, message.Ssn);
        return true;
    }
}
