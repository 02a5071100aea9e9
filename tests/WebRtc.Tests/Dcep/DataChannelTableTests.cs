using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Tests.Sctp;

namespace Overlay.WebRtc.Tests.Dcep;

public sealed class DataChannelTableTests
{
    [Fact]
    public void A_channel_opens_on_both_sides_with_what_it_was_asked_to_be()
    {
        var pair = ChannelPair.Connected();
        var parameters = new ChannelParameters { Label = "grüße", Protocol = "p/1", Ordered = false, MaxRetransmits = 3, Priority = 1024 };

        var (ofA, ofZ) = pair.Open(parameters);

        Assert.True(pair.Z.Table.TryGetInfo(ofZ, out var seen));
        Assert.True(seen.IsRemote);
        Assert.Equal(0, seen.StreamId);
        Assert.Equal(parameters with { StreamId = 0 }, seen.Parameters);
        Assert.True(pair.A.Table.TryGetInfo(ofA, out var own));
        Assert.Equal((0, false, ChannelState.Open), (own.StreamId, own.IsRemote, own.State));
    }

    [Fact]
    public void Text_binary_and_empty_messages_keep_their_kind()
    {
        var pair = ChannelPair.Connected();
        var (ofA, _) = pair.Open();
        pair.Z.Story.Clear();

        pair.A.Table.Send(pair.Now, ofA, "hello"u8, isText: true);
        pair.A.Table.Send(pair.Now, ofA, "raw"u8, isText: false);
        pair.A.Table.Send(pair.Now, ofA, default, isText: true);
        pair.A.Table.Send(pair.Now, ofA, default, isText: false);
        pair.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(["text 0 'hello'", "binary 0 'raw'", "text 0 ''", "binary 0 ''"], pair.Z.Story);
    }

    [Fact]
    public void The_client_takes_even_streams_the_server_odd_ones_and_each_its_lowest_free_one()
    {
        var pair = ChannelPair.Connected();

        var first = StreamOf(pair.A, pair.Create(pair.A));
        var second = StreamOf(pair.A, pair.Create(pair.A));
        var third = StreamOf(pair.Z, pair.Create(pair.Z));
        var fourth = StreamOf(pair.Z, pair.Create(pair.Z));

        Assert.Equal([0, 2, 1, 3], [first, second, third, fourth]);
    }

    [Fact]
    public void A_closed_channel_closes_on_both_sides_and_its_stream_is_reused_at_once()
    {
        var pair = ChannelPair.Connected();
        for (var round = 0; round < 5; round++)
        {
            var (ofA, ofZ) = pair.Open();
            Assert.Equal(0, StreamOf(pair.A, ofA));
            pair.A.Table.Send(pair.Now, ofA, "last words"u8, isText: true);

            pair.A.Table.Close(ofA);
            Assert.True(pair.RunUntil(() => pair.A.Closed.Contains(ofA) && pair.Z.Closed.Contains(ofZ)));

            Assert.Equal(["Opened " + ofZ.Value, $"text {ofZ.Value} 'last words'", "Closed " + ofZ.Value], pair.Z.Story);
            pair.Z.Story.Clear();
        }
    }

    private static int StreamOf(ChannelEnd end, ChannelHandle handle)
    {
        Assert.True(end.Table.TryGetInfo(handle, out var info));
        return info.StreamId;
    }
}
