using Overlay.Ring;
using Overlay.Tree;

namespace Overlay.Tests.Tree;

public sealed class KeyWalkTests
{
    [Theory]
    [InlineData(0x0000_0000_0000, "5 0 9 4 7 0")]
    [InlineData(0x1234_5678_9ABC, "7 3 1 7 8 9")]
    [InlineData(0xFFFF_FFFF_FFFF, "6 9 5 4 4 8")]
    public void The_way_of_a_key_is_the_same_everywhere_and_for_ever(ulong key, string way) =>
        Assert.Equal(way, string.Join(' ', Enumerable.Range(0, 6).Select(depth => KeyWalk.Slot(RingId.From(key), depth, 10))));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(64)]
    public void Keys_are_dealt_evenly_at_each_depth_also_among_those_that_went_the_same_way_before(int degree)
    {
        var random = new Prng(7);
        var first = new int[degree];
        var second = new int[degree];
        for (var i = 0; i < 4000 * degree; i++)
        {
            var key = RingId.From(random.Next());
            first[KeyWalk.Slot(key, 0, degree)]++;
            if (KeyWalk.Slot(key, 0, degree) == 1)
            {
                second[KeyWalk.Slot(key, 1, degree)]++;
            }
        }

        Assert.All(first, count => Assert.InRange(count, 3700, 4300));
        Assert.All(second, count => Assert.InRange(count, 4000 / degree * 0.6, 4000 / degree * 1.5));
    }
}
