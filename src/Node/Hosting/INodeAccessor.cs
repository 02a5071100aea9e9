namespace Overlay.Nodes.Hosting;

/// <summary>Gives services the node of their host as soon as it has joined.</summary>
public interface INodeAccessor
{
    /// <summary>The running node; completes when it has joined, fails where joining failed for good.</summary>
    Task<Node> Node { get; }

    /// <summary>Completes when the node has left: whether all neighbours knew before it stopped. False where it never joined.</summary>
    Task<bool> Left { get; }
}
