using System.Buffers.Binary;
using System.Threading.Channels;
using Overlay.Runtime.Channels;

namespace Overlay.Runtime.Tests.Channels;

/// <summary>Channels between whole nodes, over the overlay and directly.</summary>
public sealed class PeerChannelTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ChannelPolicy.Auto)]
    [InlineData(ChannelPolicy.OverlayOnly)]
    [InlineData(ChannelPolicy.DirectOnly)]
    public async Task A_channel_carries_messages_both_ways_in_order(ChannelPolicy policy)
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, policy);

        var (channel, incoming) = await OpenAsync(here, there, "7000");
        await Task.WhenAll(WriteAsync(channel, 1000), WriteAsync(incoming, 1000), ReadAsync(channel, 1000), ReadAsync(incoming, 1000));

        Assert.Equal(("7000", "7000"), (channel.Label, incoming.Label));
        Assert.Equal((there.Id, here.Id), (channel.Remote.Id, incoming.Remote.Id));
        Assert.Equal((PeerProof.Key, false, true), (incoming.Remote.Proof, channel.IsIncoming, incoming.IsIncoming));
    }

    [Fact]
    public async Task Over_several_hops_a_channel_works_without_a_direct_way()
    {
        await using var network = new TestNetwork();
        var options = network.Options with
        {
            Protocol = OverlayOptions.Default with { SuccessorListLength = 2, LinkedSuccessors = 1, MaxFingers = 0 },
            Channels = new() { Policy = ChannelPolicy.OverlayOnly },
        };
        var nodes = new OverlayHost[8];
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = await network.StartAsync(options);
        }

        var ordered = nodes.OrderBy(node => node.Id.Value).ToArray();
        var (here, there) = (ordered[0], ordered[4]); // The other side of the ring.
        await network.Changed.UntilAsync(async () => (await ReportsAsync(here, there)) > 2);
        var (channel, incoming) = await OpenAsync(here, there, "7000");
        await Task.WhenAll(WriteAsync(channel, 500), ReadAsync(incoming, 500));

        Assert.True(nodes.Sum(node => node.Counters.Relayed) > 500);
    }

    [Fact]
    public async Task Both_open_at_once_and_both_channels_work()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (fromThere, fromHere) = (Incoming(here), Incoming(there));

        var opened = await Task.WhenAll(here.OpenAsync(there.Id.ToString(), "1", Cancelled).AsTask(), there.OpenAsync(here.Id.ToString(), "2", Cancelled).AsTask());
        var accepted = await Task.WhenAll(fromThere.ReadAsync(Cancelled).AsTask(), fromHere.ReadAsync(Cancelled).AsTask());
        await Task.WhenAll(WriteAsync(opened[0], 100), WriteAsync(opened[1], 100), ReadAsync(accepted[1], 100), ReadAsync(accepted[0], 100));

        Assert.Equal(("2", "1"), (accepted[0].Label, accepted[1].Label));
    }

    [Fact]
    public async Task Two_hundred_and_ten_pairs_open_at_once_and_every_one_gets_both_channels()
    {
        await using var network = new TestNetwork();
        var options = network.Options with { Protocol = OverlayOptions.Default with { MaxConnections = 64 } };
        var nodes = new OverlayHost[21];
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = await network.StartAsync(options);
        }

        var incoming = nodes.ToDictionary(node => node.Id, Incoming);
        var opened = await Task.WhenAll(
            from one in nodes
            from other in nodes
            where one != other
            select Task.Run(async () => await one.OpenAsync(other.Id.ToString(), one.Id.ToString(), Cancelled), Cancelled));
        await Task.WhenAll(opened.Select(channel => WriteAsync(channel, 3)));

        foreach (var node in nodes)
        {
            var from = new HashSet<string>();
            for (var i = 0; i < nodes.Length - 1; i++)
            {
                var channel = await incoming[node.Id].ReadAsync(Cancelled);
                Assert.Equal(channel.Label, channel.Remote.Id.ToString());
                Assert.True(from.Add(channel.Label));
                await ReadAsync(channel, 3);
            }
        }
    }

    [Fact]
    public async Task A_node_that_was_killed_and_comes_back_under_its_old_id_is_reached_again()
    {
        await using var network = new TestNetwork();
        var directory = Directory.CreateTempSubdirectory("overlay-test-");
        try
        {
            var (here, third) = (await network.StartAsync(), await network.StartAsync());
            var options = network.Options with { DataDirectory = directory.FullName };
            var there = await network.StartAsync(options);
            await network.UntilFullMeshAsync(here, third, there);
            var (channel, _) = await OpenAsync(here, there, "80");
            await WriteAsync(channel, 1);

            await there.KillAsync();
            await there.DisposeAsync();
            var again = await network.StartAsync(options);
            await network.UntilFullMeshAsync(here, third, again);
            var (second, incoming) = await OpenAsync(here, again, "81");
            await Task.WhenAll(WriteAsync(second, 10), ReadAsync(incoming, 10));

            Assert.Equal(there.Id, again.Id);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Closing_delivers_what_was_sent_and_the_other_side_reads_to_the_end()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");

        await WriteAsync(channel, 300);
        await channel.CloseAsync(Cancelled);

        await ReadAsync(incoming, 300);
        Assert.Null(await incoming.ReceiveAsync(Cancelled));
        await incoming.Closed.WaitAsync(Cancelled);
        var error = await Assert.ThrowsAsync<OverlayException>(async () => await channel.SendAsync(new byte[1], Cancelled));
        Assert.Equal(OverlayError.ChannelClosed, error.Reason);
    }

    [Fact]
    public async Task A_reader_that_is_behind_holds_the_writer_back_and_loses_nothing()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");
        var (large, sent) = (new byte[100_000], 0);
        var writing = Task.Run(async () =>
        {
            for (; sent < 400; sent++)
            {
                BinaryPrimitives.WriteInt32BigEndian(large, sent);
                await channel.SendAsync(large, Cancelled);
            }
        }, Cancelled);

        var first = await incoming.ReceiveAsync(Cancelled);
        Assert.Equal(0, BinaryPrimitives.ReadInt32BigEndian(first!.Value.Span));
        Assert.False(writing.IsCompleted); // 40 MB do not fit into the buffers of both sides.
        for (var i = 1; i < 400; i++)
        {
            var message = await incoming.ReceiveAsync(Cancelled);
            Assert.Equal(i, BinaryPrimitives.ReadInt32BigEndian(message!.Value.Span));
            Assert.Equal(large.Length, message.Value.Length);
        }

        await writing;
    }

    [Fact]
    public async Task Breaking_off_ends_a_writer_that_waits_though_the_other_side_does_not_read()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");
        var (filled, writing) = Fill(channel);
        await filled;

        channel.Abort();

        var error = await Assert.ThrowsAsync<OverlayException>(() => writing);
        Assert.Equal(OverlayError.ChannelClosed, error.Reason);
        await channel.Closed.WaitAsync(Cancelled);
        Assert.False(incoming.Closed.IsCompleted); // It has not read to the end yet.
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_that_goes_away_holds_up_no_other_channel(bool breaksOff)
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");
        var (filled, writing) = Fill(channel);
        await filled;

        if (breaksOff)
        {
            incoming.Abort();
        }
        else
        {
            await incoming.DisposeAsync();
        }

        await Assert.ThrowsAsync<OverlayException>(() => writing);
        var (second, other) = await OpenAsync(here, there, "81");
        await Task.WhenAll(WriteAsync(second, 100), ReadAsync(other, 100));
    }

    [Fact]
    public async Task Nobody_there_is_a_typed_error()
    {
        await using var network = new TestNetwork();
        var here = (await network.StartAsync(2))[0];

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await here.OpenAsync("0123456789ab", "80", Cancelled));

        Assert.Equal(OverlayError.HostUnreachable, error.Reason);
        Assert.Contains("0123456789ab", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_large_a_message_is_refused_and_the_channel_goes_on()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await channel.SendAsync(new byte[channel.MaxMessageBytes + 1], Cancelled));
        await WriteAsync(channel, 1);

        Assert.Equal(OverlayError.MessageTooLarge, error.Reason);
        await ReadAsync(incoming, 1);
    }

    [Fact]
    public async Task When_the_other_node_leaves_the_reader_hears_that_the_channel_is_lost()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, _) = await OpenAsync(here, there, "80");

        await there.LeaveAsync(Cancelled);

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await channel.ReceiveAsync(Cancelled));
        Assert.Equal(OverlayError.ChannelLost, error.Reason);
    }

    [Fact]
    public async Task With_the_hub_gone_new_channels_open_all_the_same()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        network.Hub.Dispose();

        var (channel, incoming) = await OpenAsync(here, there, "80");

        await Task.WhenAll(WriteAsync(channel, 10), ReadAsync(incoming, 10));
    }

    [Fact]
    public async Task Flush_waits_until_everything_is_acknowledged()
    {
        await using var network = new TestNetwork();
        var (here, there) = await StartPairAsync(network, ChannelPolicy.Auto);
        var (channel, incoming) = await OpenAsync(here, there, "80");

        await WriteAsync(channel, 50);
        await channel.FlushAsync(Cancelled);

        await ReadAsync(incoming, 50);
    }

    /// <summary>Writes on and on, to a reader that does not read: after 8 MB the buffers of both sides are nearly full.</summary>
    private static (Task Filled, Task Writing) Fill(PeerChannel channel)
    {
        var filled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = Task.Run(
            async () =>
            {
                var message = new byte[100_000];
                for (var sent = 0; ; sent++)
                {
                    await channel.SendAsync(message, Cancelled);
                    if (sent == 80)
                    {
                        filled.SetResult();
                    }
                }
            },
            Cancelled);
        return (filled.Task, writing);
    }

    private static async Task<int> ReportsAsync(OverlayHost from, OverlayHost to)
    {
        try
        {
            return (await from.SendAsync(to.Id, new byte[1], new() { RecordRoute = true }, Cancelled)).Hops;
        }
        catch (OverlayException)
        {
            return 0; // The ring is still forming.
        }
    }

    private static async Task<(OverlayHost Here, OverlayHost There)> StartPairAsync(TestNetwork network, ChannelPolicy policy)
    {
        var options = network.Options with { Channels = new() { Policy = policy } };
        OverlayHost[] nodes = [await network.StartAsync(options), await network.StartAsync(options), await network.StartAsync(options)];
        await network.UntilFullMeshAsync(nodes);
        return (nodes[0], nodes[2]);
    }

    private static ChannelReader<PeerChannel> Incoming(OverlayHost node)
    {
        var channels = Channel.CreateUnbounded<PeerChannel>();
        node.Opened = channel => channels.Writer.TryWrite(channel);
        return channels.Reader;
    }

    private static async Task<(PeerChannel Channel, PeerChannel Incoming)> OpenAsync(OverlayHost from, OverlayHost to, string label)
    {
        var incoming = Incoming(to);
        var channel = await from.OpenAsync(to.Id.ToString(), label, Cancelled);
        return (channel, await incoming.ReadAsync(Cancelled));
    }

    private static async Task WriteAsync(PeerChannel channel, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var message = new byte[4 + (i * 37 % 3000)];
            BinaryPrimitives.WriteInt32BigEndian(message, i);
            await channel.SendAsync(message, Cancelled);
        }
    }

    private static async Task ReadAsync(PeerChannel channel, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var message = await channel.ReceiveAsync(Cancelled);
            Assert.Equal(4 + (i * 37 % 3000), message!.Value.Length);
            Assert.Equal(i, BinaryPrimitives.ReadInt32BigEndian(message.Value.Span));
        }
    }
}
