using System.Net;
using System.Net.Sockets;
using System.Text;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Hubs;
using Overlay.WebRtc;

namespace Overlay.Runtime.Tests;

/// <summary>Whole nodes: real sockets, real ICE, DTLS and SCTP, an in-process hub.</summary>
public sealed class OverlayHostTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_alone_founds_the_network_and_talks_to_itself()
    {
        await using var network = new TestNetwork();

        var node = await network.StartAsync();
        var report = await node.SendAsync(node.Id, "me"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal(NodePhase.Founding, node.Phase);
        Assert.Equal((node.Id, 0), (report.Destination, report.Hops));
        Assert.Equal("me", (await NextAsync(node)).Text);
    }

    [Fact]
    public async Task Two_nodes_exchange_messages()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);

        var there = await nodes[0].SendAsync(nodes[1].Id, "ping"u8.ToArray(), cancellationToken: Cancelled);
        var back = await nodes[1].SendAsync(nodes[0].Id, "pong"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal((nodes[1].Id, 1), (there.Destination, there.Hops));
        Assert.Equal((nodes[0].Id, 1), (back.Destination, back.Hops));
        Assert.Equal((nodes[0].Id, "ping"), await NextAsync(nodes[1]));
        Assert.Equal((nodes[1].Id, "pong"), await NextAsync(nodes[0]));
    }

    [Fact]
    public async Task Three_nodes_all_reach_each_other_whatever_the_size()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);

        foreach (var from in nodes)
        {
            foreach (var to in nodes.Where(to => to != from))
            {
                foreach (var size in (int[])[0, 1, 1200, 60_000])
                {
                    var bytes = new byte[size];
                    new Random(size).NextBytes(bytes);

                    var report = await from.SendAsync(to.Id, bytes, new SendOptions { RecordRoute = true }, Cancelled);
                    var arrived = await ReadAsync(to);

                    Assert.Equal([to.Id], report.Route);
                    Assert.Equal((from.Id, 1), (arrived.From, arrived.Hops));
                    Assert.Equal(bytes, arrived.Bytes.ToArray());
                }
            }
        }
    }

    [Fact]
    public async Task Messages_of_one_sender_over_one_link_arrive_in_order()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);

        var sending = Enumerable.Range(0, 500).Select(i => nodes[0].SendAsync(nodes[1].Id, BitConverter.GetBytes(i), cancellationToken: Cancelled)).ToList();
        await Task.WhenAll(sending);

        for (var i = 0; i < 500; i++)
        {
            Assert.Equal(i, BitConverter.ToInt32((await ReadAsync(nodes[1])).Bytes.Span));
        }
    }

    [Fact]
    public async Task A_guest_sends_and_takes_no_place()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);

        var guest = await network.StartAsync(network.Options with { IsGuest = true });
        var report = await guest.SendAsync(nodes[1].Id, "hello"u8.ToArray(), cancellationToken: Cancelled);
        var answer = await nodes[1].SendAsync(nodes[0].Id, "who was that"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal(NodePhase.Guest, guest.Phase);
        Assert.Equal(nodes[1].Id, report.Destination);
        Assert.Equal((guest.Id, "hello"), await NextAsync(nodes[1]));
        Assert.Equal(nodes[0].Id, answer.Destination);
        Assert.DoesNotContain(guest.Id, (await nodes[0].SnapshotAsync(Cancelled)).Successors.Select(successor => successor.Id));
    }

    // With the hub gone, a member still reaches members, and a killed one is found out.
    [Fact]
    public async Task The_network_needs_no_hub_once_it_stands_and_survives_a_kill()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);

        network.Hub.Dispose();
        await nodes[0].KillAsync();
        await network.UntilFullMeshAsync(nodes[1], nodes[2]);
        var report = await nodes[1].SendAsync(nodes[2].Id, "still here"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal(nodes[2].Id, report.Destination);
        Assert.True(nodes[0].Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task A_leave_is_seen_by_all_neighbours_before_the_node_ends()
    {
        await using var network = new TestNetwork();
        var left = new HashSet<RingId>();
        var watching = network.Options with
        {
            OnObserved = seen =>
            {
                if (seen.What == Observation.PeerLeft)
                {
                    lock (left)
                    {
                        left.Add(seen.Peer);
                    }
                }

                network.Changed.Set();
            },
        };
        var a = await network.StartAsync(watching);
        var b = await network.StartAsync();
        await network.UntilFullMeshAsync(a, b);

        var knew = await b.LeaveAsync(Cancelled);

        Assert.True(knew);
        Assert.Equal(NodePhase.Left, b.Phase);
        await network.Changed.UntilAsync(() =>
        {
            lock (left)
            {
                return left.Contains(b.Id);
            }
        });
        await network.UntilFullMeshAsync(a);
    }

    [Theory]
    [InlineData(Topology.Chord)]
    [InlineData(Topology.Tree)]
    public async Task The_last_node_that_leaves_tells_the_hub_that_nobody_is_left(Topology topology)
    {
        await using var network = new TestNetwork();
        var options = network.Options with { Protocol = OverlayOptions.Default with { Topology = topology } };
        var first = await network.StartAsync(options);
        var second = await network.StartAsync(options);

        await second.LeaveAsync(Cancelled);
        var isFounded = network.Hub.Statistics.IsFounded;
        await first.LeaveAsync(Cancelled);

        Assert.Equal((true, false), (isFounded, network.Hub.Statistics.IsFounded));
    }

    [Fact]
    public async Task Names_lead_to_their_owner_and_belong_to_the_first()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);

        await nodes[0].RegisterAsync("alice", Cancelled);
        var found = await nodes[1].ResolveAsync("alice", Cancelled);
        var taken = await Assert.ThrowsAsync<OverlayException>(() => nodes[2].RegisterAsync("alice", Cancelled));
        var unknown = await Assert.ThrowsAsync<OverlayException>(() => nodes[2].ResolveAsync("nobody", Cancelled));

        Assert.Equal(nodes[0].Id, found);
        Assert.Equal((OverlayError.Command, Outcome.NameTaken), (taken.Reason, taken.Outcome));
        Assert.Equal(Outcome.NameUnknown, unknown.Outcome);
    }

    [Fact]
    public async Task A_watched_name_tells_of_each_new_holder()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);
        await nodes[0].RegisterAsync("alice", Cancelled);

        var holders = new List<RingId?>();
        await foreach (var change in nodes[2].WatchNameAsync("alice", Cancelled))
        {
            holders.Add(change.Entry?.Record.Owner.Id);
            switch (holders.Count)
            {
                case 1:
                    await nodes[0].UnregisterAsync("alice", Cancelled);
                    break;
                case 2:
                    await nodes[1].RegisterAsync("alice", Cancelled);
                    break;
            }

            if (holders.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([nodes[0].Id, null, nodes[1].Id], holders);
        Assert.Equal(2, (await nodes[0].ResolveEntryAsync("alice", Cancelled)).Tenancy.Epoch);
    }

    [Fact]
    public async Task A_broadcast_reaches_all_others_once()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(4);

        var report = await nodes[1].BroadcastAsync("to all"u8.ToArray(), Cancelled);
        await nodes[1].BroadcastAsync(new byte[Overlay.Messages.BroadcastData.MaxDataBytes], Cancelled);
        var tooLarge = await Assert.ThrowsAsync<OverlayException>(() => nodes[1].BroadcastAsync(new byte[70_000], Cancelled));

        Assert.Equal(3, report.Reached);
        Assert.Equal(Outcome.TooLarge, tooLarge.Outcome);
        foreach (var node in nodes.Where(node => node != nodes[1]))
        {
            var arrived = new List<Broadcast.BroadcastMessage>();
            await foreach (var message in node.ReadBroadcastsAsync(Cancelled))
            {
                arrived.Add(message);
                if (arrived.Count == 2)
                {
                    break;
                }
            }

            Assert.Equal((nodes[1].Id, "to all"), (arrived[0].Origin, Encoding.UTF8.GetString(arrived[0].Bytes.Span)));
            Assert.Equal(Overlay.Messages.BroadcastData.MaxDataBytes, arrived[1].Bytes.Length);
        }
    }

    [Fact]
    public async Task Any_node_can_be_asked_for_its_tables()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(3);

        var asked = await nodes[0].InspectAsync(nodes[1].Id, Cancelled);
        var own = await nodes[1].InspectAsync(nodes[1].Id, Cancelled);

        Assert.Equal(own.Successors.Select(successor => successor.Id), asked.Successors.Select(successor => successor.Id));
        Assert.Equal(own.Predecessor?.Id, asked.Predecessor?.Id);
        Assert.Equal(own.Phase, asked.Phase);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_too_large()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);

        var error = await Assert.ThrowsAsync<OverlayException>(() => nodes[0].SendAsync(nodes[1].Id, new byte[Message.MaxBytes], cancellationToken: Cancelled));
        var fine = await nodes[0].SendAsync(nodes[1].Id, "small"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal(Outcome.TooLarge, error.Outcome);
        Assert.Contains("64 KiB", error.Message, StringComparison.Ordinal);
        Assert.Equal(nodes[1].Id, fine.Destination);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_id_that_nobody_has_is_unreachable(int count)
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(count);
        var nobody = nodes[0].Id.Plus(1);

        var error = await Assert.ThrowsAsync<OverlayException>(() => nodes[0].SendAsync(nobody, "hello"u8.ToArray(), cancellationToken: Cancelled));

        Assert.Equal(Outcome.Unreachable, error.Outcome);
        Assert.Contains(nobody.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        await using var network = new TestNetwork();

        var error = await Assert.ThrowsAsync<OverlayException>(() => network.StartAsync(network.Options with { Port = port }));

        Assert.Equal(OverlayError.SocketUnavailable, error.Reason);
        Assert.Contains($"{port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_ends_the_start_with_its_reason()
    {
        await using var network = new TestNetwork();
        var hub = new WebSocketHub(Hubs.TinyServer.Nobody(), TimeProvider.System);

        var error = await Assert.ThrowsAsync<OverlayException>(
            () => network.StartAsync(network.Options with { Hubs = [hub], StartTimeout = TimeSpan.FromSeconds(2) }));

        Assert.Equal(OverlayError.HubUnreachable, error.Reason);
        Assert.Contains(hub.Name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_that_is_given_up_ends(bool somethingListens)
    {
        await using var network = new TestNetwork();
        using var stop = new CancellationTokenSource();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        if (!somethingListens)
        {
            silent.Stop();
        }

        var hub = new WebSocketHub(new Uri($"ws://127.0.0.1:{port}"), TimeProvider.System);
        var starting = OverlayHost.StartAsync(network.Options with { Hubs = [hub] }, stop.Token);
        if (somethingListens)
        {
            using var met = await silent.AcceptTcpClientAsync(Cancelled);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Patience.Long, Cancelled));
            return;
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Patience.Long, Cancelled));
    }

    [Fact]
    public async Task A_node_with_a_data_directory_keeps_its_id()
    {
        var data = Directory.CreateTempSubdirectory("overlay-");
        try
        {
            await using var network = new TestNetwork();
            var anchor = await network.StartAsync();
            var first = await OverlayHost.StartAsync(network.Options with { DataDirectory = data.FullName }, Cancelled);
            await first.DisposeAsync();

            var second = await network.StartAsync(network.Options with { DataDirectory = data.FullName });

            Assert.Equal(first.Id, second.Id);
            Assert.True(second.Self.Instance > first.Self.Instance);
            await network.UntilFullMeshAsync(anchor, second);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_hub_with_another_key_is_refused()
    {
        var data = Directory.CreateTempSubdirectory("overlay-");
        try
        {
            await using var network = new TestNetwork();
            await using (await OverlayHost.StartAsync(network.Options with { DataDirectory = data.FullName }, Cancelled))
            {
                // It remembers the hub's key.
            }

            using var other = new InProcessHub(TimeProvider.System);
            var error = await Assert.ThrowsAsync<OverlayException>(
                () => network.StartAsync(network.Options with { DataDirectory = data.FullName, Hubs = [other] }));

            Assert.Equal(OverlayError.HubKeyChanged, error.Reason);
            Assert.Contains("HubKeyChanged", error.Message, StringComparison.Ordinal);
            Assert.Contains("--data", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_data_directory_in_use_is_refused()
    {
        var data = Directory.CreateTempSubdirectory("overlay-");
        try
        {
            await using var network = new TestNetwork();
            await network.StartAsync(network.Options with { DataDirectory = data.FullName });

            var error = await Assert.ThrowsAsync<OverlayException>(() => network.StartAsync(network.Options with { DataDirectory = data.FullName }));

            Assert.Equal(OverlayError.DataUnusable, error.Reason);
            Assert.Contains(data.FullName, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_has_stopped_says_so(bool gracefully)
    {
        await using var network = new TestNetwork();
        var node = await network.StartAsync();

        await (gracefully ? node.DisposeAsync().AsTask() : node.KillAsync());
        var error = await Assert.ThrowsAsync<OverlayException>(() => node.SendAsync(node.Id, "x"u8.ToArray(), cancellationToken: Cancelled));

        Assert.Equal(OverlayError.Stopped, error.Reason);
        Assert.Empty(await node.ReadMessagesAsync(Cancelled).ToListAsync(Cancelled));
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_socket_that_a_node_had_is_free_again_after_it_ended()
    {
        await using var network = new TestNetwork();
        var node = await network.StartAsync();
        var port = node.Endpoints.Single().Port;

        await node.KillAsync();

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        Assert.Equal(port, ((IPEndPoint)socket.LocalEndPoint!).Port);
    }

    // garbage, a lone STUN header, DTLS nonsense → a's socket: nothing happens but a few lost microseconds.
    [Fact]
    public async Task Noise_at_the_socket_disturbs_nobody()
    {
        await using var network = new TestNetwork();
        var nodes = await network.StartAsync(2);
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var target = new IPEndPoint(IPAddress.Loopback, nodes[0].Endpoints.Single().Port);
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var noise = new byte[random.Next(0, 1500)];
            random.NextBytes(noise);
            if (noise.Length > 0)
            {
                noise[0] = (byte)((int[])[0, 1, 20, 22, 23, 63, 128, 255])[i % 8];
            }

            await stranger.SendToAsync(noise, target, Cancelled);
        }

        var report = await nodes[1].SendAsync(nodes[0].Id, "still fine"u8.ToArray(), cancellationToken: Cancelled);

        Assert.Equal(1, report.Hops);
        Assert.Equal("still fine", (await NextAsync(nodes[0])).Text);
    }

    [Fact]
    public async Task Options_that_cannot_work_are_named()
    {
        using var hub = new InProcessHub(TimeProvider.System);
        var options = new RuntimeOptions { Hubs = [hub] };

        await AssertRefusedAsync(options with { Hubs = [] }, "Hubs");
        await AssertRefusedAsync(options with { Port = -1 }, "Port");
        await AssertRefusedAsync(options with { Port = 65_536 }, "Port");
        await AssertRefusedAsync(options with { MaxUndelivered = 0 }, "MaxUndelivered");
        await AssertRefusedAsync(options with { StartTimeout = TimeSpan.Zero }, "StartTimeout");
        await AssertRefusedAsync(options with { Protocol = OverlayOptions.Default with { QueryTimeout = TimeSpan.FromMinutes(1) } }, "Protocol.QueryTimeout");
        await AssertRefusedAsync(options with { ListenAddresses = [.. Enumerable.Repeat(IPAddress.Loopback, 9)] }, "ListenAddresses");
    }

    private static async Task AssertRefusedAsync(RuntimeOptions options, string key)
    {
        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => OverlayHost.StartAsync(options, Cancelled));
        Assert.StartsWith(key, error.Message, StringComparison.Ordinal);
    }

    private static async Task<(RingId From, string Text)> NextAsync(OverlayHost node)
    {
        var message = await ReadAsync(node);
        return (message.From, Encoding.UTF8.GetString(message.Bytes.Span));
    }

    private static async Task<OverlayMessage> ReadAsync(OverlayHost node)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(Patience.Long);
        await foreach (var message in node.ReadMessagesAsync(patience.Token))
        {
            return message;
        }

        throw new InvalidOperationException("The node stopped before a message came.");
    }
}
