using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Commands: the application → the node. Each is answered by one <see cref="EffectKind.Completed"/> effect.</summary>
public sealed partial class OverlayNode
{
    private RareList<(RequestId Request, RingId Peer)> _connects;
    private RequestId _starting; // 0: none.
    private RequestId _leaving;

    private int PendingCommands => (_deliveries?.Count ?? 0) + (_queries?.Count ?? 0) + (_guestSignals?.Count ?? 0) + _connects.Count;

    /// <summary>Whether the node has an id and a way to others.</summary>
    private bool CanSend => _context.IsAdmitted
        && Phase is NodePhase.Guest or NodePhase.Joining or NodePhase.Founding or NodePhase.Member or NodePhase.Rejoin;

    /// <summary>Goes to the hub and into the ring. Completes with the <see cref="Identity.Contact"/> of this node as result when it is a member (or founder, or guest).</summary>
    /// <remarks>It goes on trying; refused for good are a wrong hub key (<see cref="Outcome.HubKeyChanged"/>) and a newcomer that the hub will not have.</remarks>
    public RequestId Start(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        var request = NextRequest();
        if (Phase != NodePhase.Idle)
        {
            outbox.Completed(request, Outcome.Busy);
        }
        else
        {
            _starting = request;
            BecomeOwnPhase(NodePhase.Admitting);
            _hubs.BecomeNewcomer(now);
        }

        Settle(now);
        return request;
    }

    /// <summary>Sends <paramref name="bytes"/> to exactly <paramref name="to"/>. Result: a <see cref="DeliveryReport"/>; where unreachable, the <see cref="DropReason"/>.</summary>
    public RequestId Send(Instant now, RingId to, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox) =>
        SendTo(now, to, isKey: false, bytes, options, outbox);

    /// <summary>Sends <paramref name="bytes"/> to whoever is responsible for <paramref name="key"/>. Result: a <see cref="DeliveryReport"/>.</summary>
    public RequestId SendToResponsible(Instant now, RingId key, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox) =>
        SendTo(now, key, isKey: true, bytes, options, outbox);

    /// <summary>Asks who is responsible for <paramref name="key"/>. Result: an <see cref="Owner"/>.</summary>
    public RequestId Lookup(Instant now, RingId key, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            Queries.FindOwner(now, request, key);
        }

        Settle(now);
        return request;
    }

    /// <summary>Wants a direct link to <paramref name="to"/> and keeps it until <see cref="Disconnect"/>. Result where it failed: the <see cref="LinkFailure"/>.</summary>
    public RequestId Connect(Instant now, RingId to, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            _context.Certificates.TryFind(to, out var known);
            var peer = known.Certificate is null ? new Contact(to, 0, null!) : known;
            if (!_links.Want(now, peer, LinkPurpose.Application))
            {
                outbox.Completed(request, to == Self.Id ? Outcome.Done : Outcome.Busy);
            }
            else if (IsLinked(to))
            {
                outbox.Completed(request, Outcome.Done);
            }
            else
            {
                _connects.Add((request, to));
            }
        }

        Settle(now);
        return request;
    }

    /// <summary>No longer wants the link of <see cref="Connect"/>; it closes unless something else needs it.</summary>
    public RequestId Disconnect(Instant now, RingId to, Outbox outbox)
    {
        Begin(now, outbox);
        var request = NextRequest();
        _links.Unwant(now, to, LinkPurpose.Application);
        ConnectsFailed(to, LinkFailure.Unneeded);
        outbox.Completed(request, Outcome.Done);
        Settle(now);
        return request;
    }

    /// <summary>Asks a node for its tables. Result: a <see cref="State"/>.</summary>
    public RequestId Inspect(Instant now, RingId id, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            Queries.GetState(now, request, id);
        }

        Settle(now);
        return request;
    }

    /// <summary>Asks the way to a node: what each hop does with a message to it, and back. Result: a <see cref="RouteTrace"/>, also where the way ends short of it.</summary>
    /// <param name="now">Now.</param>
    /// <param name="id">The node.</param>
    /// <param name="context">The trace that the hops continue; default: none.</param>
    /// <param name="outbox">The host's.</param>
    public RequestId Trace(Instant now, RingId id, TraceContext context, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            Queries.Trace(now, request, id, context);
        }

        Settle(now);
        return request;
    }

    /// <summary>Refreshes one finger row now, 0 … 47.</summary>
    public void UpdateFinger(Instant now, int row, Outbox outbox)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RingId.Bits);
        Begin(now, outbox);
        _ring?.UpdateFinger(now, row);
        Settle(now);
    }

    /// <summary>Refreshes all finger rows, one after the other.</summary>
    public void UpdateFingerTable(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        _ring?.UpdateFingerTable(now);
        Settle(now);
    }

    /// <summary>Says good-bye: completes when the neighbours know, or after 2 s; then the phase is <see cref="NodePhase.Left"/>.</summary>
    public RequestId Leave(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        var request = NextRequest();
        if (Phase == NodePhase.Left || _leaving != default)
        {
            outbox.Completed(request, Outcome.NotJoined);
        }
        else
        {
            _leaving = request;
            _connections?.EndAll(LinkFailure.Leaving); // While the links still carry their last words.
            if (_ring?.IsAlone ?? _tree?.IsAlone ?? false)
            {
                _hubs.TellNetworkEnds(now);
            }

            if (_ring is { IsMember: true })
            {
                _names?.Release(now);
                EndPeers(now);
                TellOthers(now, _ring);
                _ring.Leave(now);
            }
            else if (_tree is { IsMember: true })
            {
                _names?.Release(now);
                EndPeers(now);
                LeaveTree(now, _tree);
            }
            else
            {
                BecomeOwnPhase(NodePhase.Left);
                BecomeLeft(now);
            }
        }

        Settle(now);
        return request;
    }

    /// <summary>The ring tells its own neighbours; those at the other ends of fingers and of the application's links hear it here.</summary>
    private void TellOthers(Instant now, ChordRing ring)
    {
        foreach (var link in _context.Links.Open)
        {
            if (link.PeerId != ring.Predecessor?.Id && !Lists(ring.Successors, link.PeerId))
            {
                ((INodePort)this).Send(now, link.PeerId, new Leaving(null, []));
            }
        }
    }

    private static bool Lists(ReadOnlySpan<Contact> successors, RingId peer)
    {
        foreach (ref readonly var successor in successors)
        {
            if (successor.Id == peer)
            {
                return true;
            }
        }

        return false;
    }

    private RequestId SendTo(Instant now, RingId to, bool isKey, ReadOnlyMemory<byte> bytes, SendOptions options, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            Deliveries.Send(now, request, to, isKey, bytes, options);
        }

        Settle(now);
        return request;
    }

    /// <summary>Begins a command that needs the network; where it cannot, completes it at once.</summary>
    private bool TryBegin(Instant now, Outbox outbox, out RequestId request)
    {
        Begin(now, outbox);
        request = NextRequest();
        if (!CanSend)
        {
            outbox.Completed(request, Outcome.NotJoined);
            return false;
        }

        if (PendingCommands >= _context.Options.MaxPendingCommands)
        {
            outbox.Completed(request, Outcome.Busy);
            return false;
        }

        return true;
    }

    private void CompleteStart(Outcome outcome, object? result)
    {
        if (_starting is var request && request != default)
        {
            _starting = default;
            _context.Outbox.Completed(request, outcome, result);
        }
    }

    private void CompleteLeave()
    {
        if (_leaving is var request && request != default)
        {
            _leaving = default;
            _context.Outbox.Completed(request, Outcome.Done);
        }
    }

    private void ConnectsUp(RingId peer)
    {
        for (var i = _connects.Count - 1; i >= 0; i--)
        {
            if (_connects[i].Peer == peer)
            {
                _context.Outbox.Completed(_connects[i].Request, Outcome.Done);
                _connects.RemoveAt(i);
            }
        }
    }

    /// <summary>Ends the connects to <paramref name="peer"/>. False where none waits: a link that stood once is tried again.</summary>
    private bool ConnectsFailed(RingId peer, LinkFailure why)
    {
        var outcome = why switch
        {
            LinkFailure.Unreachable => Outcome.Unreachable,
            LinkFailure.Full or LinkFailure.Refused or LinkFailure.Leaving => Outcome.Refused,
            LinkFailure.Unneeded => Outcome.Cancelled,
            _ => Outcome.TimedOut,
        };
        var ended = false;
        for (var i = _connects.Count - 1; i >= 0; i--)
        {
            if (_connects[i].Peer == peer)
            {
                _context.Outbox.Completed(_connects[i].Request, outcome, why);
                _connects.RemoveAt(i);
                ended = true;
            }
        }

        return ended;
    }

    private void CancelConnects()
    {
        foreach (var (request, _) in _connects)
        {
            _context.Outbox.Completed(request, Outcome.Cancelled);
        }

        _connects.Clear();
    }
}
