using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>The channels of a node to itself: what it opens, it also accepts. Bounded, and without a network.</summary>
/// <param name="self">How both ends call each other.</param>
/// <param name="options">Null: the usual buffers.</param>
public sealed class LoopbackChannels(PeerAddress self, MemoryChannelOptions? options = null) : IPeerChannels
{
    /// <inheritdoc/>
    public Action<PeerChannel>? Opened { get; set; }

    /// <inheritdoc/>
    public ValueTask<PeerChannel> OpenAsync(string address, string label, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var opened = Opened ?? throw new OverlayException(OverlayError.HostUnreachable, "Nobody takes channels of this node to itself.");
        var (opener, acceptor) = MemoryChannel.CreatePair(label, self, self, options);
        opened(acceptor);
        return new ValueTask<PeerChannel>(opener);
    }
}
