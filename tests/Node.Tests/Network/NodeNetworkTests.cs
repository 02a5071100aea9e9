using Overlay.Nodes.Network;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests.Network;

public sealed class NodeNetworkTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_is_bound_once_and_again_after_it_was_unbound()
    {
        await using var net = new MemoryNetwork();
        var node = net.Add();
        var listener = node.Network.Listen(80);

        var error = Assert.Throws<OverlayException>(() => node.Network.Listen("80"));
        await listener.DisposeAsync();
        await listener.DisposeAsync();
        await using var again = node.Network.Listen(80);

        Assert.Equal(OverlayError.PortInUse, error.Reason);
        Assert.Contains("80", error.Message, StringComparison.Ordinal);
        Assert.Equal(["80"], node.Network.Bound);
    }

    [Fact]
    public async Task Unbinding_refuses_newcomers_and_keeps_those_who_are_there()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        var server = bob.Sockets.Listen(7000);
        await using var near = await alice.Sockets.ConnectAsync(bob.Address, 7000, Cancelled);
        await using var far = await server.AcceptAsync(Cancelled);

        await server.DisposeAsync();

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await alice.Sockets.ConnectAsync(bob.Address, 7000, Cancelled));
        Assert.Equal(OverlayError.ConnectionRefused, error.Reason);
        await near.SendAsync("still here"u8.ToArray(), Cancelled);
        Assert.Equal("still here"u8.ToArray(), (await far.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Equal(OverlayError.Stopped, (await Assert.ThrowsAsync<OverlayException>(async () => await server.AcceptAsync(Cancelled))).Reason);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_refuses_at_once()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await alice.Network.ConnectAsync(bob.Address, 7000, Cancelled)); // No time passes here.

        Assert.Equal(OverlayError.ConnectionRefused, error.Reason);
        Assert.Contains("7000", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, bob.Network.Refused);
    }

    [Fact]
    public async Task An_address_to_which_no_channel_opens_times_out_after_4_s_and_not_before()
    {
        await using var net = new MemoryNetwork();
        var alice = net.Add();
        var abyss = net.AddAbyss();
        var connecting = alice.Network.ConnectAsync(abyss, "80", Cancelled).AsTask();
        await net.Time.UntilArmedAsync(TimeSpan.FromSeconds(4));

        net.Time.Advance(TimeSpan.FromSeconds(3.999));
        Assert.False(connecting.IsCompleted);
        net.Time.Advance(TimeSpan.FromSeconds(0.001));

        var error = await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(connecting));
        Assert.Equal(OverlayError.TimedOut, error.Reason);
        Assert.Contains(abyss, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_neither_accepts_nor_refuses_times_out_4_s_after_the_channel_opened()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        bob.Endpoint.Opened = _ => { };
        var connecting = alice.Network.ConnectAsync(bob.Address, "80", Cancelled).AsTask();
        await net.Time.UntilArmedAsync(TimeSpan.FromSeconds(4));

        net.Time.Advance(TimeSpan.FromSeconds(3.999));
        Assert.False(connecting.IsCompleted);
        net.Time.Advance(TimeSpan.FromSeconds(0.001));

        var error = await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(connecting));
        Assert.Equal(OverlayError.TimedOut, error.Reason);
        Assert.Contains("neither accepted nor refused", error.Message, StringComparison.Ordinal);
        await Soon.UntilAsync(() => alice.Network.Peers.Single().OpenChannels == 0);
    }

    [Theory]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[0])]
    public async Task An_answer_that_is_no_answer_ends_the_attempt(byte[] answer)
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        bob.Endpoint.Opened = channel => _ = channel.SendAsync(answer).AsTask();

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await alice.Network.ConnectAsync(bob.Address, "80", Cancelled));

        Assert.Equal(OverlayError.InvalidMessage, error.Reason);
    }

    [Fact]
    public async Task Localhost_and_the_own_address_are_the_node_itself_and_nobody_elses()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        await using var listener = alice.Network.Listen(80);

        foreach (var host in new[] { "localhost", "LOCALHOST", alice.Address, alice.Address.ToUpperInvariant() })
        {
            await using var near = await alice.Network.ConnectAsync(host, "80", Cancelled);
            await using var far = await listener.AcceptAsync(Cancelled);
            Assert.Equal(("localhost", PeerProof.Self), (near.Remote.Text, near.Remote.Proof));
            Assert.Equal(("localhost", PeerProof.Self), (far.Remote.Text, far.Remote.Proof));
        }

        Assert.Equal(OverlayError.ConnectionRefused, (await Assert.ThrowsAsync<OverlayException>(async () => await bob.Network.ConnectAsync("localhost", "80", Cancelled))).Reason);
    }

    [Fact]
    public async Task Names_are_looked_up()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        net.Names["alice"] = alice.Address;
        await using var listener = alice.Network.Listen(80);

        await using var fromBob = await bob.Network.ConnectAsync("alice", "80", Cancelled);
        await using var fromAlice = await alice.Network.ConnectAsync("alice", "80", Cancelled);

        Assert.Equal(alice.Address, fromBob.Remote.Text);
        Assert.Equal("localhost", fromAlice.Remote.Text);
        var error = await Assert.ThrowsAsync<OverlayException>(async () => await bob.Network.ConnectAsync("nobody", "80", Cancelled));
        Assert.Equal(OverlayError.HostUnreachable, error.Reason);
        Assert.Contains("'nobody'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_nobody_has_is_unreachable()
    {
        await using var net = new MemoryNetwork();
        var alice = net.Add();

        Assert.Equal(OverlayError.HostUnreachable, (await Assert.ThrowsAsync<OverlayException>(async () => await alice.Network.ConnectAsync("ffffffffffff", "80", Cancelled))).Reason);
    }

    [Fact]
    public async Task A_hundred_sockets_on_three_ports_are_one_peer()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        var listeners = Enumerable.Range(1, 3).Select(port => bob.Network.Listen(port)).ToList();

        var channels = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => alice.Network.ConnectAsync(bob.Address, i % 3 + 1, Cancelled).AsTask()));

        var peer = Assert.Single(alice.Network.Peers);
        Assert.Equal((bob.Address, 100, 100L), (peer.Remote.Text, peer.OpenChannels, peer.ChannelsOpened));
        Assert.Equal(100, channels.Length);
        Assert.Equal(3, listeners.Count);
    }

    [Fact]
    public async Task What_passes_is_counted_for_each_peer_and_for_loopback()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob, carol) = (net.Add(), net.Add(), net.Add());
        foreach (var node in new[] { alice, bob, carol })
        {
            _ = EchoAsync(node);
        }

        foreach (var host in new[] { bob.Address, carol.Address, "localhost" })
        {
            await using var socket = await alice.Sockets.ConnectAsync(host, 7, Cancelled);
            await socket.SendAsync(new byte[10_000], Cancelled);
            await socket.ReceiveAsync(Cancelled);
        }

        Assert.Equal(3, alice.Network.Peers.Count);
        Assert.All(alice.Network.Peers, peer => Assert.True(peer.BytesSent > 10_000 && peer.BytesReceived > 10_000));
        Assert.Equal("localhost", Assert.Single(alice.Network.Peers, peer => peer.IsLoopback).Remote.Text);
        Assert.Equal(alice.Address, Assert.Single(bob.Network.Peers).Remote.Text);
        await Soon.UntilAsync(() => alice.Network.Peers.All(peer => peer.OpenChannels == 0));
    }

    // Browsers lose what a page sends in the moment in which its channel opens.
    [Fact]
    public async Task A_page_whose_accepting_byte_was_lost_is_understood_by_its_first_message()
    {
        await using var net = new MemoryNetwork();
        var (node, page) = (net.Add(), net.Add(isPage: true));
        page.Endpoint.Opened = channel => _ = channel.SendAsync(new byte[] { 0, 7 }).AsTask();

        var channel = await node.Network.ConnectAsync(page.Address, "80", Cancelled);

        Assert.Equal([0, 7], (await channel.ReceiveAsync(Cancelled))!.Value.ToArray());
    }

    [Theory]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[0])]
    public async Task A_page_that_answers_with_what_no_port_says_ends_the_attempt(byte[] answer)
    {
        await using var net = new MemoryNetwork();
        var (node, page) = (net.Add(), net.Add(isPage: true));
        page.Endpoint.Opened = channel => _ = channel.SendAsync(answer).AsTask();

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await node.Network.ConnectAsync(page.Address, "80", Cancelled));

        Assert.Equal(OverlayError.InvalidMessage, error.Reason);
    }

    [Fact]
    public async Task A_page_is_given_a_moment_before_it_is_accepted_or_refused()
    {
        await using var net = new MemoryNetwork();
        var (node, page) = (net.Add(), net.Add(isPage: true));
        await using var listener = node.Network.Listen(80);

        await using var channel = await AfterPauseAsync("80");
        var refused = await Assert.ThrowsAsync<OverlayException>(() => AfterPauseAsync("81"));

        Assert.Equal(OverlayError.ConnectionRefused, refused.Reason);

        async Task<PeerChannel> AfterPauseAsync(string port)
        {
            var dialling = page.Network.ConnectAsync(node.Address, port, Cancelled).AsTask();
            await net.Time.UntilArmedAsync(TimeSpan.FromMilliseconds(30));
            net.Time.Advance(TimeSpan.FromMilliseconds(29));
            Assert.False(dialling.IsCompleted);
            net.Time.Advance(TimeSpan.FromMilliseconds(1));
            return await Soon.Async(dialling);
        }
    }

    // Of a channel that has closed before its one thread came to it, a browser tells neither that it was open nor what came on it.
    [Fact]
    public async Task A_page_hears_the_last_message_a_moment_before_the_end()
    {
        await using var net = new MemoryNetwork();
        var (node, page) = (net.Add(), net.Add(isPage: true));
        await using var listener = page.Network.Listen(80);
        await using var channel = await node.Network.ConnectAsync(page.Address, "80", Cancelled);
        var there = await listener.AcceptAsync(Cancelled);
        await channel.SendAsync(new byte[] { 7 }, Cancelled);
        var closing = channel.CloseAsync(Cancelled).AsTask();

        Assert.Equal([7], (await there.ReceiveAsync(Cancelled))!.Value.ToArray());
        await net.Time.UntilArmedAsync(TimeSpan.FromMilliseconds(30));
        net.Time.Advance(TimeSpan.FromMilliseconds(29));
        var end = there.ReceiveAsync(Cancelled).AsTask();
        Assert.False(end.IsCompleted);
        net.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await Soon.Async(end));
        await closing;
    }

    [Fact]
    public async Task A_port_for_proved_ids_only_takes_members_and_refuses_pages()
    {
        await using var net = new MemoryNetwork();
        var (node, member, page) = (net.Add(), net.Add(), net.Add(isPage: true));
        await using var listener = node.Network.Listen(22, new PortOptions { VerifiedOnly = true });

        await using var channel = await member.Network.ConnectAsync(node.Address, "22", Cancelled);
        var refused = page.Network.ConnectAsync(node.Address, "22", Cancelled).AsTask();
        await net.Time.UntilArmedAsync(TimeSpan.FromMilliseconds(30));
        net.Time.Advance(TimeSpan.FromMilliseconds(30));

        Assert.Equal(OverlayError.ConnectionRefused, (await Assert.ThrowsAsync<OverlayException>(() => refused)).Reason);
        Assert.Equal(member.Address, (await listener.AcceptAsync(Cancelled)).Remote.Text);
        Assert.Equal(1, node.Network.Refused);
    }

    [Fact]
    public async Task A_full_backlog_refuses_one_more_and_takes_it_when_there_is_room()
    {
        await using var net = new MemoryNetwork { Options = new NetworkOptions { Backlog = 2 } };
        var (alice, bob) = (net.Add(), net.Add());
        await using var listener = bob.Network.Listen(80);
        await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);
        await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await alice.Network.ConnectAsync(bob.Address, "80", Cancelled));
        await listener.AcceptAsync(Cancelled);
        await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);

        Assert.Equal(OverlayError.ConnectionRefused, error.Reason);
    }

    [Fact]
    public async Task One_peer_has_no_more_channels_than_its_share_and_others_are_not_touched()
    {
        await using var net = new MemoryNetwork { Options = new NetworkOptions { MaxChannelsPerPeer = 2 } };
        var (alice, bob, carol) = (net.Add(), net.Add(), net.Add());
        await using var listener = bob.Network.Listen(80);
        var first = await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);
        await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);
        await listener.AcceptAsync(Cancelled);

        await Assert.ThrowsAsync<OverlayException>(async () => await alice.Network.ConnectAsync(bob.Address, "80", Cancelled));
        await carol.Network.ConnectAsync(bob.Address, "80", Cancelled);
        await first.CloseAsync(Cancelled);
        await Soon.UntilAsync(() => bob.Network.Peers.Single(peer => peer.Remote.Text == alice.Address).OpenChannels < 2);
        await alice.Network.ConnectAsync(bob.Address, "80", Cancelled);
    }

    [Fact]
    public async Task Disposing_twice_and_with_a_port_that_was_never_used_is_fine_and_waiting_readers_hear_why()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        bob.Network.Listen(81);
        await using var server = bob.Sockets.Listen(80);
        var near = await alice.Sockets.ConnectAsync(bob.Address, 80, Cancelled);
        var far = await server.AcceptAsync(Cancelled);
        var reading = far.ReceiveAsync(Cancelled).AsTask();
        var accepting = server.AcceptAsync(Cancelled).AsTask();
        await far.SendAsync("last words"u8.ToArray(), Cancelled);

        await bob.Network.DisposeAsync();
        await bob.Network.DisposeAsync();

        Assert.Equal(OverlayError.Stopped, (await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(reading))).Reason);
        Assert.Equal(OverlayError.Stopped, (await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(accepting))).Reason);
        Assert.Equal(OverlayError.Stopped, Assert.Throws<OverlayException>(() => bob.Network.Listen(82)).Reason);
        Assert.Equal(OverlayError.Stopped, (await Assert.ThrowsAsync<OverlayException>(async () => await bob.Network.ConnectAsync("localhost", "81", Cancelled))).Reason);
        Assert.Equal("last words"u8.ToArray(), (await near.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Null(await near.ReceiveAsync(Cancelled));
    }

    [Fact]
    public async Task Connecting_can_be_given_up()
    {
        await using var net = new MemoryNetwork();
        var alice = net.Add();
        using var impatience = new CancellationTokenSource();
        var connecting = alice.Network.ConnectAsync(net.AddAbyss(), "80", impatience.Token).AsTask();

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Async(connecting));
    }

    [Fact]
    public async Task What_is_no_port_or_host_is_refused_at_the_door()
    {
        await using var net = new MemoryNetwork();
        var node = net.Add();

        Assert.Throws<ArgumentException>(() => node.Network.Listen(""));
        Assert.Throws<ArgumentException>(() => node.Network.Listen(new string('x', 65_536)));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Network.Listen(-1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Network.ConnectAsync("", "80", Cancelled));
        await using var any = node.Network.Listen("any label ☺");
        await using var near = await node.Network.ConnectAsync("localhost", "any label ☺", Cancelled);
    }

    [Fact]
    public void Options_that_cannot_work_are_named()
    {
        Assert.Empty(new NetworkOptions().Errors());
        var broken = new NetworkOptions
        {
            OpenTimeout = TimeSpan.Zero,
            AcceptTimeout = TimeSpan.Zero,
            PageDelay = TimeSpan.FromSeconds(2),
            CloseTimeout = TimeSpan.Zero,
            Backlog = 0,
            MaxChannelsPerPeer = 0,
        };

        Assert.Equal(["OpenTimeout", "AcceptTimeout", "PageDelay", "CloseTimeout", "Backlog", "MaxChannelsPerPeer"], broken.Errors().Select(error => error.Split(':')[0]));
    }

    private static Task EchoAsync(MemoryNode node) => node.Sockets.Listen(7).ServeAsync(
        async (socket, token) =>
        {
            await foreach (var message in socket.ReadAllAsync(token))
            {
                await socket.SendAsync(message, token);
            }
        },
        Cancelled);
}
