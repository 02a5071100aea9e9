using System.Text;
using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Peer;

/// <summary>What a datagram is, by its first byte (RFC 7983 §7).</summary>
public enum DatagramKind : byte
{
    /// <summary>Nothing a peer connection carries.</summary>
    Unknown,

    /// <summary>A check, an answer to one, or consent: 0 … 3.</summary>
    Stun,

    /// <summary>The handshake or data: 20 … 63.</summary>
    Dtls,
}

/// <summary>Helps a host to find the connection a datagram is for, and a connection to find the part of it.</summary>
/// <remarks>
/// A host with one socket and many connections keeps a table from (path, remote address) to connection. What it does not find there is a first
/// check from somewhere new: <see cref="TryGetLocalUfrag"/> names the connection, and the host notes the address.
/// </remarks>
public static class PeerDemux
{
    /// <summary>Sorts by the first byte.</summary>
    public static DatagramKind KindOf(ReadOnlySpan<byte> datagram) => datagram switch
    {
        [<= 3, ..] => DatagramKind.Stun,
        [>= 20 and <= 63, ..] => DatagramKind.Dtls,
        _ => DatagramKind.Unknown,
    };

    /// <summary>Which connection a check is for: the receiver's half of its user name.</summary>
    /// <param name="datagram">A datagram from an address the host does not know.</param>
    /// <param name="ufrag">The <see cref="PeerConnection.LocalUfrag"/> it asks for. Not authenticated yet: the connection does that.</param>
    /// <returns>False when the datagram is no check.</returns>
    public static bool TryGetLocalUfrag(ReadOnlySpan<byte> datagram, out string ufrag)
    {
        var isCheck = IceUsername.TryGetReceiverUfrag(datagram, out var bytes);
        ufrag = isCheck ? Encoding.ASCII.GetString(bytes) : "";
        return isCheck;
    }
}
