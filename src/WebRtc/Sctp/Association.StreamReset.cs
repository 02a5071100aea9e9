using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Stream reset (RFC 6525): a stream starts again at SSN 0, which is how data channels are closed and their ids reused (RFC 8831 §6.7).</summary>
/// <remarks>
/// We make and answer Outgoing SSN Reset Requests. The other kinds of request (the peer asking us to reset, both numberings at once,
/// more streams) have no use with data channels and are denied, as §5.2 allows.
/// </remarks>
public sealed partial class Association
{
    /// <summary>
    /// Resets streams towards the peer. What they have queued is sent before, and nothing new is taken until then; what is sent after
    /// the request has gone out waits for the peer's answer and belongs to the stream's next life.
    /// </summary>
    /// <param name="streamIds">Streams that are being reset already are passed over.</param>
    /// <param name="discardQueued">Throws away what is queued instead: nobody listens any more.</param>
    /// <returns>False, and nothing done, if the association is not open or the peer does not support it.</returns>
    public bool ResetStreams(ReadOnlySpan<ushort> streamIds, bool discardQueued = false)
    {
        if (_tcb is not { Peer.Reconfig: true } tcb || State != AssociationState.Established)
        {
            return false;
        }

        foreach (var id in streamIds)
        {
            if (id >= tcb.OutboundStreams)
            {
                continue;
            }

            var stream = _queue.FindOrAdd(id);
            if (stream.Reset == OutboundReset.None)
            {
                stream.Reset = OutboundReset.Draining;
                tcb.Reset.Wanted.Add(id);
            }

            if (discardQueued && stream.Reset == OutboundReset.Draining)
            {
                _queue.Discard(stream);
            }
        }

        return true;
    }

    private void WriteReconfig(Instant now, TransmissionControl tcb, ref PacketWriter packet)
    {
        var reset = tcb.Reset;
        if (!reset.IsOpen && reset.Wanted.Count > 0)
        {
            OpenRequest(tcb);
        }

        if (!reset.IsDue || !packet.TryReserve(OutgoingResetRequest.ChunkLengthFor(reset.Requested.Count), out var chunk))
        {
            return;
        }

        reset.IsDue = false;
        var streams = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(reset.Requested);
        OutgoingResetRequest.Write(chunk, reset.Sequence, reset.PeerSequence.Previous, reset.LastAssignedTsn, streams);
        _timers.Set(SctpTimer.Reconfig, now + _timeout.Value);
    }

    /// <summary>Makes a request of the wanted streams that have nothing left to send (§5.1.2).</summary>
    private void OpenRequest(TransmissionControl tcb)
    {
        var reset = tcb.Reset;
        var kept = 0;
        for (var i = 0; i < reset.Wanted.Count; i++)
        {
            var id = reset.Wanted[i];
            var stream = _queue.FindOrAdd(id);
            if (stream.Head is null && reset.Requested.Count < StreamReset.MaxStreamsPerRequest)
            {
                stream.Reset = OutboundReset.Requested;
                reset.Requested.Add(id);
            }
            else
            {
                reset.Wanted[kept++] = id;
            }
        }

        reset.Wanted.RemoveRange(kept, reset.Wanted.Count - kept);
        if (reset.IsOpen)
        {
            reset.LastAssignedTsn = tcb.Sender.LastAssignedTsn;
            reset.IsDue = true;
        }
    }

    private void RetransmitReconfig(Instant now)
    {
        if (_tcb is not { Reset: { IsOpen: true } reset })
        {
            return;
        }

        _timeout.BackOff();
        CountError(now);
        reset.IsDue = State != AssociationState.Closed;
    }

    private void HandleReconfig(Instant now, TransmissionControl tcb, in RawChunk raw)
    {
        var parameters = new ParameterReader(raw.Value);
        while (parameters.TryRead(out var parameter))
        {
            switch (parameter.Type)
            {
                case ReconfigParameter.OutgoingReset when OutgoingResetRequest.TryRead(in parameter, out var request):
                    HandleResetRequest(tcb, in request);
                    break;
                case ReconfigParameter.Response when ReconfigResponse.TryRead(in parameter, out var response):
                    HandleResetResponse(now, tcb, response);
                    break;
                case ReconfigParameter.IncomingReset or ReconfigParameter.SsnTsnReset
                    or ReconfigParameter.AddOutgoingStreams or ReconfigParameter.AddIncomingStreams when parameter.Whole.Length >= 8:
                    DenyRequest(tcb, in parameter);
                    break;
                default:
                    _statistics.ChunksDropped++;
                    break;
            }
        }
    }

    private void HandleResetRequest(TransmissionControl tcb, in OutgoingResetRequest request)
    {
        var reset = tcb.Reset;
        if (request.Sequence == reset.PeerSequence.Previous)
        {
            QueueResponse(tcb, request.Sequence, reset.LastResult); // §5.2.1: asked again, answered again.
            return;
        }

        if (request.Sequence != reset.PeerSequence)
        {
            QueueResponse(tcb, request.Sequence, ReconfigResult.BadSequenceNumber);
            return;
        }

        var streams = StreamsOf(tcb, in request);
        if (streams is null)
        {
            reset.LastResult = ReconfigResult.WrongSsn;
        }
        else if (reset.Deferred is not null || _received.EventCount + streams.Length > ReceiveQueue.MaxEvents)
        {
            // The number is not used up: the peer asks again when its timer runs out.
            QueueResponse(tcb, request.Sequence, ReconfigResult.InProgress);
            return;
        }
        else if (request.LastAssignedTsn.IsAtOrBefore(tcb.Tracker.CumulativeTsn))
        {
            PerformReset(tcb, streams);
        }
        else
        {
            // §5.2.2, E2: some of the old life's data is still under way.
            reset.Deferred = streams;
            reset.DeferredUntil = request.LastAssignedTsn;
            reset.LastResult = ReconfigResult.InProgress;
        }

        reset.PeerSequence = reset.PeerSequence.Next;
        QueueResponse(tcb, request.Sequence, reset.LastResult);
    }

    /// <summary>The streams a request names, all known ones if it names none, null if one cannot be.</summary>
    private ushort[]? StreamsOf(TransmissionControl tcb, in OutgoingResetRequest request)
    {
        if (request.StreamCount == 0)
        {
            return AllStreams(tcb);
        }

        var streams = new ushort[request.StreamCount];
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = request.Stream(i);
            if (streams[i] >= tcb.InboundStreams)
            {
                return null;
            }
        }

        return streams;
    }

    private ushort[] AllStreams(TransmissionControl tcb)
    {
        var all = new SortedSet<ushort>(tcb.Streams.Known);
        foreach (var stream in _queue.Streams)
        {
            all.Add(stream.Id);
        }

        var streams = new ushort[all.Count];
        all.CopyTo(streams);
        return streams;
    }

    private void PerformReset(TransmissionControl tcb, ushort[] streams)
    {
        foreach (var id in streams)
        {
            // The event comes before whatever of the next life has been waiting for it.
            _received.Add(SctpEvent.OfStream(SctpEventKind.IncomingStreamReset, id));
            tcb.Streams.Reset(id);
        }

        tcb.Reset.LastResult = ReconfigResult.Performed;
    }

    /// <summary>Carries out a reset that had to wait, as soon as the data before it is complete; the peer need not ask again.</summary>
    private void CompleteDeferredReset(TransmissionControl tcb)
    {
        var reset = tcb.Reset;
        if (reset.Deferred is not { } streams || !reset.DeferredUntil.IsAtOrBefore(tcb.Tracker.CumulativeTsn))
        {
            return;
        }

        reset.Deferred = null;
        PerformReset(tcb, streams);
        QueueResponse(tcb, reset.PeerSequence.Previous, ReconfigResult.Performed);
    }

    private void DenyRequest(TransmissionControl tcb, in RawParameter parameter)
    {
        var sequence = new ReconfigSequence(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(parameter.Value));
        if (sequence == tcb.Reset.PeerSequence)
        {
            tcb.Reset.PeerSequence = sequence.Next;
            tcb.Reset.LastResult = ReconfigResult.Denied;
        }
        else if (sequence != tcb.Reset.PeerSequence.Previous)
        {
            QueueResponse(tcb, sequence, ReconfigResult.BadSequenceNumber);
            return;
        }

        QueueResponse(tcb, sequence, tcb.Reset.LastResult);
    }

    private void QueueResponse(TransmissionControl tcb, ReconfigSequence sequence, ReconfigResult result)
    {
        if (_control.TryAdd(ReconfigResponse.ChunkLength, tcb.PeerTag, alone: false, out var chunk))
        {
            new ReconfigResponse(sequence, result).Write(chunk);
        }
    }

    private void HandleResetResponse(Instant now, TransmissionControl tcb, ReconfigResponse response)
    {
        var reset = tcb.Reset;
        if (!reset.IsOpen || response.Sequence != reset.Sequence)
        {
            return; // §5.2.7: answered before.
        }

        _errorCount = 0;
        if (response.Result is ReconfigResult.InProgress or ReconfigResult.RequestAlreadyInProgress)
        {
            _timers.Set(SctpTimer.Reconfig, now + _timeout.Value); // Asked again later, under the same number.
            return;
        }

        var isDone = response.Result is ReconfigResult.Performed or ReconfigResult.NothingToDo;
        foreach (var id in reset.Requested)
        {
            FinishReset(id, isDone);
        }

        reset.Requested.Clear();
        reset.IsDue = false;
        reset.Sequence = reset.Sequence.Next;
        _timers.Stop(SctpTimer.Reconfig);
    }

    private void FinishReset(ushort id, bool isDone)
    {
        var stream = _queue.FindOrAdd(id);
        stream.Reset = OutboundReset.None;
        if (isDone)
        {
            stream.NextSsn = default;
            stream.Priority = SctpPriority.Normal;
        }

        _queue.Await(stream);
        _queue.Forget(stream);
        _received.Add(SctpEvent.OfStream(isDone ? SctpEventKind.OutgoingStreamReset : SctpEventKind.StreamResetRefused, id));
    }
}
