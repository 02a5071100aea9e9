using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Trees;

namespace Overlay.Runtime;

/// <summary>Neighbours in a tree.</summary>
public sealed partial class OverlayHost
{
    private readonly TreeNeighbours? _tree; // Null on a ring.

    /// <summary>The parent and the children, with events when they come and go and when they send. Until the result is disposed of or the node stops; one at a time.</summary>
    /// <param name="attach">Attaches handlers before the first event is raised; null: there are none to miss.</param>
    /// <exception cref="InvalidOperationException">The node's network is a ring.</exception>
    /// <exception cref="OverlayException">It is open already (<see cref="Outcome.Busy"/>).</exception>
    public TreeNeighbours OpenTree(Action<TreeNeighbours>? attach = null)
    {
        var tree = _tree ?? throw new InvalidOperationException("There is no tree: this node's network is a ring. Set the protocol's Topology to Tree at all of its nodes.");
        return tree.TryOpen(attach)
            ? tree
            : throw new OverlayException(Outcome.Busy, "The tree is open already. Dispose of what OpenTree returned before opening it again.");
    }

    internal async Task<DeliveryReport> SendToNeighbourAsync(RingId neighbour, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var result = await RunAsync((now, outbox) => _node.SendToNeighbour(now, neighbour, bytes, default, outbox), cancellationToken).ConfigureAwait(false);
        return result.Outcome != Outcome.Unreachable
            ? result.As<DeliveryReport>($"Sending to the neighbour {neighbour}")
            : throw new OverlayException(Outcome.Unreachable, $"{neighbour} is no neighbour of this node in the tree any more. Wait for the next ParentConnected or ChildConnected.");
    }

    internal async Task DropNeighbourAsync(RingId neighbour, CancellationToken cancellationToken)
    {
        var result = await RunAsync((now, outbox) => _node.DropNeighbour(now, neighbour, outbox), cancellationToken).ConfigureAwait(false);
        if (result.Outcome == Outcome.Unreachable)
        {
            throw new OverlayException(Outcome.Unreachable, $"{neighbour} is no neighbour of this node in the tree any more.");
        }

        result.Check($"Letting the neighbour {neighbour} go");
    }
}
