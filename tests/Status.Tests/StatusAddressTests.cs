namespace Overlay.Status.Tests;

public sealed class StatusAddressTests
{
    [Theory]
    [InlineData(":8090", "localhost:8090", true)]
    [InlineData("localhost:8090", "localhost:8090", true)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", true)]
    [InlineData("[::1]:8090", "[::1]:8090", true)]
    [InlineData("0.0.0.0:8090", "0.0.0.0:8090", false)]
    [InlineData("192.168.1.4:80", "192.168.1.4:80", false)]
    public void An_address_is_read_and_without_one_it_is_loopback(string text, string written, bool isLoopback)
    {
        Assert.True(StatusAddress.TryParse(text, out var address));
        Assert.Equal((written, isLoopback), (address.ToString(), address.IsLoopback));
    }

    [Theory]
    [InlineData("")]
    [InlineData("8090")]
    [InlineData(":")]
    [InlineData(":65536")]
    [InlineData(":-1")]
    [InlineData("example.com:8090")]
    [InlineData("::1:8090")]
    [InlineData("[127.0.0.1]:8090")]
    [InlineData(null)]
    public void What_is_none_is_refused(string? text) => Assert.False(StatusAddress.TryParse(text, out _));
}
