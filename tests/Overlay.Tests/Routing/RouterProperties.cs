using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Routing;

/// <summary>Routing over tables that hold anything at all: random links, random neighbours, random arcs.</summary>
public sealed class RouterProperties
{
    private const int Nodes = 24;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_message_loops_in_any_table_state(bool isResponsible)
    {
        for (var seed = 1UL; seed <= 2_000; seed++)
        {
            var world = new RandomTables(seed, Nodes);
            var message = NewMessage(world.RandomKey(), isResponsible);
            var at = world.RandomNode();
            var path = new List<(int Node, MessageFlags Phase)>();

            while (true)
            {
                Assert.DoesNotContain((at, message.Flags & Router.Phases), path);
                path.Add((at, message.Flags & Router.Phases));
                var hop = Router.NextHop(world.Views[at], world.Tables[at], message);
                if (hop.Kind != HopKind.Forward)
                {
                    break;
                }

                message = message with { Flags = (message.Flags & ~Router.Phases) | hop.Phase };
                at = world.IndexOf(hop.Link!.Value.PeerId);
            }

            Assert.InRange(path.Count, 1, 3 * Nodes);
        }
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(64, 6)]
    [InlineData(256, 8)]
    public void On_an_ideal_ring_every_key_reaches_its_owner_in_few_hops(int count, int limit)
    {
        var world = RandomTables.Ideal(7, count);
        var hops = 0;
        const int Lookups = 2_000;

        for (var i = 0; i < Lookups; i++)
        {
            var message = NewMessage(world.RandomKey(), isResponsible: true);
            var (owner, taken) = world.Walk(world.RandomNode(), message);

            Assert.Equal(world.OwnerOf(message.Target), owner);
            hops += taken;
        }

        Assert.InRange((double)hops / Lookups, 0, limit * 0.75);
    }

    [Fact]
    public void On_an_ideal_ring_every_member_is_reached_from_every_member()
    {
        var world = RandomTables.Ideal(11, 64);

        for (var from = 0; from < 64; from++)
        {
            for (var to = 0; to < 64; to++)
            {
                Assert.Equal(to, world.Walk(from, NewMessage(world.Views[to].Self, isResponsible: false)).Node);
            }
        }
    }

    [Fact]
    public void Neighbours_that_lost_their_link_reach_each_other_all_the_same()
    {
        for (var broken = 0; broken < 32; broken++)
        {
            var world = RandomTables.Ideal(13, 32);
            var next = (broken + 1) % 32;
            world.Unlink(broken, next);

            Assert.Equal(next, world.Walk(broken, NewMessage(world.Views[next].Self, isResponsible: false)).Node);
            Assert.Equal(broken, world.Walk(next, NewMessage(world.Views[broken].Self, isResponsible: false)).Node);
            Assert.Equal(broken, world.Walk((broken + 16) % 32, NewMessage(world.Views[broken].Self.Plus(RingId.RingSize - 1), isResponsible: true)).Node);
        }
    }

    [Fact]
    public void A_key_whose_arc_is_not_granted_yet_goes_to_the_successor_that_still_holds_it()
    {
        var world = RandomTables.Ideal(17, 16);
        var arc = world.Views[5].Owned;
        world.Views[5] = world.Views[5] with { Owned = default };
        world.Views[6] = world.Views[6] with { Owned = RingArc.Between(arc.After, world.Views[6].Self) };

        for (var from = 0; from < 16; from++)
        {
            Assert.Equal(6, world.Walk(from, NewMessage(arc.UpTo, isResponsible: true)).Node);
        }
    }

    [Fact]
    public void A_joiner_is_never_a_next_hop_but_is_reached_over_its_own_link()
    {
        var table = new LinkTable(8, 4);
        var joiner = RingId.From(0x100);
        RandomTables.Open(table, 1, joiner, NodePhase.Joining);
        RandomTables.Open(table, 2, RingId.From(0x900), NodePhase.Member);
        var view = new RingView(RingId.From(0x500), RingArc.Between(RingId.From(0x900), RingId.From(0x500)), default, RingId.From(0x900));

        Assert.NotEqual(joiner, Router.NextHop(view, table, NewMessage(RingId.From(0x101), isResponsible: true)).Link?.PeerId);
        Assert.Equal(joiner, Router.NextHop(view, table, NewMessage(joiner, isResponsible: false)).Link?.PeerId);
    }

    [Fact]
    public void A_suspect_carries_a_message_only_where_nobody_else_can()
    {
        var table = new LinkTable(8, 4);
        var near = RandomTables.Open(table, 1, RingId.From(0x800), NodePhase.Member);
        var far = RandomTables.Open(table, 2, RingId.From(0x700), NodePhase.Member);
        var view = new RingView(RingId.From(0x100), RingArc.Between(RingId.From(0xF00), RingId.From(0x100)), default, RingId.From(0x200));
        var message = NewMessage(RingId.From(0x801), isResponsible: false);

        near.IsSuspect = true;
        var around = Router.NextHop(view, table, message).Link;
        far.IsSuspect = true;
        var through = Router.NextHop(view, table, message).Link;

        Assert.Equal((far, near), (around, through));
    }

    [Fact]
    public void Finding_the_next_hop_allocates_nothing()
    {
        var world = RandomTables.Ideal(19, 64);
        var message = NewMessage(world.Views[40].Self, isResponsible: false);
        Router.NextHop(world.Views[0], world.Tables[0], message);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Router.NextHop(world.Views[0], world.Tables[0], message);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Message NewMessage(RingId key, bool isResponsible) => new()
    {
        Kind = MessageKind.Data,
        Flags = isResponsible ? MessageFlags.Responsible : MessageFlags.None,
        HopsLeft = Message.HopBudget,
        Destination = key,
    };
}
