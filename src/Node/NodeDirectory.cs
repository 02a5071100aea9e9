using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Nodes;

/// <summary>The names of the network: kept by its members, first registration wins.</summary>
public sealed class NodeDirectory
{
    private readonly OverlayHost _host;

    internal NodeDirectory(OverlayHost host) => _host = host;

    /// <summary>Registers a name for this node and keeps it while the node lives.</summary>
    /// <exception cref="OverlayException">Taken, not a name, or no answer.</exception>
    public Task RegisterAsync(string name, CancellationToken cancellationToken = default) => _host.RegisterAsync(name, cancellationToken);

    /// <summary>Gives a name of this node up: anybody may take it at once.</summary>
    /// <exception cref="OverlayException">It is not this node's, or no answer.</exception>
    public Task UnregisterAsync(string name, CancellationToken cancellationToken = default) => _host.UnregisterAsync(name, cancellationToken);

    /// <summary>Who holds a name.</summary>
    /// <exception cref="OverlayException">Nobody, or no answer.</exception>
    public Task<RingId> ResolveAsync(string name, CancellationToken cancellationToken = default) => _host.ResolveAsync(name, cancellationToken);

    /// <summary>Who holds a name, since when and under which fencing epoch.</summary>
    /// <exception cref="OverlayException">Nobody, or no answer.</exception>
    public Task<NameEntry> ResolveEntryAsync(string name, CancellationToken cancellationToken = default) => _host.ResolveEntryAsync(name, cancellationToken);

    /// <summary>Who holds a name now, and each change from here on.</summary>
    /// <exception cref="OverlayException">Not a name, watched already, or no answer.</exception>
    public IAsyncEnumerable<NameChange> WatchAsync(string name, CancellationToken cancellationToken = default) => _host.WatchNameAsync(name, cancellationToken);
}
