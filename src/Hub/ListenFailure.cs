using System.Net;
using System.Net.Sockets;

namespace Overlay.Hub;

/// <summary>Says in words why nothing can listen on an address.</summary>
internal static class ListenFailure
{
    public static HubException Explain(Exception failure, string protocol, IPAddress address, int port)
    {
        var where = $"{protocol} {new IPEndPoint(address, port)}";
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch ((cause as SocketException)?.SocketErrorCode)
            {
                case SocketError.AddressAlreadyInUse:
                    return new(HubError.AddressInUse, $"{where} is in use: another program listens there. Stop it, or choose another port.", failure);
                case SocketError.AddressNotAvailable:
                    return new(HubError.AddressNotAvailable, $"{where}: this machine has no such address. Choose one of its own, or 0.0.0.0 for all.", failure);
                case SocketError.AccessDenied:
                    return new(HubError.PermissionDenied, $"{where}: the system forbids listening there. Choose a port above 1023, or grant the right.", failure);
            }
        }

        // Kestrel reports a port in use as an IOException around its own exception type.
        return failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException
            ? new(HubError.AddressInUse, $"{where} is in use: another program listens there. Stop it, or choose another port.", failure)
            : new(HubError.AddressNotAvailable, $"{where} cannot be listened on: {failure.Message}", failure);
    }
}
