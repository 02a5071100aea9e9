using Overlay.Broadcast;
using Overlay.Runtime;
using Overlay.Runtime.Peers;

namespace Overlay.Nodes;

/// <summary>To all members at once.</summary>
public sealed class NodeBroadcast
{
    private readonly OverlayHost _host;

    internal NodeBroadcast(OverlayHost host) => _host = host;

    /// <summary>Sends to all members but this one, exactly once to each that is there throughout, and waits until they have reported.</summary>
    /// <exception cref="OverlayException">Too large, too many in a second, not a member, or some part of the network never reported.</exception>
    public Task<BroadcastReport> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _host.BroadcastAsync(bytes, cancellationToken);

    /// <summary>What others broadcast. One reader; ends when the node stops.</summary>
    public IAsyncEnumerable<BroadcastMessage> ReadAllAsync(CancellationToken cancellationToken = default) => _host.ReadBroadcastsAsync(cancellationToken);

    /// <summary>All members as one stream. One at a time.</summary>
    public BroadcastStream OpenStream() => _host.OpenBroadcastStream();
}
