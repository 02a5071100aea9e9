using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overlay.Nodes.Hosting;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>Several nodes in one host.</summary>
public sealed class KeyedNodesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_nodes_of_one_host_are_told_apart_by_their_keys_and_talk_to_each_other()
    {
        await using var hub = await TestHub.StartAsync();
        await using var hosted = HostedNodes.Build(
            new()
            {
                ["Overlay:Nodes:a:Name"] = "alice",
                ["Overlay:Nodes:b:Name"] = "bob",
                ["Overlay:Nodes:a:Protocol:MaxFingers"] = "3",
            },
            services =>
            {
                services.AddOverlayNode("a", options => Meet(options, hub));
                services.AddOverlayNode("b", options => Meet(options, hub));
                services.AddSingleton<Both>();
            });

        await hosted.Host.StartAsync(Cancelled);
        var both = hosted.Host.Services.GetRequiredService<Both>();
        var (a, b) = (await both.A.WaitAsync(TestHub.Patience, Cancelled), await both.B.WaitAsync(TestHub.Patience, Cancelled));
        var report = await a.SendAsync("bob", "hello", Cancelled);
        await hosted.Host.StopAsync(Cancelled);

        Assert.Equal(("alice", "bob"), (a.Name, b.Name));
        Assert.NotEqual(a.Id, b.Id);
        Assert.Equal(b.Id, report.Destination);
        Assert.Equal((NodePhase.Left, NodePhase.Left), (a.Phase, b.Phase));
        var options = hosted.Host.Services.GetRequiredService<IOptionsMonitor<NodeOptions>>();
        Assert.Equal((3, 16), (options.Get("a").Protocol.MaxFingers, options.Get("b").Protocol.MaxFingers));
    }

    [Fact]
    public async Task Wrong_options_of_one_of_them_are_named_with_its_key()
    {
        await using var hosted = HostedNodes.Build(new() { ["Overlay:Nodes:b:Port"] = "-1" }, static services =>
        {
            services.AddOverlayNode("a");
            services.AddOverlayNode("b");
        });

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => hosted.Host.StartAsync(Cancelled));

        Assert.StartsWith("Overlay:Nodes:b:Port: -1 is not in 0 … 65534", error.Message, StringComparison.Ordinal);
        Assert.Equal("b", error.OptionsName);
    }

    [Fact]
    public void A_key_added_twice_is_one_node_and_the_one_without_a_key_is_another()
    {
        var services = new ServiceCollection();

        services.AddOverlayNode("a");
        services.AddOverlayNode("a");
        services.AddOverlayNode();

        Assert.Equal(2, services.Count(service => service.ServiceType == typeof(IHostedService)));
    }

    private static void Meet(NodeOptions options, TestHub hub)
    {
        options.Hubs.Add(hub.Uri);
        options.Listen = "127.0.0.1";
    }

    private sealed class Both([FromKeyedServices("a")] INodeAccessor a, [FromKeyedServices("b")] INodeAccessor b)
    {
        public Task<Node> A => a.Node;

        public Task<Node> B => b.Node;
    }
}
