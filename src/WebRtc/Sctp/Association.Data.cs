using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Data coming in and its acknowledgement (RFC 9260 §6.2), acknowledgements coming in (§6.2.1), and TSNs given up (RFC 3758 §3.6).</summary>
public sealed partial class Association
{
    private const int MaxGapBlocks = 128;

    private bool _sackDue;
    private bool _sackAtOnce;
    private int _packetsSinceSack;
    private long _announcedWindow;

    /// <summary>Bytes held for the application and for reassembly.</summary>
    private long HeldBytes => _received.Bytes + (_tcb is { } tcb ? tcb.Reassembly.Bytes + tcb.Streams.WaitingBytes : 0);

    /// <summary>
    /// What may be held of messages that have not come to their turn. One message's worth is kept back for the fragments right at
    /// the cumulative TSN, so that those can always be taken and the rest be set free: the buffer cannot lock itself.
    /// </summary>
    private long OpenWindow => Math.Max(0, _options.ReceiveBufferBytes - _options.MaxMessageBytes - HeldBytes);

    private void HandleData(Instant now, TransmissionControl tcb, in RawChunk raw)
    {
        // §6: data is taken while the peer may send it; after our SHUTDOWN ACK it has promised not to.
        if (State is not (AssociationState.Established or AssociationState.ShutdownPending or AssociationState.ShutdownSent)
            || !DataChunk.TryRead(in raw, out var chunk))
        {
            _statistics.ChunksDropped++;
            return;
        }

        if (chunk.Payload.IsEmpty)
        {
            Span<byte> tsn = stackalloc byte[sizeof(uint)];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(tsn, chunk.Tsn.Value);
            AbortWith(now, SctpCloseReason.ProtocolViolation, SctpErrorCause.NoUserData, tsn); // §6.2
            return;
        }

        _sackAtOnce |= (chunk.Flags & DataFlags.Immediate) != 0;
        var kind = tcb.Tracker.Classify(chunk.Tsn);
        if (kind == TsnKind.Duplicate)
        {
            _statistics.DuplicateTsns++;
            tcb.Tracker.NoteDuplicate(chunk.Tsn);
            return;
        }

        var limit = kind == TsnKind.Next
            ? _options.ReceiveBufferBytes
            : _options.ReceiveBufferBytes - _options.MaxMessageBytes - ReceiveQueue.ChargePerMessage;
        if (kind == TsnKind.TooFar || HeldBytes + chunk.Payload.Length > limit)
        {
            _statistics.DataDropped++;
            _sackAtOnce = true; // So that the peer learns of the window it has overrun.
            return;
        }

        if (TakeData(tcb, in chunk, kind) == ReassemblyOutcome.Violation)
        {
            AbortWith(now, SctpCloseReason.ProtocolViolation, SctpErrorCause.ProtocolViolation, "Fragments make no message");
            return;
        }

        CompleteDeferredReset(tcb);
    }

    private ReassemblyOutcome TakeData(TransmissionControl tcb, in DataChunk chunk, TsnKind kind)
    {
        var isStreamValid = chunk.StreamId < tcb.InboundStreams;
        if (!isStreamValid)
        {
            // §6.5: told, acknowledged, and thrown away.
            Span<byte> stream = stackalloc byte[4];
            CauseChunk.WriteStreamInformation(stream, chunk.StreamId);
            QueueCause(ChunkType.Error, flags: 0, tcb.PeerTag, SctpErrorCause.InvalidStreamIdentifier, stream, alone: false);
            _statistics.ChunksDropped++;
        }

        if (kind == TsnKind.Ahead)
        {
            tcb.Tracker.TakeAhead(chunk.Tsn);
            return isStreamValid ? tcb.Reassembly.AddAhead(in chunk) : ReassemblyOutcome.Taken;
        }

        tcb.Tracker.Advance();
        var outcome = isStreamValid ? tcb.Reassembly.AddNext(in chunk) : ReassemblyOutcome.Taken;
        return outcome == ReassemblyOutcome.Taken ? PassTaken(tcb) : outcome;
    }

    /// <summary>Moves the cumulative TSN over everything that had come early.</summary>
    private static ReassemblyOutcome PassTaken(TransmissionControl tcb)
    {
        var outcome = ReassemblyOutcome.Taken;
        while (outcome == ReassemblyOutcome.Taken && tcb.Tracker.IsNextTaken())
        {
            tcb.Tracker.Advance();
            outcome = tcb.Reassembly.Pass(tcb.Tracker.CumulativeTsn);
        }

        return outcome;
    }

    /// <summary>§6.2: every second packet is acknowledged, or a single one after a while; what shows a loss or a duplicate at once.</summary>
    private void AcknowledgeData(Instant now)
    {
        if (_tcb is not { } tcb)
        {
            return;
        }

        _packetsSinceSack++;
        if (_sackAtOnce || _packetsSinceSack >= 2 || tcb.Tracker.HasGaps || tcb.Tracker.HasDuplicates
            || State == AssociationState.ShutdownSent)
        {
            _sackDue = true;
        }
        else if (!_timers.IsRunning(SctpTimer.DelayedAck))
        {
            _timers.Set(SctpTimer.DelayedAck, now + _options.DelayedAckTimeout);
        }

        if (State == AssociationState.ShutdownSent)
        {
            RepeatShutdown(now); // §9.2: data after our SHUTDOWN is answered by SACK and SHUTDOWN at once.
        }
    }

    private void WriteSack(TransmissionControl tcb, ref PacketWriter packet)
    {
        Span<GapBlock> gaps = stackalloc GapBlock[MaxGapBlocks];
        var duplicates = tcb.Tracker.Duplicates;
        var room = ((packet.Remaining - SackChunk.FixedLength) / 4) - duplicates.Length;
        if (room < 0)
        {
            return;
        }

        var count = tcb.Tracker.CollectGapBlocks(gaps[..Math.Min(room, MaxGapBlocks)]);
        if (!packet.TryReserve(SackChunk.LengthFor(count, duplicates.Length), out var target))
        {
            return;
        }

        _announcedWindow = OpenWindow;
        SackChunk.Write(target, tcb.Tracker.CumulativeTsn, (uint)_announcedWindow, gaps[..count], duplicates);
        tcb.Tracker.ForgetDuplicates();
        _packetsSinceSack = 0;
        _sackDue = false;
        _sackAtOnce = false;
        _timers.Stop(SctpTimer.DelayedAck);
    }

    /// <summary>The application has made room. A peer that stands before a closed window is told once there is enough of it (§6.2).</summary>
    private void AnnounceWindow()
    {
        if (_tcb is null || _announcedWindow >= _maxPacketBytes)
        {
            return;
        }

        var enough = Math.Min((_options.ReceiveBufferBytes - _options.MaxMessageBytes) / 2, 8 * _maxPacketBytes);
        _sackDue |= OpenWindow >= enough;
    }

    private void HandleSack(Instant now, TransmissionControl tcb, in RawChunk raw)
    {
        if (!SackChunk.TryRead(in raw, out var sack))
        {
            _statistics.ChunksDropped++;
            return;
        }

        if (tcb.Sender.HandleSack(now, in sack))
        {
            _errorCount = 0;
        }

        ContinueShutdown(now);
    }

    private void HandleForwardTsn(Instant now, TransmissionControl tcb, in RawChunk raw)
    {
        if (State is not (AssociationState.Established or AssociationState.ShutdownPending or AssociationState.ShutdownSent)
            || !ForwardTsnChunk.TryRead(in raw, out var forward))
        {
            _statistics.ChunksDropped++;
            return;
        }

        _sackDue = true; // RFC 3758 §3.6: answered like data; at once, as the peer holds back until it knows.
        var from = tcb.Tracker.CumulativeTsn;
        if (!forward.NewCumulativeTsn.IsAfter(from))
        {
            return;
        }

        tcb.Reassembly.Skip(from, forward.NewCumulativeTsn);
        tcb.Tracker.Forward(forward.NewCumulativeTsn);
        for (var i = 0; i < forward.SkippedCount; i++)
        {
            var skipped = forward.Skipped(i);
            if (skipped.StreamId < tcb.InboundStreams)
            {
                tcb.Streams.Skip(skipped.StreamId, skipped.Ssn);
            }
        }

        if (PassTaken(tcb) == ReassemblyOutcome.Violation)
        {
            AbortWith(now, SctpCloseReason.ProtocolViolation, SctpErrorCause.ProtocolViolation, "Fragments make no message");
            return;
        }

        CompleteDeferredReset(tcb);
    }
}
