using System.Buffers.Binary;
using System.Net;
using System.Threading.Channels;
using Overlay.Runtime.Channels;

namespace Overlay.Runtime.Tests.Channels;

/// <summary>A channel whose direct way comes and goes, on real sockets: the node stands behind a port that another one stands for.</summary>
public sealed class PathSwitchTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_behind_a_forwarded_port_is_reached_there()
    {
        await using var network = new TestNetwork();
        await using var here = await StartAsync(network);
        await using var there = await StartAsync(network);
        await network.UntilFullMeshAsync(here.Node, there.Node);

        var (channel, incoming) = await OpenAsync(here.Node, there.Node);
        await WriteAsync(channel, 0, 100);
        for (var i = 0; i < 100; i++)
        {
            Check((await incoming.ReceiveAsync(Cancelled))!.Value.Span, i);
        }

        Assert.True(here.Links.Passed + there.Links.Passed > 0);
        await network.Changed.UntilAsync(() => here.Channels.Passed + there.Channels.Passed > 0);
    }

    [Fact]
    public Task Under_load_the_direct_way_comes_and_goes_and_nothing_is_lost_doubled_or_out_of_order() => SwitchAsync(4);

    [SlowFact]
    public Task Fifty_times_the_direct_way_comes_or_goes_and_nothing_is_lost_doubled_or_out_of_order() => SwitchAsync(50);

    private static async Task SwitchAsync(int switches)
    {
        await using var network = new TestNetwork();
        await using var here = await StartAsync(network);
        await using var there = await StartAsync(network);
        await network.UntilFullMeshAsync(here.Node, there.Node, await network.StartAsync());
        var (channel, incoming) = await OpenAsync(here.Node, there.Node);
        using var enough = new CancellationTokenSource();
        var sent = 0;
        var writing = Task.Run(
            async () =>
            {
                for (; !enough.IsCancellationRequested; sent++)
                {
                    await WriteAsync(channel, sent, 1);
                }

                await channel.CloseAsync(Cancelled);
            },
            Cancelled);
        var read = 0;
        var reading = Task.Run(
            async () =>
            {
                while (await incoming.ReceiveAsync(Cancelled) is { } message)
                {
                    Check(message.Span, read);
                    Volatile.Write(ref read, read + 1);
                    network.Changed.Set();
                }
            },
            Cancelled);

        for (var i = 0; i < switches; i++)
        {
            // Down: what is read still comes, over the overlay. Up: it comes through the ports again.
            var isCut = here.Channels.IsCut = there.Channels.IsCut = i % 2 == 0;
            var (already, passed) = (Volatile.Read(ref read), here.Channels.Passed + there.Channels.Passed);
            await network.Changed.UntilAsync(() =>
                reading.IsFaulted || (Volatile.Read(ref read) > already + 500 && (isCut || here.Channels.Passed + there.Channels.Passed > passed + 500)));
        }

        await enough.CancelAsync();
        await Task.WhenAll(writing, reading);

        Assert.Equal(sent, read);
        Assert.InRange(here.Node.Counters.Fallbacks, 1, switches);
        Assert.InRange(here.Node.Counters.Upgrades, 1, switches + 1);
    }

    private static async Task<Forwarded> StartAsync(TestNetwork network)
    {
        var port = UdpProxy.FreePair();
        var (links, channels) = UdpProxy.StartPair(port, TimeSpan.Zero, network.Changed.Set);
        return new(await network.StartAsync(network.Options with { Port = port, Advertised = new IPEndPoint(IPAddress.Loopback, links.Port) }), links, channels);
    }

    private static async Task<(PeerChannel Channel, PeerChannel Incoming)> OpenAsync(OverlayHost from, OverlayHost to)
    {
        var incoming = Channel.CreateUnbounded<PeerChannel>();
        to.Opened = channel => incoming.Writer.TryWrite(channel);
        var channel = await from.OpenAsync(to.Id.ToString(), "7000", Cancelled);
        return (channel, await incoming.Reader.ReadAsync(Cancelled));
    }

    private static async Task WriteAsync(PeerChannel channel, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            var message = new byte[LengthOf(i)];
            BinaryPrimitives.WriteInt32BigEndian(message, i);
            await channel.SendAsync(message, Cancelled);
        }
    }

    private static void Check(ReadOnlySpan<byte> message, int number)
    {
        Assert.Equal(LengthOf(number), message.Length);
        Assert.Equal(number, BinaryPrimitives.ReadInt32BigEndian(message));
    }

    private static int LengthOf(int number) => 4 + (number * 37 % 3000);

    /// <summary>A node whose ports are reached at others only.</summary>
    private sealed record Forwarded(OverlayHost Node, UdpProxy Links, UdpProxy Channels) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Links.DisposeAsync();
            await Channels.DisposeAsync();
        }
    }
}
