using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Systemd;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>What a service manager hears, at a datagram socket of this test.</summary>
public sealed class SystemdTests
{
    /// <summary>How long the node may need for a look at itself before time goes on.</summary>
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(250);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ready_is_told_when_the_node_is_a_member_and_stopping_when_the_host_stops(bool isAbstract)
    {
        using var manager = Manager.Listen(isAbstract);
        await using var hub = await TestHub.StartAsync();
        await using var hosted = Build(hub, manager, watchdog: null);

        await hosted.Host.StartAsync(Cancelled);
        var joining = await manager.NextAsync();
        var ready = await manager.NextAsync();
        var node = await hosted.Host.Services.GetRequiredService<INodeAccessor>().Node;
        await hosted.Host.StopAsync(Cancelled);
        var stopping = await manager.NextAsync();

        Assert.Equal("STATUS=joining the network", joining);
        Assert.Equal($"READY=1\nSTATUS={node.Id} (worker): member, 0 links", ready);
        Assert.Equal("STOPPING=1\nSTATUS=leaving the network", stopping);
    }

    [Fact]
    public async Task The_watchdog_hears_twice_in_its_time_that_the_node_lives()
    {
        using var manager = Manager.Listen(isAbstract: false);
        await using var hub = await TestHub.StartAsync();
        var time = new ManualTime();
        await using var hosted = Build(hub, manager, "8000000", time);

        await hosted.Host.StartAsync(Cancelled);
        await manager.UntilAsync("READY=1");
        await manager.UntilAsync("WATCHDOG=1");
        var next = manager.UntilAsync("WATCHDOG=1");
        while (!next.IsCompleted)
        {
            // What is armed may still be the patience of the look before, and then the pause begins after the time has passed.
            await time.UntilArmedAsync(TimeSpan.FromSeconds(4));
            time.Advance(TimeSpan.FromSeconds(4));
            await Task.WhenAny(next, Task.Delay(LookTime, Cancelled));
        }

        await next;
    }

    [Fact]
    public async Task A_node_that_cannot_join_says_why_and_is_never_ready()
    {
        using var manager = Manager.Listen(isAbstract: false);
        await using var hosted = HostedNodes.Build([], services => Add(services, manager, null, TimeProvider.System, options =>
        {
            options.Hubs.Add(new Uri("ws://127.0.0.1:1"));
            options.StartTimeout = TimeSpan.FromSeconds(2);
        }));

        await hosted.Host.StartAsync(Cancelled);
        await manager.NextAsync();
        var why = await manager.NextAsync();

        Assert.StartsWith("STATUS=No hub answers at ws://127.0.0.1:1/", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1234")]
    [InlineData("/")]
    public void Without_a_manager_nobody_is_told(string? address) => Assert.Null(SystemdSocket.Open(name => name == "NOTIFY_SOCKET" ? address : null, 1));

    [Fact]
    public void An_address_that_is_too_long_for_a_socket_is_no_reason_not_to_run() => Assert.Null(SystemdSocket.Open(static name => name == "NOTIFY_SOCKET" ? "/" + new string('x', 200) : null, 1));

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "4711", 30)]
    [InlineData("30000000", "4712", null)]
    [InlineData("soon", null, null)]
    [InlineData("0", null, null)]
    public void A_watchdog_that_is_meant_for_another_process_is_not_served(string microseconds, string? process, int? seconds)
    {
        using var socket = SystemdSocket.Open(name => name switch { "NOTIFY_SOCKET" => "/nowhere", "WATCHDOG_USEC" => microseconds, _ => process }, 4711);

        Assert.Equal(seconds, socket!.Watchdog?.TotalSeconds);
    }

    [Fact]
    public void A_manager_that_is_gone_is_no_reason_to_fail()
    {
        using var socket = SystemdSocket.Open(static name => name == "NOTIFY_SOCKET" ? "/nowhere" : null, 1);

        socket!.Tell("READY=1");
    }

    private static HostedNodes Build(TestHub hub, Manager manager, string? watchdog, TimeProvider? time = null) => HostedNodes.Build([], services =>
        Add(services, manager, watchdog, time ?? TimeProvider.System, options =>
        {
            options.Hubs.Add(hub.Uri);
            options.Listen = "127.0.0.1";
            options.Name = "worker";
        }));

    private static void Add(IServiceCollection services, Manager manager, string? watchdog, TimeProvider time, Action<NodeOptions> configure)
    {
        services.AddOverlayNode(configure);
        services.AddSingleton<IHostedService>(provider => new SystemdNotifier(
            provider,
            SystemdSocket.Open(name => name switch { "NOTIFY_SOCKET" => manager.Address, "WATCHDOG_USEC" => watchdog, _ => null }, Environment.ProcessId),
            time));
    }

    /// <summary>The socket of a service manager.</summary>
    private sealed class Manager : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-");

        private Manager(bool isAbstract)
        {
            Address = isAbstract ? $"@overlay-{Guid.NewGuid():n}" : Path.Combine(_folder.FullName, "notify");
            _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + Address[1..] : Address));
        }

        public string Address { get; }

        public static Manager Listen(bool isAbstract) => new(isAbstract);

        public async Task<string> NextAsync()
        {
            var buffer = new byte[4096];
            var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, Cancelled).AsTask().WaitAsync(TestHub.Patience, Cancelled);
            return Encoding.UTF8.GetString(buffer, 0, length);
        }

        public async Task UntilAsync(string start)
        {
            while (!(await NextAsync()).StartsWith(start, StringComparison.Ordinal))
            {
                // Something else, such as a status.
            }
        }

        public void Dispose()
        {
            _socket.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
