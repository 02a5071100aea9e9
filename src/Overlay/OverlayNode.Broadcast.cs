using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Messages to all members.</summary>
public sealed partial class OverlayNode : IBroadcastTree
{
    /// <summary>How long a predecessor is new: as long as the node before it may take to confirm a death, to hear of it and to link itself to it.</summary>
    private static readonly TimeSpan NewPredecessor = TimeSpan.FromSeconds(5);

    private Broadcasts? _broadcasts; // Made with the first one.
    private RingId? _lastPredecessor;
    private Instant? _newPredecessorSince;

    private Broadcasts Broadcasts => _broadcasts ??= new Broadcasts(_context.Options, this, this, _context.Signing, _context.Certificates);

    /// <summary>
    /// Sends <paramref name="bytes"/> to all members but this one, exactly once to each that is there throughout. Result: a <see cref="BroadcastReport"/>, when all have reported;
    /// at most <see cref="BroadcastData.MaxDataBytes"/> bytes. Only members can; guests and newcomers neither send nor get broadcasts.
    /// </summary>
    public RequestId Broadcast(Instant now, ReadOnlyMemory<byte> bytes, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            if (_context.Phase is NodePhase.Member or NodePhase.Founding)
            {
                Broadcasts.Start(now, request, bytes);
            }
            else
            {
                outbox.Completed(request, Outcome.NotJoined);
            }
        }

        Settle(now);
        return request;
    }

    /// <summary>On the ring: the open links to members clockwise from here to the limit, each up to the next; and the first successor, linked or not.</summary>
    void IBroadcastTree.CopyChildren(RingId from, RingId limit, ICollection<RingId> doubtful, IList<BroadcastChild> into)
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
    /// On the ring: the first successor, with what lies before the second, where it was not in the list before; and a new predecessor, of which the one before it may not have heard yet, which
    /// lasts the longest where the one between them has died. Who comes in elsewhere, others are next to.
    /// </summary>
    void IBroadcastTree.CopyNewcomers(Instant now, RingId limit, ICollection<RingId> reached, IList<BroadcastChild> into)
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

    void IBroadcastTree.CopyKnown(RingId limit, ICollection<RingId> into)
    {
        foreach (ref readonly var successor in Successors)
        {
            into.Add(successor.Id);
        }
    }

    bool IBroadcastTree.IsNeighbour(RingId node) => Lists(Successors, node);

    bool IBroadcastTree.ReachesFarther(RingId node, RingId limit, RingId known) => RingArc.Between(node, limit).Length > RingArc.Between(node, known).Length;

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

    private void ReceiveBroadcast(Instant now, in Arrival arrival)
    {
        if (!_context.IsMember)
        {
            _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
            return;
        }

        switch (arrival.Payload)
        {
            case BroadcastData broadcast:
                Broadcasts.OnBroadcast(now, arrival.Message.Source, broadcast);
                break;
            case BroadcastAsk question:
                Broadcasts.OnAsk(now, arrival.Message.Source, question);
                break;
            case BroadcastDone done:
                _broadcasts?.OnDone(now, arrival.Message.Source, done);
                break;
        }
    }

    private bool TakeBroadcasts()
    {
        var moved = false;
        while (_broadcasts is not null && _broadcasts.TryTakeArrival(out var message))
        {
            moved = true;
            _context.Outbox.Add(new Effect { Kind = EffectKind.Broadcast, Detail = message, Message = new() { Source = message.Origin } });
        }

        while (_broadcasts is not null && _broadcasts.TryTakeResult(out var result))
        {
            moved = true;
            _context.Outbox.Completed(result.Request, result.Outcome, result.Report);
        }

        return moved;
    }
}
