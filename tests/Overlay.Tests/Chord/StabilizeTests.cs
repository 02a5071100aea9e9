using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;
using static Overlay.Tests.World;

namespace Overlay.Tests.Chord;

/// <summary>A member that lost its whole successor list at once hangs on the ring far beyond its place; a finger before its first successor takes it back there.</summary>
public sealed class StabilizeTests
{
    private readonly Contact[] _members;
    private readonly RingPort _port;
    private readonly ChordRing _ring;
    private Instant _now = At(0);

    public StabilizeTests()
    {
        var world = new World();
        var self = world.Contact(1);
        _members = [.. Enumerable.Range(2, 7).Select(number => world.Contact((ulong)number)).OrderBy(other => self.Id.ClockwiseTo(other.Id))];
        _port = new(self, _members);
        _ring = new(OverlayOptions.Default, _port, new Prng(1), EmptyArcs.Instance);
    }

    private Contact Before => _members[^1];

    [Fact]
    public void The_linked_finger_nearest_to_the_member_is_asked_first_and_its_list_goes_before_the_old_one()
    {
        Begin(successors: [_members[4], _members[5]], fingers: [_members[3], _members[1], _members[2]], linked: [_members[3], _members[2], _members[4]]);

        var asked = Round();
        Answer(asked, NodePhase.Member, _members[3], _members[4]);

        Assert.Equal(_members[2].Id, asked.To); // _members[1] is nearer, and has no link.
        Assert.Equal([_members[2].Id, _members[3].Id, _members[4].Id, _members[5].Id], Successors());
        Assert.Equal(_members[2].Id, Assert.Single(_port.Sent, sent => sent.Payload is Notify).To);
    }

    [Fact]
    public void A_finger_that_has_no_place_or_says_nothing_does_not_keep_the_successor_from_being_asked()
    {
        Begin(successors: [_members[4], _members[5]], fingers: [_members[2]], linked: [_members[2], _members[4]]);

        var finger = Round();
        Answer(finger, NodePhase.Rejoin);
        var ordinary = Round();
        Answer(ordinary, NodePhase.Member, _members[5]);
        var silent = Round();
        var afterwards = Round();

        Assert.Equal([_members[2].Id, _members[4].Id, _members[2].Id, _members[4].Id], new[] { finger, ordinary, silent, afterwards }.Select(asked => asked.To));
        Assert.Equal([_members[4].Id, _members[5].Id], Successors());
    }

    [Fact]
    public void Fingers_beyond_the_first_successor_are_not_asked()
    {
        Begin(successors: [_members[0], _members[1]], fingers: [_members[2], _members[0]], linked: [_members[0], _members[2]]);

        Assert.Equal(_members[0].Id, Round().To);
    }

    private void Begin(Contact[] successors, Contact[] fingers, Contact[] linked)
    {
        _port.Links.UnionWith(linked.Select(peer => peer.Id));
        _ring.BeginIdeal(_now, Before, _members[^2].Id, successors, [.. fingers.Select((finger, index) => new IdealFinger(FingerTable.Rows - 1 - index, finger))]);
    }

    /// <summary>Lets time go on until the next question of stabilization, and gives it. The predecessor is asked for other reasons.</summary>
    private (RingId To, GetNeighbours Question) Round()
    {
        _port.Sent.Clear();
        for (var guard = 0; guard < 100; guard++)
        {
            _now = _ring.NextDue > _now ? _ring.NextDue : _now;
            _ring.Advance(_now);
            if (_port.Sent.Find(sent => sent.Payload is GetNeighbours && sent.To != Before.Id) is { Payload: GetNeighbours question } asked)
            {
                return (asked.To, question);
            }
        }

        throw new InvalidOperationException("Nobody was asked.");
    }

    private void Answer((RingId To, GetNeighbours Question) asked, NodePhase phase, params Contact[] successors)
    {
        var from = _members.Single(member => member.Id == asked.To);
        _ring.OnNeighbours(_now, from, new(asked.Question.Nonce, phase, 1, from.Descriptor, _port.Self.Descriptor, [.. successors.Select(member => member.Descriptor)], default));
    }

    private RingId[] Successors()
    {
        var list = new List<RingId>();
        foreach (ref readonly var entry in _ring.Successors)
        {
            list.Add(entry.Id);
        }

        return [.. list];
    }
}
