using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Peers;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Peers: a mesh of its own over the overlay, for members that want one.</summary>
public sealed partial class OverlayNode : IPeerPort
{
    private PeerMesh? _peers; // From StartPeers to StopPeers.

    /// <summary>Peers that this node has.</summary>
    public int PeerCount => _peers?.Count ?? 0;

    /// <summary>The peers, in the order of their ids.</summary>
    public void CopyPeers(ICollection<RingId> into) => _peers?.CopyPeers(into);

    RingId IPeerPort.SelfId => _context.Self.Id;

    ulong IPeerPort.NextNonce() => _context.NextNonce();

    /// <summary>Looks for peers from now on. Ends as <see cref="Outcome.Busy"/> where it does already.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="options">How many, and whom to ask; without errors.</param>
    /// <param name="outbox">Receives the effects.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public RequestId StartPeers(Instant now, PeersOptions options, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var error in options.Errors())
        {
            throw new ArgumentException(error, nameof(options));
        }

        if (TryBegin(now, outbox, out var request))
        {
            var outcome = !_context.IsMember ? Outcome.NotJoined : _peers is not null ? Outcome.Busy : Outcome.Done;
            if (outcome == Outcome.Done)
            {
                _peers = new PeerMesh(now, options, this, _context.Prng.Split());
                _peers.Advance(now);
            }

            outbox.Completed(request, outcome);
        }

        Settle(now);
        return request;
    }

    /// <summary>Says good-bye to the peers and takes no more.</summary>
    public void StopPeers(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        EndPeers(now);
        Settle(now);
    }

    /// <summary>Asks <paramref name="peer"/> to be one. Ends as done, refused (one of both is full, or it wants no peers), timed out, or not joined (without <see cref="StartPeers"/>).</summary>
    public RequestId AddPeer(Instant now, RingId peer, Outbox outbox)
    {
        if (TryBeginPeers(now, outbox, out var request))
        {
            _peers!.Add(now, request, peer);
        }

        Settle(now);
        return request;
    }

    /// <summary>Ends the bond with a peer.</summary>
    public void RemovePeer(Instant now, RingId peer, Outbox outbox)
    {
        Begin(now, outbox);
        _peers?.Remove(now, peer);
        Settle(now);
    }

    /// <summary>Writes into the stream to a peer; its bytes arrive there complete and in order. Ends when all of it is taken (at most 256 KiB wait), or as unreachable when the peer is gone.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="peer">A peer.</param>
    /// <param name="bytes">Must not change until they arrived.</param>
    /// <param name="isLast">Ends the stream to it; the other way stays open.</param>
    /// <param name="outbox">Receives the effects.</param>
    public RequestId WriteToPeer(Instant now, RingId peer, ReadOnlyMemory<byte> bytes, bool isLast, Outbox outbox)
    {
        if (TryBeginPeers(now, outbox, out var request))
        {
            _peers!.Write(now, request, peer, bytes, isLast);
        }

        Settle(now);
        return request;
    }

    /// <summary>So many bytes of a peer's stream were read: as many more may come.</summary>
    public void ReadFromPeer(Instant now, RingId peer, int count, Outbox outbox)
    {
        Begin(now, outbox);
        _peers?.Read(now, peer, count);
        Settle(now);
    }

    void IPeerPort.Send(Instant now, RingId to, Payload payload) => _courier.Send(now, new Letter(to, payload));

    void IPeerPort.SendToResponsible(Instant now, RingId key, Payload payload)
    {
        if (!OwnsKey(key))
        {
            _courier.Send(now, new Letter(key, payload) { Flags = MessageFlags.Responsible });
        }
    }

    void IPeerPort.SendBytes(Instant now, in Contact to, PeerBytes bytes)
    {
        if (_context.Sealing is null)
        {
            _courier.Send(now, new Letter(to.Id, bytes));
            return;
        }

        var envelope = new Message
        {
            Kind = MessageKind.PeerBytes,
            Flags = MessageFlags.Sealed,
            Source = _context.Self.Id,
            Destination = to.Id,
            MessageId = _context.NextMessageId(),
        };
        var payload = MessageSecurity.Seal(envelope, bytes, to.Certificate, _context.Sealing);
        _courier.Send(now, new Letter(to.Id, payload) { Flags = envelope.Flags, MessageId = envelope.MessageId });
    }

    private bool TryBeginPeers(Instant now, Outbox outbox, out RequestId request)
    {
        if (!TryBegin(now, outbox, out request))
        {
            return false;
        }

        if (_peers is null)
        {
            outbox.Completed(request, Outcome.NotJoined);
            return false;
        }

        return true;
    }

    private void EndPeers(Instant now)
    {
        if (_peers is { } mesh)
        {
            mesh.Stop(now);
            TakePeers();
            _peers = null;
        }
    }

    private void ReceivePeer(Instant now, in Arrival arrival)
    {
        var from = arrival.From;
        if (_peers is null || from.Certificate is null)
        {
            RefusePeer(now, arrival);
            return;
        }

        var payload = arrival.Payload;
        if (payload is SealedData locked)
        {
            if (_context.Sealing is null || !MessageSecurity.TryUnseal(arrival.Message, locked, _context.Sealing, out payload))
            {
                _context.Drop(DropReason.BadSignature, arrival.Message, arrival.Link);
                return;
            }
        }
        else if (payload is PeerBytes && _context.Sealing is not null)
        {
            _context.Drop(DropReason.BadSignature, arrival.Message, arrival.Link); // Who seals takes nothing unsealed.
            return;
        }

        _peers.Receive(now, from, payload);
    }

    /// <summary>This node wants no peers: whoever asked for it by name, or takes it for one, hears so.</summary>
    private void RefusePeer(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case PeerRequest { IsDirect: true } request:
                Reply(now, arrival, new PeerClose(request.Nonce, PeerEnd.Stopped));
                break;
            case PeerPing { Bond: not 0 } ping:
                Reply(now, arrival, new PeerClose(ping.Bond, PeerEnd.Stopped));
                break;
            default:
                _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
                break;
        }
    }

    private bool TakePeers()
    {
        var moved = false;
        while (_peers is not null && _peers.TryTakeEvent(out var happened))
        {
            moved = true;
            _context.Outbox.Add(new Effect { Kind = EffectKind.Peer, Detail = happened });
        }

        while (_peers is not null && _peers.TryTakeResult(out var result))
        {
            moved = true;
            _context.Outbox.Completed(result.Request, result.Outcome);
        }

        return moved;
    }
}
