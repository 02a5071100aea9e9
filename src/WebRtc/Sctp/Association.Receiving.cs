using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>What happens to a packet that comes in (RFC 9260 §6.10, §8.4, §8.5).</summary>
public sealed partial class Association
{
    /// <summary>Takes in one packet. Whatever it holds, this does not throw.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="packet">Borrowed for the call.</param>
    public void Receive(Instant now, ReadOnlySpan<byte> packet)
    {
        _statistics.PacketsReceived++;
        if (!SctpHeader.TryRead(packet, out var header) || header.SourcePort != _options.Port || header.DestinationPort != _options.Port
            || !Crc32c.IsValid(packet))
        {
            _statistics.PacketsDropped++;
            return;
        }

        var chunks = new ChunkReader(packet[SctpHeader.Length..]);
        if (!chunks.TryRead(out var first) || !IsTagRight(header.VerificationTag, in first, isOnly: chunks.AtEnd))
        {
            _statistics.PacketsDropped++;
            return;
        }

        if (State == AssociationState.Closed)
        {
            AnswerAfterClose(in first, header.VerificationTag);
            return;
        }

        var chunk = first;
        var sawData = false;
        do
        {
            sawData |= chunk.Type == (byte)ChunkType.Data;
            if (!HandleChunk(now, in chunk, header.VerificationTag) || State == AssociationState.Closed)
            {
                return;
            }
        }
        while (chunks.TryRead(out chunk));

        if (chunks.Malformed)
        {
            _statistics.ChunksDropped++;
        }

        if (sawData)
        {
            AcknowledgeData(now);
        }
    }

    /// <summary>§8.5: a packet must carry our tag, with the exceptions of §8.5.1.</summary>
    private bool IsTagRight(uint tag, in RawChunk first, bool isOnly)
    {
        var isReflected = (first.Flags & CauseChunk.ReflectedTag) != 0;
        return (ChunkType)first.Type switch
        {
            ChunkType.Init => tag == 0 && isOnly, // A: an INIT is alone in its packet, which has no tag yet.
            ChunkType.CookieEcho => true, // E: the cookie knows which tag it was made for.
            ChunkType.Abort or ChunkType.ShutdownComplete => isReflected ? tag == PeerTagOrZero && tag != 0 : tag == _localTag, // B, C.
            _ => tag == _localTag || (State == AssociationState.Closed && tag != 0),
        };
    }

    private uint PeerTagOrZero => _tcb?.PeerTag ?? _handshakePeerTag;

    /// <returns>Whether the chunks behind this one are to be read.</returns>
    private bool HandleChunk(Instant now, in RawChunk chunk, uint verificationTag)
    {
        switch ((ChunkType)chunk.Type)
        {
            case ChunkType.Init:
                HandleInit(now, in chunk);
                return true;
            case ChunkType.InitAck:
                HandleInitAck(now, in chunk);
                return true;
            case ChunkType.CookieEcho:
                HandleCookieEcho(now, in chunk, verificationTag);
                return verificationTag == _localTag;
            case ChunkType.CookieAck:
                HandleCookieAck(now);
                return true;
            case ChunkType.Abort:
                BecomeClosed(now, SctpCloseReason.PeerAbort, CauseChunk.FirstCause(in chunk));
                return false;
            case ChunkType.Error:
                HandleError(now, in chunk);
                return true;
            case ChunkType.ShutdownAck:
                HandleShutdownAck(now, verificationTag);
                return true;
            case ChunkType.ShutdownComplete:
                HandleShutdownComplete(now);
                return true;
            default:
                return HandleEstablishedChunk(now, in chunk);
        }
    }

    /// <summary>The chunks that need an association.</summary>
    private bool HandleEstablishedChunk(Instant now, in RawChunk chunk)
    {
        var isKnown = (ChunkType)chunk.Type is ChunkType.Data or ChunkType.Sack or ChunkType.Heartbeat or ChunkType.HeartbeatAck
            or ChunkType.Shutdown or ChunkType.Reconfig or ChunkType.ForwardTsn;
        if (!isKnown)
        {
            return HandleUnknown(in chunk);
        }

        if (_tcb is not { } tcb)
        {
            _statistics.ChunksDropped++;
            return false;
        }

        switch ((ChunkType)chunk.Type)
        {
            case ChunkType.Data:
                HandleData(now, tcb, in chunk);
                break;
            case ChunkType.Sack:
                HandleSack(now, tcb, in chunk);
                break;
            case ChunkType.Heartbeat:
                HandleHeartbeat(tcb, in chunk);
                break;
            case ChunkType.HeartbeatAck:
                HandleHeartbeatAck(now, in chunk);
                break;
            case ChunkType.Shutdown:
                HandleShutdown(now, tcb, in chunk);
                break;
            case ChunkType.Reconfig:
                HandleReconfig(now, tcb, in chunk);
                break;
            default:
                HandleForwardTsn(now, tcb, in chunk);
                break;
        }

        return true;
    }

    /// <summary>§3.2: the two highest bits of an unknown type say whether to read on and whether to tell.</summary>
    private bool HandleUnknown(in RawChunk chunk)
    {
        _statistics.ChunksDropped++;
        if (UnknownType.MustReportChunk(chunk.Type) && PeerTagOrZero != 0)
        {
            QueueCause(ChunkType.Error, flags: 0, PeerTagOrZero, SctpErrorCause.UnrecognizedChunkType, chunk.Whole, alone: false);
        }

        return UnknownType.MaySkipChunk(chunk.Type);
    }

    /// <summary>An ERROR reports; only a stale cookie asks for something to be done (§8.4, §5.2.6).</summary>
    private void HandleError(Instant now, in RawChunk chunk)
    {
        if (CauseChunk.FirstCause(in chunk) == SctpErrorCause.StaleCookie)
        {
            HandleStaleCookie(now);
        }
    }

    /// <summary>§8.4, out of the blue: the peer has missed how it ended.</summary>
    private void AnswerAfterClose(in RawChunk first, uint tag)
    {
        _statistics.PacketsDropped++;
        switch ((ChunkType)first.Type)
        {
            case ChunkType.Abort or ChunkType.ShutdownComplete or ChunkType.Error or ChunkType.CookieAck:
                break; // 1, 6, 7: no answer to these, or two ends could go on answering each other.
            case ChunkType.ShutdownAck:
                QueueBare(ChunkType.ShutdownComplete, tag, CauseChunk.ReflectedTag, alone: true);
                break;
            case ChunkType.Init:
                if (InitChunk.TryRead(in first, out var init) && init.InitiateTag != 0)
                {
                    QueueCause(ChunkType.Abort, flags: 0, init.InitiateTag, SctpErrorCause.UserInitiatedAbort, default, alone: true);
                }

                break;
            default:
                QueueCause(ChunkType.Abort, CauseChunk.ReflectedTag, tag, SctpErrorCause.UserInitiatedAbort, default, alone: true);
                break;
        }
    }

    private void QueueCause(ChunkType type, byte flags, uint tag, SctpErrorCause cause, ReadOnlySpan<byte> information, bool alone)
    {
        if (_control.TryAdd(CauseChunk.LengthFor(information), tag, alone, out var chunk))
        {
            CauseChunk.Write(chunk, type, flags, cause, information);
        }
    }

    private void QueueBare(ChunkType type, uint tag, byte flags = 0, bool alone = false)
    {
        if (_control.TryAdd(BareChunk.Length, tag, alone, out var chunk))
        {
            BareChunk.Write(chunk, type, flags);
        }
    }
}
