using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Hub;
using Overlay.Nodes.Hosting;

namespace Overlay.Status.Tests;

/// <summary>The page in an application that has other things to do.</summary>
public sealed class ApplicationTests
{
    [Fact]
    public async Task An_application_shows_the_network_of_each_of_its_nodes()
    {
        var cancelled = TestContext.Current.CancellationToken;
        await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0 }, cancelled);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddOverlayNode(node => Configure(node, hub.Uri, "alice"));
        builder.Services.AddOverlayNodeStatus();
        builder.Services.AddOverlayNode("second", node => Configure(node, hub.Uri, "bob"));
        builder.Services.AddOverlayNodeStatus("second");
        await using var application = builder.Build();
        application.MapOverlayStatus();
        application.MapOverlayStatus(application.Services.GetRequiredKeyedService<IStatusSource>("second"), "/second");
        application.MapGet("/", static () => "the application's own");
        await application.StartAsync(cancelled);
        await Task.WhenAll(
            application.Services.GetRequiredService<INodeAccessor>().Node, application.Services.GetRequiredKeyedService<INodeAccessor>("second").Node).WaitAsync(TimeSpan.FromSeconds(60), cancelled);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.First()) };

        var first = JsonNode.Parse(await http.GetStringAsync("/status/status.json", cancelled))!;
        var second = JsonNode.Parse(await http.GetStringAsync("/second/status.json", cancelled))!;

        Assert.Equal(("alice", "bob"), (first["origin"]!["name"]!.GetValue<string>(), second["origin"]!["name"]!.GetValue<string>()));
        Assert.Equal((2, 2), (first["memberCount"]!.GetValue<int>(), second["memberCount"]!.GetValue<int>()));
        Assert.Contains("<title>Overlay</title>", await http.GetStringAsync("/status", cancelled), StringComparison.Ordinal); // By way of /status/.
        Assert.Equal("the application's own", await http.GetStringAsync("/", cancelled));
        await application.StopAsync(cancelled);
    }

    [Fact]
    public async Task Without_a_source_the_cure_is_named()
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();

        var failed = Assert.Throws<InvalidOperationException>(() => application.MapOverlayStatus());

        Assert.Contains("AddOverlayNodeStatus", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("/status/")]
    public async Task A_prefix_that_is_no_path_is_refused(string prefix)
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();

        Assert.Throws<ArgumentException>(() => application.MapOverlayStatus(new FixtureNetwork(16), prefix));
    }

    private static void Configure(Nodes.NodeOptions options, Uri hub, string name)
    {
        options.Hubs.Add(hub);
        options.Listen = "127.0.0.1";
        options.Name = name;
    }
}
