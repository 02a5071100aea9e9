using System.Text.Json.Nodes;
using Overlay.Ring;
using Overlay.Status.Feed;
using Overlay.Status.Picture;

namespace Overlay.Status.Tests;

public sealed class StatusFeedTests
{
    private readonly StatusFeed _feed = new(new FixtureNetwork(16), new StatusOptions { MaxTailBytes = 64 << 10 });
    private readonly List<byte[]> _frames = [];

    [Fact]
    public void A_slow_viewer_is_given_the_whole_anew_and_costs_nothing_meanwhile()
    {
        Join(1);
        var seen = _feed.Read(-1, _frames, out _, out _);

        for (var i = 2ul; i < 2000; i++)
        {
            Join(i);
        }

        var last = _feed.Read(seen, _frames, out var snapshot, out _);
        Assert.Empty(_frames);
        Assert.Equal(1999, JsonNode.Parse(snapshot)!["members"]!.AsArray().Count);
        Assert.Equal(last, _feed.Read(last, _frames, out var nothing, out _));
        Assert.Null(nothing);
    }

    [Fact]
    public void News_wakes_who_waits_for_it()
    {
        var seen = _feed.Read(-1, _frames, out _, out var news);
        Assert.False(news.IsCompleted);

        Join(1);

        Assert.True(news.IsCompletedSuccessfully);
        Assert.Equal(seen + 1, _feed.Read(seen, _frames, out _, out _));
        Assert.Single(_frames);
    }

    [Fact]
    public void Nothing_new_is_no_news()
    {
        Join(1);

        Assert.False(_feed.Publish());
    }

    [Fact]
    public void All_who_begin_at_the_same_moment_share_one_picture()
    {
        Join(1);
        _feed.Read(-1, _frames, out var one, out _);
        _feed.Read(-1, _frames, out var other, out _);

        Assert.Same(one, other);
    }

    private void Join(ulong id)
    {
        _feed.Change(picture =>
        {
            picture.Answered(DateTimeOffset.UnixEpoch, new(RingId.From(id), NodePhase.Member));
            picture.Note(DateTimeOffset.UnixEpoch, PictureEventKind.Gateway, RingId.From(id));
        });
        _feed.Publish();
    }
}
