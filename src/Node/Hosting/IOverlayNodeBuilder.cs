using Overlay.Nodes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A node of a generic host, to be given more: telemetry, say.</summary>
public interface IOverlayNodeBuilder
{
    /// <summary>The host's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The node's key, which is the name of its <see cref="NodeOptions"/>; empty for the one without a key.</summary>
    string Name { get; }
}
