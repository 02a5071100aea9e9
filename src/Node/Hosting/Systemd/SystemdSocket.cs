using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Nodes.Hosting.Systemd;

/// <summary>The datagram socket on which a service manager listens (sd_notify(3)), and what it asked for.</summary>
internal sealed class SystemdSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly UnixDomainSocketEndPoint _manager;

    private SystemdSocket(string address, TimeSpan? watchdog)
    {
        // An abstract address is written with '@' for the zero byte that it begins with.
        _manager = new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        Watchdog = watchdog;
    }

    /// <summary>The manager ends a service that says nothing for so long; null: it does not.</summary>
    public TimeSpan? Watchdog { get; }

    /// <summary>The socket that the environment names; null where nobody listens.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="processId">Of this process: the watchdog may be meant for another one.</param>
    public static SystemdSocket? Open(Func<string, string?> variable, int processId)
    {
        // Other kinds of sockets (vsock:) are of virtual machines.
        if (!Socket.OSSupportsUnixDomainSockets || variable("NOTIFY_SOCKET") is not [('/' or '@'), _, ..] address)
        {
            return null;
        }

        var isMine = variable("WATCHDOG_PID") is not { Length: > 0 } meant || meant == processId.ToString(CultureInfo.InvariantCulture);
        var hasPeriod = long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0;
        try
        {
            return new SystemdSocket(address, isMine && hasPeriod ? TimeSpan.FromMicroseconds(microseconds) : null);
        }
        catch (Exception e) when (e is ArgumentException or SocketException)
        {
            return null; // Longer than an address of a socket can be, or no such sockets here.
        }
    }

    /// <summary>Tells the manager. Where it does not listen any more, nobody is told.</summary>
    /// <param name="assignments">Lines such as <c>READY=1</c>.</param>
    public void Tell(params ReadOnlySpan<string> assignments)
    {
        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(string.Join('\n', assignments)), _manager);
        }
        catch (SocketException)
        {
            // No reason for a node not to run.
        }
    }

    public void Dispose() => _socket.Dispose();
}
