using Overlay.Broadcast;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Broadcast;

public sealed class BroadcastMemoryTests
{
    private static readonly Instant Start = new(TimeSpan.TicksPerDay, 1_800_000_000_000);
    private static readonly RingId Origin = RingId.From(7);
    private static readonly TimeSpan Skewed = TimeSpan.FromMinutes(5.5);

    [Fact]
    public void A_broadcast_is_remembered_for_a_minute()
    {
        var memory = new BroadcastMemory();
        Assert.True(memory.TryAdd(Start, Key(1), Origin, Start + Skewed));

        memory.Advance(Start + TimeSpan.FromSeconds(59));
        Assert.True(memory.TryFind(Key(1), out _));
        Assert.False(memory.IsOld(Key(1)));

        memory.Advance(Start + TimeSpan.FromSeconds(75));
        Assert.Equal((0, 1), (memory.Count, memory.OriginCount));
    }

    [Fact]
    public void What_was_forgotten_is_old_and_what_was_sent_before_it_too_but_not_what_came_later()
    {
        var memory = new BroadcastMemory();
        memory.TryAdd(Start, Key(3), Origin, Start + Skewed);

        memory.Advance(Start + TimeSpan.FromSeconds(75));

        Assert.True(memory.IsOld(Key(3)));
        Assert.True(memory.IsOld(Key(2)));
        Assert.False(memory.IsOld(Key(4)));
        Assert.True(memory.IsOld(new(Origin, 99, 50)));
        Assert.False(memory.IsOld(new(Origin, 101, 1)));
    }

    [Fact]
    public void An_origin_is_forgotten_when_nothing_of_it_can_look_good_any_more()
    {
        var memory = new BroadcastMemory();
        memory.TryAdd(Start, Key(1), Origin, Start + Skewed);

        for (var now = Start; now < Start + Skewed; now += TimeSpan.FromSeconds(10))
        {
            memory.Advance(now);
            Assert.True(memory.TryFind(Key(1), out _) || memory.IsOld(Key(1)), $"{now}");
        }

        memory.Advance(Start + Skewed + BroadcastMemory.Keep);

        Assert.Equal(0, memory.OriginCount);
        Assert.Equal(Instant.Never, memory.NextDue);
    }

    [Fact]
    public void A_full_memory_refuses_what_is_new_and_forgets_nothing()
    {
        var memory = new BroadcastMemory();
        for (var number = 1UL; number <= BroadcastMemory.MaxEntries; number++)
        {
            Assert.True(memory.TryAdd(Start, Key(number), Origin, Start + Skewed));
        }

        Assert.False(memory.TryAdd(Start, Key(BroadcastMemory.MaxEntries + 1), Origin, Start + Skewed));
        Assert.True(memory.TryFind(Key(1), out _));
    }

    private static BroadcastKey Key(ulong number) => new(Origin, 100, number);
}
