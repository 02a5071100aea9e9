using System.Net;
using Overlay.Runtime.Sockets;

namespace Overlay.Runtime.Tests.Sockets;

public sealed class LocalAddressesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void There_is_always_an_address_and_never_more_than_the_limit(bool withLoopback)
    {
        var addresses = LocalAddresses.Enumerate(withLoopback);

        Assert.InRange(addresses.Count, 1, LocalAddresses.MaxAddresses);
        Assert.Equal(addresses.Count, addresses.Distinct().Count());
    }

    [Fact]
    public void Loopback_is_there_where_it_is_asked_for() => Assert.Contains(IPAddress.Loopback, LocalAddresses.Enumerate(withLoopback: true));

    [Fact]
    public void Loopback_is_the_last_resort_otherwise()
    {
        var addresses = LocalAddresses.Enumerate(withLoopback: false);

        Assert.True(addresses is [var only] && only.Equals(IPAddress.Loopback) || !addresses.Any(IPAddress.IsLoopback));
    }

    [Fact]
    public void No_address_is_bound_to_one_interface_or_to_none() => Assert.All(LocalAddresses.Enumerate(withLoopback: true), address =>
    {
        Assert.False(address.IsIPv6LinkLocal);
        Assert.False(address.IsIPv6Multicast);
        Assert.NotEqual(IPAddress.Any, address);
        Assert.NotEqual(IPAddress.IPv6Any, address);
    });

    [Fact]
    public void A_subnet_stands_for_the_address_that_this_machine_has_in_it()
    {
        Assert.Equal(IPAddress.Loopback, LocalAddress.Parse("127.0.0.0/8"));
        Assert.Equal(IPAddress.Parse("192.0.2.7"), LocalAddress.Parse("192.0.2.7"));
    }

    [Fact]
    public void A_subnet_that_this_machine_is_not_in_is_refused_and_the_addresses_there_are_named()
    {
        var refused = Assert.Throws<OverlayException>(() => LocalAddress.Parse("203.0.113.0/24"));

        Assert.Equal(OverlayError.SocketUnavailable, refused.Reason);
        Assert.Contains("127.0.0.1", refused.Message, StringComparison.Ordinal);
        Assert.False(LocalAddress.IsWellFormed("10.0.0.0/40"));
    }
}
