using Overlay.Simulator.Engine;
using Xunit;

namespace Overlay.Simulator.Tests.Engine;

public sealed class SlabTests
{
    [Fact]
    public void What_is_put_comes_back_once()
    {
        var slab = new Slab<string>();
        var index = slab.Put("a value");

        Assert.Equal("a value", slab.At(index));
        Assert.Equal("a value", slab.Take(index));

        Assert.Equal(0, slab.Count);
        Assert.Throws<InvalidOperationException>(() => slab.Take(index));
        Assert.Throws<InvalidOperationException>(() => slab.At(index));
        Assert.Throws<InvalidOperationException>(() => slab.At(-1));
        Assert.Throws<InvalidOperationException>(() => slab.At(int.MaxValue));
    }

    [Fact]
    public void A_stored_value_is_changed_in_place_and_stays_where_it_is_while_others_come()
    {
        var slab = new Slab<long>();
        var index = slab.Put(1);
        ref var value = ref slab.At(index);
        for (var other = 0; other < 10_000; other++)
        {
            slab.Put(other);
        }

        value = 42;

        Assert.Equal(42, slab.Take(index));
    }

    [Fact]
    public void It_does_what_a_dictionary_does()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var random = new Prng(seed);
            var (slab, twin) = (new Slab<(int Number, string Text)>(), new Dictionary<int, int>());
            var live = new List<int>();
            for (var step = 0; step < 60_000; step++)
            {
                var growing = step / 10_000 % 2 == 0;
                if (live.Count == 0 || random.Chance(growing ? 3 : 1, 4))
                {
                    var index = slab.Put((step, "x"));
                    Assert.True(twin.TryAdd(index, step));
                    live.Add(index);
                }
                else
                {
                    var at = random.Next(live.Count);
                    Assert.True(twin.Remove(live[at], out var wanted));
                    Assert.Equal(wanted, slab.Take(live[at]).Number);
                    live[at] = live[^1];
                    live.RemoveAt(live.Count - 1);
                }
            }

            Assert.Equal(twin.Count, slab.Count);
            Assert.All(twin, pair => Assert.Equal(pair.Value, slab.At(pair.Key).Number));
        }
    }

    [Fact]
    public void A_steady_crowd_allocates_nothing_and_the_memory_of_a_great_one_is_given_back()
    {
        var slab = new Slab<long>();
        var indexes = new Queue<int>(Enumerable.Range(0, 200_000).Select(value => slab.Put(value)));
        var crowded = slab.Capacity;
        while (indexes.Count > 1_500)
        {
            slab.Take(indexes.Dequeue());
        }

        Assert.True(slab.Capacity <= crowded / 20, $"Room for {slab.Capacity} values is held.");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var turn = 0; turn < 100_000; turn++)
        {
            indexes.Enqueue(slab.Put(turn));
            slab.Take(indexes.Dequeue());
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }
}
