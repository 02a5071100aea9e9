using Overlay.Runtime;

namespace Overlay.Nodes.Hubs;

/// <summary>Where a node gets its address from, and where names are kept. The overlay itself is one; users may bring their own.</summary>
public interface IHub
{
    /// <summary>The node's address.</summary>
    ValueTask<string> GetAddressAsync(CancellationToken cancellationToken = default);

    /// <summary>Registers a name for this node, and drops the one that it had registered here before.</summary>
    /// <exception cref="OverlayException">Taken, not a name, or no answer.</exception>
    ValueTask RegisterAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>The addresses of a name; an address is its own; none where nobody has the name.</summary>
    /// <exception cref="OverlayException">No answer.</exception>
    ValueTask<IReadOnlyList<string>> LookupAsync(string name, CancellationToken cancellationToken = default);
}
