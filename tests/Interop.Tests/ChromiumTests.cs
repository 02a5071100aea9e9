using System.Text.Json.Nodes;
using Overlay.Interop.Tests.Peers;

namespace Overlay.Interop.Tests;

/// <summary>A real browser, headless, as it comes: host candidates hidden behind mDNS names, DTLS 1.3 offered, one page a connection.</summary>
public sealed class ChromiumTests(Browser browser) : IClassFixture<Browser>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_of_every_size_and_kind_come_back(bool weOffer)
    {
        await using var pair = await ConnectAsync(weOffer);

        await Scenarios.EchoesOfEverySizeAsync(pair.Foreign);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Any_datagram_of_the_handshake_may_be_lost(bool weOffer)
    {
        await (await browser.OpenPageAsync()).DisposeAsync(); // Starts the browser, which decides about the room.
        await Scenarios.EveryDatagramOfTheHandshakeMayBeLostAsync(browser.OpenPageAsync, browser.Room, weOffer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fifty_mebibytes_arrive_intact_in_each_direction(bool weOffer)
    {
        await using var pair = await ConnectAsync(weOffer);

        await Scenarios.FiftyMebibytesToUsAsync(pair.Foreign);
        await Scenarios.FiftyMebibytesFromUsAsync(pair.Ours, pair.Foreign);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unordered_and_unreliable_channels_keep_their_options(bool weOffer)
    {
        await using var pair = await ConnectAsync(weOffer);

        await Scenarios.UnorderedAndUnreliableChannelsAsync(pair.Ours, pair.Foreign, tellsOptions: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Channels_close_from_either_side_and_their_streams_are_used_again(bool weOffer)
    {
        await using var pair = await ConnectAsync(weOffer);

        await Scenarios.ChannelsCloseAndTheirStreamsAreUsedAgainAsync(pair.Ours, pair.Foreign);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_the_connection_is_seen_at_once_by_the_other_side(bool weOffer)
    {
        await using (var pair = await ConnectAsync(weOffer))
        {
            await Scenarios.OurCloseClosesTheirChannelsAsync(pair.Ours, pair.Foreign, weOffer);
        }

        await using (var pair = await ConnectAsync(weOffer))
        {
            await Scenarios.TheirCloseClosesUsAsync(pair.Ours, pair.Foreign);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_ice_restart_from_either_side_keeps_the_channels(bool weOffer)
    {
        await using var pair = await ConnectAsync(weOffer);

        await pair.Foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "echo-on" });
        await pair.Foreign.ChannelOpenAsync("echo-on");
        foreach (var restarting in new[] { pair.Ours, pair.Foreign })
        {
            var before = await RemoteOfAsync(pair.Ours);
            await restarting.CommandAsync("restart-ice");
            while (await RemoteOfAsync(pair.Ours) == before)
            {
                // Chromium gathers anew and has new ports: asking again is the wait.
            }

            // It goes on sending over the former pair until something comes over the new one, and that must not be lost.
            await Scenarios.EchoesOnAsync(pair.Foreign, "echo-on");
        }
    }

    private static async Task<string> RemoteOfAsync(LinePeer ours) => (await ours.CommandAsync("statistics"))["Remote"]!.GetValue<string>();

    private async Task<PeerDuo> ConnectAsync(bool weOffer)
    {
        var foreign = await browser.OpenPageAsync();
        return await PeerDuo.ConnectAsync(ProcessPeer.Ours(weOffer ? "offerer" : "answerer", browser.Room), foreign, weOffer);
    }
}
