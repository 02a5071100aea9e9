using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Configuration;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>Changes of the configuration while the node runs.</summary>
public sealed class ReloadTests
{
    private const int Taken = 105;
    private const int NotTaken = 106;
    private const int LeftAside = 107;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_can_change_reaches_the_running_node()
    {
        await using var hub = await TestHub.StartAsync();
        await using var hosted = await StartAsync(hub);
        var friend = await hub.StartNodeAsync();
        var node = await NodeOf(hosted);
        using var listener = Listen();
        await using var server = node.Sockets.Listen(7000);
        Assert.True(node.Host.Telemetry.IsListening);

        hosted.Change(("Overlay:Node:Network:MaxChannelsPerPeer", "1"), ("Overlay:Node:Telemetry:Spans", "false"));

        await using var one = await Soon.Async(friend.Sockets.ConnectAsync(node.Id.ToString(), 7000, Cancelled));
        await using var accepted = await Soon.Async(server.AcceptAsync(Cancelled));
        await Assert.ThrowsAsync<OverlayException>(async () => await friend.Sockets.ConnectAsync(node.Id.ToString(), 7000, Cancelled));
        Assert.False(node.Host.Telemetry.IsListening);
        Assert.Equal(
            ["Overlay:Node:Network:MaxChannelsPerPeer was changed and is 1 from now on", "Overlay:Node:Telemetry:Spans was changed and is false from now on"],
            hosted.Log.Of(Taken).Order(StringComparer.Ordinal));
        Assert.Empty(hosted.Log.Of(NotTaken));
    }

    // Six nodes in a circle, linked to the next ones only: a channel between two without a link needs others to pass it on.
    [Fact]
    public async Task What_a_node_passes_on_for_channels_changes_while_it_runs()
    {
        await using var hub = await TestHub.StartAsync();
        var nodes = new List<Node>();
        for (var i = 0; i < 6; i++)
        {
            nodes.Add(await hub.StartNodeAsync(channels: ChannelPolicy.OverlayOnly, change: static options => options.Protocol = options.Protocol with
            {
                SuccessorListLength = 2,
                LinkedSuccessors = 1,
                MaxFingers = 0,
                UnneededLinkTimeout = TimeSpan.FromSeconds(1),
            }));
        }

        var (from, to) = await UnlinkedAsync(nodes);
        await using var server = to.Sockets.Listen(7000);
        await using (await Soon.Async(from.Sockets.ConnectAsync(to.Id.ToString(), 7000, Cancelled)))
        {
            await (await Soon.Async(server.AcceptAsync(Cancelled))).DisposeAsync();
        }

        foreach (var node in nodes)
        {
            var options = hub.Options;
            options.Channels = options.Channels with { RelayBytesPerSecond = 0 };
            await node.ReconfigureAsync(options);
        }

        await Assert.ThrowsAsync<OverlayException>(async () => await from.Sockets.ConnectAsync(to.Id.ToString(), 7000, Cancelled));
        Assert.NotEqual(0, nodes.Sum(node => node.Counters.RelayDropped));
    }

    [Fact]
    public async Task What_cannot_change_is_warned_of_once_by_its_key()
    {
        await using var hub = await TestHub.StartAsync();
        await using var hosted = await StartAsync(hub);

        hosted.Change(("Overlay:Node:Protocol:MaxLinks", "64"), ("Overlay:Node:Token", "sesame"));
        hosted.Change();
        hosted.Change(("Overlay:Node:Protocol:MaxLinks", "48"));

        var warnings = hosted.Log.All.Where(line => line.Event == NotTaken).ToList();
        Assert.All(warnings, warning => Assert.Equal(LogLevel.Warning, warning.Level));
        Assert.Equal(
            ["Overlay:Node:Protocol:MaxLinks was changed, and cannot change while the node runs: restart it", "Overlay:Node:Token was changed, and cannot change while the node runs: restart it"],
            warnings.Select(warning => warning.Text).Order(StringComparer.Ordinal));
        Assert.Empty(hosted.Log.Of(Taken));
    }

    [Fact]
    public async Task What_cannot_work_is_left_aside_and_the_node_goes_on_as_it_was()
    {
        await using var hub = await TestHub.StartAsync();
        await using var hosted = await StartAsync(hub);
        var node = await NodeOf(hosted);
        using var listener = Listen();

        Assert.ThrowsAny<Exception>(() => hosted.Change(("Overlay:Node:Telemetry:RemoteSpansPerSecond", "-1"), ("Overlay:Node:Telemetry:Spans", "false")));
        var wasListening = node.Host.Telemetry.IsListening;
        hosted.Change(("Overlay:Node:Telemetry:RemoteSpansPerSecond", "7"));

        Assert.Contains("Overlay:Node:Telemetry:RemoteSpansPerSecond: -1 is not in 0 … 100000", Assert.Single(hosted.Log.Of(LeftAside)), StringComparison.Ordinal);
        Assert.True(wasListening);
        Assert.False(node.Host.Telemetry.IsListening);
    }

    [Fact]
    public async Task Health_goes_on_with_what_it_had_where_a_change_cannot_work()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.StartNodeAsync();
        await using var hosted = await StartAsync(hub);
        var health = hosted.Host.Services.GetRequiredService<HealthCheckService>();

        hosted.Change(("Overlay:Health:MaxAge", "00:00:00"));
        var (first, second) = (await health.CheckHealthAsync(Cancelled), await health.CheckHealthAsync(Cancelled));
        Assert.ThrowsAny<Exception>(() => hosted.Change(("Overlay:Health:Probes", "99")));
        var third = await health.CheckHealthAsync(Cancelled);

        Assert.Equal("Overlay:Health:MaxAge was changed and is 00:00:00 from now on", Assert.Single(hosted.Log.Of(Taken), static line => line.StartsWith("Overlay:", StringComparison.Ordinal)));
        Assert.Contains("Overlay:Health:Probes: 99 is not in 1 … 5", Assert.Single(hosted.Log.Of(LeftAside)), StringComparison.Ordinal);
        Assert.All((HealthReport[])[first, second, third], report => Assert.Equal(HealthStatus.Healthy, report.Status));
        Assert.NotSame(first.Entries["overlay-ready"].Data, second.Entries["overlay-ready"].Data); // Findings of their own: none is kept any more.
        Assert.NotSame(second.Entries["overlay-ready"].Data, third.Entries["overlay-ready"].Data);
    }

    /// <summary>The table of docs/hosting.md: whoever makes another option live, or takes one back, changes it there too.</summary>
    [Fact]
    public void These_options_can_change_while_the_node_runs() => Assert.Equal(
        [
            "Channels:RelayBytesPerSecond", "Channels:MaxPages",
            "Network:OpenTimeout", "Network:AcceptTimeout", "Network:PageDelay", "Network:CloseTimeout", "Network:Backlog", "Network:MaxChannelsPerPeer",
            "Telemetry:Spans", "Telemetry:RemoteSpansPerSecond", "Telemetry:RemoteSpansPerNeighbour", "Telemetry:HopContext",
        ],
        NodeOptionKeys.All.Where(key => key.IsLive).Select(key => key.Path));

    /// <summary>Two nodes that stand opposite of each other, once there is no link between them: those of founding and joining are given up after a while.</summary>
    private static async Task<(Node From, Node To)> UnlinkedAsync(List<Node> nodes)
    {
        var ring = nodes.OrderBy(static node => node.Id.Value).ToList();
        while (true)
        {
            for (var i = 0; i < 3; i++)
            {
                var tables = await ring[i].InspectAsync(ring[i].Id, Cancelled);
                if (tables.Links.All(link => link.Id != ring[i + 3].Id))
                {
                    return (ring[i], ring[i + 3]);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancelled);
        }
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener { ShouldListenTo = static source => source.Name == OverlayTelemetry.Name };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static async Task<HostedNodes> StartAsync(TestHub hub)
    {
        var hosted = HostedNodes.Build([], services =>
        {
            services.AddOverlayNode(options =>
            {
                options.Hubs.Add(hub.Uri);
                options.Listen = "127.0.0.1";
            });
            services.AddHealthChecks().AddOverlayNode();
        });
        await hosted.Host.StartAsync(Cancelled);
        await NodeOf(hosted);
        await Soon.UntilAsync(() => hosted.Log.Of(100).Count == 1);
        return hosted;
    }

    private static Task<Node> NodeOf(HostedNodes hosted) => hosted.Host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);
}
