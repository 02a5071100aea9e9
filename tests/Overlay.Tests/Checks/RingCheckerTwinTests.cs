using Overlay.Checks;
using Overlay.Ring;

namespace Overlay.Tests.Checks;

/// <summary>The checker against a twin that is slow and obvious: it walks the circle position by position.</summary>
public sealed class RingCheckerTwinTests
{
    private const int Positions = 24;

    [Fact]
    public void It_agrees_with_a_twin_that_walks_the_circle_on_20_000_random_rings()
    {
        var random = new Prng(4);
        var checker = new RingChecker();
        var guard = new AssumptionGuard();

        for (var round = 0; round < 20_000; round++)
        {
            var ring = RandomRing(ref random);
            var verdict = checker.CheckInvariant(ring);

            Assert.Equal(Principals(ring).Count(), verdict.PrincipalCount);
            Assert.Equal(ring.Nodes.Any(node => BestSuccessor(ring, node) is null), verdict.Breaks(RingRule.LivingEntry));
            Assert.Equal(CycleCount(ring) > 1, verdict.Findings.Any(finding => finding.Message.StartsWith("a second", StringComparison.Ordinal)));
            Assert.Equal(OwnersOverlap(ring), verdict.Breaks(RingRule.OneOwner));
            var victim = ring.Nodes[random.Next(ring.Nodes.Count)].Id;
            Assert.Equal(MayDie(ring, victim), guard.AllowsDeathOf(victim, ring, []));
        }
    }

    [Fact]
    public void Where_both_assumptions_hold_random_lists_form_one_ordered_cycle()
    {
        // What Zave proves of the states, tried on states: no list order, predecessor or reachability is assumed beyond I1, I2 and ordered lists.
        var random = new Prng(9);
        var checker = new RingChecker();
        var held = 0;

        for (var round = 0; round < 50_000; round++)
        {
            var verdict = checker.CheckInvariant(RandomRing(ref random));
            if (!verdict.Findings.Any(finding => finding.IsAssumption || finding.Rule is RingRule.ListOrder or RingRule.OneOwner))
            {
                held++;
                Assert.True(verdict.IsClean, verdict.ToString());
            }
        }

        Assert.True(held > 500, $"only {held} states held the assumptions");
    }

    private static RingSnapshot RandomRing(ref Prng random)
    {
        var r = 2 + random.Next(2);
        var ids = new List<int>();
        for (var position = 0; position < Positions; position++)
        {
            if (random.Chance(1, 3))
            {
                ids.Add(position);
            }
        }

        if (ids.Count < 2)
        {
            ids = [3, 11];
        }

        var nodes = new List<RingNodeState>();
        foreach (var id in ids)
        {
            var list = new List<int>();
            for (var step = 1; step < Positions && list.Count < r; step++)
            {
                var at = (id + step) % Positions;
                if (ids.Contains(at) ? !random.Chance(1, 12) : random.Chance(1, 20))
                {
                    list.Add(at);
                }
            }

            RingArc? arc = random.Chance(1, 2) ? RingArc.Between(Rings.Id(id == 0 ? 0 : random.Next(id)), Rings.Id(id)) : null;
            nodes.Add(new(Rings.Id(id), NodePhase.Member, null, Rings.Ids([.. list]), arc));
        }

        return new(r, 0, nodes);
    }

    private static IEnumerable<RingId> Principals(RingSnapshot ring) =>
        ring.Nodes.Select(node => node.Id).Where(p => !ring.Nodes.Any(node => Skips(node, p)));

    private static bool Skips(RingNodeState node, RingId p)
    {
        RingId[] extended = [node.Id, .. node.Successors];
        return extended.Zip(extended.Skip(1)).Any(pair => WalkedOver(pair.First, p, pair.Second));
    }

    private static bool WalkedOver(RingId from, RingId p, RingId to)
    {
        // Step by step on the small circle: ids above it are never used.
        for (var at = (from.Value + 1) % Positions; at != to.Value; at = (at + 1) % Positions)
        {
            if (at == p.Value)
            {
                return true;
            }
        }

        return false;
    }

    private static RingNodeState? BestSuccessor(RingSnapshot ring, RingNodeState node) =>
        node.Successors.Select(id => ring.Nodes.FirstOrDefault(other => other.Id == id)).FirstOrDefault(other => other is not null);

    private static int CycleCount(RingSnapshot ring)
    {
        var ends = new HashSet<RingId>();
        foreach (var node in ring.Nodes)
        {
            var at = node;
            for (var step = 0; step < ring.Nodes.Count && at is not null; step++)
            {
                at = BestSuccessor(ring, at);
            }

            if (at is null)
            {
                continue;
            }

            var lowest = at;
            var walker = BestSuccessor(ring, at)!;
            while (walker != at)
            {
                lowest = walker.Id.Value < lowest.Id.Value ? walker : lowest;
                walker = BestSuccessor(ring, walker)!;
            }

            ends.Add(lowest.Id);
        }

        return ends.Count;
    }

    private static bool OwnersOverlap(RingSnapshot ring) =>
        Enumerable.Range(0, Positions).Any(key => ring.Nodes.Count(node => node.Arc is { } arc && arc.Contains(Rings.Id(key))) > 1);

    private static bool MayDie(RingSnapshot ring, RingId victim)
    {
        var rest = ring with { Nodes = [.. ring.Nodes.Where(node => node.Id != victim)] };
        return rest.Nodes.All(node => BestSuccessor(rest, node) is not null) && Principals(rest).Count() > ring.SuccessorListLength;
    }
}
