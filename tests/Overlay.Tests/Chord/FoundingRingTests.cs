using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using static Overlay.Tests.World;

namespace Overlay.Tests.Chord;

/// <summary>What a member of a founding network does with the words of those who left it or were left behind.</summary>
public sealed class FoundingRingTests
{
    private readonly World _world = new();

    [Fact]
    public void Who_was_left_behind_does_not_found_anew_with_others_who_were()
    {
        var (self, member, leftBehind) = (_world.Contact(1), _world.Contact(2), _world.Contact(3));
        var (ring, port) = Ring(self, member, leftBehind);
        var island = Founding(1, self, leftBehind);
        var agreed = Founding(1, member) with { Phase = NodePhase.Member };
        ring.BeginJoin(At(0));
        ring.OnFoundingState(At(1), leftBehind, island);
        ring.OnFoundingState(At(2), member, agreed);
        port.Sent.Clear();

        ring.OnFoundingState(At(3), leftBehind, island);

        Assert.Equal(NodePhase.Rejoin, ring.Phase);
        Assert.Equal((leftBehind.Id, agreed), Assert.Single(port.Sent)); // So that it learns what the others agreed upon.
    }

    [Fact]
    public void Who_was_left_behind_goes_with_a_later_founding()
    {
        var (self, member) = (_world.Contact(1), _world.Contact(2));
        var (ring, _) = Ring(self, member);
        ring.BeginJoin(At(0));
        ring.OnFoundingState(At(1), member, Founding(1, self, member));
        ring.OnFoundingState(At(2), member, Founding(1, member) with { Phase = NodePhase.Member });

        ring.OnFoundingState(At(3), member, Founding(2, self, member));

        Assert.Equal(NodePhase.Founding, ring.Phase);
    }

    [Fact]
    public void A_leavers_arc_comes_by_its_grant_and_not_by_what_was_known_of_it()
    {
        var (self, newcomer, leaver) = InOrder();
        var (ring, _) = Ring(self, newcomer, leaver);
        ring.Found(At(0));
        ring.OnFoundingState(At(1), leaver, Founding(2, self, leaver));
        ring.OnNotify(At(2), leaver, new(leaver.Descriptor, self.Id));

        ring.OnLeaving(At(3), leaver, new(newcomer.Descriptor, [self.Descriptor])); // It has granted its lower part to the newcomer: that word is late.
        var ownsMeanwhile = ring.Owns(newcomer.Id) || ring.Owns(leaver.Id);
        ring.OnGrant(At(3), leaver, new(1, newcomer.Id, leaver.Id, More: false, []));

        Assert.False(ownsMeanwhile);
        Assert.Equal(RingArc.Between(newcomer.Id, self.Id), ring.OwnedArc);
    }

    [Fact]
    public void The_arc_of_the_dead_is_inherited()
    {
        var (self, other, dead) = InOrder();
        var (ring, _) = Ring(self, other, dead);
        ring.Found(At(0));
        ring.OnFoundingState(At(1), dead, Founding(2, self, dead));
        ring.OnNotify(At(2), dead, new(dead.Descriptor, other.Id));

        ring.PeerDied(At(6), dead.Id);

        Assert.Equal(RingArc.Between(other.Id, self.Id), ring.OwnedArc);
    }

    [Fact]
    public void What_two_neighbours_owned_that_died_together_has_an_owner_again_after_two_rounds()
    {
        var (self, below, dead, nearestDead) = FourInOrder();
        var (ring, _) = Ring(self, below, dead, nearestDead);
        ring.Found(At(0));
        ring.OnFoundingState(At(1), nearestDead, Founding(2, self, nearestDead));
        ring.OnFoundingState(At(1.5), below, Founding(2, self, below, dead, nearestDead));
        ring.OnNotify(At(2), nearestDead, new(nearestDead.Descriptor, dead.Id));
        ring.PeerDied(At(5), dead.Id);
        ring.PeerDied(At(5), nearestDead.Id);
        var inherited = ring.OwnedArc;

        for (var second = 6; second <= 10; second++) // Two rounds of two seconds after the first word of the one below.
        {
            ring.OnFoundingState(At(second), below, Founding(2, self, below));
            ring.OnNotify(At(second), below, new(below.Descriptor, self.Id));
            ring.Advance(At(second + 0.5));
        }

        Assert.Equal(RingArc.Between(dead.Id, self.Id), inherited); // Where the other's arc began only that one was told that died with it.
        Assert.Equal(RingArc.Between(below.Id, self.Id), ring.OwnedArc);
    }

    [Fact]
    public void A_full_set_takes_the_living_and_no_more_of_the_departed()
    {
        var set = new FoundingSet();
        for (var number = 1UL; number <= FoundingState.MaxEntries; number++)
        {
            set.MergeDeparted(_world.Descriptor(number), FoundingMark.Evicted);
        }

        var (departed, alive) = (_world.Descriptor(1001), _world.Contact(1002));

        Assert.False(set.MergeDeparted(departed, FoundingMark.Left)); // Or two full sets would tell each other of theirs for ever.
        Assert.True(set.MergeAlive(alive));
        Assert.Equal(FoundingState.MaxEntries, set.Count);
        Assert.False(set.MergeDeparted(departed, FoundingMark.Left));
        Assert.True(set.IsAlive(alive.Id, alive.Instance));
    }

    private static (ChordRing Ring, RingPort Port) Ring(Contact self, params Contact[] known)
    {
        var port = new RingPort(self, known);
        return (new(OverlayOptions.Default, port, new Prng(1), EmptyArcs.Instance), port);
    }

    private static FoundingState Founding(int epoch, params Contact[] living) =>
        new(epoch, NodePhase.Founding, 0, [.. living.Select(contact => new FoundingEntry(contact.Descriptor, FoundingMark.Alive))]);

    /// <summary>Four nodes, clockwise one after the other.</summary>
    private (Contact First, Contact Second, Contact Third, Contact Fourth) FourInOrder()
    {
        var first = _world.Contact(1);
        Contact[] others = [.. Enumerable.Range(2, 3).Select(number => _world.Contact((ulong)number)).OrderBy(other => first.Id.ClockwiseTo(other.Id))];
        return (first, others[0], others[1], others[2]);
    }

    /// <summary>Three nodes, clockwise one after the other.</summary>
    private (Contact First, Contact Second, Contact Third) InOrder()
    {
        var (first, second, third) = (_world.Contact(1), _world.Contact(2), _world.Contact(3));
        return RingArc.StrictlyBetween(first.Id, third.Id).Contains(second.Id) ? (first, second, third) : (first, third, second);
    }
}
