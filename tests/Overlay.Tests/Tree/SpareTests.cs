using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay.Tests.Tree;

/// <summary>The spare link of a child, whose parent names one uncle after the other, and its good-bye.</summary>
public sealed class SpareTests
{
    private readonly Contact[] _nodes = [.. Enumerable.Range(1, 9).Select(static number => new World().Contact((ulong)number))];
    private readonly TreePort _port;
    private readonly OverlayTree _child;
    private double _at;

    public SpareTests()
    {
        _port = new(_nodes[0], descriptor => _nodes.First(node => node.Id == descriptor.Id)) { Links = [Root.Id] };
        _child = new(OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 2 }, _port, new Prng(1));
        _child.BeginJoin(Now);
        var question = _port.Take<TreeJoin>()[0].Payload;
        _child.Receive(Now, Root, new TreePlace(question.Nonce, new(1, 3, 4), 0, Root.Certificate!));
        var attach = _port.Take<TreeAttach>()[0].Payload;
        _child.Receive(Now, Root, new TreeAttached(attach.Nonce, TreeVerdict.Accepted, new(1, 3, 5), 0));
    }

    private Contact Root => _nodes[1];

    private Contact First => _nodes[2];

    private Contact Second => _nodes[3];

    private Contact Third => _nodes[4];

    private Instant Now => World.At(_at);

    [Fact]
    public void The_spare_of_before_stays_until_the_link_to_the_new_one_is_up()
    {
        Name(First);
        Up(First);

        Name(Second);
        Assert.Equal(First.Id, _child.Spare);
        Assert.Equal((LinkPurpose.Finger, LinkPurpose.Join), (_port.Wanted[First.Id], _port.Wanted[Second.Id])); // It gives way to whoever needs its room.
        Up(Second);

        Assert.Equal(Second.Id, _child.Spare);
        Assert.DoesNotContain(First.Id, _port.Wanted.Keys);
    }

    [Fact]
    public void There_is_one_link_more_than_the_spare_at_the_most_however_often_another_is_named()
    {
        Name(First);
        Up(First);

        Name(Second);
        Name(Third);

        Assert.Equal(First.Id, _child.Spare);
        Assert.True(new HashSet<RingId> { Root.Id, First.Id, Third.Id }.SetEquals(_port.Wanted.Keys));
    }

    [Fact]
    public void A_spare_that_is_lost_gives_way_to_the_one_that_is_not_linked_yet()
    {
        Name(First);
        Up(First);
        Name(Second);

        _port.Links!.Remove(First.Id);
        _child.LinkDown(Now, First.Id);

        Assert.Equal(Second.Id, _child.Spare);
        Assert.DoesNotContain(First.Id, _port.Wanted.Keys);
    }

    [Fact]
    public void A_spare_that_is_named_again_before_the_next_one_is_linked_is_a_spare_as_before()
    {
        Name(First);
        Up(First);
        Name(Second);

        Name(First);

        Assert.Equal(First.Id, _child.Spare);
        Assert.Equal(LinkPurpose.Join, _port.Wanted[First.Id]);
        Assert.DoesNotContain(Second.Id, _port.Wanted.Keys);
    }

    [Fact]
    public void A_link_is_of_the_tree_while_its_end_is_the_parent_and_a_spare_when_the_place_is_refused()
    {
        Name(First);
        Up(First);

        _child.PeerDied(Now, Root.Id);
        Assert.Equal(LinkPurpose.Ring | LinkPurpose.Join, _port.Wanted[First.Id]); // Pushed out by nobody now.
        var attach = _port.Take<TreeAttach>().Single(one => one.To == First.Id).Payload;
        _child.Receive(Now, First, new TreeAttached(attach.Nonce, TreeVerdict.Full, new(1, 3, 9), TreeAttached.NoSlot));

        Assert.Equal(LinkPurpose.Join, _port.Wanted[First.Id]);
    }

    [Fact]
    public void When_the_named_one_dies_the_spare_of_before_is_still_there()
    {
        Name(First);
        Up(First);
        Name(Second);

        _child.PeerDied(Now, Second.Id);

        Assert.Equal(First.Id, _child.Spare);
        Assert.True(new HashSet<RingId> { Root.Id, First.Id }.SetEquals(_port.Wanted.Keys));
    }

    [Fact]
    public void A_child_whose_parent_is_in_doubt_is_reached_past_the_link_over_its_uncle()
    {
        var root = new OverlayTree(OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 2 }, _port, new Prng(1));
        root.BecomeRoot(Now);
        root.Receive(Now, First, new TreeAttach(1, TreeReason.Join, default, 1, null, null));
        root.Receive(Now, Second, new TreeAttach(2, TreeReason.Join, default, 1, null, null));
        var ways = new RingId[2];

        Assert.Equal(1, root.WaysTo(First.Id, ways)); // The other child is its spare.

        Assert.Equal(Second.Id, ways[0]);
    }

    [Fact]
    public void Who_leaves_has_left_when_everybody_has_closed_the_link()
    {
        Name(First);
        Up(First);

        _child.Leave(Now);
        Assert.Equal([Root.Id], _port.Take<Leaving>().Select(static one => one.To)); // The node tells the others.
        Down(Root);
        Assert.Equal(NodePhase.Leaving, _child.Phase);
        Down(First);

        Assert.Equal(NodePhase.Left, _child.Phase);
    }

    [Fact]
    public void Who_leaves_says_it_to_whoever_comes_meanwhile_and_waits_two_seconds_at_the_most()
    {
        _child.Leave(Now);
        Up(Third);
        Assert.Contains(Third.Id, _port.Take<Leaving>().Select(static one => one.To));

        _at += OverlayTree.LeaveTimeout.TotalSeconds - 0.001;
        _child.Advance(Now);
        Assert.Equal(NodePhase.Leaving, _child.Phase);
        _at += 0.001;
        _child.Advance(Now);

        Assert.Equal(NodePhase.Left, _child.Phase);
    }

    private void Name(Contact spare) =>
        _child.Receive(Now, Root, new TreePosition([new(Root.Descriptor, 0)], spare.Descriptor, null, [], 2));

    private void Up(Contact peer)
    {
        _port.Links!.Add(peer.Id);
        _child.LinkUp(Now, peer);
    }

    private void Down(Contact peer)
    {
        _port.Links!.Remove(peer.Id);
        _child.LinkDown(Now, peer.Id);
    }
}
