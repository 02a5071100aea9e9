using System.Net;
using Overlay.Effects;

namespace Overlay.Runtime.Tests.Links;

/// <summary>Nodes that cannot reach each other directly: one speaks IPv4 only, one IPv6 only, and a third both.</summary>
public sealed class RelayedLinkTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_node_that_reaches_both_passes_their_link_on()
    {
        await using var network = new TestNetwork();
        var (both, four, six) = await StartAsync(network);
        var report = await six.SendAsync(four.Id, new byte[10_000], new() { RecordRoute = true }, Cancelled);

        Assert.Equal(1, report.Hops); // For the overlay it is one link.
        Assert.True(both.Counters.Relayed > 0);
        Assert.Equal(0, four.Counters.Relayed + six.Counters.Relayed);
    }

    [Fact]
    public async Task Channels_open_over_a_relayed_link()
    {
        await using var network = new TestNetwork();
        var (_, four, six) = await StartAsync(network);
        var arrived = new TaskCompletionSource<Runtime.Channels.PeerChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        four.Opened = channel => arrived.TrySetResult(channel);

        var channel = await six.OpenAsync(four.Id.ToString(), "80", Cancelled);
        await channel.SendAsync(new byte[50_000], Cancelled);

        var received = await (await arrived.Task.WaitAsync(Cancelled)).ReceiveAsync(Cancelled);
        Assert.Equal(50_000, received!.Value.Length);
    }

    private static async Task<(OverlayHost Both, OverlayHost Four, OverlayHost Six)> StartAsync(TestNetwork network)
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "This machine has no IPv6.");
        var both = await network.StartAsync(network.Options with { ListenAddresses = [IPAddress.Loopback, IPAddress.IPv6Loopback] });
        var four = await network.StartAsync(network.Options with { ListenAddresses = [IPAddress.Loopback] });
        await network.UntilFullMeshAsync(both, four);
        var six = await network.StartAsync(network.Options with { ListenAddresses = [IPAddress.IPv6Loopback] });
        await network.UntilFullMeshAsync(both, four, six);
        return (both, four, six);
    }
}
