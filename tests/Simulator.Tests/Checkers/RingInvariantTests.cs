namespace Overlay.Simulator.Tests.Checkers;

/// <summary>The invariant that is kept up to date against the checker that looks at the whole ring, after every change.</summary>
public sealed class RingInvariantTests
{
    [Fact]
    public void What_is_kept_up_to_date_says_what_a_look_at_the_whole_ring_says()
    {
        var (changes, cut, skipped, broken) = (0L, 0L, 0L, 0L);
        for (var seed = 1; seed <= 20; seed++)
        {
            var twin = new RingTwin((ulong)seed, nodes: 6 + (seed % 5 * 8), successors: 2 + (seed % 3), founds: seed % 4 == 0);
            twin.Run();
            (changes, cut, skipped, broken) = (changes + twin.Changes, cut + twin.SeenCut, skipped + twin.SeenSkipped, broken + twin.SeenBroken);
        }

        Assert.True(changes > 10_000, $"only {changes} changes were compared");
        Assert.True(cut > 0 && broken > 0 && skipped > 1_000, $"{cut} times cut, {broken} times without enough principals, {skipped} times skipped: too tame");
    }
}
