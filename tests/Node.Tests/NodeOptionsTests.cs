using Overlay.Runtime;

namespace Overlay.Nodes.Tests;

public sealed class NodeOptionsTests
{
    [Fact]
    public void The_defaults_work() => Assert.Empty(new NodeOptions().Errors());

    [Fact]
    public void The_defaults_are_these()
    {
        var options = new NodeOptions();

        Assert.Empty(options.Hubs);
        Assert.Null(options.Name);
        Assert.Null(options.DataDirectory);
        Assert.Null(options.Listen);
        Assert.Equal(0, options.Port);
        Assert.False(options.IsGuest);
        Assert.Equal("", options.Token);
        Assert.Equal(TimeSpan.FromSeconds(60), options.StartTimeout);
        Assert.Null(options.Seed);
        Assert.Same(OverlayOptions.Default, options.Protocol);
        Assert.Same(TimeProvider.System, options.TimeProvider);
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("localhost:5000")]
    [InlineData("/hub")]
    public void A_hub_that_is_no_hubs_address_is_named(string hub)
    {
        var options = new NodeOptions { Hubs = { new Uri(hub, UriKind.RelativeOrAbsolute) } };

        var error = Assert.Single(options.Errors());

        Assert.StartsWith("Hubs: ", error, StringComparison.Ordinal);
        Assert.Contains(hub, error, StringComparison.Ordinal);
        Assert.Contains("ws://", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("0123456789ab")]
    public void A_name_that_is_none_is_named(string name) =>
        Assert.StartsWith($"Name: '{name}'", Assert.Single(new NodeOptions { Name = name }.Errors()), StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost")]
    [InlineData("256.0.0.1")]
    public void An_address_that_is_none_is_named(string address) =>
        Assert.StartsWith($"Listen: '{address}'", Assert.Single(new NodeOptions { Listen = address }.Errors()), StringComparison.Ordinal);

    [Theory]
    [InlineData("example.org:4100")]
    [InlineData("203.0.113.5")]
    [InlineData("203.0.113.5:65535")]
    public void An_advertised_address_that_is_none_is_named(string address) =>
        Assert.StartsWith($"Advertise: '{address}'", Assert.Single(new NodeOptions { Advertise = address, Listen = "10.0.0.1", Port = 4100 }.Errors()), StringComparison.Ordinal);

    [Fact]
    public void What_is_advertised_stands_for_one_address_and_port() =>
        Assert.Contains("Set Listen and Port too", Assert.Single(new NodeOptions { Advertise = "203.0.113.5:4100" }.Errors()), StringComparison.Ordinal);

    [Theory]
    [InlineData(-1)]
    [InlineData(65_536)]
    public void A_port_out_of_range_is_named(int port) =>
        Assert.StartsWith($"Port: {port}", Assert.Single(new NodeOptions { Port = port }.Errors()), StringComparison.Ordinal);

    [Fact]
    public void A_time_to_start_that_is_none_is_named() =>
        Assert.StartsWith("StartTimeout: ", Assert.Single(new NodeOptions { StartTimeout = TimeSpan.Zero }.Errors()), StringComparison.Ordinal);

    [Fact]
    public void Protocol_options_that_cannot_work_are_named()
    {
        var options = new NodeOptions { Protocol = OverlayOptions.Default with { StabilizePeriod = TimeSpan.FromSeconds(30) } };

        var error = Assert.Single(options.Errors());

        Assert.StartsWith("Protocol.LoneSuspicionTimeout: 00:00:10", error, StringComparison.Ordinal);
        Assert.Contains("at least 00:00:34.5", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_is_reported_at_once() =>
        Assert.Equal(4, new NodeOptions { Name = "a b", Port = -1, StartTimeout = TimeSpan.Zero, Protocol = OverlayOptions.Default with { MaxFingers = -1 } }.Errors().Count());
}
