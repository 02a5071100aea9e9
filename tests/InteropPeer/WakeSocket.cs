using System.Net;
using System.Net.Sockets;

namespace Overlay.InteropPeer;

/// <summary>Interrupts the wait for sockets from another thread: a datagram to oneself.</summary>
internal sealed class WakeSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _byte = new byte[1];

    public WakeSocket()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Connect(_socket.LocalEndPoint!);
    }

    public Socket Socket => _socket;

    public void Wake()
    {
        try
        {
            _socket.Send([1]);
        }
        catch (SocketException)
        {
            // The buffer is full of wake-ups: one of them will do.
        }
        catch (ObjectDisposedException)
        {
            // The process is about to end.
        }
    }

    public void Drain()
    {
        while (_socket.Poll(0, SelectMode.SelectRead))
        {
            _socket.Receive(_byte);
        }
    }

    public void Dispose() => _socket.Dispose();
}
