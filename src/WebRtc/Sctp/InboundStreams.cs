namespace Overlay.WebRtc.Sctp;

/// <summary>A whole message that has arrived, in a pooled buffer.</summary>
internal readonly record struct InboundMessage(ushort StreamId, Ssn Ssn, bool Unordered, uint Ppid, byte[] Buffer, int Length);

/// <summary>Puts whole ordered messages into the order of their streams (RFC 9260 §6.5, §6.6).</summary>
/// <remarks>A message waits only for earlier ones of its own stream. Streams cost memory from their first ordered message to their reset.</remarks>
internal sealed class InboundStreams(ReceiveQueue received)
{
    private readonly Dictionary<ushort, InboundStream> _streams = [];

    /// <summary>Bytes of messages that wait for earlier ones, charges included.</summary>
    public long WaitingBytes { get; private set; }

    public Dictionary<ushort, InboundStream>.KeyCollection Known => _streams.Keys;

    /// <summary>Hands a message on, and those that waited for it; or keeps it while an earlier one is missing.</summary>
    /// <returns>False for a number already passed or already waiting: the caller keeps the buffer.</returns>
    public bool TryAdd(in InboundMessage message)
    {
        if (message.Unordered)
        {
            received.Add(message);
            return true;
        }

        if (!_streams.TryGetValue(message.StreamId, out var stream))
        {
            _streams.Add(message.StreamId, stream = new InboundStream());
        }

        if (message.Ssn == stream.NextSsn)
        {
            received.Add(message);
            stream.NextSsn = message.Ssn.Next;
            DeliverWaiting(stream);
            return true;
        }

        // A number behind the expected one is the first of the stream's next life when the peer was quicker than our reset.
        if (!(stream.Waiting ??= []).TryAdd(message.Ssn.Value, message))
        {
            return false;
        }

        WaitingBytes += message.Length + ReceiveQueue.ChargePerMessage;
        return true;
    }

    /// <summary>The peer has given up the messages of a stream to <paramref name="lastSkipped"/> (RFC 3758 §3.6).</summary>
    public void Skip(ushort streamId, Ssn lastSkipped)
    {
        if (!_streams.TryGetValue(streamId, out var stream))
        {
            _streams.Add(streamId, stream = new InboundStream());
        }

        while (stream.NextSsn.IsAtOrBefore(lastSkipped))
        {
            if (stream.Waiting is not { Count: > 0 } waiting)
            {
                stream.NextSsn = lastSkipped.Next;
                break;
            }

            // What did arrive among the skipped is delivered all the same.
            if (waiting.Remove(stream.NextSsn.Value, out var message))
            {
                HandOn(in message);
            }

            stream.NextSsn = stream.NextSsn.Next;
        }

        DeliverWaiting(stream);
    }

    /// <summary>The peer's numbers on this stream start again at 0 (RFC 6525 §5.2.2).</summary>
    public void Reset(ushort streamId)
    {
        if (!_streams.TryGetValue(streamId, out var stream))
        {
            return;
        }

        stream.NextSsn = default;
        DeliverWaiting(stream);
        if (stream.NextSsn == default && stream.Waiting is not { Count: > 0 })
        {
            _streams.Remove(streamId);
        }
    }

    private void DeliverWaiting(InboundStream stream)
    {
        while (stream.Waiting is { Count: > 0 } waiting && waiting.Remove(stream.NextSsn.Value, out var message))
        {
            HandOn(in message);
            stream.NextSsn = stream.NextSsn.Next;
        }
    }

    private void HandOn(in InboundMessage message)
    {
        WaitingBytes -= message.Length + ReceiveQueue.ChargePerMessage;
        received.Add(message);
    }

    /// <summary>One ordered stream: the number that may be delivered next, and those that came too early.</summary>
    internal sealed class InboundStream
    {
        public Ssn NextSsn { get; set; }

        public Dictionary<ushort, InboundMessage>? Waiting { get; set; }
    }
}
