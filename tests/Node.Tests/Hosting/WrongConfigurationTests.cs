using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>A configuration that cannot work: the host does not start, and says which key, which value, and what would be right.</summary>
public sealed class WrongConfigurationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Hubs:0", "http://hub:5000", "ws://")]
    [InlineData("Hubs:0", "hub", "ws://HOST:PORT")]
    [InlineData("Hubs", "ws://hub:5000", "Overlay:Node:Hubs:0")]
    [InlineData("Name", "a b", "1 … 63 letters")]
    [InlineData("Name", "0123456789ab", "not 12 hexadecimal digits")]
    [InlineData("Listen", "localhost", "10.0.0.0/8")]
    [InlineData("Port", "70000", "0 … 65534")]
    [InlineData("Port", "-1", "0 … 65534")]
    [InlineData("Port", "any", "0 … 65534")]
    [InlineData("Port", "99999999999", "0 … 65534")]
    [InlineData("Port", "", "0 … 65534")]
    [InlineData("Advertise", "example.org:4100", "1 … 65534")]
    [InlineData("IsGuest", "perhaps", "true, false")]
    [InlineData("StartTimeout", "00:00:00", "more than 00:00:00")]
    [InlineData("StartTimeout", "30", "HH:MM:SS")]
    [InlineData("StartTimeout", "30s", "more than 00:00:00")]
    [InlineData("Seed", "-1", "0 … 18446744073709551615")]
    [InlineData("Channels:Policy", "Never", "Auto, DirectOnly, OverlayOnly")]
    [InlineData("Channels:Policy", "1", "Auto, DirectOnly, OverlayOnly")]
    [InlineData("Channels:RelayBytesPerSecond", "-1", "0 … 10000000000")]
    [InlineData("Channels:MaxPages", "65537", "0 … 65536")]
    [InlineData("Channels", "Auto", "Policy, RelayBytesPerSecond, MaxPages")]
    [InlineData("Protocol:Topology", "Star", "Chord, Tree")]
    [InlineData("Protocol:MaxLinks", "11", "12 … 1024")]
    [InlineData("Protocol:SuccessorListLength", "33", "2 … 32")]
    [InlineData("Protocol:LinkedSuccessors", "9", "1 … 8")]
    [InlineData("Protocol:MaxFingers", "3.5", "0 … 48")]
    [InlineData("Protocol:StabilizePeriod", "00:02:00", "00:00:00.1000000 … 00:01:00")]
    [InlineData("Protocol:LoneSuspicionTimeout", "00:00:03", "at least 00:00:03.7")]
    [InlineData("Network:Backlog", "0", "1 … 2147483647")]
    [InlineData("Network:PageDelay", "00:00:02", "00:00:00 … 00:00:01")]
    [InlineData("Telemetry:RemoteSpansPerSecond", "100001", "0 … 100000")]
    [InlineData("Telemetry:Spans", "2", "true, false")]
    [InlineData("MaxLinks", "64", "Protocol")]
    [InlineData("Protocol:MaxLink", "64", "MaxLinks")]
    public async Task The_host_does_not_start_and_names_key_value_and_range(string key, string value, string range)
    {
        await using var hosted = HostedNodes.Build(new() { [$"Overlay:Node:{key}"] = value }, static services => services.AddOverlayNode());

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => hosted.Host.StartAsync(Cancelled));

        var message = error.Failures.First();
        Assert.StartsWith($"Overlay:Node:{key[..(key.StartsWith("Hubs", StringComparison.Ordinal) ? 4 : key.Length)]}", message, StringComparison.Ordinal);
        Assert.Contains(key is "MaxLinks" or "Protocol:MaxLink" ? "no such option" : value, message, StringComparison.Ordinal);
        Assert.Contains(range, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_in_the_wrong_place_is_named_and_not_shown()
    {
        await using var hosted = HostedNodes.Build(new() { ["Overlay:Node:RootSecret"] = "open-sesame", ["Overlay:Node:Token:0"] = "open-sesame" }, static services => services.AddOverlayNode());

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => hosted.Host.StartAsync(Cancelled));

        Assert.Contains("Overlay:Node:Token", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("open-sesame", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        await using var hosted = HostedNodes.Build(
            new() { ["Overlay:Node:Port"] = "-1", ["Overlay:Node:Protocol:MaxFingers"] = "49", ["Overlay:Node:Name"] = "a b" }, static services => services.AddOverlayNode());

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => hosted.Host.StartAsync(Cancelled));

        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public async Task A_wrong_option_of_health_is_named_with_its_section()
    {
        await using var hosted = HostedNodes.Build(new() { ["Overlay:Health:Probes"] = "3", ["Overlay:Health:MaxAge"] = "00:00:05" }, static services =>
        {
            services.AddOverlayNode();
            services.AddHealthChecks().AddOverlayNode();
        });

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => hosted.Host.StartAsync(Cancelled));

        Assert.StartsWith("Overlay:Health:ProbeTimeout: 00:00:03, 3 times", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    // The reader writes into the objects that it finds; the defaults are one object for the whole process.
    [Fact]
    public void Options_of_one_node_leave_the_defaults_alone()
    {
        var hosted = HostedNodes.Build(new() { ["Overlay:Node:Protocol:MaxFingers"] = "5" }, static services => services.AddOverlayNode());

        var options = hosted.Host.Services.GetRequiredService<IOptions<NodeOptions>>().Value;

        Assert.Equal(5, options.Protocol.MaxFingers);
        Assert.Equal(16, OverlayOptions.Default.MaxFingers);
    }
}
