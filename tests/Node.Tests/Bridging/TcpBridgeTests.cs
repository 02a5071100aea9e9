using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Overlay.Nodes.Bridging;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Bridging;

/// <summary>Plain TCP over the overlay: from a port of one machine to a service of another.</summary>
public sealed class TcpBridgeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static IPEndPoint AnyPort => new(IPAddress.Loopback, 0);

    [Fact]
    public async Task A_million_bytes_go_there_and_back()
    {
        await using var service = TcpService.Echo();
        await using var bridge = new Bridge(service.Port);
        var sent = new byte[1_000_000];
        new Random(3).NextBytes(sent);

        using var client = await TcpService.ConnectAsync(bridge.Forward.Local);
        var sending = client.SendAsync(sent, Cancelled).AsTask();
        var echoed = new byte[sent.Length];
        for (var count = 0; count < sent.Length;)
        {
            count += await Soon.Async(client.ReceiveAsync(echoed.AsMemory(count), Cancelled));
        }

        await sending;
        Assert.Equal(sent, echoed);
    }

    // client: everything, end  → service: counts, answers after the end  → client: reads the answer
    [Fact]
    public async Task The_end_of_one_direction_is_carried_and_the_other_goes_on()
    {
        await using var service = new TcpService(async socket =>
        {
            var question = await TcpService.ReadToEndAsync(socket);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"{question.Length} bytes"));
            socket.Shutdown(SocketShutdown.Send);
        });
        await using var bridge = new Bridge(service.Port);

        using var client = await TcpService.ConnectAsync(bridge.Forward.Local);
        await client.SendAsync(new byte[300_000], Cancelled);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("300000 bytes", Encoding.ASCII.GetString(await TcpService.ReadToEndAsync(client)));
        var closed = await bridge.NextAsync(BridgeEventKind.Closed);
        Assert.Equal((300_000, 12, null), (closed.BytesThere, closed.BytesBack, closed.Error));
    }

    [Fact]
    public async Task A_service_that_answers_and_closes_is_heard_to_the_end()
    {
        await using var service = new TcpService(async socket => await socket.SendAsync(Encoding.ASCII.GetBytes("SSH-2.0-hello")));
        await using var bridge = new Bridge(service.Port);

        using var client = await TcpService.ConnectAsync(bridge.Forward.Local);

        Assert.Equal("SSH-2.0-hello", Encoding.ASCII.GetString(await TcpService.ReadToEndAsync(client)));
    }

    [Fact]
    public async Task A_reset_is_a_reset_at_the_other_end()
    {
        var seen = new TaskCompletionSource<SocketError?>();
        await using var service = new TcpService(async socket =>
        {
            try
            {
                await socket.SendAsync("hello"u8.ToArray());
                var count = await socket.ReceiveAsync(new byte[1]);
                seen.SetResult(count == 0 ? null : SocketError.Success);
            }
            catch (SocketException e)
            {
                seen.SetResult(e.SocketErrorCode);
            }
        });
        await using var bridge = new Bridge(service.Port);
        var client = await TcpService.ConnectAsync(bridge.Forward.Local);
        await client.ReceiveAsync(new byte[5], Cancelled);

        client.LingerState = new LingerOption(true, 0);
        client.Dispose();

        Assert.Equal(SocketError.ConnectionReset, await Soon.Async(seen.Task));
        Assert.NotNull((await bridge.NextAsync(BridgeEventKind.Closed)).Error);
    }

    [Fact]
    public async Task A_service_that_does_not_read_holds_the_client_back()
    {
        var go = new TaskCompletionSource();
        var received = new TaskCompletionSource<int>();
        await using var service = new TcpService(async socket =>
        {
            socket.ReceiveBufferSize = 65_536;
            await go.Task;
            received.SetResult((await TcpService.ReadToEndAsync(socket)).Length);
        });
        await using var bridge = new Bridge(service.Port);
        using var client = await TcpService.ConnectAsync(bridge.Forward.Local);
        client.SendBufferSize = 65_536;

        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < 60_000_000; sent += 100_000)
            {
                await client.SendAsync(new byte[100_000], Cancelled);
            }

            client.Shutdown(SocketShutdown.Send);
        }, Cancelled);
        var before = -1;
        await Soon.UntilAsync(() =>
        {
            Thread.Sleep(20); // What is on its way inside the system announces itself to nobody.
            return before == (before = Volatile.Read(ref sent)) && before > 0;
        });

        Assert.False(sending.IsCompleted, $"{sent} bytes were taken by nobody");
        go.SetResult();
        Assert.Equal(60_000_000, await Soon.Async(received.Task));
        await sending;
    }

    [Fact]
    public async Task A_node_a_port_or_a_service_that_is_not_there_is_told_and_closes_the_connection()
    {
        await using var bridge = new Bridge(FreePort());
        var nobody = await bridge.FailAsync("nobody", "22");
        var noPort = await bridge.FailAsync("alice", "23");

        await TcpService.AssertBrokenOffAsync(bridge.Forward.Local);
        var noService = await bridge.NextAsync(BridgeEventKind.Failed);

        Assert.Equal((OverlayError.HostUnreachable, OverlayError.ConnectionRefused, OverlayError.ConnectionRefused), (nobody.Reason!.Value, noPort.Reason!.Value, noService.Reason!.Value));
        Assert.Contains("Start the service", noService.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_connections_than_the_limit_are_broken_off_and_told()
    {
        await using var service = TcpService.Echo();
        await using var bridge = new Bridge(service.Port, new BridgeOptions { MaxConnections = 2 });
        using var first = await TcpService.ConnectAsync(bridge.Forward.Local);
        using var second = await TcpService.ConnectAsync(bridge.Forward.Local);
        await bridge.NextAsync(BridgeEventKind.Opened);
        await bridge.NextAsync(BridgeEventKind.Opened);

        await TcpService.AssertBrokenOffAsync(bridge.Forward.Local);

        Assert.Contains("limit", (await bridge.NextAsync(BridgeEventKind.Failed)).Error, StringComparison.Ordinal);
        await second.SendAsync("still"u8.ToArray(), Cancelled);
        Assert.Equal(5, await Soon.Async(second.ReceiveAsync(new byte[10], Cancelled)));
    }

    [Fact]
    public async Task Stopping_breaks_off_what_is_open_and_frees_both_ports()
    {
        await using var service = TcpService.Echo();
        var bridge = new Bridge(service.Port);
        using var client = await TcpService.ConnectAsync(bridge.Forward.Local);
        await bridge.NextAsync(BridgeEventKind.Opened);

        await Soon.Async(bridge.Forward.DisposeAsync());

        await Assert.ThrowsAsync<SocketException>(async () => await Soon.Async(client.ReceiveAsync(new byte[1], Cancelled)));
        await Assert.ThrowsAsync<SocketException>(() => TcpService.ConnectAsync(bridge.Forward.Local));
        await bridge.DisposeAsync();
        Assert.Empty(bridge.Alice.Network.Bound);
    }

    [Fact]
    public async Task A_TCP_port_that_is_taken_and_an_address_of_another_machine_are_named()
    {
        await using var service = TcpService.Echo();
        await using var bridge = new Bridge(service.Port);

        var taken = Assert.Throws<OverlayException>(() => new TcpForward(bridge.Bob.Sockets, new(IPAddress.Loopback, service.Port), "alice", "22", null));
        var elsewhere = Assert.Throws<OverlayException>(() => new TcpForward(bridge.Bob.Sockets, new(IPAddress.Parse("192.0.2.1"), 0), "alice", "22", null));
        var twice = Assert.Throws<OverlayException>(() => new TcpExposure(bridge.Alice.Sockets, "22", "127.0.0.1", 1, null));

        Assert.Equal((OverlayError.SocketUnavailable, OverlayError.SocketUnavailable, OverlayError.PortInUse), (taken.Reason, elsewhere.Reason, twice.Reason));
        Assert.Contains("another port", taken.Message, StringComparison.Ordinal);
        Assert.Contains("no such address", elsewhere.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_cannot_work_are_named()
    {
        Assert.Contains("MaxConnections", Assert.Throws<ArgumentException>(() => new BridgeOptions { MaxConnections = 0 }.Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("ConnectTimeout", Assert.Throws<ArgumentException>(() => new BridgeOptions { ConnectTimeout = TimeSpan.Zero }.Validate()).Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>alice exposes a service, bob forwards to it.</summary>
    private sealed class Bridge : IAsyncDisposable
    {
        private readonly MemoryNetwork _network = new() { Clock = TimeProvider.System };
        private readonly BlockingCollection<BridgeEvent> _events = [];
        private readonly TcpExposure _exposure;
        private readonly BridgeOptions _options;

        public Bridge(int servicePort, BridgeOptions? options = null)
        {
            (Alice, Bob) = (_network.Add(), _network.Add());
            _network.Names["alice"] = Alice.Address;
            _options = (options ?? new BridgeOptions()) with { OnEvent = _events.Add };
            _exposure = new TcpExposure(Alice.Sockets, "22", "127.0.0.1", servicePort, new BridgeOptions { OnEvent = Failed });
            Forward = new TcpForward(Bob.Sockets, AnyPort, "alice", "22", _options);
        }

        public MemoryNode Alice { get; }

        public MemoryNode Bob { get; }

        public TcpForward Forward { get; }

        /// <summary>Forwards to what is not there, and says what came of it.</summary>
        public async Task<BridgeEvent> FailAsync(string host, string port)
        {
            await using var forward = new TcpForward(Bob.Sockets, AnyPort, host, port, _options);
            await TcpService.AssertBrokenOffAsync(forward.Local);
            return await NextAsync(BridgeEventKind.Failed);
        }

        /// <summary>The next event of a kind; others are passed over.</summary>
        public Task<BridgeEvent> NextAsync(BridgeEventKind kind) => Soon.Async(Task.Run(() => _events.GetConsumingEnumerable(Cancelled).First(about => about.Kind == kind)));

        public async ValueTask DisposeAsync()
        {
            await Forward.DisposeAsync();
            await _exposure.DisposeAsync();
            await _network.DisposeAsync();
        }

        private void Failed(BridgeEvent about)
        {
            if (about.Kind == BridgeEventKind.Failed)
            {
                _events.Add(about);
            }
        }
    }
}
