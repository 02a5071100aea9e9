using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Network;

namespace Overlay.Simulator.Worlds;

// Messages over open links: reliable and in order while both ends live, as a data channel is; what never arrived can be taken back.
public sealed partial class World
{
    /// <summary>Messages of one node that are known to have arrived nowhere and wait to be taken back; more are forgotten, oldest first.</summary>
    private const int MaxUnacknowledged = 64;

    private readonly Dictionary<int, List<(int Peer, LinkId Link, Message Message)>> _unacknowledged = [];
    private readonly Dictionary<int, List<int>> _frozen = [];
    private byte[] _wire = new byte[4096];

    /// <summary>Whose message is being answered: most of what a step sends goes back there.</summary>
    private (RingId? Id, int Node) _heard;

    private void Send(int from, in Effect effect, ReadOnlySpan<Effect> later)
    {
        var peer = _nodes[from]!.PeerOf(effect.Link) is not { } open ? -2 : open == _heard.Id ? _heard.Node : _directory.Find(open);
        var toLink = default(LinkId);
        if (peer == -2 && TryFindEnd(from, effect.Link, out var end))
        {
            (peer, toLink) = end is { IsConnected: true, Other: { } other } ? (other.Node, other.Link) : (-1, default);
        }
        else if (peer == -2 && TrySendToHub(from, effect))
        {
            return;
        }
        else if (peer == -2)
        {
            peer = PeerOfClosing(effect.Link, later);
        }

        var bytes = MessageCodec.Measure(effect.Message);
        Counters.Sent(effect.Message.Kind, bytes);
        if (_loads is not null)
        {
            _loads[from].Bytes += bytes;
        }

        if (peer < 0 || !IsAlive(peer) || !TryCross(from, peer, bytes, out var arrival))
        {
            NotDelivered(from, peer, effect.Link, effect.Message);
            return;
        }

        var message = _options.Wire ? OverTheWire(effect.Message, bytes) : effect.Message;
        var slot = _inFlight.Put(new InFlight
        {
            Message = message,
            From = from,
            FromId = _nodes[from]!.Self.Id,
            FromLink = effect.Link,
            ToLink = toLink,
            WantsAcknowledgement = effect.Number != 0,
        });
        _events.Add(arrival, (int)EventKind.Deliver, peer, slot);
    }

    /// <summary>When something sent over a link now arrives; false where the network is parted between the two.</summary>
    private bool TryCross(int from, int to, int bytes, out long arrival)
    {
        Span<long> arrivals = stackalloc long[NetworkModel.MaxArrivals];
        var count = _options.Network.Send(from, to, bytes, _now, ordered: true, ref _random, arrivals);
        arrival = arrivals[0];
        return count > 0;
    }

    /// <summary>A last word and the end of the link came out of one step: the link is gone from the node's table, but the word still travels.</summary>
    private int PeerOfClosing(LinkId link, ReadOnlySpan<Effect> later)
    {
        foreach (ref readonly var effect in later)
        {
            if (effect.Kind == EffectKind.CloseLink && effect.Link == link)
            {
                return _directory.Find(effect.Peer);
            }
        }

        return -1;
    }

    private void Deliver(int node, int slot)
    {
        ref var carried = ref _inFlight.At(slot);
        if (IsSuspended(node))
        {
            Freeze(node, slot);
            return;
        }

        var link = default(LinkId);
        if (IsAlive(node))
        {
            link = carried.ToLink != default && TryFindEnd(node, carried.ToLink, out _) ? carried.ToLink : _nodes[node]!.LinkTo(carried.FromId);
        }

        var taken = _inFlight.Take(slot);
        if (link == default || !IsAlive(taken.From))
        {
            NotDelivered(taken.From, node, taken.FromLink, taken.Message);
            return;
        }

        Counters.Delivered++;
        _trace.Add(_now, "received", node, taken.From, taken.Message.Kind, taken.Message.Body);
        if (taken.WantsAcknowledgement && taken.Message.Kind is not (MessageKind.Ping or MessageKind.GetNeighbours))
        {
            Acknowledge(node, taken.From, taken.FromLink);
        }

        _nodes[node]!.Receive(Now, link, taken.Message, _outbox);
        _heard = (taken.FromId, taken.From);
        AfterStep(node);
        _heard = default;
    }

    /// <summary>The connection stack's own acknowledgement comes back by itself. What is answered at once over the link needs none: the answer says as much.</summary>
    private void Acknowledge(int node, int from, LinkId link)
    {
        var at = _now + _options.Network.Delay(node, from, ref _random);
        _events.Add(at, (int)EventKind.Acknowledged, from, link.Value);
    }

    private void Acknowledged(int node, int link)
    {
        if (IsAlive(node) && !IsSuspended(node))
        {
            _nodes[node]!.LinkHeard(Now, new LinkId(link));
        }
    }

    /// <summary>Kept for the sender until it asks; where it has given the link up already, it is told at once.</summary>
    private void NotDelivered(int from, int peer, LinkId link, in Message message)
    {
        if (from < 0 || !IsAlive(from))
        {
            return;
        }

        if (_options.IsContact || _nodes[from]!.PeerOf(link) is null)
        {
            // Where links are free a send is a call that times out; its sender looks for another way by itself.
            var wait = _options.IsContact ? _options.ContactTimeout.Ticks : 0;
            _events.Add(_now + wait, (int)EventKind.HandBack, from, _inFlight.Put(new InFlight { Message = message, From = from, FromLink = link }));
            return;
        }

        if (!_unacknowledged.TryGetValue(from, out var list))
        {
            _unacknowledged.Add(from, list = []);
        }

        if (list.Count == MaxUnacknowledged)
        {
            list.RemoveAt(0);
        }

        list.Add((peer, link, message));
    }

    /// <summary>The node wants back what was never acknowledged over a link.</summary>
    private void TakeBack(int node, LinkId link, bool isEarly = false)
    {
        if (!_unacknowledged.TryGetValue(node, out var list))
        {
            return;
        }

        list.RemoveAll(entry =>
        {
            if (entry.Link != link || (isEarly && OverlayNode.CanWait(entry.Message)))
            {
                return false;
            }

            var slot = _inFlight.Put(new InFlight { Message = entry.Message, From = node, FromLink = link });
            _events.Add(_now, (int)EventKind.HandBack, node, slot);
            return true;
        });
        if (list.Count == 0)
        {
            _unacknowledged.Remove(node);
        }
    }

    private void HandBack(int node, int slot)
    {
        var carried = _inFlight.Take(slot);
        if (!IsAlive(node) || IsSuspended(node))
        {
            return;
        }

        Counters.LookupTimeouts += carried.Message.Body is SignedBody { Payload: FindOwner { Purpose: LookupPurpose.Application } } ? 1 : 0;
        _trace.Add(_now, "took back", node, -1, carried.Message.Kind, carried.Message.Body);
        if (_options.IsContact)
        {
            _nodes[node]!.SendFailed(Now, carried.FromLink, carried.Message, _outbox);
        }
        else
        {
            _nodes[node]!.HandBack(Now, carried.FromLink, carried.Message, _outbox);
        }

        AfterStep(node);
    }

    private void CloseLink(int node, in Effect effect)
    {
        if (CloseEnd(node, effect.Link) || effect.Failure == LinkFailure.Duplicate)
        {
            return; // Never open; or a newer link between the two stands, and its other end knows.
        }

        TakeBack(node, effect.Link);
        var peer = _directory.Find(effect.Peer);
        if (peer < 0 || !IsAlive(peer) || !TryCross(node, peer, 0, out var arrival))
        {
            return; // Its other end finds out by silence.
        }

        var theirs = _nodes[peer]!.LinkTo(_nodes[node]!.Self.Id);
        if (theirs != default)
        {
            var slot = _inFlight.Put(new InFlight { From = node, ToLink = theirs });
            _events.Add(arrival, (int)EventKind.Closed, peer, slot);
        }
    }

    private void Closed(int node, int slot)
    {
        var carried = _inFlight.Take(slot);
        if (!IsAlive(node) || (carried.From >= 0 && _nodes[node]!.PeerOf(carried.ToLink) is null))
        {
            return;
        }

        if (IsSuspended(node))
        {
            Freeze(node, _inFlight.Put(carried));
            return;
        }

        TakeBack(node, carried.ToLink);
        _trace.Add(_now, "link lost", node, carried.From);
        _nodes[node]!.LinkLost(Now, carried.ToLink, carried.From >= 0 ? LinkFailure.ClosedByPeer : LinkFailure.Unreachable, _outbox);
        AfterStep(node);
    }

    /// <summary>What arrives at a frozen node waits in its socket; beyond a socket's room it is lost to a link that repeats it, so it is kept all the same.</summary>
    private void Freeze(int node, int slot)
    {
        if (!_frozen.TryGetValue(node, out var waiting))
        {
            _frozen.Add(node, waiting = []);
        }

        waiting.Add(slot);
    }

    private void ForgetFrozen(int node)
    {
        if (_frozen.Remove(node, out var waiting))
        {
            foreach (var slot in waiting)
            {
                _inFlight.Take(slot);
            }
        }
    }

    /// <summary>Encodes and decodes, as a real link would.</summary>
    private Message OverTheWire(in Message message, int bytes)
    {
        if (_wire.Length < bytes)
        {
            _wire = new byte[bytes * 2];
        }

        var written = MessageCodec.Write(message, _wire);
        return MessageCodec.TryRead(_wire.AsMemory(0, written), null, out var read)
            ? MessageCodec.Detach(read)
            : throw new InvalidOperationException($"a {message.Kind} of {bytes} bytes could not be read again");
    }
}
