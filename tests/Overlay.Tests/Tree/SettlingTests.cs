using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay.Tests.Tree;

/// <summary>A leaf that stands in for its root, which has three children: when the new root may say that a name is nobody's.</summary>
public sealed class SettlingTests
{
    private static readonly RingId Key = RingId.From(5);

    private readonly Contact[] _nodes = [.. Enumerable.Range(1, 6).Select(static number => new World().Contact((ulong)number))];
    private readonly TreePort _port;
    private readonly OverlayTree _leaf;
    private double _at;

    public SettlingTests()
    {
        _port = new(_nodes[0], descriptor => _nodes.First(node => node.Id == descriptor.Id));
        _leaf = new(OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 4 }, _port, new Prng(1));
        _leaf.BeginJoin(Now);
        var question = _port.Take<TreeJoin>()[0].Payload;
        _leaf.Receive(Now, First, new TreePlace(question.Nonce, new(1, 3, 4), 1, First.Certificate!));
        var attach = _port.Take<TreeAttach>()[0].Payload;
        _leaf.Receive(Now, First, new TreeAttached(attach.Nonce, TreeVerdict.Accepted, new(1, 3, 5), 0));
        _leaf.Receive(Now, First, new TreeBeacon(new(1, 3, 5)));
        Place(rootSlot: 0);
        _leaf.OnStandIn(Now, Root, new TreeStandIn(1, 3, [First.Descriptor, Second.Descriptor, Third.Descriptor]));
    }

    private Contact Root => _nodes[1];

    private Contact First => _nodes[2];

    private Contact Second => _nodes[3];

    private Contact Third => _nodes[4];

    private Instant Now => World.At(_at);

    [Fact]
    public void When_all_the_dead_roots_children_have_come_their_records_have_a_quarter_of_a_minute()
    {
        TakeOver(First, Second, Third);

        Pass(14);
        Assert.False(_leaf.IsSettledFor(Now, Key));
        Pass(2);

        Assert.True(_leaf.IsSettledFor(Now, Key));
    }

    [Fact]
    public void A_subtree_that_is_still_on_its_way_is_waited_for_and_then_its_records()
    {
        TakeOver(First, Second);
        Pass(30);
        Assert.False(_leaf.IsSettledFor(Now, Key)); // An orphan's subtree offers nothing.

        _leaf.Receive(Now, First, new TreeTable(false, [Third.Id], [])); // It has found a place below its former sibling.
        Pass(13);
        Assert.False(_leaf.IsSettledFor(Now, Key));
        Pass(3);

        Assert.True(_leaf.IsSettledFor(Now, Key));
    }

    [Fact]
    public void Nobody_waits_for_the_dead()
    {
        TakeOver(First, Second);
        Pass(30);

        _leaf.PeerDied(Now, Third.Id);
        Pass(16);

        Assert.True(_leaf.IsSettledFor(Now, Key));
    }

    [Fact]
    public void Who_is_never_heard_of_is_waited_for_as_long_as_orphans_keep_their_children()
    {
        TakeOver(First, Second);

        Pass(70);
        Assert.False(_leaf.IsSettledFor(Now, Key));
        Pass(10);

        Assert.True(_leaf.IsSettledFor(Now, Key));
    }

    [Fact]
    public void A_root_to_whom_nobody_has_come_waits_for_nobody()
    {
        TakeOver(First, Second);
        _leaf.PeerDied(Now, First.Id);
        _leaf.PeerDied(Now, Second.Id);

        Pass(20);

        Assert.True(_leaf.IsSettledFor(Now, Key));
    }

    [Fact]
    public void A_place_that_was_promised_before_is_not_given_until_its_keys_records_are_here()
    {
        var newcomer = _nodes[5];
        _leaf.OnJoin(Now, First, null, new TreeJoin(5, TreeSearch.Delegated, newcomer.Id, null));
        Assert.Equal([newcomer.Id], _port.Take<TreePlace>().Select(static one => one.To));

        TakeOver(First, Second, Third);

        Assert.Equal(TreeVerdict.Full, Attach());
        Pass(16);
        Assert.Equal(TreeVerdict.Accepted, Attach());

        TreeVerdict Attach()
        {
            _port.Take<TreeAttached>();
            _leaf.Receive(Now, newcomer, new TreeAttach(7, TreeReason.Join, default, 1, null, null));
            return _port.Take<TreeAttached>()[0].Payload.Verdict;
        }
    }

    [Fact]
    public void Where_the_numbers_on_the_way_are_others_copies_are_doubted_and_where_only_the_nodes_are_they_are_not()
    {
        var before = _leaf.Upheavals;

        Place(rootSlot: 0);
        Assert.Equal(before, _leaf.Upheavals);
        Place(rootSlot: 2);

        Assert.Equal(before + 1, _leaf.Upheavals);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, false)]
    public void Who_has_moved_a_moment_ago_need_not_have_what_came_to_its_dead_child_since(byte rootSlot, bool isSettled)
    {
        _leaf.Receive(Now, Second, new TreeAttach(7, TreeReason.Join, default, 1, null, null) { Slot = 0 });
        var key = RingId.From(Enumerable.Range(1, 100).Select(static one => (ulong)one).First(static one => KeyWalk.Slot(RingId.From(one), 2, 4) == 0));
        Place(rootSlot);
        _at += 5;

        _leaf.PeerDied(Now, Second.Id);

        Assert.Equal(isSettled, _leaf.IsSettledFor(Now, key));
        _at += 16;
        Assert.True(_leaf.IsSettledFor(Now, key));
    }

    private void Place(byte rootSlot) =>
        _leaf.Receive(Now, First, new TreePosition([new(Root.Descriptor, rootSlot), new(First.Descriptor, 0)], null, null, [], 3));

    /// <summary>The root dies; these of its children vote for the leaf, two of them as a majority, and come to it.</summary>
    private void TakeOver(params Contact[] voters)
    {
        foreach (var voter in voters.Concat(voters[..1])) // The first was told that it is not root yet, and asks again.
        {
            _leaf.Receive(Now, voter, new TreeAttach(1, TreeReason.RootLost, new(1, 3, 5), 5, Root.Id, null));
        }

        Assert.True(_leaf.IsRoot);
        Assert.Equal(voters.Length, _leaf.ChildCount);
    }

    /// <summary>Time passes; the children go on answering beacons.</summary>
    private void Pass(double seconds)
    {
        for (var end = _at + seconds; _at < end;)
        {
            _at = Math.Min(end, _at + 0.5);
            _leaf.Advance(Now);
            foreach (var child in _leaf.Children.ToList())
            {
                _leaf.Receive(Now, _nodes.First(node => node.Id == child), new TreeEcho(1, new TreeShape(5, TreeShape.NoFree, 0, 1, 4)));
            }
        }
    }
}
