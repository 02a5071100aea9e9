using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Links;

public sealed class LinkTableTests
{
    [Fact]
    public void Open_links_are_found_by_name_and_by_peer_and_lie_in_ring_order()
    {
        var table = new LinkTable(8, 4);
        foreach (var at in new[] { 50, 10, 30 })
        {
            Open(table, at);
        }

        Assert.Equal([10UL, 30UL, 50UL], table.Open.ToArray().Select(link => link.PeerId.Value));
        Assert.Equal(RingId.From(30), table.Find(new LinkId(30))!.Value.PeerId);
        Assert.Equal(new LinkId(30), table.FindOpen(RingId.From(30))!.Value.Id);
        Assert.Null(table.FindOpen(RingId.From(31)));
    }

    [Fact]
    public void There_is_one_open_link_for_each_peer()
    {
        var table = new LinkTable(8, 4);
        Open(table, 10);
        var second = new LinkSetUp(new LinkId(99), RingId.From(10), isIncoming: true);
        table.TryAddSetUp(second);

        Assert.False(table.TryOpen(default, second, out _));
        Assert.Equal(1, table.OpenCount);
        Assert.Equal(1, table.SetUpCount);
    }

    [Fact]
    public void Set_ups_and_open_links_have_a_hard_cap_each()
    {
        var table = new LinkTable(3, 2);
        Open(table, 1);
        Open(table, 2);
        Open(table, 3);
        table.TryAddSetUp(new LinkSetUp(new LinkId(4), RingId.From(4), false));
        var fifth = new LinkSetUp(new LinkId(5), RingId.From(5), false);

        Assert.True(table.IsFull);
        Assert.True(table.TryAddSetUp(fifth));
        Assert.False(table.TryAddSetUp(new LinkSetUp(new LinkId(6), RingId.From(6), false)));
        Assert.False(table.TryOpen(default, fifth, out _));
    }

    [Fact]
    public void The_search_for_a_neighbour_of_a_key_agrees_with_a_walk_over_all_links()
    {
        var prng = new Prng(3);
        for (var round = 0; round < 500; round++)
        {
            var table = new LinkTable(48, 4);
            var count = prng.Next(12);
            for (var i = 1; i <= count; i++)
            {
                var link = Open(table, i, RingId.From(prng.Next()));
                link.PeerPhase = prng.Chance(1, 4) ? NodePhase.Joining : NodePhase.Member;
                link.IsSuspect = prng.Chance(1, 4);
            }

            var key = RingId.From(prng.Next());
            var choice = new LinkChoice(new LinkId(prng.Next(count + 1)), Suspects: prng.Chance(1, 2));
            var allowed = table.Open.ToArray().Where(choice.Allows).ToArray();

            Assert.Equal(allowed.Select(link => link.PeerId).OrderBy(key.ClockwiseTo).FirstOrDefault(), table.FirstClockwise(key, choice)?.PeerId ?? default);
            Assert.Equal(allowed.Select(link => link.PeerId).OrderBy(peer => peer.Plus(1).ClockwiseTo(key)).FirstOrDefault(), table.FirstCounterClockwise(key, choice)?.PeerId ?? default);
        }
    }

    [Fact]
    public void The_least_useful_link_is_an_incoming_finger_that_was_silent_longest()
    {
        var table = new LinkTable(8, 4);
        var now = new Instant(TimeSpan.TicksPerSecond, 0);
        var own = Open(table, 1);
        own.Purpose = LinkPurpose.Ring;
        var needed = Open(table, 2);
        needed.PeerPurpose = LinkPurpose.Ring;
        var old = Open(table, 3);
        old.PeerPurpose = LinkPurpose.Finger;
        old.Hear(new Instant(100, 0));
        var young = Open(table, 4);
        young.PeerPurpose = LinkPurpose.Finger;
        young.Hear(new Instant(200, 0));

        Assert.Equal(old, table.LeastUseful(now, LinkPurpose.Ring));
        table.Remove(old);
        Assert.Equal(young, table.LeastUseful(now, LinkPurpose.Ring));
        table.Remove(young);
        Assert.Null(table.LeastUseful(now, LinkPurpose.Ring));
    }

    [Fact]
    public void A_spare_gives_way_to_parents_and_children_but_not_to_another_spare()
    {
        var table = new LinkTable(8, 4);
        var now = new Instant(TimeSpan.TicksPerSecond, 0);
        var child = Open(table, 1);
        child.PeerPurpose = LinkPurpose.Ring;
        var channel = Open(table, 2);
        channel.Purpose = LinkPurpose.Application;
        var spare = Open(table, 3);
        spare.PeerPurpose = LinkPurpose.Join;
        var old = Open(table, 4);
        old.PeerPurpose = LinkPurpose.Finger;

        Assert.Equal(6, table.RingRoom());
        Assert.Equal(old, table.LeastUseful(now, LinkPurpose.Join));
        Assert.Null(table.LeastUseful(now, LinkPurpose.Finger));
        table.Remove(old);
        Assert.Null(table.LeastUseful(now, LinkPurpose.Join));
        Assert.Equal(spare, table.LeastUseful(now, LinkPurpose.Ring));
    }

    [Fact]
    public void Links_keep_what_is_known_of_them_while_others_come_and_go()
    {
        var prng = new Prng(11);
        var table = new LinkTable(48, 4);
        var expected = new Dictionary<int, (RingId Peer, LinkPurpose Purpose, Instant Heard)>();
        for (var round = 1; round < 2_000; round++)
        {
            var now = new Instant(round * TimeSpan.TicksPerMillisecond, 0);
            if (expected.Count == 48 || (expected.Count > 0 && prng.Chance(1, 3)))
            {
                var gone = expected.Keys.ElementAt(prng.Next(expected.Count));
                table.Remove(table.Find(new LinkId(gone))!.Value);
                expected.Remove(gone);
            }
            else
            {
                var link = Open(table, round, RingId.From(prng.Next()));
                link.Purpose = (LinkPurpose)prng.Next(16);
                link.Hear(now);
                expected.Add(round, (link.PeerId, link.Purpose, now));
            }

            Assert.Equal(expected.Values.Select(one => one.Peer.Value).Order(), table.Open.ToArray().Select(link => link.PeerId.Value));
            Assert.All(expected, one =>
            {
                var link = table.FindOpen(one.Value.Peer)!.Value;
                Assert.Equal((one.Key, one.Value.Purpose, one.Value.Heard), (link.Id.Value, link.Purpose, link.HeardAt(now)));
            });
        }
    }

    [Fact]
    public void A_use_without_an_answer_is_noted_once_until_something_is_heard()
    {
        var table = new LinkTable(8, 4);
        var link = Open(table, 1);
        var now = new Instant(TimeSpan.TicksPerSecond, 0);
        link.Hear(now);

        Assert.False(link.TryBeginUse(now));
        Assert.True(link.TryBeginUse(now + TimeSpan.FromSeconds(1)));
        Assert.False(link.TryBeginUse(now + TimeSpan.FromSeconds(2)));
        link.Hear(now + TimeSpan.FromSeconds(3));
        Assert.True(link.TryBeginUse(now + TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public void A_link_is_slow_for_the_first_time_again_only_after_an_answer_that_came_before_anybody_asked()
    {
        var table = new LinkTable(8, 4);
        var link = Open(table, 1);
        var now = new Instant(TimeSpan.TicksPerSecond, 0);
        link.TryBeginUse(now + TimeSpan.FromSeconds(1));

        var wasTaken = table.TryTakeUnheard(now + TimeSpan.FromSeconds(2), out var silent);
        var first = silent.TryNoteSlow(now + TimeSpan.FromSeconds(2));
        link.Hear(now + TimeSpan.FromSeconds(3)); // Late: it was asked meanwhile.
        var second = silent.TryNoteSlow(now + TimeSpan.FromSeconds(4));
        link.TryBeginUse(now + TimeSpan.FromSeconds(5));
        link.Hear(now + TimeSpan.FromSeconds(6));
        var third = silent.TryNoteSlow(now + TimeSpan.FromSeconds(7));

        Assert.Equal((true, true, false, true), (wasTaken, first, second, third));
    }

    [Fact]
    public void A_rate_limit_saves_up_for_one_second_and_no_longer()
    {
        var bucket = new TokenBucket();
        var now = new Instant(TimeSpan.TicksPerSecond, 0);

        Assert.Equal(10, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now, 10)));
        Assert.Equal(1, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now + TimeSpan.FromMilliseconds(100), 10)));
        Assert.Equal(10, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now + TimeSpan.FromHours(1), 10)));
    }

    private static Link Open(LinkTable table, int at) => Open(table, at, RingId.From((ulong)at));

    private static Link Open(LinkTable table, int name, RingId peer)
    {
        var setUp = new LinkSetUp(new LinkId(name), peer, isIncoming: false) { PeerPhase = NodePhase.Member };
        table.TryAddSetUp(setUp);
        table.TryOpen(default, setUp, out var link);
        return link;
    }
}
