using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Peers;

/// <summary>What others say.</summary>
public sealed partial class PeerMesh
{
    /// <summary>Somebody looks for peers: it is offered a place, or its request goes on.</summary>
    private void OnRequest(Instant now, in Contact from, PeerRequest request)
    {
        var requester = request.Requester;
        if (requester == _port.SelfId || (request.IsDirect && from.Id != requester))
        {
            return;
        }

        if (request.IsDirect)
        {
            OnNamed(now, request);
            return;
        }

        var accepts = Accepts(request);
        if (accepts)
        {
            _places.Add(new(requester, request.Nonce, now + PlaceLife, MakesRoom: false));
            _port.Send(now, requester, new PeerOffer(request.Nonce, MakesRoom: false));
        }

        if (request.Steps is > 0 and <= PeerRequest.MaxSteps)
        {
            PassOn(now, from.Id, request with { Steps = (byte)(request.Steps - 1) }, accepts);
        }
        else if (!accepts && IsFull && IsStranger(requester) && IdlePeer(requester) is not null)
        {
            _places.Add(new(requester, request.Nonce, now + PlaceLife, MakesRoom: true));
            _port.Send(now, requester, new PeerOffer(request.Nonce, MakesRoom: true));
        }
    }

    /// <summary>Somebody wants this very node: no coin decides.</summary>
    private void OnNamed(Instant now, PeerRequest request)
    {
        var requester = request.Requester;
        if (!_bonds.ContainsKey(requester.Value))
        {
            _places.RemoveAll(place => place.Peer == requester);
            if (IsFull)
            {
                _port.Send(now, requester, new PeerClose(request.Nonce, PeerEnd.Full));
                return;
            }

            _places.Add(new(requester, request.Nonce, now + PlaceLife, MakesRoom: false));
        }

        _port.Send(now, requester, new PeerOffer(request.Nonce, MakesRoom: false));
    }

    private bool IsStranger(RingId node) => !_bonds.ContainsKey(node.Value) && !_places.Exists(place => place.Peer == node);

    /// <summary>A peer at random whose stream nobody has used.</summary>
    private PeerBond? IdlePeer(RingId except)
    {
        var others = new List<PeerBond>();
        Collect(_bonds, except, except, others);
        others.RemoveAll(static other => !other.IsIdle);
        return others.Count == 0 ? null : others[_prng.Next(others.Count)];
    }

    private bool Accepts(PeerRequest request)
    {
        var requester = request.Requester;
        return !IsFull
            && IsStranger(requester)
            && (_bonds.Count < _options.MinPeers || _prng.Chance(1, 2));
    }

    private void PassOn(Instant now, RingId from, PeerRequest request, bool isAccepted)
    {
        var others = new List<PeerBond>();
        Collect(_bonds, from, request.Requester, others);
        if (from == request.Requester)
        {
            foreach (var other in others)
            {
                _port.Send(now, other.Peer.Id, request);
            }
        }
        else if (!isAccepted && others.Count > 0)
        {
            _port.Send(now, others[_prng.Next(others.Count)].Peer.Id, request);
        }
    }

    /// <summary>Somebody keeps a place for this node.</summary>
    private void OnOffer(Instant now, in Contact from, PeerOffer offer)
    {
        var peer = from.Id;
        var at = _quests.FindIndex(quest => quest.Nonce == offer.Nonce && (quest.To is null || quest.To == peer));
        var isTaken = false;
        if (at >= 0)
        {
            _places.RemoveAll(place => place.Peer == peer); // Both asked: one place will do.
            if (_bonds.TryGetValue(peer.Value, out var bond))
            {
                bond.Nonce = Math.Max(bond.Nonce, offer.Nonce);
                isTaken = true;
            }
            else if (!IsFull && (!offer.MakesRoom || _bonds.Count < _options.MinPeers))
            {
                Bond(now, from, offer.Nonce);
                isTaken = true;
            }

            if (_quests[at].To is not null)
            {
                EndCommand(_quests[at], isTaken ? Outcome.Done : Outcome.Refused);
                _quests.RemoveAt(at);
            }
        }

        _port.Send(now, peer, new PeerAnswer(offer.Nonce, isTaken));
    }

    /// <summary>The place that this node kept was taken, or is not needed.</summary>
    private void OnAnswer(Instant now, in Contact from, PeerAnswer answer)
    {
        var peer = from.Id;
        var wasKept = _places.RemoveAll(place => place.Peer == peer && (answer.IsAccepted || place.Nonce == answer.Nonce)) > 0; // Whichever of its requests it is about.
        if (!answer.IsAccepted)
        {
            return;
        }

        if (wasKept && IsFull && IdlePeer(peer) is { } leaving)
        {
            _port.Send(now, leaving.Peer.Id, new PeerClose(leaving.Nonce, PeerEnd.MadeRoom, peer));
            End(leaving, PeerEnd.MadeRoom);
        }

        if (_bonds.TryGetValue(peer.Value, out var bond))
        {
            bond.Nonce = Math.Max(bond.Nonce, answer.Nonce);
        }
        else if (wasKept && !IsFull)
        {
            Bond(now, from, answer.Nonce);
        }
        else
        {
            _port.Send(now, peer, new PeerClose(answer.Nonce, PeerEnd.Unknown)); // It came too late.
        }
    }

    private void OnPing(Instant now, in Contact from, PeerPing ping)
    {
        if (ping.Bond == 0)
        {
            _port.Send(now, from.Id, new PeerPong(0, ping.Nonce));
        }
        else if (_bonds.TryGetValue(from.Id.Value, out var bond))
        {
            bond.Nonce = Math.Max(bond.Nonce, ping.Bond);
            _port.Send(now, from.Id, new PeerPong(bond.Nonce, ping.Nonce));
        }
        else
        {
            _port.Send(now, from.Id, new PeerClose(ping.Bond, PeerEnd.Unknown));
        }
    }

    private void OnPong(Instant now, in Contact from, PeerPong pong)
    {
        if (pong.Bond != 0)
        {
            return; // That the peer was heard is all that it says.
        }

        foreach (var seed in _seeds)
        {
            if (seed.Id == from.Id && seed.Nonce == pong.Nonce)
            {
                var wasLost = seed.IsLost;
                (seed.AnswerBy, seed.IsLost) = (Instant.Never, false);
                if (wasLost && !IsFull)
                {
                    Ask(now, seed.Id, only: null, default); // Two meshes that grew apart meet here.
                }

                JudgeSplit(now);
            }
        }
    }

    private void OnClose(Instant now, in Contact from, PeerClose close)
    {
        var at = _quests.FindIndex(quest => quest.Nonce == close.Bond);
        if (at >= 0 && _quests[at].To == from.Id)
        {
            EndCommand(_quests[at], Outcome.Refused);
            _quests.RemoveAt(at);
        }

        if (_bonds.TryGetValue(from.Id.Value, out var bond) && bond.Nonce == close.Bond)
        {
            End(bond, close.Why);
            if (close.Why == PeerEnd.MadeRoom && !IsFull && close.Instead != _port.SelfId && IsStranger(close.Instead))
            {
                Ask(now, close.Instead, close.Instead, default);
            }
        }
    }

    private void OnBytes(Instant now, in Contact from, PeerBytes bytes)
    {
        if (!_bonds.TryGetValue(from.Id.Value, out var bond))
        {
            _port.Send(now, from.Id, new PeerClose(bytes.Bond, PeerEnd.Unknown));
            return;
        }

        if (bond.Nonce != bytes.Bond)
        {
            return; // Sent before both knew which of their requests counts: it comes again.
        }

        var wasEnded = bond.Receiver.IsEnded;
        bond.Receiver.Take(bytes, bond.Ready);
        while (bond.Ready.TryDequeue(out var ready))
        {
            _events.Enqueue(new(MeshEventKind.Bytes, from.Id, Bytes: ready));
        }

        if (bond.Receiver.IsEnded && !wasEnded)
        {
            _events.Enqueue(new(MeshEventKind.StreamEnded, from.Id));
        }

        _port.Send(now, from.Id, bond.Receiver.Acknowledge(bond.Nonce));
    }

    private void OnReceived(Instant now, in Contact from, PeerReceived received)
    {
        if (_bonds.TryGetValue(from.Id.Value, out var bond) && bond.Nonce == received.Bond)
        {
            if (bond.Sender.OnReceived(now, bond.Nonce, received) is { } lost)
            {
                _port.SendBytes(now, bond.Peer, lost);
            }

            Pump(now, bond);
        }
    }
}
