using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using Overlay.Tree;

namespace Overlay.Tests.Tree;

/// <summary>Candidates, and requests for a place that wait: one root of two places, and those who ask it.</summary>
public sealed class PlacesTests
{
    private static readonly TimeSpan Waits = OverlayOptions.Default.CandidateTimeout;

    private readonly World _world = new();
    private readonly Dictionary<RingId, Contact> _contacts = [];
    private readonly TreePort _port;
    private readonly OverlayTree _root;
    private double _at;

    public PlacesTests()
    {
        _port = new(_world.Contact(1), descriptor => _contacts[descriptor.Id]);
        _root = new(OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 2 }, _port, new Prng(1));
        _root.BecomeRoot(Now);
        Pass(1);
    }

    private Instant Now => World.At(_at);

    [Fact]
    public void There_are_as_many_candidates_and_children_as_the_degree_allows_and_not_one_more()
    {
        var askers = AskersAtAnyPlace(5);

        foreach (var asker in askers)
        {
            Ask(asker);
        }

        Assert.Equal(askers.Take(2).Select(one => one.Id), _port.Take<TreePlace>().Select(one => one.To));
        Assert.Equal(TreeVerdict.Full, Attach(askers[2]));
        Assert.Equal([TreeVerdict.Accepted, TreeVerdict.Accepted], askers.Take(2).Select(Attach));
        Assert.Equal(2, _root.ChildCount);
    }

    [Fact]
    public void A_request_that_is_made_again_is_promised_the_same_place()
    {
        var asker = AskersAtAnyPlace(1)[0];

        Ask(asker);
        Ask(asker);
        Ask(asker);

        Assert.Equal(3, _port.Take<TreePlace>().Count(one => one.To == asker.Id));
        Assert.Equal([TreeVerdict.Accepted, TreeVerdict.Accepted], AskersAtAnyPlace(3).Skip(1).Take(1).Append(asker).Select(one => { Ask(one); return Attach(one); }));
    }

    [Fact]
    public void Nobody_is_promised_a_place_to_which_there_is_no_room_for_a_link()
    {
        var askers = AskersAtAnyPlace(2);
        _port.RoomForNeighbours = 1;

        Ask(askers[0]);
        Ask(askers[1]);
        Assert.Equal([askers[0].Id], _port.Take<TreePlace>().Select(one => one.To)); // Its link is not there yet.
        Assert.Equal(TreeShape.NoFree, _root.Shape().FreeDepth);

        _port.RoomForNeighbours = 2;
        Pass(1);
        Assert.Equal([askers[1].Id], _port.Take<TreePlace>().Select(one => one.To));
    }

    [Fact]
    public void Who_was_promised_a_place_and_refused_the_link_is_sent_to_another()
    {
        var child = AskersAtAnyPlace(1)[0];
        Ask(child);
        Attach(child);
        var asker = AskersAt(0, 1, [child.Id])[0];
        Ask(asker);
        Assert.Equal([asker.Id], _port.Take<TreePlace>().Skip(1).Select(one => one.To));

        Ask(asker, attempt: 1); // It began anew.

        Assert.Empty(_port.Take<TreePlace>());
        Assert.Equal([(child.Id, asker.Id)], _port.Take<TreeJoin>().Select(one => (one.To, one.Payload.Origin)));
    }

    [Fact]
    public void Where_there_is_no_other_place_the_one_that_was_refused_is_promised_again()
    {
        var asker = AskersAtAnyPlace(1)[0];

        Ask(asker);
        Ask(asker, attempt: 1);

        Assert.Equal([asker.Id, asker.Id], _port.Take<TreePlace>().Select(one => one.To));
    }

    [Fact]
    public void The_place_of_a_silent_candidate_is_free_after_its_thirty_seconds()
    {
        var askers = AskersAtAnyPlace(3);
        Ask(askers[0]);
        Ask(askers[1]);
        _port.Take<TreePlace>();

        Pass(Waits.TotalSeconds - 2);
        Ask(askers[2]);
        Assert.Empty(_port.Take<TreePlace>());
        Pass(3);
        Ask(askers[2]);

        Assert.Contains(askers[2].Id, _port.Take<TreePlace>().Select(one => one.To));
        Assert.Equal(TreeVerdict.Accepted, Attach(askers[2]));
    }

    [Fact]
    public void Requests_that_wait_for_a_candidate_are_served_when_it_has_come()
    {
        var (candidate, child) = Full();
        var waiting = AskersAt(1, 5, [candidate.Id, child.Id]);
        foreach (var asker in waiting)
        {
            Ask(asker);
        }

        Assert.Empty(_port.Take<TreePlace>());
        Attach(candidate);

        Assert.Equal(waiting.Select(one => (candidate.Id, one.Id)), _port.Take<TreeJoin>().Select(one => (one.To, one.Payload.Origin)));
    }

    [Fact]
    public void Requests_that_wait_for_a_candidate_are_served_when_it_has_failed()
    {
        var (candidate, child) = Full();
        Pass(Waits.TotalSeconds - 2);
        var waiting = AskersAt(1, 5, [candidate.Id, child.Id]);
        foreach (var asker in waiting)
        {
            Ask(asker);
        }

        _port.Take<TreeJoin>();
        Pass(3);
        Assert.Equal([waiting[0].Id], _port.Take<TreePlace>().Select(one => one.To));
        Attach(waiting[0]);

        Assert.Equal(waiting.Skip(1).Select(one => one.Id), _port.Take<TreeJoin>().Where(one => one.To == waiting[0].Id).Select(one => one.Payload.Origin));
    }

    [Fact]
    public void A_request_that_waits_moves_on_to_another_free_place_when_it_is_made_again()
    {
        var (candidate, child) = Full();
        _root.Receive(Now, child, new TreeEcho(1, new TreeShape(1, 0, 2, 0, 1))); // It has room.
        var waiting = AskersAt(1, 1, [candidate.Id, child.Id])[0];

        Ask(waiting);
        Assert.Empty(_port.Take<TreeJoin>());
        Ask(waiting);

        Assert.Equal([(child.Id, waiting.Id)], _port.Take<TreeJoin>().Select(one => (one.To, one.Payload.Origin)));
    }

    [Fact]
    public void Who_takes_a_dead_nodes_place_takes_its_number_too()
    {
        var askers = AskersAtAnyPlace(3);
        Ask(askers[0]);
        Attach(askers[0]);
        Ask(askers[1]);
        _root.Receive(Now, askers[1], new TreeAttach(7, TreeReason.Join, default, 5, null, null)); // With nodes below it, at place 1.
        _root.PeerDied(Now, askers[0].Id, hasLeft: true); // Place 0 is free,
        _root.PeerDied(Now, askers[1].Id);
        _port.Take<TreeAttached>();

        _root.Receive(Now, askers[2], new TreeAttach(8, TreeReason.Replace, default, 1, askers[1].Id, null)); // and yet it is 1.

        Assert.Equal(1, _port.Take<TreeAttached>().Single().Payload.Slot);
    }

    [Fact]
    public void The_number_of_a_dead_child_with_a_subtree_is_given_to_no_newcomer_when_its_successor_dies_too()
    {
        var askers = AskersAtAnyPlace(4);
        Ask(askers[0]);
        Attach(askers[0]);
        Ask(askers[1]);
        _root.Receive(Now, askers[1], new TreeAttach(7, TreeReason.Join, default, 5, null, null)); // With nodes below it, at place 1.
        var key = RingId.From(Enumerable.Range(1, 100).Select(static one => (ulong)one).First(static one => KeyWalk.Slot(RingId.From(one), 0, 2) == 1));
        _root.PeerDied(Now, askers[1].Id);
        Pass(10);
        _root.Receive(Now, askers[2], new TreeAttach(8, TreeReason.Replace, default, 1, askers[1].Id, null));
        Pass(10); // More than a quarter of a minute after the first death.
        _root.PeerDied(Now, askers[2].Id);
        _port.Take<TreePlace>();

        Ask(askers[3]);
        Assert.Empty(_port.Take<TreePlace>());
        Assert.False(_root.IsSettledFor(Now, key));
        Pass(16);
        Ask(askers[3]);

        Assert.Equal([askers[3].Id], _port.Take<TreePlace>().Select(one => one.To));
        Assert.True(_root.IsSettledFor(Now, key));
    }

    [Fact]
    public void Who_takes_the_place_of_a_successor_that_died_gets_its_number()
    {
        var askers = AskersAtAnyPlace(4);
        Ask(askers[0]);
        _root.Receive(Now, askers[0], new TreeAttach(7, TreeReason.Join, default, 5, null, null));
        _root.PeerDied(Now, askers[0].Id);
        _root.Receive(Now, askers[1], new TreeAttach(8, TreeReason.Replace, default, 1, askers[0].Id, null));
        _root.PeerDied(Now, askers[1].Id);
        Ask(askers[2]);
        Attach(askers[2]);
        _port.Take<TreeAttached>();

        _root.Receive(Now, askers[3], new TreeAttach(9, TreeReason.Replace, default, 1, askers[0].Id, null));

        Assert.Equal(0, _port.Take<TreeAttached>().Single().Payload.Slot);
    }

    [Fact]
    public void A_request_too_many_is_refused_and_one_that_is_not_repeated_lapses()
    {
        var (candidate, child) = Full();
        var waiting = AskersAt(1, 65, [candidate.Id, child.Id]);
        foreach (var asker in waiting)
        {
            Ask(asker);
        }

        Attach(candidate);
        Assert.Equal(64, _port.Take<TreeJoin>().Count);

        var (other, _) = (AskersAt(1, 1, [.. waiting.Select(one => one.Id), candidate.Id, child.Id])[0], 0);
        _root.PeerDied(Now, candidate.Id, hasLeft: true);
        var late = AskersAt(1, 2, [.. waiting.Select(one => one.Id), candidate.Id, child.Id, other.Id])[0];
        Ask(other);
        _port.Take<TreePlace>();
        Ask(late);
        Pass(7); // Two query times and more.
        Attach(other);

        Assert.DoesNotContain(late.Id, _port.Take<TreeJoin>().Select(one => one.Payload.Origin));
    }

    /// <summary>The root has a child at place 0 and a candidate for place 1.</summary>
    private (Contact Candidate, Contact Child) Full()
    {
        var child = AskersAtAnyPlace(1)[0];
        Ask(child);
        Attach(child);
        var candidate = AskersAt(1, 1, [child.Id])[0];
        Ask(candidate);
        _port.Take<TreePlace>();
        _port.Take<TreeJoin>();
        return (candidate, child);
    }

    private void Ask(Contact asker, ulong attempt = 0) =>
        _root.OnJoin(Now, asker, null, new TreeJoin((ulong)asker.Id.Value + attempt, TreeSearch.Delegated, asker.Id, null));

    private TreeVerdict Attach(Contact asker)
    {
        _port.Take<TreeAttached>();
        _root.Receive(Now, asker, new TreeAttach(7, TreeReason.Join, default, 1, null, null));
        return _port.Take<TreeAttached>()[0].Payload.Verdict;
    }

    /// <summary>Time passes; the children go on answering beacons.</summary>
    private void Pass(double seconds)
    {
        for (var end = _at + seconds; _at < end;)
        {
            _at = Math.Min(end, _at + 0.5);
            _root.Advance(Now);
            foreach (var child in _root.Children.ToList())
            {
                _root.Receive(Now, _contacts[child], new TreeEcho(1, new TreeShape(1, TreeShape.NoFree, 0, 0, 1)));
            }
        }
    }

    private List<Contact> AskersAtAnyPlace(int count) => Askers(count, _ => true);

    /// <summary>Askers whom the hash passes on to a place of the root.</summary>
    private List<Contact> AskersAt(int place, int count, IReadOnlyCollection<RingId> but) =>
        Askers(count, id => !but.Contains(id) && DelegationHash.Slot(id, _port.Self.Id, 2) == place);

    private List<Contact> Askers(int count, Func<RingId, bool> isWanted)
    {
        var askers = new List<Contact>();
        for (ulong number = 2; askers.Count < count; number++)
        {
            var contact = _world.Contact(number);
            if (isWanted(contact.Id))
            {
                _contacts[contact.Id] = contact;
                askers.Add(contact);
            }
        }

        return askers;
    }
}
