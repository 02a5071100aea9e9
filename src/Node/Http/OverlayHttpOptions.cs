namespace Overlay.Nodes.Http;

/// <summary>How an <see cref="OverlayHttpHandler"/> dials.</summary>
public sealed class OverlayHttpOptions
{
    /// <summary>Whether hosts that are no nodes are dialled too, over TCP as usual.</summary>
    /// <value>Default false: such an address is an error, so that what was meant for the overlay does not leave it.</value>
    public bool AllowOtherHosts { get; set; }

    /// <summary>Redirects, cookies, compression, pools: the handler that speaks HTTP on the connections.</summary>
    /// <value>Default null: .NET's defaults, but without a proxy.</value>
    public Action<SocketsHttpHandler>? ConfigureHandler { get; set; }
}
