using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Dcep;

/// <summary>The wire side: OPEN and ACK (RFC 8832 §6), user messages (RFC 8831 §6.6), closing by stream reset (RFC 8831 §6.7).</summary>
public sealed partial class DataChannelTable
{
    /// <summary>Announces a channel of ours, or opens a negotiated one as it is.</summary>
    private void Open(Instant now, Channel channel)
    {
        if (channel.State != ChannelState.Connecting || channel.StreamId < 0)
        {
            return;
        }

        if (channel.StreamId >= Math.Min(_association.OutboundStreams, _association.InboundStreams))
        {
            Finish(channel);
            return;
        }

        if (channel.Parameters.Negotiated)
        {
            BecomeOpen(channel);
            return;
        }

        channel.IsDue = true;
        _due.Add(channel);
        SendDue(now);
    }

    private void BecomeOpen(Channel channel)
    {
        channel.State = ChannelState.Open;
        _association.SetPriority((ushort)channel.StreamId, channel.Parameters.Urgency);
        _events.Enqueue(ChannelEvent.Opened(channel.Handle));
    }

    /// <summary>Sends the OPENs and ACKs that are due, as far as the send buffer takes them. Both are always reliable and ordered.</summary>
    private void SendDue(Instant now)
    {
        var sent = 0;
        while (sent < _due.Count)
        {
            var channel = _due[sent];
            if (channel.IsDue)
            {
                var message = channel.IsRemote ? DcepAck.Message : DcepOpen.Write(channel.Parameters);
                if (_association.Send(now, (ushort)channel.StreamId, DataChannelPpid.Control, message) == SctpSendOutcome.BufferFull)
                {
                    break;
                }

                channel.IsDue = false;
                if (channel.State == ChannelState.Connecting)
                {
                    BecomeOpen(channel); // Data may follow the OPEN at once (§6); the ACK only confirms.
                }
            }

            sent++;
        }

        _due.RemoveRange(0, sent);
    }

    /// <returns>Whether it was a user message, which is then the next event.</returns>
    private bool HandleMessage(Instant now, in SctpMessage message, out ChannelEvent happened)
    {
        happened = default;
        if (message.Ppid == DataChannelPpid.Control)
        {
            HandleControl(now, in message);
            return false;
        }

        var isText = message.Ppid is DataChannelPpid.Text or DataChannelPpid.EmptyText;
        var isEmpty = message.Ppid is DataChannelPpid.EmptyText or DataChannelPpid.EmptyBinary;
        if ((!isText && !isEmpty && message.Ppid != DataChannelPpid.Binary) || !TryFindOpen(message.StreamId, out var channel))
        {
            Dropped++; // Of a channel that is closing here nobody wants to hear any more.
            return false;
        }

        channel.IsConfirmed = true;
        happened = ChannelEvent.Message(channel.Handle, isText, isEmpty ? default : message.Payload);
        return true;
    }

    private void HandleControl(Instant now, in SctpMessage message)
    {
        if (DcepAck.IsAck(message.Payload.Span) && TryFindOpen(message.StreamId, out var channel))
        {
            channel.IsConfirmed = true;
        }
        else if (DcepOpen.TryRead(message.Payload.Span, out var open))
        {
            HandleOpen(now, message.StreamId, in open);
        }
        else
        {
            Dropped++;
        }
    }

    private void HandleOpen(Instant now, ushort streamId, in DcepOpen open)
    {
        var awaitsFormerReset = false;
        if (_byStream.TryGetValue(streamId, out var former))
        {
            // The peer frees a stream when it has our reset and its own is answered; our own answer may still be under way.
            if (former is not { State: ChannelState.Closing, IsIncomingReset: true })
            {
                Dropped++;
                return;
            }

            awaitsFormerReset = !former.IsOutgoingReset;
            Finish(former);
        }

        var isOfTheirParity = _isDtlsClient is not { } isClient || (streamId % 2 == 0) != isClient;
        if (!isOfTheirParity || streamId > MaxStreamId || _channels.Count >= _limits.MaxChannels
            || open.Label.Length > _limits.MaxLabelBytes || open.Protocol.Length > _limits.MaxLabelBytes)
        {
            Dropped++;
            _association.ResetStreams([streamId]); // RFC 8832 §6: a channel that cannot be is closed.
            return;
        }

        var channel = new Channel(new ChannelHandle(_nextHandle++), open.ToParameters(streamId), isRemote: true)
        {
            IsDue = true,
            AwaitsFormerReset = awaitsFormerReset,
        };
        _channels.Add(channel.Handle.Value, channel);
        Bind(channel, streamId);
        BecomeOpen(channel);
        _due.Add(channel);
        SendDue(now);
    }

    private void HandleAssociationEvent(Instant now, in SctpEvent happened)
    {
        switch (happened.Kind)
        {
            case SctpEventKind.Connected:
                BecomeConnected(now);
                break;
            case SctpEventKind.Closed:
                BecomeDisconnected(happened.Reason);
                break;
            case SctpEventKind.IncomingStreamReset when _byStream.TryGetValue(happened.StreamId, out var channel):
                HandleIncomingReset(channel);
                break;
            case SctpEventKind.OutgoingStreamReset when _byStream.TryGetValue(happened.StreamId, out var channel):
                HandleOutgoingReset(channel);
                break;
            case SctpEventKind.StreamResetRefused when _byStream.TryGetValue(happened.StreamId, out var channel):
                if (channel.State == ChannelState.Closing)
                {
                    Finish(channel, keepsStream: true);
                }

                break;
        }
    }

    private void BecomeConnected(Instant now)
    {
        _isConnected = true;
        _events.Enqueue(ChannelEvent.Connected());
        foreach (var channel in InOrder())
        {
            Open(now, channel);
        }
    }

    private void BecomeDisconnected(SctpCloseReason reason)
    {
        _isConnected = false;
        _due.Clear();
        foreach (var channel in InOrder())
        {
            Finish(channel);
        }

        _events.Enqueue(ChannelEvent.Disconnected(reason));
    }

    /// <summary>The peer has closed its direction; ours follows (RFC 8831 §6.7).</summary>
    private void HandleIncomingReset(Channel channel)
    {
        if (channel.State is not (ChannelState.Open or ChannelState.Closing))
        {
            return;
        }

        channel.IsIncomingReset = true;
        if (channel.State == ChannelState.Open)
        {
            channel.State = ChannelState.Closing;
            StartReset(channel, discardQueued: true);
            return;
        }

        FinishIfReset(channel);
    }

    private void HandleOutgoingReset(Channel channel)
    {
        if (channel.AwaitsFormerReset)
        {
            channel.AwaitsFormerReset = false;
            if (channel.State == ChannelState.Closing)
            {
                StartReset(channel, discardQueued: false);
            }

            return;
        }

        if (channel.State == ChannelState.Closing)
        {
            channel.IsOutgoingReset = true;
            FinishIfReset(channel);
        }
    }

    private void StartReset(Channel channel, bool discardQueued)
    {
        channel.IsDue = false;
        if (channel.AwaitsFormerReset)
        {
            return; // The stream is still being reset for its former channel; ours comes after that.
        }

        if (!_association.ResetStreams([(ushort)channel.StreamId], discardQueued))
        {
            Finish(channel, keepsStream: true); // Without stream reset a stream cannot be used twice.
        }
    }

    private void FinishIfReset(Channel channel)
    {
        if (channel is { IsOutgoingReset: true, IsIncomingReset: true })
        {
            Finish(channel);
        }
    }
}
