using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Overlay.WebRtc;

namespace Overlay.InteropPeer;

/// <summary>One UDP socket for each local address; the index of a socket is its <see cref="PathId"/>.</summary>
internal sealed class UdpPaths : IDisposable
{
    private const int BufferBytes = 4 << 20;

    private readonly List<UdpPath> _paths = [];

    public UdpPaths(bool useLoopback)
    {
        foreach (var address in LocalAddresses(useLoopback))
        {
            try
            {
                _paths.Add(new UdpPath(new PathId(_paths.Count), address, BufferBytes));
            }
            catch (SocketException)
            {
                // An address can vanish between being listed and being bound; the others will do.
            }
        }
    }

    public IReadOnlyList<UdpPath> All => _paths;

    public void Send(in Transmit transmit, ReadOnlySpan<byte> datagram) => _paths[transmit.Path.Value].Send(transmit.Remote, datagram);

    public void Dispose()
    {
        foreach (var path in _paths)
        {
            path.Dispose();
        }
    }

    private static List<IPAddress> LocalAddresses(bool useLoopback)
    {
        var found = new List<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            var isLoopback = card.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            if (card.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown) || (isLoopback && !useLoopback))
            {
                continue;
            }

            foreach (var unicast in card.GetIPProperties().UnicastAddresses)
            {
                // Link-local addresses would need a scope that SDP cannot carry.
                if (!unicast.Address.IsIPv6LinkLocal && !found.Contains(unicast.Address))
                {
                    found.Add(unicast.Address);
                }
            }
        }

        return found;
    }
}

/// <summary>One bound socket.</summary>
internal sealed class UdpPath : IDisposable
{
    private readonly SocketAddress _from;
    private readonly Dictionary<TransportAddress, SocketAddress> _remotes = [];

    public UdpPath(PathId id, IPAddress address, int bufferBytes)
    {
        Id = id;
        Socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            Blocking = false,
            ReceiveBufferSize = bufferBytes,
            SendBufferSize = bufferBytes,
        };
        try
        {
            Socket.Bind(new IPEndPoint(address, 0));
        }
        catch (SocketException)
        {
            Socket.Dispose();
            throw;
        }

        _from = new SocketAddress(address.AddressFamily);
        var bound = (IPEndPoint)Socket.LocalEndPoint!;
        TransportAddress.TryFromBytes(bound.Address.GetAddressBytes(), bound.Port, out var local);
        Local = local;
    }

    public PathId Id { get; }

    public Socket Socket { get; }

    public TransportAddress Local { get; }

    /// <summary>Takes one datagram if there is one.</summary>
    public bool TryReceive(byte[] buffer, out int length, out TransportAddress from)
    {
        length = 0;
        from = default;
        if (!Socket.Poll(0, SelectMode.SelectRead))
        {
            return false;
        }

        try
        {
            _from.Size = _from.Buffer.Length;
            length = Socket.ReceiveFrom(buffer, SocketFlags.None, _from);
            return TryRead(_from, out from);
        }
        catch (SocketException)
        {
            return false; // An ICMP error of an earlier datagram, or a spurious wake-up.
        }
    }

    public void Send(in TransportAddress remote, ReadOnlySpan<byte> datagram)
    {
        if (!_remotes.TryGetValue(remote, out var address))
        {
            Span<byte> bytes = stackalloc byte[16];
            var endpoint = new IPEndPoint(new IPAddress(bytes[..remote.WriteAddress(bytes)]), remote.Port);
            _remotes.Add(remote, address = endpoint.Serialize());
        }

        for (var attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                Socket.SendTo(datagram, SocketFlags.None, address);
                return;
            }
            catch (SocketException full) when (full.SocketErrorCode is SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable)
            {
                Socket.Poll(2000, SelectMode.SelectWrite);
            }
            catch (SocketException)
            {
                return; // Unreachable: the checks will find that out, as with any loss.
            }
        }
    }

    public void Dispose() => Socket.Dispose();

    /// <summary>sockaddr_in and sockaddr_in6: port at 2 in network order, address at 4 or 8.</summary>
    private static bool TryRead(SocketAddress address, out TransportAddress result)
    {
        var bytes = address.Buffer.Span;
        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return address.Family == AddressFamily.InterNetworkV6
            ? TransportAddress.TryFromBytes(bytes.Slice(8, 16), port, out result)
            : TransportAddress.TryFromBytes(bytes.Slice(4, 4), port, out result);
    }
}
