using Overlay.Nodes.Hubs;
using Overlay.Nodes.Media;
using Overlay.Nodes.Network;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;

namespace Overlay.Nodes;

/// <summary>What a node offers, by subject.</summary>
public sealed partial class Node
{
    /// <summary>Uptime and statistics.</summary>
    public NodeSystem System => _services.System;

    /// <summary>Ports and channels.</summary>
    public NodeNetwork Network => _services.Network;

    /// <summary>The node's address, and names for and of addresses.</summary>
    public IHub Hub => _services.Hub;

    /// <summary>Message sockets and byte pipes.</summary>
    public NodeSockets Sockets => _services.Sockets;

    /// <summary>REST servers, and fetches.</summary>
    public NodeRest Rest => _services.Rest;

    /// <summary>Media streams, by the engine of <see cref="NodeOptions.Media"/>.</summary>
    public INodeMedia Media { get; }

    /// <summary>The names of the network.</summary>
    public NodeDirectory Directory { get; }

    /// <summary>To all members at once.</summary>
    public NodeBroadcast Broadcast { get; }

    /// <summary>A few other nodes with a stream each way.</summary>
    public NodePeers Peers { get; }

    /// <summary>The node's address: its id.</summary>
    public ValueTask<string> GetAddressAsync(CancellationToken cancellationToken = default) => Hub.GetAddressAsync(cancellationToken);
}
