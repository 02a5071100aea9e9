using Overlay.Interop.Tests.Peers;

namespace Overlay.Interop.Tests;

/// <summary>libdatachannel: libjuice, OpenSSL and usrsctp, by way of node-datachannel.</summary>
public sealed class LibdatachannelTests
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
        await Scenarios.EveryDatagramOfTheHandshakeMayBeLostAsync(() => Task.FromResult<LinePeer>(ProcessPeer.Libdatachannel(weOffer ? "answerer" : "offerer")), room: null, weOffer);
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

        await Scenarios.UnorderedAndUnreliableChannelsAsync(pair.Ours, pair.Foreign, tellsOptions: false);
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

    private static Task<PeerDuo> ConnectAsync(bool weOffer)
    {
        var foreign = ProcessPeer.Libdatachannel(weOffer ? "answerer" : "offerer");
        return PeerDuo.ConnectAsync(ProcessPeer.Ours(weOffer ? "offerer" : "answerer"), foreign, weOffer);
    }
}
