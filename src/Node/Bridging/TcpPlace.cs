using System.Net;
using System.Net.Sockets;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>Listening and dialling over TCP, with failures that name cause and cure.</summary>
internal static class TcpPlace
{
    public static Socket Listen(IPEndPoint where)
    {
        var socket = new Socket(where.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(where);
            socket.Listen();
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Unavailable(where, e);
        }
    }

    /// <summary>Why nothing can listen there.</summary>
    public static OverlayException Unavailable(IPEndPoint where, Exception failure) => new(
        OverlayError.SocketUnavailable,
        (failure as SocketException ?? failure.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.AddressNotAvailable => $"tcp {where}: this machine has no such address. Choose one of its own.",
            SocketError.AccessDenied => $"tcp {where}: the system forbids listening there. Choose a port above 1023, or grant the right.",
            _ => $"tcp {where} is in use: another program listens there. Stop it, or choose another port.",
        },
        failure);

    public static async ValueTask<Socket> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                    new OverlayException(OverlayError.HostUnreachable, $"'{host}' is no host that this machine knows. Check the address.", e),
                SocketError.ConnectionRefused => new OverlayException(OverlayError.ConnectionRefused, $"Nobody listens at tcp {host}:{port}. Start the service, or check the port.", e),
                _ => new OverlayException(OverlayError.HostUnreachable, $"tcp {host}:{port} cannot be reached: {e.Message}", e),
            };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
