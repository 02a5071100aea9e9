using Overlay.Nodes.Sockets;

namespace Overlay.Nodes.Http;

/// <summary>What HTTP needs of a node.</summary>
/// <param name="Sockets">Its ports.</param>
/// <param name="Host">Its name, or its id where it has none.</param>
internal sealed record HttpNode(NodeSockets Sockets, string Host)
{
    public static HttpNode Of(Node node) => new(node.Sockets, node.Name ?? node.Id.ToString());
}
