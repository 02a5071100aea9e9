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
}
