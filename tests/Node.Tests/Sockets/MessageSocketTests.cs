using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Sockets;

/// <summary>Messages between two ports, within a node and between two.</summary>
public sealed class MessageSocketTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<bool> Ways => [false, true];

    [Theory, MemberData(nameof(Ways))]
    public async Task A_server_that_sends_one_message_and_closes_is_heard_to_the_end(bool isLoopback)
    {
        await using var net = new MemoryNetwork();
        var (near, far) = await ConnectAsync(net, isLoopback);

        await far.SendAsync("hello"u8.ToArray(), Cancelled);
        await far.CloseAsync(Cancelled);

        Assert.Equal("hello"u8.ToArray(), (await near.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Null(await near.ReceiveAsync(Cancelled));
        await Soon.Async(near.Completion);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_client_that_sends_and_closes_is_heard_to_the_end(bool isLoopback)
    {
        await using var net = new MemoryNetwork();
        var (near, far) = await ConnectAsync(net, isLoopback);

        await near.SendAsync("hello"u8.ToArray(), Cancelled);
        await near.CloseAsync(Cancelled);

        Assert.Equal(["hello"], await TextsAsync(far));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Bytes_arrive_as_they_were_in_both_directions_and_echoed(bool isLoopback)
    {
        await using var net = new MemoryNetwork();
        var (near, far) = await ConnectAsync(net, isLoopback);
        var (there, back) = (Bytes(1_024, 1), Bytes(1_024, 2));

        await near.SendAsync(there, Cancelled);
        await far.SendAsync(back, Cancelled);
        var heard = await far.ReceiveAsync(Cancelled);
        await far.SendAsync(heard!.Value, Cancelled);

        Assert.Equal(there, heard.Value.ToArray());
        Assert.Equal(back, (await near.ReceiveAsync(Cancelled))!.Value.ToArray());
        Assert.Equal(there, (await near.ReceiveAsync(Cancelled))!.Value.ToArray());
    }

    // In one go: nobody waits for a message to be sent before asking for the next, and closing waits for all of them.
    [Theory, MemberData(nameof(Ways))]
    public async Task A_hundred_and_twenty_eight_messages_in_one_go_arrive_in_order_before_the_end(bool isLoopback)
    {
        await using var net = new MemoryNetwork { Channels = new MemoryChannelOptions { BufferBytes = 4_096 } };
        var (near, far) = await ConnectAsync(net, isLoopback);

        var sending = Enumerable.Range(0, 128).Select(i => far.SendAsync(Bytes(1_024, i), Cancelled).AsTask()).ToList();
        var closing = far.CloseAsync(Cancelled).AsTask();
        var arrived = await near.ReadAllAsync(Cancelled).ToListAsync(Cancelled);

        Assert.Equal(128, arrived.Count);
        Assert.All(arrived, (message, i) => Assert.Equal(Bytes(1_024, i), message.ToArray()));
        await Task.WhenAll(sending);
        await closing;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32_767)]
    [InlineData(32_768)]
    [InlineData(32_769)]
    [InlineData(65_536)]
    [InlineData(999_999)]
    [InlineData(1_000_000)]
    public async Task A_message_of_any_length_up_to_a_million_bytes_arrives_whole(int length)
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Pair();
        var sent = Bytes(length, length);

        var sending = near.SendAsync(sent, Cancelled);
        var arrived = await far.ReceiveAsync(Cancelled);

        await sending;
        Assert.True(arrived!.Value.Span.SequenceEqual(sent));
    }

    [Fact]
    public async Task One_byte_more_fails_at_the_sender_and_nothing_leaves()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Pair();

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await near.SendAsync(new byte[1_000_001], Cancelled));
        await near.SendAsync("next"u8.ToArray(), Cancelled);
        await near.CloseAsync(Cancelled);

        Assert.Equal(OverlayError.MessageTooLarge, error.Reason);
        Assert.Contains("1000001", error.Message, StringComparison.Ordinal);
        Assert.Equal(["next"], await TextsAsync(far));
    }

    [Fact]
    public async Task An_empty_message_arrives_empty()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Pair();

        await near.SendAsync(ReadOnlyMemory<byte>.Empty, Cancelled);
        await near.CloseAsync(Cancelled);

        Assert.True(Assert.Single(await far.ReadAllAsync(Cancelled).ToListAsync(Cancelled)).IsEmpty);
    }

    [Fact]
    public async Task Segments_are_Smokes()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Ends();
        await using var socket = new MessageSocket(near, far.Remote);

        await socket.SendAsync(Bytes(40_000, 1), Cancelled);
        await socket.SendAsync(ReadOnlyMemory<byte>.Empty, Cancelled);

        var (first, second, empty) = ((await far.ReceiveAsync())!.Value, (await far.ReceiveAsync())!.Value, (await far.ReceiveAsync())!.Value);
        Assert.Equal([1, .. Bytes(40_000, 1)[..32_768]], first.ToArray());
        Assert.Equal([0, .. Bytes(40_000, 1)[32_768..]], second.ToArray());
        Assert.Equal([0], empty.ToArray());
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_hundred_and_twenty_eight_sockets_at_once_each_carry_their_message(bool isLoopback)
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        var serving = EchoAsync(bob.Sockets.Listen(7000));
        var (from, host) = isLoopback ? (bob, "localhost") : (alice, bob.Address);

        var echoes = await Task.WhenAll(Enumerable.Range(0, 128).Select(async i =>
        {
            await using var socket = await from.Sockets.ConnectAsync(host, 7000, Cancelled);
            await socket.SendAsync(Bytes(1_024, i), Cancelled);
            return await socket.ReceiveAsync(Cancelled);
        }));

        Assert.All(echoes, (echo, i) => Assert.Equal(Bytes(1_024, i), echo!.Value.ToArray()));
        Assert.False(serving.IsCompleted);
    }

    [Fact]
    public async Task Five_hundred_and_twelve_open_sockets_of_eight_peers_all_echo()
    {
        await using var net = new MemoryNetwork();
        var server = net.Add();
        var serving = EchoAsync(server.Sockets.Listen(7000));
        var peers = Enumerable.Range(0, 8).Select(_ => net.Add()).ToList();

        var sockets = await Task.WhenAll(Enumerable.Range(0, 512).Select(i => peers[i % 8].Sockets.ConnectAsync(server.Address, 7000, Cancelled).AsTask()));
        var echoes = await Task.WhenAll(sockets.Select(async (socket, i) =>
        {
            await socket.SendAsync(Bytes(100, i), Cancelled);
            return await socket.ReceiveAsync(Cancelled);
        }));

        Assert.All(echoes, (echo, i) => Assert.Equal(Bytes(100, i), echo!.Value.ToArray()));
        Assert.Equal(8, server.Network.Peers.Count);
        Assert.Equal(512, server.Network.Peers.Sum(peer => peer.OpenChannels));
        Assert.False(serving.IsCompleted);
    }

    [Fact]
    public async Task An_oversize_arrival_ends_its_socket_and_no_other()
    {
        await using var net = new MemoryNetwork();
        var (hostile, far) = net.Ends();
        await using var socket = new MessageSocket(far, hostile.Remote);
        var (other, otherFar) = net.Pair();
        var segment = new byte[1 + 32_768];
        segment[0] = 1;
        var flood = Task.Run(async () =>
        {
            while (true)
            {
                await hostile.SendAsync(segment, Cancelled);
            }
        });

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await socket.ReceiveAsync(Cancelled));
        var again = await Assert.ThrowsAsync<OverlayException>(async () => await socket.ReceiveAsync(Cancelled));

        Assert.Equal((OverlayError.MessageTooLarge, OverlayError.MessageTooLarge), (error.Reason, again.Reason));
        await Assert.ThrowsAsync<OverlayException>(() => Soon.Async(flood));
        await other.SendAsync("fine"u8.ToArray(), Cancelled);
        Assert.Equal("fine"u8.ToArray(), (await otherFar.ReceiveAsync(Cancelled))!.Value.ToArray());
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 255, 1, 2, 3 })]
    public async Task What_is_no_segment_ends_its_socket(byte[] bytes)
    {
        await using var net = new MemoryNetwork();
        var (hostile, far) = net.Ends();
        await using var socket = new MessageSocket(far, hostile.Remote);
        await hostile.SendAsync(bytes);

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await socket.ReceiveAsync(Cancelled));

        Assert.Equal(OverlayError.InvalidMessage, error.Reason);
        await Soon.Async(hostile.Closed);
    }

    [Fact]
    public async Task A_message_that_breaks_off_in_the_middle_is_not_given_out()
    {
        await using var net = new MemoryNetwork();
        var (hostile, far) = net.Ends();
        await using var socket = new MessageSocket(far, hostile.Remote);
        await hostile.SendAsync(new byte[] { 1, 7 });
        await hostile.CloseAsync();

        Assert.Equal(OverlayError.ChannelLost, (await Assert.ThrowsAsync<OverlayException>(async () => await socket.ReceiveAsync(Cancelled))).Reason);
    }

    [Fact]
    public async Task Arbitrary_bytes_never_throw_anything_but_the_sockets_own_errors()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            await using var net = new MemoryNetwork();
            var (hostile, far) = net.Ends();
            await using var socket = new MessageSocket(far, hostile.Remote);
            for (var i = 0; i < 8; i++)
            {
                var message = new byte[random.Next(4)];
                random.NextBytes(message);
                if (message.Length > 0 && random.Next(4) > 0)
                {
                    message[0] &= 1;
                }

                await hostile.SendAsync(message);
            }

            await hostile.CloseAsync();
            try
            {
                await socket.ReadAllAsync(Cancelled).ToListAsync(Cancelled);
            }
            catch (OverlayException e)
            {
                Assert.True(e.Reason is OverlayError.InvalidMessage or OverlayError.ChannelLost, e.ToString());
            }
        }
    }

    [Fact]
    public async Task A_sender_waits_for_a_reader_that_pauses()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Pair();
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < 1_000; sent++)
            {
                await near.SendAsync(new byte[100_000], Cancelled);
            }
        });

        await Soon.UntilAsync(() => sent > 2);
        Assert.InRange(sent, 3, 6); // 512 KiB are on the way at most, whatever is still to be sent.
        var received = 0;
        for (; received < 1_000; received++)
        {
            await far.ReceiveAsync(Cancelled);
            Assert.InRange(sent - received, -1, 8);
        }

        await sending;
    }

    [Fact]
    public async Task A_read_that_was_given_up_loses_nothing()
    {
        await using var net = new MemoryNetwork();
        var (near, far) = net.Ends();
        await using var socket = new MessageSocket(far, near.Remote);
        await near.SendAsync(new byte[] { 1, 1 });
        using var impatience = new CancellationTokenSource();
        var reading = socket.ReceiveAsync(impatience.Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await near.SendAsync(new byte[] { 0, 2 });

        Assert.Equal([1, 2], (await socket.ReceiveAsync(Cancelled))!.Value.ToArray());
    }

    [Fact]
    public async Task A_message_that_was_given_up_before_it_left_is_not_missed_and_one_that_had_left_in_part_ends_the_socket()
    {
        await using var net = new MemoryNetwork { Channels = new MemoryChannelOptions { BufferBytes = 40_000 } };
        var (near, far) = net.Pair();
        await near.SendAsync(new byte[32_000], Cancelled);
        using var impatience = new CancellationTokenSource();
        var whole = near.SendAsync(new byte[32_000], impatience.Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => whole);
        Assert.NotNull(await far.ReceiveAsync(Cancelled));
        await near.SendAsync("next"u8.ToArray(), Cancelled);
        Assert.Equal("next"u8.ToArray(), (await far.ReceiveAsync(Cancelled))!.Value.ToArray());

        using var again = new CancellationTokenSource();
        var part = near.SendAsync(new byte[100_000], again.Token).AsTask();
        await again.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => part);

        await Assert.ThrowsAsync<OverlayException>(async () => await far.ReceiveAsync(Cancelled));
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await near.SendAsync(new byte[1], Cancelled))).Reason);
    }

    [Fact]
    public async Task Two_readers_at_once_are_one_too_many()
    {
        await using var net = new MemoryNetwork();
        var (near, _) = net.Pair();
        _ = near.ReceiveAsync(Cancelled).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await near.ReceiveAsync(Cancelled));
    }

    [Fact]
    public async Task A_callback_that_throws_breaks_its_socket_off_and_no_other()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        await using var server = bob.Sockets.Listen(7000);
        var serving = server.ServeAsync(
            async (socket, token) =>
            {
                var message = (await socket.ReceiveAsync(token))!.Value;
                await socket.SendAsync(message.Length > 0 ? message : throw new InvalidOperationException("empty"), token);
            },
            Cancelled);
        await using var bad = await alice.Sockets.ConnectAsync(bob.Address, 7000, Cancelled);
        await using var good = await alice.Sockets.ConnectAsync(bob.Address, 7000, Cancelled);

        await bad.SendAsync(ReadOnlyMemory<byte>.Empty, Cancelled);
        await good.SendAsync("good"u8.ToArray(), Cancelled);

        Assert.Equal(OverlayError.ChannelLost, (await Assert.ThrowsAsync<OverlayException>(async () => await bad.ReceiveAsync(Cancelled))).Reason);
        Assert.Equal(["good"], await TextsAsync(good));
        await server.DisposeAsync();
        await Soon.Async(serving);
    }

    [Fact]
    public async Task Both_ends_know_where_they_are()
    {
        await using var net = new MemoryNetwork();
        var (alice, bob) = (net.Add(), net.Add());
        var server = bob.Sockets.Listen("7000");
        await using var near = await alice.Sockets.ConnectAsync(bob.Address, "7000", Cancelled);
        await using var far = await server.AcceptAsync(Cancelled);

        Assert.Equal((alice.Address, bob.Address, "7000", false), (near.Local.Text, near.Remote.Text, near.Port, near.IsIncoming));
        Assert.Equal((bob.Address, alice.Address, "7000", true), (far.Local.Text, far.Remote.Text, far.Port, far.IsIncoming));
        await using var self = await bob.Sockets.ConnectAsync("localhost", "7000", Cancelled);
        Assert.Equal(("localhost", "localhost"), (self.Local.Text, self.Remote.Text));
    }

    private static async Task<(MessageSocket Near, MessageSocket Far)> ConnectAsync(MemoryNetwork net, bool isLoopback)
    {
        var (alice, bob) = (net.Add(), net.Add());
        var server = bob.Sockets.Listen(7000);
        var near = await (isLoopback ? bob.Sockets.ConnectAsync("localhost", 7000, Cancelled) : alice.Sockets.ConnectAsync(bob.Address, 7000, Cancelled));
        return (near, await server.AcceptAsync(Cancelled));
    }

    private static Task EchoAsync(SocketServer server) => server.ServeAsync(
        async (socket, token) =>
        {
            await foreach (var message in socket.ReadAllAsync(token))
            {
                await socket.SendAsync(message, token);
            }
        },
        Cancelled);

    private static async Task<List<string>> TextsAsync(MessageSocket socket) =>
        [.. (await socket.ReadAllAsync(Cancelled).ToListAsync(Cancelled)).Select(message => System.Text.Encoding.UTF8.GetString(message.Span))];

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
