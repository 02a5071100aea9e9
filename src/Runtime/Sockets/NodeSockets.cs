using Overlay.WebRtc.Dtls;

namespace Overlay.Runtime.Sockets;

/// <summary>What the connections of a node share.</summary>
/// <remarks>
/// Links and channels have sockets of their own: two nodes may have a link and a connection for channels, and DTLS records of two connections between the same two
/// addresses could not be told apart.
/// </remarks>
/// <param name="Paths">Its bound UDP sockets, numbered from 0: first those of links, then as many of channels.</param>
/// <param name="Certificate">Its DTLS certificate.</param>
/// <param name="Secrets">What nobody may guess.</param>
internal sealed record NodeSockets(IReadOnlyList<UdpPath> Paths, DtlsCertificate Certificate, WebRtc.ISecrets Secrets)
{
    /// <summary>The sockets of links.</summary>
    public IReadOnlyList<UdpPath> LinkPaths { get; } = [.. Paths.Take(Paths.Count / 2)];

    /// <summary>The sockets of channels.</summary>
    public IReadOnlyList<UdpPath> ChannelPaths { get; } = [.. Paths.Skip(Paths.Count / 2)];
}
