using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

public sealed class TsnBitmapTests
{
    /// <summary>Random windows and bits, against a set of numbers that is searched one by one.</summary>
    [Fact]
    public void Searching_a_window_finds_what_a_plain_set_finds()
    {
        var prng = new Prng(21);
        for (var round = 0; round < 2_000; round++)
        {
            var capacity = 64 << prng.NextInt32(4);
            var bitmap = new TsnBitmap(capacity);
            var model = new HashSet<uint>();
            var start = new Tsn(prng.NextChance(1, 2) ? uint.MaxValue - (uint)prng.NextInt32(capacity) : prng.NextUInt32());
            for (var i = prng.NextInt32(capacity); i > 0; i--)
            {
                var tsn = start.Plus((uint)prng.NextInt32(capacity));
                if (prng.NextChance(3, 4))
                {
                    bitmap.Set(tsn);
                    model.Add(tsn.Value);
                }
                else
                {
                    bitmap.Clear(tsn);
                    model.Remove(tsn.Value);
                }
            }

            var from = start.Plus((uint)prng.NextInt32(capacity));
            var end = from.Plus((uint)prng.NextInt32((int)from.DistanceTo(start.Plus((uint)capacity)) + 1));
            AssertSame(bitmap, model, from, end);
            bitmap.Grow(capacity * 4, start, start.Plus((uint)capacity));
            AssertSame(bitmap, model, from, end);
        }
    }

    [Fact]
    public void An_empty_window_holds_nothing()
    {
        var bitmap = new TsnBitmap(64);
        bitmap.Set(new Tsn(7));

        Assert.False(bitmap.TryFindSet(new Tsn(7), new Tsn(7), out _));
        Assert.False(bitmap.TryFindClear(new Tsn(8), new Tsn(8), out _));
        Assert.True(bitmap[new Tsn(7)]);
        bitmap.ClearAll();
        Assert.False(bitmap[new Tsn(7)]);
    }

    [Fact]
    public void A_full_window_has_no_clear_place()
    {
        var bitmap = new TsnBitmap(128);
        for (uint i = 0; i < 128; i++)
        {
            bitmap.Set(new Tsn(1000 + i));
        }

        Assert.False(bitmap.TryFindClear(new Tsn(1000), new Tsn(1128), out _));
        bitmap.Clear(new Tsn(1127));
        Assert.True(bitmap.TryFindClear(new Tsn(1000), new Tsn(1128), out var clear));
        Assert.Equal(new Tsn(1127), clear);
    }

    private static void AssertSame(TsnBitmap bitmap, HashSet<uint> model, Tsn from, Tsn end)
    {
        var set = Walk(from, end, tsn => model.Contains(tsn.Value));
        var clear = Walk(from, end, tsn => !model.Contains(tsn.Value));
        Assert.Equal(set is not null, bitmap.TryFindSet(from, end, out var foundSet));
        Assert.Equal(set ?? end, foundSet);
        Assert.Equal(clear is not null, bitmap.TryFindClear(from, end, out var foundClear));
        Assert.Equal(clear ?? end, foundClear);
    }

    private static Tsn? Walk(Tsn from, Tsn end, Func<Tsn, bool> wanted)
    {
        for (var tsn = from; tsn != end; tsn = tsn.Next)
        {
            if (wanted(tsn))
            {
                return tsn;
            }
        }

        return null;
    }
}
