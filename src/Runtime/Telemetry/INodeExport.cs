using System.Diagnostics;
using Overlay.Ring;

namespace Overlay.Runtime.Telemetry;

/// <summary>Takes a node's spans and metrics somewhere. The way is opened when the node knows its id, which names it as a service instance.</summary>
public interface INodeExport
{
    /// <summary>Begins to export; may take its time.</summary>
    /// <param name="node">The node.</param>
    /// <param name="source">Its source of spans; other nodes in the process have others of the same name. Its meter has the same tag <see cref="OverlayTelemetry.NodeId"/>.</param>
    /// <returns>Disposed of when the node has stopped: sends what is left.</returns>
    IDisposable Open(RingId node, ActivitySource source);
}
