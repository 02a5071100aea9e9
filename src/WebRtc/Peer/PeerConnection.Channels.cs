namespace Overlay.WebRtc.Peer;

/// <content>Channels and their messages, as the application sees them.</content>
public sealed partial class PeerConnection
{
    /// <summary>Makes a channel, at any time: it opens when the connection does.</summary>
    /// <exception cref="ArgumentException">Options that no channel can have.</exception>
    /// <exception cref="InvalidOperationException">The connection is over or full, or the stream asked for is taken.</exception>
    public ChannelId CreateChannel(Instant now, DataChannelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _now = now;
        if (State is PeerState.Failed or PeerState.Closed)
        {
            throw new InvalidOperationException("The connection is over.");
        }

        return _channels.Create(now, options);
    }

    /// <summary>What is known of a channel. Closed ones are remembered for a while. False for an unknown one.</summary>
    public bool TryGetChannel(ChannelId channel, out DataChannelInfo info) => _channels.TryGet(channel, out info);

    /// <summary>Hands a message over for sending, also before the channel is open.</summary>
    public SendOutcome Send(Instant now, ChannelId channel, ReadOnlySpan<byte> payload, bool isText)
    {
        _now = now;
        return State is PeerState.Failed or PeerState.Closed ? SendOutcome.Closed : _channels.Send(now, channel, payload, isText);
    }

    /// <summary>Bytes accepted on the channel and not yet sent for the first time.</summary>
    public long BufferedAmount(ChannelId channel) => _channels.BufferedAmount(channel);

    /// <summary>Copies of the channel's messages that the peer's cumulative acknowledgement does not cover, oldest first.</summary>
    /// <remarks>For a link under suspicion: what is in this list may have arrived or not; what is not in it has arrived.</remarks>
    public IReadOnlyList<byte[]> TakeUnacknowledged(ChannelId channel) => _channels.TakeUnacknowledged(channel);

    /// <summary>Takes the next message. False when there is none.</summary>
    /// <remarks>Reading makes room in the receive window, so pull datagrams and events afterwards.</remarks>
    public bool TryReceive(out ReceivedMessage message)
    {
        PumpAssociation(_now);
        return _channels.TryTake(out message);
    }

    /// <summary>Closes a channel: what was accepted is still delivered, then its stream is reset in both directions.</summary>
    public void CloseChannel(Instant now, ChannelId channel)
    {
        _now = now;
        _channels.Close(channel);
    }
}
