using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Time: what each timer does when it runs out, and the heartbeat that keeps an eye on an idle path (RFC 9260 §8.3).</summary>
public sealed partial class Association
{
    private bool _heartbeatDue;
    private HeartbeatInfo _heartbeat;

    /// <summary>Does what has come due by <paramref name="now"/>. Calling it early, late or often is harmless.</summary>
    public void Advance(Instant now)
    {
        while (_timers.TryTakeDue(now, out var timer))
        {
            switch (timer)
            {
                case SctpTimer.T1Init:
                    RetransmitInit(now);
                    break;
                case SctpTimer.T1Cookie:
                    RetransmitCookieEcho(now);
                    break;
                case SctpTimer.T2Shutdown:
                    RetransmitShutdown(now);
                    break;
                case SctpTimer.T3Rtx:
                    HandleRetransmissionTimeout(now);
                    break;
                case SctpTimer.T5ShutdownGuard:
                    AbortWith(now, SctpCloseReason.PathFailed, SctpErrorCause.UserInitiatedAbort, "The closing sequence took too long");
                    break;
                case SctpTimer.DelayedAck:
                    _sackDue = true;
                    break;
                case SctpTimer.Heartbeat:
                    BeginHeartbeat(now);
                    break;
                case SctpTimer.HeartbeatTimeout:
                    CountError(now);
                    break;
                case SctpTimer.Reconfig:
                    RetransmitReconfig(now);
                    break;
            }
        }
    }

    /// <summary>Packets go another way from now on: congestion window, timeout and error count begin anew. What is under way is not given up for lost.</summary>
    public void PathChanged()
    {
        _errorCount = 0;
        _timeout.Forget();
        _tcb?.Sender.PathChanged();
    }

    private void HandleRetransmissionTimeout(Instant now)
    {
        if (_tcb is not { } tcb)
        {
            return;
        }

        // §6.1, A: a peer that says "no room" is alive. Its silence about a probe is not held against the path.
        if (!tcb.Sender.IsProbingZeroWindow)
        {
            CountError(now);
        }

        if (State != AssociationState.Closed)
        {
            tcb.Sender.HandleTimeout(now);
        }
    }

    /// <summary>§8.3: the interval plus the timeout, give or take half the timeout, so that associations do not beat in step.</summary>
    private TimeSpan HeartbeatPeriod() => _options.HeartbeatInterval + (_timeout.Value / 2) + _prng.NextDuration(_timeout.Value);

    private void BeginHeartbeat(Instant now)
    {
        if (State is not (AssociationState.Established or AssociationState.ShutdownPending or AssociationState.ShutdownReceived)
            || _tcb is not { } tcb)
        {
            return;
        }

        _timers.Set(SctpTimer.Heartbeat, now + HeartbeatPeriod());
        if (!tcb.Sender.IsAllAcknowledged)
        {
            return; // Data under way tests the path by itself.
        }

        _heartbeatDue = true;
        tcb.Sender.Trim();
        _queue.Trim();
        _pool.Trim();
    }

    private void WriteHeartbeat(Instant now, ref PacketWriter packet)
    {
        if (!_heartbeatDue || !packet.TryReserve(HeartbeatInfo.ChunkLength, out var chunk))
        {
            return;
        }

        _heartbeatDue = false;
        _heartbeat = new HeartbeatInfo(now, _prng.NextUInt64());
        _heartbeat.Write(chunk);
        _timers.Set(SctpTimer.HeartbeatTimeout, now + _timeout.Value);
    }

    private void HandleHeartbeat(TransmissionControl tcb, in RawChunk raw)
    {
        if (raw.Whole.Length > _maxPacketBytes - SctpHeader.Length)
        {
            _statistics.ChunksDropped++; // It could not go back: the path is narrower this way.
            return;
        }

        if (_control.TryAdd(raw.Whole.Length, tcb.PeerTag, alone: false, out var chunk))
        {
            HeartbeatAckChunk.Write(chunk, in raw);
        }
    }

    private void HandleHeartbeatAck(Instant now, in RawChunk raw)
    {
        if (!_timers.IsRunning(SctpTimer.HeartbeatTimeout) || !HeartbeatInfo.TryRead(in raw, out var info) || info != _heartbeat)
        {
            _statistics.ChunksDropped++;
            return;
        }

        _timers.Stop(SctpTimer.HeartbeatTimeout);
        _errorCount = 0;
        _timeout.Measure(now - info.SentAt);
    }
}
