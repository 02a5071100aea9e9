using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>What has passed between this node and another, on all channels together.</summary>
/// <param name="Local">This node, as the other side knows it.</param>
/// <param name="Remote">The other side; <c>localhost</c> for the node itself.</param>
/// <param name="IsLoopback">Whether both are this node: each byte counts as sent and as received then.</param>
/// <param name="OpenChannels">Channels open now.</param>
/// <param name="ChannelsOpened">Channels opened by either side so far.</param>
/// <param name="BytesSent">Bytes handed to channels, framing included, what channels themselves add not.</param>
/// <param name="BytesReceived">Bytes taken from channels.</param>
/// <param name="MessagesSent">Channel messages handed over.</param>
/// <param name="MessagesReceived">Channel messages taken.</param>
public sealed record PeerStatistics(
    PeerAddress Local,
    PeerAddress Remote,
    bool IsLoopback,
    int OpenChannels,
    long ChannelsOpened,
    long BytesSent,
    long BytesReceived,
    long MessagesSent,
    long MessagesReceived);

/// <summary>The counts behind <see cref="PeerStatistics"/>, and the channels that are open.</summary>
internal sealed class PeerTraffic(PeerAddress remote)
{
    private int _open;
    private int _pausing;
    private long _opened;
    private long _bytesSent;
    private long _bytesReceived;
    private long _messagesSent;
    private long _messagesReceived;

    public int OpenChannels => Volatile.Read(ref _open);

    /// <summary>Channels that leave a page its moment now.</summary>
    public int Pausing => Volatile.Read(ref _pausing);

    public void Pause(int change) => Interlocked.Add(ref _pausing, change);

    public int Opened()
    {
        Interlocked.Increment(ref _opened);
        return Interlocked.Increment(ref _open);
    }

    public void Closed() => Interlocked.Decrement(ref _open);

    public void Sent(int bytes)
    {
        Interlocked.Add(ref _bytesSent, bytes);
        Interlocked.Increment(ref _messagesSent);
    }

    public void Received(int bytes)
    {
        Interlocked.Add(ref _bytesReceived, bytes);
        Interlocked.Increment(ref _messagesReceived);
    }

    public PeerStatistics Read(PeerAddress local) => new(
        remote.Proof == PeerProof.Self ? remote : local,
        remote,
        remote.Proof == PeerProof.Self,
        OpenChannels,
        Interlocked.Read(ref _opened),
        Interlocked.Read(ref _bytesSent),
        Interlocked.Read(ref _bytesReceived),
        Interlocked.Read(ref _messagesSent),
        Interlocked.Read(ref _messagesReceived));
}
