using System.Text;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>How an association ends (RFC 9260 §9): gracefully, after everything accepted was delivered, or at once.</summary>
public sealed partial class Association
{
    private bool _shutdownDue;
    private bool _shutdownAckDue;

    /// <summary>Ends gracefully: what was accepted for sending is delivered, nothing new is taken, then both sides agree that it is over.</summary>
    public void Shutdown(Instant now)
    {
        switch (State)
        {
            case AssociationState.Established:
                State = AssociationState.ShutdownPending;
                ContinueShutdown(now);
                break;
            case AssociationState.New or AssociationState.CookieWait or AssociationState.CookieEchoed:
                Abort(now, "Closed before it was open");
                break;
        }
    }

    /// <summary>Ends at once. The peer is told with the next packet; what is under way is lost.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="reason">For the peer's log; at most 80 characters of it travel.</param>
    public void Abort(Instant now, string reason = "") =>
        AbortWith(now, SctpCloseReason.LocalAbort, SctpErrorCause.UserInitiatedAbort, reason);

    private void AbortWith(Instant now, SctpCloseReason reason, SctpErrorCause cause, string text, uint tag = 0)
    {
        Span<byte> information = stackalloc byte[CauseChunk.MaxInformation];
        AbortWith(now, reason, cause, information[..WriteReason(information, text)], tag);
    }

    private void AbortWith(Instant now, SctpCloseReason reason, SctpErrorCause cause, ReadOnlySpan<byte> information, uint tag = 0)
    {
        if (State == AssociationState.Closed)
        {
            return;
        }

        var peerTag = tag != 0 ? tag : PeerTagOrZero;
        BecomeClosed(now, reason, cause);
        if (peerTag != 0)
        {
            QueueCause(ChunkType.Abort, flags: 0, peerTag, cause, information, alone: true);
        }
    }

    private void BecomeClosed(Instant now, SctpCloseReason reason, SctpErrorCause cause)
    {
        State = AssociationState.Closed;
        ClosedAt = now;
        CloseReason = reason;
        _initDue = false;
        _cookieEchoDue = false;
        _sackDue = false;
        _timers.StopAll();
        _control.Clear();
        _received.Add(SctpEvent.Closed(reason, cause));
    }

    /// <summary>When it ended; <see cref="Instant.Never"/> while it lives.</summary>
    public Instant ClosedAt { get; private set; } = Instant.Never;

    /// <summary>§9.2: goes on with the closing sequence as soon as everything sent is acknowledged.</summary>
    private void ContinueShutdown(Instant now)
    {
        if (!IsSendingDone)
        {
            return;
        }

        if (State == AssociationState.ShutdownPending)
        {
            State = AssociationState.ShutdownSent;
            _shutdownDue = true;
            _timers.Set(SctpTimer.T2Shutdown, now + _timeout.Value);
            _timers.Set(SctpTimer.T5ShutdownGuard, now + (_options.RtoMax * 5));
        }
        else if (State == AssociationState.ShutdownReceived)
        {
            BecomeShutdownAckSent(now);
        }
    }

    private void BecomeShutdownAckSent(Instant now)
    {
        State = AssociationState.ShutdownAckSent;
        _shutdownDue = false;
        _shutdownAckDue = true;
        _timers.Stop(SctpTimer.Heartbeat);
        _timers.Set(SctpTimer.T2Shutdown, now + _timeout.Value);
        _timers.Set(SctpTimer.T5ShutdownGuard, now + (_options.RtoMax * 5));
    }

    private void RepeatShutdown(Instant now)
    {
        _shutdownDue = true;
        _timers.Set(SctpTimer.T2Shutdown, now + _timeout.Value);
    }

    private void RetransmitShutdown(Instant now)
    {
        _timeout.BackOff();
        CountError(now);
        if (State is AssociationState.ShutdownSent or AssociationState.ShutdownAckSent)
        {
            _shutdownDue = State == AssociationState.ShutdownSent;
            _shutdownAckDue = State == AssociationState.ShutdownAckSent;
            _timers.Set(SctpTimer.T2Shutdown, now + _timeout.Value);
        }
    }

    private void HandleShutdown(Instant now, TransmissionControl tcb, in RawChunk raw)
    {
        if (!ShutdownChunk.TryRead(in raw, out var shutdown))
        {
            _statistics.ChunksDropped++;
            return;
        }

        tcb.Sender.HandleCumulativeAck(now, shutdown.CumulativeTsnAck);
        switch (State)
        {
            case AssociationState.Established or AssociationState.ShutdownPending:
                State = AssociationState.ShutdownReceived;
                ContinueShutdown(now);
                break;
            case AssociationState.ShutdownReceived:
                ContinueShutdown(now);
                break;
            case AssociationState.ShutdownSent:
                BecomeShutdownAckSent(now); // Both at once (§9.2).
                break;
        }
    }

    private void HandleShutdownAck(Instant now, uint verificationTag)
    {
        if (State is AssociationState.ShutdownSent or AssociationState.ShutdownAckSent)
        {
            var peerTag = PeerTagOrZero;
            BecomeClosed(now, SctpCloseReason.Shutdown, SctpErrorCause.None);
            QueueBare(ChunkType.ShutdownComplete, peerTag, alone: true);
        }
        else if (_tcb is null)
        {
            // §8.5.1, E: from an association we know nothing of.
            QueueBare(ChunkType.ShutdownComplete, verificationTag, CauseChunk.ReflectedTag, alone: true);
        }
    }

    private void HandleShutdownComplete(Instant now)
    {
        if (State == AssociationState.ShutdownAckSent)
        {
            BecomeClosed(now, SctpCloseReason.Shutdown, SctpErrorCause.None);
        }
    }

    private void WriteShutdown(TransmissionControl tcb, ref PacketWriter packet)
    {
        if (_shutdownDue && State == AssociationState.ShutdownSent && packet.TryReserve(ShutdownChunk.Length, out var chunk))
        {
            _shutdownDue = false;
            new ShutdownChunk(tcb.Tracker.CumulativeTsn).Write(chunk);
        }

        if (_shutdownAckDue && State == AssociationState.ShutdownAckSent && packet.TryReserve(BareChunk.Length, out chunk))
        {
            _shutdownAckDue = false;
            BareChunk.Write(chunk, ChunkType.ShutdownAck);
        }
    }

    private static int WriteReason(Span<byte> information, string reason) =>
        Encoding.UTF8.GetBytes(reason.AsSpan(0, Math.Min(reason.Length, 80)), information);
}
