using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Runtime.Trees;

/// <summary>The way to the parent or to a child.</summary>
/// <remarks>What is sent over it goes straight to the neighbour, sealed, and is answered by a signed receipt. It ends with the bond; a node that comes back has another one.</remarks>
public sealed class TreeChannel
{
    private readonly OverlayHost _host;

    internal TreeChannel(OverlayHost host, RingId id, bool isParent) => (_host, Id, IsParent) = (host, id, isParent);

    /// <summary>The neighbour.</summary>
    public RingId Id { get; }

    /// <summary>Whether it is the parent; else it is a child.</summary>
    public bool IsParent { get; }

    /// <summary>Sends to the neighbour and waits until it has it.</summary>
    /// <exception cref="OverlayException">Too large, no neighbour any more (<see cref="Outcome.Unreachable"/>), or no answer.</exception>
    public Task<DeliveryReport> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _host.SendToNeighbourAsync(Id, bytes, cancellationToken);

    /// <summary>Ends the bond: the child, with all below it, looks for another place, which may be the same again.</summary>
    /// <exception cref="OverlayException">It is no neighbour any more (<see cref="Outcome.Unreachable"/>).</exception>
    public Task CloseAsync(CancellationToken cancellationToken = default) => _host.DropNeighbourAsync(Id, cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => $"{(IsParent ? "parent" : "child")} {Id}";
}
