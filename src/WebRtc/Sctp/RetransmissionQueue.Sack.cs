using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Acknowledgements and the losses they show (RFC 9260 §6.2.1, §7.2.4), and the timer for when none come (§6.3.3).</summary>
internal sealed partial class RetransmissionQueue
{
    /// <summary>SACKs that must report a chunk missing before it counts as lost.</summary>
    private const int MissingReportsForLoss = 3;

    /// <summary>Gap blocks of one SACK whose news are told apart; what further ones bring is added to the last.</summary>
    private const int MaxNewBlocks = 64;

    private readonly NewBlock[] _newBlocks = new NewBlock[MaxNewBlocks];
    private int _newBlockCount;
    private Tsn _nextRoundTripFrom;
    private Tsn _reportedUpTo;

    /// <summary>Takes in a SACK.</summary>
    /// <returns>Whether it says anything new; false for an old or impossible one, which is to be ignored.</returns>
    public bool HandleSack(Instant now, in SackChunk sack) => HandleAck(now, in sack, sack.CumulativeTsnAck, sack.ReceiverWindow);

    /// <summary>Takes in the cumulative TSN of a SHUTDOWN, which acknowledges like a SACK without gap blocks and keeps the window (§9.2).</summary>
    public bool HandleCumulativeAck(Instant now, Tsn cumulativeTsnAck) =>
        HandleAck(now, default, cumulativeTsnAck, (uint)Math.Max(0, PeerRoom));

    /// <summary>T3-rtx has run out: everything under way counts as lost (§6.3.3).</summary>
    public void HandleTimeout(Instant now)
    {
        _statistics.RetransmissionTimeouts++;
        Timeout.BackOff();
        _fastRetransmit = false;
        if ((_outstanding.FlightBytes > 0 || _outstanding.LostCount > 0) && !IsProbingZeroWindow)
        {
            Congestion.TimedOut(); // That a probe of a closed window was not taken says nothing about the path.
        }

        // What the last SACK did not confirm any more may have been thrown away by the peer since it was acknowledged.
        var from = _reportedUpTo.IsBefore(_outstanding.CumulativeTsnAck) ? _outstanding.CumulativeTsnAck.Next : _reportedUpTo.Next;
        while (_outstanding.Acknowledged.TryFindSet(from, _outstanding.NextTsn, out var doubted))
        {
            Forget(now, doubted);
            from = doubted.Next;
        }

        from = _outstanding.CumulativeTsnAck.Next;
        while (_outstanding.Acknowledged.TryFindClear(from, _outstanding.NextTsn, out var tsn))
        {
            from = tsn.Next;
            if (_outstanding[tsn].InFlight)
            {
                Lose(now, tsn);
            }
        }

        AdvancePeerAckPoint();
        _forwardTsnDue = IsForwardTsnNeeded;
        UpdateTimer(now, restart: true);
    }

    private bool HandleAck(Instant now, in SackChunk sack, Tsn cumulative, uint window)
    {
        // §6.2.1, i: an older one has been overtaken; one beyond what was sent is a lie.
        if (cumulative.IsBefore(_outstanding.CumulativeTsnAck) || cumulative.IsAfter(LastAssignedTsn))
        {
            return false;
        }

        var ack = new AckProgress { Now = now };
        AdvanceCumulative(cumulative, ref ack);
        var gapEnd = AcknowledgeGaps(in sack, ref ack);
        _reportedUpTo = gapEnd;

        if (ack.Bytes > 0)
        {
            Congestion.Acknowledged(ack.Bytes, ack.CumulativeAdvanced);
        }

        if (ack.RoundTrip is { } roundTrip)
        {
            Timeout.Measure(roundTrip);
        }

        Congestion.CumulativeAckReached(cumulative);
        FindLosses(gapEnd, ref ack);
        if (_peerWindow == 0 && window > 0 && !ack.HasNew)
        {
            RepeatProbe(now);
        }

        _peerWindow = window;
        AdvancePeerAckPoint();
        _forwardTsnDue |= IsForwardTsnNeeded && now - _forwardTsnSentAt > ForwardTsnSpacing;
        UpdateTimer(now, restart: ack.CumulativeAdvanced);
        return true;
    }

    /// <summary>The peer's window has opened and it did not take the chunk that probed it: there is no need to wait for the timer.</summary>
    private void RepeatProbe(Instant now)
    {
        var from = _outstanding.CumulativeTsnAck.Next;
        var isProbe = _outstanding.FlightBytes <= Congestion.PacketBytes;
        while (isProbe && _outstanding.FlightBytes > 0 && _outstanding.Acknowledged.TryFindClear(from, _outstanding.NextTsn, out var tsn))
        {
            from = tsn.Next;
            if (_outstanding[tsn].InFlight)
            {
                Lose(now, tsn);
            }
        }
    }

    private void AdvanceCumulative(Tsn cumulative, ref AckProgress ack)
    {
        while (_outstanding.CumulativeTsnAck != cumulative)
        {
            var tsn = _outstanding.CumulativeTsnAck.Next;
            ref var chunk = ref _outstanding[tsn];
            if (!_outstanding.Acknowledged[tsn])
            {
                NoteAcknowledged(tsn, ref chunk, ref ack);
            }

            var finished = chunk.IsLast ? chunk.Message : null;
            _outstanding.RemoveFirst();
            ack.CumulativeAdvanced = true;
            if (finished is not null)
            {
                _queue.Release(finished);
            }
        }
    }

    /// <summary>Marks what the gap blocks newly name, and unmarks what they no longer do.</summary>
    /// <returns>The highest TSN named, or the cumulative one.</returns>
    private Tsn AcknowledgeGaps(in SackChunk sack, ref AckProgress ack)
    {
        var cumulative = _outstanding.CumulativeTsnAck;
        var upTo = cumulative;
        _newBlockCount = 0;
        for (var i = 0; i < sack.GapBlockCount; i++)
        {
            var block = sack.GapBlock(i);
            var start = cumulative.Plus(block.Start);
            var end = cumulative.Plus(block.End);
            if (block.Start > block.End || block.Start == 0 || !upTo.IsBefore(start) || end.IsAfter(LastAssignedTsn))
            {
                break; // Blocks ascend and name what was sent; anything after a senseless one is senseless too.
            }

            Renege(ack.Now, upTo.Next, start);
            var bytesBefore = ack.Bytes;
            var from = start;
            while (_outstanding.Acknowledged.TryFindClear(from, end.Next, out var tsn))
            {
                NoteAcknowledged(tsn, ref _outstanding[tsn], ref ack);
                _outstanding.Acknowledge(tsn);
                from = tsn.Next;
            }

            NoteNewBlock(start, ack.Bytes - bytesBefore);
            upTo = end;
        }

        return upTo;
    }

    private void NoteNewBlock(Tsn start, int bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        if (_newBlockCount == MaxNewBlocks)
        {
            _newBlocks[^1] = _newBlocks[^1] with { Bytes = _newBlocks[^1].Bytes + bytes };
            return;
        }

        _newBlocks[_newBlockCount++] = new NewBlock(start, bytes);
    }

    /// <summary>§6.2.1, iv: what was acknowledged and is reported missing now has been thrown away by the peer.</summary>
    private void Renege(Instant now, Tsn from, Tsn end)
    {
        while (_outstanding.Acknowledged.TryFindSet(from, end, out var tsn))
        {
            Forget(now, tsn);
            from = tsn.Next;
        }
    }

    private void Forget(Instant now, Tsn tsn)
    {
        _outstanding.Renege(tsn);
        if (!_outstanding[tsn].Abandoned)
        {
            Lose(now, tsn);
        }
    }

    private void NoteAcknowledged(Tsn tsn, ref OutstandingChunk chunk, ref AckProgress ack)
    {
        ack.HasNew = true;
        ack.HighestNew = tsn;
        if (chunk.Abandoned)
        {
            return;
        }

        ack.Bytes += chunk.WireLength;

        // §6.3.1, C4 and C5: one measurement a round trip, and none of a chunk sent twice.
        if (chunk.Transmissions == 1 && !tsn.IsBefore(_nextRoundTripFrom))
        {
            ack.RoundTrip = ack.Now - chunk.SentAt;
            _nextRoundTripFrom = _outstanding.NextTsn;
        }
    }

    /// <summary>§7.2.4: counts missing reports for each hole below what this SACK newly acknowledged; the third makes a loss.</summary>
    /// <remarks>
    /// The RFC counts SACKs, one for each packet that arrives. A peer that takes in many packets before it answers sends one for all
    /// of them, so what counts here is packets' worth of later data newly acknowledged (as RFC 6675 §4 has it for TCP), at least one a SACK.
    /// </remarks>
    private void FindLosses(Tsn gapEnd, ref AckProgress ack)
    {
        // In fast recovery a SACK that moves the cumulative TSN counts for every hole it shows.
        var counted = Congestion.InFastRecovery && ack.CumulativeAdvanced ? gapEnd : ack.HighestNew;
        if (!ack.HasNew || !_outstanding.CumulativeTsnAck.IsBefore(counted))
        {
            return;
        }

        var from = _outstanding.CumulativeTsnAck.Next;
        var block = 0;
        var bytesAbove = TotalNewBytes();
        var losses = 0;
        var repeatedLosses = 0;
        while (_outstanding.Acknowledged.TryFindClear(from, counted, out var tsn))
        {
            from = tsn.Next;
            for (; block < _newBlockCount && _newBlocks[block].Start.IsBefore(tsn); block++)
            {
                bytesAbove -= _newBlocks[block].Bytes;
            }

            ref var chunk = ref _outstanding[tsn];

            // The RFC leaves a chunk that was retransmitted once to the timer, as reports about its first copy may still be
            // coming in. Reports that acknowledge something sent after the second copy are about that one, and count.
            var isStale = chunk.Transmissions > 1 && counted.IsBefore(chunk.NextTsnWhenSent);
            if (!chunk.InFlight || isStale)
            {
                continue;
            }

            chunk.MissingReports = (byte)Math.Min(byte.MaxValue, chunk.MissingReports + Math.Max(1, bytesAbove / Congestion.PacketBytes));
            if (chunk.MissingReports >= MissingReportsForLoss)
            {
                losses++;
                repeatedLosses += chunk.Transmissions > 1 ? 1 : 0;
                Lose(ack.Now, tsn);
            }
        }

        ReactToLosses(losses, repeatedLosses);
    }

    private void ReactToLosses(int losses, int repeatedLosses)
    {
        if (losses == 0)
        {
            return;
        }

        _statistics.FastRetransmits += losses;
        _fastRetransmit |= _outstanding.LostCount > 0;
        if (!Congestion.InFastRecovery || repeatedLosses > 0)
        {
            Congestion.EnterFastRecovery(LastAssignedTsn);
        }
    }

    private int TotalNewBytes()
    {
        var total = 0;
        for (var i = 0; i < _newBlockCount; i++)
        {
            total += _newBlocks[i].Bytes;
        }

        return total;
    }

    /// <summary>A chunk is lost: it goes again, unless its message has used up what it was allowed.</summary>
    private void Lose(Instant now, Tsn tsn)
    {
        ref var chunk = ref _outstanding[tsn];
        var message = chunk.Message;
        if (chunk.Transmissions > message.MaxRetransmits || message.ExpiresAt < now)
        {
            _outstanding.LeaveFlight(tsn);
            Abandon(message);
            return;
        }

        _outstanding.Lose(tsn);
    }

    /// <summary>§6.3.2: T3-rtx runs while something is unacknowledged, anew from each acknowledgement of the earliest chunk.</summary>
    private void UpdateTimer(Instant now, bool restart)
    {
        if (_outstanding.IsEmpty)
        {
            _timers.Stop(SctpTimer.T3Rtx);
        }
        else if (restart || !_timers.IsRunning(SctpTimer.T3Rtx))
        {
            StartRetransmissionTimer(now);
        }
    }

    /// <summary>A gap block and the bytes in it that had not been acknowledged before.</summary>
    private readonly record struct NewBlock(Tsn Start, int Bytes);

    /// <summary>What one acknowledgement has brought so far.</summary>
    private struct AckProgress
    {
        public Instant Now;
        public int Bytes;
        public bool CumulativeAdvanced;
        public bool HasNew;
        public Tsn HighestNew;
        public TimeSpan? RoundTrip;
    }
}
