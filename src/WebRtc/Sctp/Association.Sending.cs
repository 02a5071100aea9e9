using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>What goes into the next packet (RFC 9260 §6.10).</summary>
public sealed partial class Association
{
    /// <summary>Fills the next packet, if there is anything to send.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="buffer">At least <see cref="MaxPacketBytes"/>; larger, if that was ever larger, so that chunks cut then still fit.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>False when there is nothing to send now. After true there may be more: ask again.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is smaller than <see cref="MaxPacketBytes"/>.</exception>
    public bool TryGetPacket(Instant now, Span<byte> buffer, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, _maxPacketBytes, nameof(buffer));

        var packet = new PacketWriter(buffer, _maxPacketBytes);
        var tag = PeerTagOrZero;
        WriteChunks(now, ref packet, ref tag);
        if (packet.IsEmpty)
        {
            length = 0;
            return false;
        }

        _statistics.PacketsSent++;
        length = packet.Finish(new SctpHeader(_options.Port, _options.Port, tag));
        return true;
    }

    private void WriteChunks(Instant now, ref PacketWriter packet, ref uint tag)
    {
        // §5.1, C: COOKIE ECHO is the first chunk of its packet.
        if (_cookieEchoDue && packet.TryReserve(CookieEchoChunk.LengthFor(_peerCookie), out var echo))
        {
            CookieEchoChunk.Write(echo, _peerCookie);
            _cookieEchoDue = false;
        }

        if (_control.WriteInto(ref packet, ref tag))
        {
            return;
        }

        if (_initDue && packet.IsEmpty)
        {
            _initDue = false;
            var init = OwnInit(_localTag);
            if (packet.TryReserve(init.Length, out var chunk))
            {
                init.Write(chunk, ChunkType.Init);
                tag = 0;
            }

            return;
        }

        if (_tcb is { } tcb && State != AssociationState.Closed)
        {
            WriteEstablished(now, tcb, ref packet);
        }
    }

    private void WriteEstablished(Instant now, TransmissionControl tcb, ref PacketWriter packet)
    {
        var maySendData = State is AssociationState.Established or AssociationState.ShutdownPending or AssociationState.ShutdownReceived;
        var hasData = maySendData && tcb.Sender.HasDataToSend();

        // §6.2: an acknowledgement that waits for company rides along with data going the other way.
        if (_sackDue || (hasData && _timers.IsRunning(SctpTimer.DelayedAck)))
        {
            WriteSack(tcb, ref packet);
        }

        WriteReconfig(now, tcb, ref packet);
        WriteHeartbeat(now, ref packet);
        if (tcb.Sender.IsForwardTsnDue)
        {
            tcb.Sender.WriteForwardTsn(now, ref packet);
        }

        if (hasData)
        {
            tcb.Sender.WriteData(now, ref packet);
        }

        ContinueShutdown(now);
        WriteShutdown(tcb, ref packet);
    }
}
