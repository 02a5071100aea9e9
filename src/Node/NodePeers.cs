using Overlay.Peers;
using Overlay.Runtime;
using Overlay.Runtime.Peers;

namespace Overlay.Nodes;

/// <summary>A few other nodes with a stream each way, found and replaced by the overlay.</summary>
public sealed class NodePeers
{
    private readonly OverlayHost _host;

    internal NodePeers(OverlayHost host) => _host = host;

    /// <summary>Looks for peers from now on, until the result is disposed of or the node stops.</summary>
    /// <param name="options">How many, and whom to ask; null: 3 to 5, members at random.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="OverlayException">Not a member, or it looks for peers already.</exception>
    public Task<PeerSet> StartAsync(PeersOptions? options = null, CancellationToken cancellationToken = default) => _host.StartPeersAsync(options, cancellationToken);
}
