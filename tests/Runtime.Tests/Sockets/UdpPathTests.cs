using System.Net;
using System.Net.Sockets;
using Overlay.Runtime.Sockets;
using Overlay.WebRtc;

namespace Overlay.Runtime.Tests.Sockets;

public sealed class UdpPathTests
{
    [Fact]
    public async Task A_datagram_arrives_with_its_bytes_and_its_sender()
    {
        using var a = new Reader();
        using var b = new Reader();

        a.Path.Send(b.Path.Local, [1, 2, 3]);
        var (bytes, from) = await b.ReceiveAsync();

        Assert.Equal([1, 2, 3], bytes);
        Assert.Equal(a.Path.Local, from);
    }

    [Fact]
    public async Task An_empty_datagram_is_a_datagram()
    {
        using var a = new Reader();
        using var b = new Reader();

        a.Path.Send(b.Path.Local, []);
        var (bytes, _) = await b.ReceiveAsync();

        Assert.Empty(bytes);
    }

    [Fact]
    public async Task What_waits_in_the_socket_is_drained_in_order()
    {
        using var a = new Reader();
        using var b = new Reader();
        for (byte i = 0; i < 100; i++)
        {
            a.Path.Send(b.Path.Local, [i]);
        }

        for (byte i = 0; i < 100; i++)
        {
            var (bytes, _) = await b.ReceiveAsync();
            Assert.Equal([i], bytes);
        }

        Assert.False(b.Path.TryReceive(out _, out _));
    }

    [Fact]
    public async Task Both_directions_work_again_and_again()
    {
        using var a = new Reader();
        using var b = new Reader();
        for (var i = 0; i < 1000; i++)
        {
            a.Path.Send(b.Path.Local, BitConverter.GetBytes(i));
            var (asked, from) = await b.ReceiveAsync();
            b.Path.Send(from, asked);
            var (answered, _) = await a.ReceiveAsync();

            Assert.Equal(i, BitConverter.ToInt32(answered));
        }
    }

    [Fact]
    public async Task Over_IPv6_too()
    {
        Assert.SkipUnless(CanBind(IPAddress.IPv6Loopback), "this machine has no IPv6 loopback");
        using var a = new Reader(IPAddress.IPv6Loopback);
        using var b = new Reader(IPAddress.IPv6Loopback);

        a.Path.Send(b.Path.Local, [6]);
        var (bytes, from) = await b.ReceiveAsync();

        Assert.Equal([6], bytes);
        Assert.True(from.IsIPv6);
        Assert.Equal(a.Path.Local, from);
    }

    // a → (nobody): the system may report the unreachable port at a's next call.   a → b still works, b → a too.
    [Fact]
    public async Task A_receiver_that_is_gone_ends_nothing()
    {
        using var a = new Reader();
        using var b = new Reader();
        TransportAddress gone;
        using (var c = new Reader())
        {
            gone = c.Path.Local;
        }

        for (var i = 0; i < 10; i++)
        {
            a.Path.Send(gone, [0]);
        }

        a.Path.Send(b.Path.Local, [1]);
        var (asked, from) = await b.ReceiveAsync();
        b.Path.Send(from, [2]);
        var (answered, _) = await a.ReceiveAsync();

        Assert.Equal([1], asked);
        Assert.Equal([2], answered);
    }

    [Fact]
    public async Task A_datagram_that_is_too_long_does_not_stop_the_next_one()
    {
        using var a = new Reader();
        using var b = new Reader();

        a.Path.Send(b.Path.Local, new byte[8000]);
        a.Path.Send(b.Path.Local, [7]);
        var (bytes, _) = await b.ReceiveAsync();
        while (bytes.Length != 1)
        {
            (bytes, _) = await b.ReceiveAsync();
        }

        Assert.Equal([7], bytes);
    }

    [Fact]
    public void A_port_in_use_is_an_error()
    {
        using var a = new Reader();

        var error = Assert.Throws<SocketException>(() => UdpPath.Bind(new PathId(1), new IPEndPoint(IPAddress.Loopback, a.Path.Local.Port), static () => { }));

        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
    }

    [Fact]
    public void A_closed_path_is_silent()
    {
        var a = new Reader();
        using var b = new Reader();
        Assert.False(a.Path.TryReceive(out _, out _));

        a.Dispose();
        a.Path.Send(b.Path.Local, [1]);

        Assert.False(a.Path.TryReceive(out _, out _));
        Assert.False(b.Path.TryReceive(out _, out _));
    }

    private static bool CanBind(IPAddress address)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A path with a loop of its own: waits for the bell where the socket is empty.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly Bell _bell = new();

        public Reader(IPAddress? address = null) => Path = UdpPath.Bind(new PathId(0), new IPEndPoint(address ?? IPAddress.Loopback, 0), _bell.Ring);

        public UdpPath Path { get; }

        public async Task<(byte[] Bytes, TransportAddress From)> ReceiveAsync()
        {
            while (true)
            {
                if (TryReceive() is { } received)
                {
                    return received;
                }

                await _bell.WaitAsync().AsTask().WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
            }
        }

        public void Dispose() => Path.Dispose();

        private (byte[] Bytes, TransportAddress From)? TryReceive() =>
            Path.TryReceive(out var datagram, out var from) ? (datagram.ToArray(), from) : null;
    }
}
