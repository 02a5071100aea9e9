namespace Overlay.Runtime.Channels;

/// <summary>Opens channels to other nodes and hears of those that others open.</summary>
public interface IPeerChannels
{
    /// <summary>Opens a channel and waits until it carries messages.</summary>
    /// <param name="address">An id or guest address, as text; names are looked up before.</param>
    /// <param name="label">The port.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">Unreachable, timed out, refused; the reason says which.</exception>
    ValueTask<PeerChannel> OpenAsync(string address, string label, CancellationToken cancellationToken = default);

    /// <summary>Hears of each channel that another node has opened; set once, before the first comes. Must not block.</summary>
    Action<PeerChannel>? Opened { get; set; }
}
