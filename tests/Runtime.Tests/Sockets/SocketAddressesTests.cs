using System.Net;
using System.Net.Sockets;
using Overlay.Runtime.Sockets;
using Overlay.WebRtc;

namespace Overlay.Runtime.Tests.Sockets;

public sealed class SocketAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("192.0.2.200", 65_535)]
    [InlineData("::1", 443)]
    [InlineData("2001:db8::8a2e:370:7334", 5000)]
    public void An_address_survives_the_way_through_the_systems_form(string address, int port)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(address), port);

        var transport = SocketAddresses.ToTransport(endPoint);
        var isRead = SocketAddresses.TryRead(SocketAddresses.ToSocketAddress(transport), out var back);

        Assert.True(isRead);
        Assert.Equal(transport, back);
        Assert.Equal(port, back.Port);
        Assert.Equal(endPoint.Serialize(), SocketAddresses.ToSocketAddress(back));
    }

    [Fact]
    public void An_address_that_the_system_wrote_is_read()
    {
        var isRead = SocketAddresses.TryRead(new IPEndPoint(IPAddress.Parse("192.0.2.7"), 4711).Serialize(), out var address);

        Assert.True(isRead);
        Assert.Equal(TransportAddress.FromIPv4(0xC0000207, 4711), address);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, 6)]
    [InlineData(AddressFamily.InterNetworkV6, 16)]
    public void A_short_form_is_refused(AddressFamily family, int size) =>
        Assert.False(SocketAddresses.TryRead(new SocketAddress(family, size), out _));
}
