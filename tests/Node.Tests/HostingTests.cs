using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overlay.Nodes.Hosting;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests;

/// <summary>A node inside a generic host.</summary>
public sealed class HostingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_node_joins_with_the_host_and_leaves_with_it()
    {
        await using var hub = await TestHub.StartAsync();
        var friend = await hub.StartNodeAsync();
        using var host = Build(options =>
        {
            options.Hubs.Add(hub.Uri);
            options.Listen = "127.0.0.1";
            options.Name = "worker";
        });

        await host.StartAsync(Cancelled);
        var node = await host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);
        var report = await friend.SendAsync("worker", "hello", Cancelled);
        await host.StopAsync(Cancelled);

        Assert.Equal(node.Id, report.Destination);
        Assert.Equal(NodePhase.Left, node.Phase);
        Assert.True(node.Ended.IsCancellationRequested);
        var error = await Assert.ThrowsAsync<OverlayException>(() => friend.SendAsync(node.Id, "still there?", Cancelled));
        Assert.Equal(Outcome.Unreachable, error.Outcome);
    }

    [Fact]
    public async Task Options_that_cannot_work_stop_the_start_and_name_the_key()
    {
        using var host = Build(options =>
        {
            options.Port = -1;
            options.Name = "not a name";
        });

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));

        Assert.Contains("Port: -1", error.Message, StringComparison.Ordinal);
        Assert.Contains("Name: 'not a name'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_come_from_the_configuration()
    {
        using var host = Build(null, new()
        {
            ["Overlay:Node:Hubs:0"] = "ws://hub.example:5000",
            ["Overlay:Node:Name"] = "carol",
            ["Overlay:Node:Port"] = "4711",
            ["Overlay:Node:StartTimeout"] = "00:00:07",
            ["Overlay:Node:Protocol:MaxFingers"] = "5",
        });

        var options = host.Services.GetRequiredService<IOptions<NodeOptions>>().Value;

        Assert.Equal([new Uri("ws://hub.example:5000")], options.Hubs);
        Assert.Equal("carol", options.Name);
        Assert.Equal(4711, options.Port);
        Assert.Equal(TimeSpan.FromSeconds(7), options.StartTimeout);
        Assert.Equal(5, options.Protocol.MaxFingers);
        Assert.Equal(OverlayOptions.Default.MaxLinks, options.Protocol.MaxLinks);
    }

    [Fact]
    public void Code_has_the_last_word()
    {
        using var host = Build(options => options.Name = "dave", new() { ["Overlay:Node:Name"] = "carol" });

        Assert.Equal("dave", host.Services.GetRequiredService<IOptions<NodeOptions>>().Value.Name);
    }

    [Fact]
    public async Task A_wrong_value_in_the_configuration_is_named()
    {
        using var host = Build(null, new() { ["Overlay:Node:Port"] = "70000" });

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));

        Assert.Contains("Port: 70000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adding_it_twice_adds_one_node()
    {
        await using var hub = await TestHub.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddOverlayNode(options => options.Hubs.Add(hub.Uri));
        builder.Services.AddOverlayNode(options => options.Listen = "127.0.0.1");
        using var host = builder.Build();

        await host.StartAsync(Cancelled);
        await host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);

        Assert.Single(host.Services.GetServices<IHostedService>());
        await host.StopAsync(Cancelled);
    }

    // A worker without its node has nothing to work with: the host stops, and whoever waits for the node hears why.
    [Fact]
    public async Task A_node_that_cannot_join_stops_the_host()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var nobody = ((IPEndPoint)silent.LocalEndpoint).Port;
        silent.Stop();
        using var host = Build(options =>
        {
            options.Hubs.Add(new Uri($"ws://127.0.0.1:{nobody}"));
            options.StartTimeout = TimeSpan.FromSeconds(2);
        });

        await host.StartAsync(Cancelled);
        var error = await Assert.ThrowsAsync<OverlayException>(
            () => host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled));
        await host.WaitForShutdownAsync(Cancelled).WaitAsync(TestHub.Patience, Cancelled);

        Assert.Equal(OverlayError.HubUnreachable, error.Reason);
        Assert.True(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.IsCancellationRequested);
    }

    [Fact]
    public async Task A_host_that_stops_while_the_node_joins_does_not_wait_for_it()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var host = Build(options => options.Hubs.Add(new Uri($"ws://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}")));

        await host.StartAsync(Cancelled);
        await host.StopAsync(Cancelled).WaitAsync(TestHub.Patience, Cancelled);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled));
    }

    [Fact]
    public async Task What_is_on_its_way_is_answered_before_the_node_leaves()
    {
        await using var hub = await TestHub.StartAsync();
        var friend = await hub.StartNodeAsync();
        using var host = Build(options =>
        {
            options.Hubs.Add(hub.Uri);
            options.Listen = "127.0.0.1";
        });
        await host.StartAsync(Cancelled);
        var node = await host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);

        var sending = Enumerable.Range(0, 500).Select(i => node.SendAsync(friend.Id, $"{i}", Cancelled)).ToList();
        await host.StopAsync(Cancelled);
        var receipts = await Task.WhenAll(sending);

        Assert.Equal(500, receipts.Length);
        Assert.Equal(500, friend.Counters.Delivered);
        Assert.True(await host.Services.GetRequiredService<INodeAccessor>().Left);
    }

    // A question to somebody who never answers would hold the node for 5 s; the host has less time than that.
    [Fact]
    public async Task A_stop_ends_when_the_time_of_the_host_is_up()
    {
        await using var hub = await TestHub.StartAsync();
        var friend = await hub.StartNodeAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.Services.AddOverlayNode(options =>
        {
            options.Hubs.Add(hub.Uri);
            options.Listen = "127.0.0.1";
        });
        using var host = builder.Build();
        await host.StartAsync(Cancelled);
        var node = await host.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);
        await friend.KillAsync();
        var lost = node.SendAsync(friend.Id, "hello", Cancelled);

        var clock = Stopwatch.StartNew();
        await host.StopAsync(Cancelled);

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        await Assert.ThrowsAsync<OverlayException>(() => lost.WaitAsync(TestHub.Patience, Cancelled));
    }

    private static IHost Build(Action<NodeOptions>? configure, Dictionary<string, string?>? configuration = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(configuration ?? []);
        builder.Services.AddOverlayNode(configure);
        return builder.Build();
    }
}
