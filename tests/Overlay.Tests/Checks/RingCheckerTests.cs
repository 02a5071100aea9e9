using Overlay.Checks;
using Overlay.Ring;

namespace Overlay.Tests.Checks;

/// <summary>Hand-made rings: an ideal one is clean, and each rule has a ring that breaks it.</summary>
public sealed class RingCheckerTests
{
    private const int R = 3;
    private readonly RingChecker _checker = new();

    [Fact]
    public void An_ideal_ring_is_clean_in_both_judgements()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50, 60);

        Assert.Equal("clean", _checker.CheckInvariant(ring).ToString());
        Assert.Equal("clean", _checker.CheckIdeal(ring).ToString());
        Assert.Equal(6, _checker.CheckInvariant(ring).PrincipalCount);
    }

    [Fact]
    public void A_node_alone_is_ideal()
    {
        var alone = new RingNodeState(Rings.Id(7), NodePhase.Founding, null, [], RingArc.Between(Rings.Id(7), Rings.Id(7)));

        Assert.True(_checker.CheckIdeal(new(R, 0, [alone])).IsClean);
        Assert.True(_checker.CheckInvariant(new(R, 0, [alone])).IsClean);
    }

    [Fact]
    public void A_list_out_of_order_is_a_bug()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50, 60).With(10, node => node with { Successors = Rings.Ids(20, 40, 30) });

        var verdict = _checker.CheckInvariant(ring);

        Assert.True(verdict.Breaks(RingRule.ListOrder));
        Assert.True(verdict.ViolationCount > 0);
        Assert.Contains("00000000001e", verdict.ToString());
    }

    [Fact]
    public void A_list_with_a_duplicate_is_a_bug() =>
        Assert.True(_checker.CheckInvariant(Rings.Ideal(R, 10, 20, 30, 40, 50).With(10, node => node with { Successors = Rings.Ids(20, 20, 30) })).Breaks(RingRule.ListOrder));

    [Fact]
    public void A_list_with_its_owner_is_a_bug() =>
        Assert.True(_checker.CheckInvariant(Rings.Ideal(R, 10, 20, 30, 40, 50).With(10, node => node with { Successors = Rings.Ids(20, 30, 10) })).Breaks(RingRule.ListOrder));

    [Fact]
    public void A_list_longer_than_r_is_a_bug() =>
        Assert.True(_checker.CheckInvariant(Rings.Ideal(R, 10, 20, 30, 40, 50, 60).With(10, node => node with { Successors = Rings.Ids(20, 30, 40, 50) })).Breaks(RingRule.ListOrder));

    [Fact]
    public void A_member_whose_whole_list_is_dead_breaks_an_assumption_not_the_protocol()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50, 60, 70, 80, 90).Without(20, 30, 40);

        var verdict = _checker.CheckInvariant(ring);

        Assert.True(verdict.Breaks(RingRule.LivingEntry));
        Assert.Equal(0, verdict.ViolationCount);
    }

    [Fact]
    public void Too_few_principals_break_an_assumption()
    {
        var verdict = _checker.CheckInvariant(Rings.Ideal(R, 10, 20, 30, 40).Without(20));

        Assert.True(verdict.Breaks(RingRule.Principals));
        Assert.Equal(0, verdict.ViolationCount);
    }

    [Fact]
    public void A_newcomer_that_nobody_lists_yet_is_no_principal_and_breaks_nothing()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).Plus(new(Rings.Id(25), NodePhase.Member, Rings.Id(20), Rings.Ids(30, 40, 50), null));

        var verdict = _checker.CheckInvariant(ring);

        Assert.True(verdict.IsClean, verdict.ToString());
        Assert.Equal(5, verdict.PrincipalCount);
        Assert.True(_checker.CheckIdeal(ring).Breaks(RingRule.ExactList));
    }

    [Fact]
    public void Two_rings_beside_each_other_are_two_cycles()
    {
        var odd = Rings.Ideal(1, 10, 30, 50, 70);
        var even = Rings.Ideal(1, 20, 40, 60, 80);

        var verdict = _checker.CheckInvariant(odd with { Nodes = [.. odd.Nodes, .. even.Nodes] });

        Assert.True(verdict.Breaks(RingRule.OneCycle));
    }

    [Fact]
    public void A_cycle_that_goes_round_twice_is_not_ordered()
    {
        // 10 → 30 → 50 → 20 → 40 → 60 → 10: every second member, two turns (the loopy ring of Liben-Nowell).
        int[] order = [10, 30, 50, 20, 40, 60];
        var nodes = order.Select((id, at) => new RingNodeState(
            Rings.Id(id), NodePhase.Member, Rings.Id(order[(at + 5) % 6]), Rings.Ids(order[(at + 1) % 6]), null));

        var verdict = _checker.CheckInvariant(new(1, 0, [.. nodes]));

        Assert.True(verdict.Breaks(RingRule.OrderedCycle));
    }

    [Fact]
    public void A_principal_that_is_off_the_cycle_is_found()
    {
        // 25's first entry is right, and everybody lists 25; yet the cycle skips it because 20's best successor is 30 in the wrong order.
        var ring = Rings.Ideal(2, 10, 20, 25, 30, 40).With(20, node => node with { Successors = Rings.Ids(30, 25) });

        Assert.True(_checker.CheckInvariant(ring).Breaks(RingRule.ListOrder));
    }

    [Fact]
    public void A_wrong_predecessor_is_not_ideal_and_breaks_no_invariant()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).With(30, node => node with { Predecessor = Rings.Id(10) });

        Assert.True(_checker.CheckInvariant(ring).IsClean);
        Assert.True(_checker.CheckIdeal(ring).Breaks(RingRule.ExactPredecessor));
    }

    [Fact]
    public void Two_owners_of_a_key_are_a_bug_at_any_time()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).With(30, node => node with { Arc = RingArc.Between(Rings.Id(15), Rings.Id(30)) });

        var verdict = _checker.CheckInvariant(ring);

        Assert.True(verdict.Breaks(RingRule.OneOwner));
        Assert.Contains(Rings.Id(20).ToString(), verdict.ToString());
    }

    [Fact]
    public void Two_owners_over_the_wrap_are_found_too()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).With(10, node => node with { Arc = RingArc.Between(Rings.Id(45), Rings.Id(10)) });

        Assert.True(_checker.CheckInvariant(ring).Breaks(RingRule.OneOwner));
    }

    [Fact]
    public void An_arc_that_nobody_owns_is_reported_where_the_ring_should_be_ideal()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).With(30, node => node with { Arc = null });

        Assert.True(_checker.CheckInvariant(ring).IsClean);
        Assert.Equal(10UL, _checker.CheckInvariant(ring).UnownedKeys);
        Assert.True(_checker.CheckIdeal(ring).Breaks(RingRule.NoGap));
    }

    [Fact]
    public void Too_many_links_are_found()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).With(30, node => node with { LinkCount = 49 }) with { MaxLinks = 48 };

        Assert.True(_checker.CheckInvariant(ring).Breaks(RingRule.Degree));
    }

    [Fact]
    public void Nodes_without_a_place_do_not_count()
    {
        var ring = Rings.Ideal(R, 10, 20, 30, 40, 50).Plus(new(Rings.Id(33), NodePhase.Joining, null, [], null));

        Assert.True(_checker.CheckIdeal(ring).IsClean);
    }
}
