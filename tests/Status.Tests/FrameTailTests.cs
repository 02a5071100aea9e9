using Overlay.Status.Feed;

namespace Overlay.Status.Tests;

public sealed class FrameTailTests
{
    private readonly FrameTail _tail = new(maxBytes: 10, epoch: 0xabc);
    private readonly List<byte[]> _frames = [];

    [Fact]
    public void Who_has_seen_everything_is_told_nothing()
    {
        _tail.Add([1]);

        Assert.True(_tail.TryReadAfter(1, _frames));
        Assert.Empty(_frames);
    }

    [Fact]
    public void Who_is_behind_is_told_what_it_missed_in_order()
    {
        _tail.Add([1]);
        _tail.Add([2]);
        _tail.Add([3]);

        Assert.True(_tail.TryReadAfter(1, _frames));
        Assert.Equal([2, 3], _frames.Select(frame => frame[0]));
    }

    [Fact]
    public void Who_is_too_far_behind_must_begin_anew()
    {
        for (byte i = 1; i <= 4; i++)
        {
            _tail.Add(new byte[4]);
        }

        Assert.False(_tail.TryReadAfter(1, _frames));
        Assert.True(_tail.TryReadAfter(2, _frames));
    }

    [Fact]
    public void A_change_larger_than_the_whole_tail_is_kept_by_nobody()
    {
        _tail.Add(new byte[100]);

        Assert.False(_tail.TryReadAfter(0, _frames));
        Assert.True(_tail.TryReadAfter(1, _frames));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("abd-7")]
    [InlineData("abc--7")]
    [InlineData("abc-x")]
    [InlineData("abc-99999999999999999999")]
    public void A_name_of_another_run_or_of_none_begins_anew(string? name) => Assert.False(_tail.TryParse(name, out _));

    [Fact]
    public void A_name_is_read_as_it_was_written()
    {
        Assert.True(_tail.TryParse(_tail.NameOf(7), out var number));
        Assert.Equal(7, number);
    }

    [Fact]
    public void Who_claims_to_have_seen_the_future_begins_anew() => Assert.False(_tail.TryReadAfter(1, _frames));
}
