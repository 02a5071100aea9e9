using System.Net;
using System.Net.Sockets;
using Overlay.WebRtc;

namespace Overlay.Runtime.Sockets;

/// <summary>Translates between the system's socket addresses and the stack's <see cref="TransportAddress"/>.</summary>
internal static class SocketAddresses
{
    // The layout of sockaddr_in and sockaddr_in6 behind the family field, the same on all systems .NET runs on.
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;

    /// <summary>Reads the sender of a datagram without making an <see cref="IPEndPoint"/>.</summary>
    public static bool TryRead(SocketAddress source, out TransportAddress address)
    {
        var bytes = source.Buffer.Span[..source.Size];
        var isIPv6 = source.Family == AddressFamily.InterNetworkV6;
        address = default;
        if (bytes.Length < (isIPv6 ? IPv6At + 16 : IPv4At + 4))
        {
            return false;
        }

        var port = (bytes[PortAt] << 8) | bytes[PortAt + 1];
        return TransportAddress.TryFromBytes(isIPv6 ? bytes.Slice(IPv6At, 16) : bytes.Slice(IPv4At, 4), port, out address);
    }

    /// <summary>The system's form of an address; cached by callers, since it allocates.</summary>
    public static SocketAddress ToSocketAddress(TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = address.WriteAddress(bytes);
        return new IPEndPoint(new IPAddress(bytes[..length]), address.Port).Serialize();
    }

    /// <summary>The stack's form of an end point.</summary>
    public static TransportAddress ToTransport(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = endPoint.Address.TryWriteBytes(bytes, out var length);
        _ = TransportAddress.TryFromBytes(bytes[..length], endPoint.Port, out var address);
        return address;
    }
}
