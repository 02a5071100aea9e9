using Overlay.Broadcast;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay;

/// <summary>How a broadcast is split among the members of a ring.</summary>
public sealed partial class OverlayNode : IBroadcastParts
{
    /// <summary>How long a predecessor is new: as long as the node before it may take to confirm a death, to hear of it and to link itself to it.</summary>
    private static readonly TimeSpan NewPredecessor = TimeSpan.FromSeconds(5);

    private RingId? _lastPredecessor;
    private Instant? _newPredecessorSince;

    /// <summary>The open links to members clockwise from here to the limit, each up to the next; and the first successor, linked or not.</summary>
    void IBroadcastParts.CopyChildren(RingId from, RingId limit, ICollection<RingId> doubtful, IList<BroadcastChild> into)
    {
        var self = Self.Id;
        var part = RingArc.StrictlyBetween(self, limit);
        var next = default(RingId?);
        foreach (ref readonly var successor in Successors)
        {
            if (part.Contains(successor.Id) && !doubtful.Contains(successor.Id))
            {
                next = successor.Id; // It must get it, over whatever way: nobody else knows for sure who is between here and the first link.
                into.Add(new(successor.Id, default));
                break;
            }
        }

        foreach (var link in _context.Links.Open)
        {
            if (link.Forwards && !link.IsSuspect && link.PeerId != next && part.Contains(link.PeerId) && !doubtful.Contains(link.PeerId))
            {
                InsertClockwise(self, link.PeerId, into);
            }
        }

        for (var i = 0; i < into.Count; i++)
        {
            into[i] = into[i] with { Limit = i + 1 < into.Count ? into[i + 1].Peer : limit };
        }
    }

    /// <summary>
    /// The first successor, with what lies before the second, where it was not in the list before; and a new predecessor, of which the one before it may not have heard yet, which
    /// lasts the longest where the one between them has died. Who comes in elsewhere, others are next to.
    /// </summary>
    void IBroadcastParts.CopyNewcomers(Instant now, RingId limit, ICollection<RingId> reached, IList<BroadcastChild> into)
    {
        var part = RingArc.StrictlyBetween(Self.Id, limit);
        var successors = Successors;
        if (successors.Length > 0 && part.Contains(successors[0].Id) && !reached.Contains(successors[0].Id))
        {
            into.Add(new(successors[0].Id, successors.Length > 1 && part.Contains(successors[1].Id) ? successors[1].Id : limit));
        }

        if (Predecessor is { } before && _newPredecessorSince is { } since && since + NewPredecessor > now && !reached.Contains(before.Id) && (into.Count == 0 || into[0].Peer != before.Id))
        {
            into.Add(new(before.Id, before.Id.Plus(1)));
        }
    }

    void IBroadcastParts.CopyKnown(RingId limit, ICollection<RingId> into)
    {
        foreach (ref readonly var successor in Successors)
        {
            into.Add(successor.Id);
        }
    }

    bool IBroadcastParts.IsNeighbour(RingId node) => Lists(Successors, node);

    bool IBroadcastParts.ReachesFarther(RingId node, RingId limit, RingId known) => RingArc.Between(node, limit).Length > RingArc.Between(node, known).Length;

    private static void InsertClockwise(RingId self, RingId peer, IList<BroadcastChild> into)
    {
        var at = into.Count;
        while (at > 0 && self.ClockwiseTo(into[at - 1].Peer) > self.ClockwiseTo(peer))
        {
            at--;
        }

        into.Insert(at, new(peer, default));
    }

    /// <summary>A newcomer stands between the former predecessor and this node. Who comes from farther away, in place of a dead one, has been there for long.</summary>
    private void NotePredecessor(Instant now, in Contact before)
    {
        if (before.IsNobody || before.Id == _lastPredecessor)
        {
            return;
        }

        _newPredecessorSince = _lastPredecessor is { } last && RingArc.StrictlyBetween(last, Self.Id).Contains(before.Id) ? now : null;
        _lastPredecessor = before.Id;
    }
}
