using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Overlay.WebRtc;

namespace Overlay.Runtime.Sockets;

/// <summary>One bound UDP socket, the way out over one local address.</summary>
/// <remarks>
/// Reading tries the socket first and registers for readiness only when it would block, so a busy socket is drained without a
/// single wait. Used by the loop only, apart from the bell that readiness rings.
/// </remarks>
internal sealed class UdpPath : IDisposable
{
    private const int MaxCachedDestinations = 512;
    private const int BufferBytes = 1 << 21;

    private readonly Socket _socket;
    private readonly SocketAddress _from;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(2048, pinned: true);
    private readonly Dictionary<TransportAddress, SocketAddress> _destinations = [];
    private readonly Action _arrived;
    private ValueTask<int> _pending;
    private bool _isPending;
    private volatile bool _hasArrived;
    private bool _isClosed;

    private UdpPath(PathId id, Socket socket, IPEndPoint? advertised, Action ring)
    {
        Id = id;
        _socket = socket;
        _arrived = () =>
        {
            _hasArrived = true;
            ring();
        };
        _from = new SocketAddress(socket.AddressFamily);
        Local = SocketAddresses.ToTransport((IPEndPoint)socket.LocalEndPoint!);
        Advertised = advertised is null ? Local : SocketAddresses.ToTransport(advertised);
    }

    /// <summary>The path's name.</summary>
    public PathId Id { get; }

    /// <summary>The bound address and port.</summary>
    public TransportAddress Local { get; }

    /// <summary>Where others reach it: the bound address, unless something in between has another one.</summary>
    public TransportAddress Advertised { get; }

    /// <summary>Binds a socket.</summary>
    /// <param name="id">The path's name.</param>
    /// <param name="local">What to bind.</param>
    /// <param name="ring">Rung when a datagram may be here.</param>
    /// <param name="advertised">Where others reach it; null: at what is bound.</param>
    /// <exception cref="SocketException">The port is in use, or the address is not ours.</exception>
    public static UdpPath Bind(PathId id, IPEndPoint local, Action ring, IPEndPoint? advertised = null)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            if (OperatingSystem.IsWindows())
            {
                // SIO_UDP_CONNRESET: an ICMP "port unreachable" of one peer must not end receiving for all.
                _ = socket.IOControl(unchecked((int)0x9800000C), [0], null);
            }

            socket.ReceiveBufferSize = BufferBytes;
            socket.SendBufferSize = BufferBytes;
            socket.Bind(local);
            return new UdpPath(id, socket, advertised, ring);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes one datagram if one is here. The bytes are valid until the next call.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "One receive is outstanding at a time, and its result is taken once, when it has completed.")]
    public bool TryReceive(out ReadOnlySpan<byte> datagram, out TransportAddress from)
    {
        datagram = default;
        from = default;
        while (!_isClosed)
        {
            if (!_isPending)
            {
                _pending = _socket.ReceiveFromAsync(_buffer, SocketFlags.None, _from);
                if (!_pending.IsCompleted)
                {
                    (_isPending, _hasArrived) = (true, false);
                    _pending.ConfigureAwait(false).GetAwaiter().OnCompleted(_arrived);
                    return false;
                }
            }
            else if (!_hasArrived)
            {
                // Not asked of the task itself: it is complete a moment before its continuation is called, and taken then, its source would begin the next receive
                // under the hands of the thread that still completes this one.
                return false;
            }

            _isPending = false;
            if (TryTake(out var length) && SocketAddresses.TryRead(_from, out from))
            {
                datagram = _buffer.AsSpan(0, length);
                return true;
            }
        }

        return false;
    }

    /// <summary>Sends one datagram. A full buffer or an unreachable network loses it, as a network may.</summary>
    public void Send(TransportAddress to, ReadOnlySpan<byte> datagram)
    {
        if (_isClosed)
        {
            return;
        }

        if (!_destinations.TryGetValue(to, out var address))
        {
            if (_destinations.Count >= MaxCachedDestinations)
            {
                _destinations.Clear();
            }

            _destinations[to] = address = SocketAddresses.ToSocketAddress(to);
        }

        try
        {
            _ = _socket.SendTo(datagram, SocketFlags.None, address);
        }
        catch (SocketException)
        {
            // Unreachable, or out of buffers: ICE and SCTP know what to do about a lost datagram.
        }
    }

    public void Dispose()
    {
        _isClosed = true;
        _socket.Dispose();
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "Called only when the receive has completed: nothing waits.")]
    private bool TryTake(out int length)
    {
        try
        {
            length = _pending.GetAwaiter().GetResult();
            return true;
        }
        catch (SocketException)
        {
            length = 0; // An ICMP error of some earlier datagram, or an oversized one.
            return false;
        }
        catch (ObjectDisposedException)
        {
            length = 0;
            _isClosed = true;
            return false;
        }
    }
}
